"""The prepared captures of lesson 10, each with a fault in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import labchat
from labchat.errors import LabError

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.widgets.inspector import Inspector

CASES = {
    "dropped": "A chat client works for a while; then the server hangs up on it.",
    "twice": "Bob sees one of Alice's messages twice.",
    "silent": "A user is shown as online, and yet nothing reaches her.",
}
"""The prepared captures: name to what their users complain of."""


@dataclass(slots=True)
class Case:
    """A capture with a fault in it, and the learner's answer.

    Attributes:
        name: of :data:`CASES`.
        capture: what was recorded.
        named: the unit the learner has named, or None.
    """

    name: str
    capture: Capture = field(repr=False)
    named: int | None = None

    @property
    def complaint(self) -> str:
        """What the users say."""
        return CASES[self.name]

    def show(self) -> Inspector:
        """The capture in an inspector."""
        return labchat.show(self.capture, names={"user-1": "Alice", "user-2": "Bob"})

    def answer(self, unit: int) -> Case:
        """Name the unit that is the fault; may be done again.

        Raises:
            LabError: the capture has no such unit.
        """
        if not 1 <= unit <= len(self.capture):
            raise LabError(f"this capture has units 1 to {len(self.capture)}, no {unit}")
        self.named = unit
        return self


def folder() -> Path:
    """Where the prepared captures are: in the package, or beside it in a checkout."""
    package = Path(labchat.__file__).parent
    places = [home / "notebooks" / "data" for home in (package, package.parent)]
    return next((place for place in places if place.is_dir()), places[-1])


def case(name: str) -> Case:
    """One of the prepared captures.

    Raises:
        LabError: there is none of that name.
        NotACapture: its file is missing.
    """
    if name not in CASES:
        raise LabError(f"there is no case {name!r}; there are {', '.join(CASES)}")
    return Case(name, labchat.open(folder() / f"{name}.pcapng"))
