"""How far a learner is: predictions and checks, kept in one small JSON file.

The file is the learner's own: ``$LABCHAT_HOME/progress.json``, or ``~/.labchat/progress.json``.
"""

from __future__ import annotations

import getpass
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labchat.errors import LabError

Notes = dict[str, Any]


def home() -> Path:
    """Where a learner's files are."""
    return Path(os.environ.get("LABCHAT_HOME") or Path.home() / ".labchat")


class Progress:
    """One learner's notes.

    Args:
        path: the file; :func:`home`'s when None.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "progress.json"

    def read(self) -> Notes:
        """All notes: lesson number → ``questions`` and ``checks``, by key.

        Raises:
            LabError: the file is not one of ours.
        """
        try:
            notes = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise LabError(f"{self.path} is damaged: {error}") from error
        if not isinstance(notes, dict):
            raise LabError(f"{self.path} does not hold a learner's progress")
        return notes

    def predicted(self, lesson: str, key: str, prediction: str, *, right: bool) -> None:
        """Note a prediction; the first one counts."""
        notes = self.read()
        entry = {"prediction": prediction, "right": right, "at": _now()}
        notes.setdefault(lesson, {}).setdefault("questions", {}).setdefault(key, entry)
        self._write(notes)

    def checked(self, lesson: str, key: str, *, done: bool) -> None:
        """Note a check; once done it stays so."""
        notes = self.read()
        checks = notes.setdefault(lesson, {}).setdefault("checks", {})
        before = checks.get(key, {"done": False, "tries": 0})
        checks[key] = {
            "done": before["done"] or done,
            "tries": before["tries"] + 1,
            "at": before["at"] if before["done"] else _now(),
        }
        self._write(notes)

    def export(self) -> Notes:
        """What an instructor collects: the learner's login name, the time, the notes."""
        return {"learner": getpass.getuser(), "exported_at": _now(), "lessons": self.read()}

    def _write(self, notes: Notes) -> None:
        """Whole or not at all, so that two notebooks cannot tear the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=self.path.parent, suffix=".tmp", delete=False, encoding="utf-8"
        ) as file:
            json.dump(notes, file, indent=1)
        Path(file.name).replace(self.path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
