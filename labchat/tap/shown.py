"""A capture that tells each unit as it passes, for a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic_ns
from typing import TYPE_CHECKING

from labchat.capture.capture import Capture
from labchat.tap.faults.actions import MS
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.model import Chunk, End, Row

ARROWS = {Direction.C2S: "→", Direction.S2C: "←"}


class Shown(Capture):
    """Records like a Capture; ``tell`` gets a line for each unit and each annotation.

    Args:
        tell: gets a line of text; called in the thread that records.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(epoch_ns=monotonic_ns(), started_at=datetime.now(UTC))
        self._tell = tell
        self._told = 0

    def append(self, connection: int, chunk: Chunk) -> None:
        """Bytes went on: tell the units they complete."""
        super().append(connection, chunk)
        self._tell_new()

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """A direction ended: tell what is left of it, and how."""
        super().end(connection, direction, at_ns, how)
        self._tell_new()
        at_ms = (at_ns - self.epoch_ns) / MS
        self._tell(f"{at_ms:12.3f} ms  {connection:3} {ARROWS[direction]} {how.upper()}")

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        """Something was done to the traffic."""
        super().annotate(at_ns, text, connection=connection, unit=unit)
        at_ms = (at_ns - self.epoch_ns) / MS
        self._tell(f"{at_ms:12.3f} ms  {connection or '':3} · {text}")

    def _tell_new(self) -> None:
        for row in self.rows(self._told + 1):
            self._told = row.n
            self._tell(line(row))


def line(row: Row) -> str:
    """One unit as a line: when, whose, which way, what."""
    arrow = ARROWS[row.direction]
    broken = f"  ✗ {row.violations}" if row.violations else ""
    return (
        f"{row.end_ns / MS:12.3f} ms  {row.connection:3} {arrow} "
        f"{row.kind:8} {row.length:6} B  {row.summary}{broken}"
    )
