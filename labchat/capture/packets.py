"""A packet file to a capture: records, segments, streams, and what the comments say."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from labchat.capture import remarks, segments
from labchat.capture.capture import Capture
from labchat.capture.encode import wall_ns
from labchat.capture.headers import ends_of
from labchat.capture.model import Chunk, End
from labchat.capture.reassembly import Half, Reassembler
from labchat.capture.remarks import Remark
from labchat.errors import CaptureCutOff

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from labchat.capture.readers import PcapngReader, PcapReader
    from labchat.capture.reassembly import Event


_STEP = 1 << 16
"""Events after which a capture is asked for its units: its queue stays short."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A capture, and why it is not all that the file should hold.

    Attributes:
        capture: what could be read.
        problem: the file is cut off or damaged; None when it is whole.
    """

    capture: Capture
    problem: CaptureCutOff | None = None


def load(reader: PcapReader | PcapngReader) -> Loaded:
    """Read all packets of ``reader`` into a capture; never raises on what the file says."""
    with _no_garbage():
        reassembler = Reassembler()
        _read(reader, reassembler)
        reassembler.finish()
        epoch_ns, started_at = _zero(reader, reassembler.events)
        capture = Capture(started_at=started_at)
        _Feed(capture, epoch_ns, len(reassembler.flows)).all(reassembler.events)
        _summary(capture, reader.skipped)
    problem = None if reader.problem is None else CaptureCutOff(reader.problem)
    return Loaded(capture, problem)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """No search for cycles meanwhile: a million tuples without one take it half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(reader: PcapReader | PcapngReader, reassembler: Reassembler) -> None:
    parse, take, skipped = segments.parse, reassembler.segment, reader.skipped
    for at_ns, linktype, buffer, start, stop, comments in reader:
        found = parse(buffer, start, stop, linktype)
        half = None
        if type(found) is tuple:
            half = take(at_ns, found)
        else:
            skipped[str(found)] += 1
        for comment in comments:
            reassembler.remark(at_ns, half, remarks.read(comment))


class _Feed:
    """Tells a capture what the reassembler found, in the order of time."""

    def __init__(self, capture: Capture, epoch_ns: int, connections: int) -> None:
        self._capture = capture
        self._epoch_ns = epoch_ns
        self._connections = connections
        self._labels: dict[int, str] = {}

    def all(self, events: list[Event]) -> None:
        """Feed every event and let go of it; the units are found on the way, in steps."""
        append, epoch = self._capture.append, self._epoch_ns
        events.reverse()
        while events:
            at_ns, half, what = events.pop()
            if not len(events) % _STEP:
                len(self._capture)
            if isinstance(what, Remark):
                self._remark(at_ns - epoch, half, what)
                continue
            assert half is not None
            if type(what) is bytes:
                chunk = Chunk(at_ns - epoch, half.direction, half.fed, what)
                half.fed += len(what)
                append(half.flow.number, chunk)
            else:
                self._state(at_ns - epoch, half, what)
        for number, name in self._labels.items():
            self._capture.label(number, name)

    def _state(self, at_ns: int, half: Half, what: object) -> None:
        if isinstance(what, End):
            self._capture.end(half.flow.number, half.direction, at_ns, what)
        elif isinstance(what, int):
            self._capture.gap(half.flow.number, half.direction, at_ns, what)
            half.fed += what
        else:
            self._open(at_ns, half)

    def _open(self, at_ns: int, half: Half) -> None:
        flow = half.flow
        client, server = ends_of((flow.client or half).ends)
        flow.number = self._capture.open(at_ns, client=client, server=server)
        if flow.late:
            self._capture.annotate(
                at_ns,
                "The recording begins in mid-connection; what was said before is not known.",
                connection=flow.number,
            )

    def _remark(self, at_ns: int, half: Half | None, remark: Remark) -> None:
        number = remark.connection
        if number is None and half is not None:
            number = half.flow.number
        if number is not None and not 0 < number <= self._connections:
            number = None
        if remark.kind == "label" and number is not None:
            self._labels[number] = remark.text
        elif remark.kind in ("annotation", "comment"):
            self._capture.annotate(at_ns, remark.text, connection=number, unit=remark.unit)


def _summary(capture: Capture, skipped: Counter[str]) -> None:
    for what, count in sorted(skipped.items()):
        if what != segments.REMARK:
            capture.annotate(0, f"Left out: {count:,} × {what}.")


def _zero(reader: PcapReader | PcapngReader, events: list[Event]) -> tuple[int, datetime | None]:
    """Time 0, in nanoseconds since the Unix epoch, and the wall clock then."""
    if reader.started_at is not None:
        return wall_ns(reader.started_at), reader.started_at
    if reader.ours or not events:
        return 0, None
    first = events[0][0]
    return first, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=first // 1000)
