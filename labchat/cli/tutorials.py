"""The learner's own copy of the tutorials."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RECORD = ".labchat.json"
"""Beside the copies: path → hash of what labchat put there, so that a change can be seen."""


def copy_tutorials(source: Path, target: Path) -> list[str]:
    """Copy what is new; return the files kept because the learner changed them.

    A file that is still as labchat put it is brought up to date; one that was changed, or that
    labchat did not put there, stays. Raises OSError if ``target`` cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    record = _read(target / RECORD)
    kept = []
    for path in sorted(path for path in source.rglob("*") if _is_tutorial(path)):
        name = path.relative_to(source).as_posix()
        ours, copy = _hash(path), target / name
        theirs = _hash(copy) if copy.exists() else None
        if theirs in {None, record.get(name)} and theirs != ours:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        elif theirs != ours and record.get(name) != ours:
            kept.append(name)
            continue
        record[name] = ours
    (target / RECORD).write_text(json.dumps(record, indent=1))
    return kept


def _is_tutorial(path: Path) -> bool:
    return path.is_file() and ".ipynb_checkpoints" not in path.parts and path.name[0] != "."


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(record: Path) -> dict[str, str]:
    """The record; one that is missing or spoilt counts as empty, and nothing is overwritten."""
    try:
        found = json.loads(record.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
