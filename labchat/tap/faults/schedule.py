"""Schedules: rules and a seed as JSON, so that an exercise can ship its faults."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from labchat.errors import SettingsError
from labchat.tap.faults.rule import Rule  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "schedule.schema.json"
"""The JSON schema, a file beside this one."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that are switched on together.

    The same seed and the same traffic give the same actions.
    """

    rules: tuple[Rule, ...] = ()
    seed: Annotated[int, Meta(description="of the random source")] = 0
    schema: str | None = msgspec.field(default=None, name="$schema")
    """For editors; not read."""


def loads(text: str | bytes) -> Schedule:
    """Read a schedule. Raises SettingsError naming the place that is wrong."""
    try:
        return msgspec.json.decode(text, type=Schedule)
    except msgspec.ValidationError as error:
        raise SettingsError(f"The fault schedule is wrong: {_place(str(error))}") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"The fault schedule is not JSON: {error}.") from error


def load(path: Path) -> Schedule:
    """Read a schedule from a file. Raises SettingsError naming the file and the place."""
    try:
        return loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def dumps(schedule: Schedule) -> str:
    """The schedule as JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(schedule), indent=2).decode()


def make_schema() -> dict[str, Any]:
    """The JSON schema as the types say it; the file beside this one must agree."""
    schema = msgspec.json.schema(Schedule)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def shipped_schema() -> str:
    """The text of the file beside this one."""
    return resources.files(__package__).joinpath(SCHEMA).read_text("utf-8")


def _place(message: str) -> str:
    """What msgspec says, "what - at `$.rules[0].fault`", as "rules[0].fault: what"."""
    found = re.fullmatch(r"(.*) - at `\$\.?(.+)`", message, re.DOTALL)
    if found is None:
        return f"{message}."
    what, where = found.groups()
    return f"{where}: {what.rstrip('.')}."
