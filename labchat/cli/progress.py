"""``labchat progress``: how far a learner is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Show how far you are in the course, or export it for an instructor.")(
        progress
    )


def progress(
    export: Annotated[Path | None, typer.Option(help="Write it as JSON.")] = None,
) -> None:
    """Print a line a lesson. Raises LabError when the file is damaged."""
    from labchat.lessons.lesson import MODULES, lesson
    from labchat.lessons.progress import Progress

    notes = Progress()
    if export is not None:
        export.write_text(json.dumps(notes.export(), indent=1) + "\n", encoding="utf-8")
        typer.echo(f"Written to {export}.")
        return
    kept = notes.read()
    for number in MODULES:
        course, mine = lesson(number), kept.get(number, {})
        predicted = len(mine.get("questions", {}))
        done = sum(each["done"] for each in mine.get("checks", {}).values())
        typer.echo(
            f"{number}  {course.title:28} {predicted}/{len(course.questions)} predicted, "
            f"{done}/{len(course.checks)} done"
        )
