"""A class as a CSV file: who is in it comes in, their tokens go out."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any, TextIO

USER, NAME, TOKEN = "userId", "name", "token"
LONGEST = 128
"""Characters in a user id."""


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a roster.

    Attributes:
        user: the user id, 1 to 128 characters.
        name: what people call them; may be empty.
    """

    user: str
    name: str = ""


def read_roster(path: Path) -> list[Member]:
    """The members a CSV file names, in its order.

    Its first line names the columns: ``userId``, and ``name`` if there is one; others are passed
    over. Comma or semicolon, as spreadsheets write them; UTF-8.

    Raises:
        SettingsError: the file cannot be read, or rows of it are bad: each is named by its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _members(path, file)
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8; save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise SettingsError(f"{path} is not a CSV file: {error}.") from error


def _members(path: Path, file: TextIO) -> list[Member]:
    first = file.readline()
    file.seek(0)
    rows = csv.DictReader(file, delimiter=";" if ";" in first and "," not in first else ",")
    if USER not in (rows.fieldnames or ()):
        raise SettingsError(f"{path} has no column {USER}; its first line must name the columns.")
    found: dict[str, int] = {}
    members, bad = [], []
    for row in rows:
        user = (row[USER] or "").strip()
        if wrong := _wrong(user, row, found):
            bad.append(f"line {rows.line_num}: {wrong}")
        found.setdefault(user, rows.line_num)
        members.append(Member(user, (row.get(NAME) or "").strip()))
    if bad:
        raise SettingsError(f"{path}: {'; '.join(bad)}. Nobody was added.")
    return members


def _wrong(user: str, row: dict[str | Any, str | Any], found: dict[str, int]) -> str | None:
    """What is wrong with a row, if anything; extra cells are kept under None by ``csv``."""
    if None in row:
        return "more cells than columns"
    if not user:
        return f"no {USER}"
    if len(user) > LONGEST:
        return f"a {USER} of more than {LONGEST} characters"
    if not user.isprintable():
        return f"a {USER} with a character that cannot be seen"
    if user in found:
        return f"{user} again, who is in line {found[user]}"
    return None


def write_tokens(file: TextIO, tokens: Iterable[tuple[Member, str]], *, head: bool = True) -> None:
    """Members with their tokens as CSV: ``userId,name,token``."""
    rows = csv.writer(file, lineterminator="\n")
    if head:
        rows.writerow((USER, NAME, TOKEN))
    rows.writerows((member.user, member.name, token) for member, token in tokens)
    file.flush()


def append_tokens(path: Path, tokens: Iterable[tuple[Member, str]]) -> None:
    """The same at the end of a file that nobody else may read (mode 0600), safe on the disk.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        with os.fdopen(_private(path), "a", encoding="utf-8", newline="") as file:
            write_tokens(file, tokens, head=file.tell() == 0)
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(f"Cannot write {path}: {error.strerror or error}.") from error


def _private(path: Path) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
