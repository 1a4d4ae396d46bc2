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
from labchat.capture.reassembly import Reassembler
from labchat.capture.remarks import Remark
from labchat.errors import CaptureCutOff

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from labchat.capture.flows import Flow, Half
    from labchat.capture.pcap import PcapReader
    from labchat.capture.readers import PcapngReader
    from labchat.capture.reassembly import Event


STEP = 1 << 16
"""Events after which those so far are told to the capture, so that they need not all be held."""

MAX_SILENT = 10_000
"""Connections after which those on which nothing is said are left out: each one takes about 8 KiB
of memory, and a scan of ports makes one of 80 bytes in the file."""


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
        feed = _Feed(reader)
        _read(reader, feed)
        capture = feed.finish()
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


def _read(reader: PcapReader | PcapngReader, feed: _Feed) -> None:
    parse, skipped = segments.parse, reader.skipped
    reassembler, take, step = feed.reassembler, feed.reassembler.segment, STEP
    for at_ns, linktype, buffer, start, stop, comments in reader:
        found = parse(buffer, start, stop, linktype)
        half = None
        if type(found) is tuple:
            half = take(at_ns, found)
        else:
            skipped[str(found)] += 1
        for comment in comments:
            reassembler.remark(at_ns, half, remarks.read(comment))
        if len(reassembler.events) >= step:
            feed.all(reassembler.release())
            step = STEP + 2 * len(reassembler.events)


class _Feed:
    """Tells a capture what the reassembler found, in the order of time.

    Attributes:
        reassembler: where segments go.
    """

    def __init__(self, reader: PcapReader | PcapngReader) -> None:
        self.reassembler = Reassembler()
        self._reader = reader
        self._epoch_ns = 0
        self._capture: Capture | None = None
        self._seen = 0
        self._labels: list[tuple[Flow, str]] = []

    def finish(self) -> Capture:
        """The file has ended: the capture with all that it held."""
        self.reassembler.finish()
        capture = self.all(self.reassembler.events)
        for flow, name in self._labels:
            if flow.number:
                capture.label(flow.number, name)
        return capture

    def all(self, events: list[Event]) -> Capture:
        """Feed every event and let go of it; units are found on the way."""
        capture, epoch = self._begin(events), self._epoch_ns
        append = capture.append
        events.reverse()
        while events:
            at_ns, half, what = events.pop()
            if isinstance(what, Remark):
                self._remark(capture, at_ns - epoch, half, what)
                continue
            assert half is not None
            if type(what) is bytes:
                if not half.flow.number:
                    self._opened(capture, half.flow)
                chunk = Chunk(at_ns - epoch, half.direction, half.fed, what)
                half.fed += len(what)
                append(half.flow.number, chunk)
            else:
                self._state(capture, at_ns - epoch, half, what)
        len(capture)  # finds the units now, rather than when somebody first looks
        return capture

    def _begin(self, events: list[Event]) -> Capture:
        """The capture, which the first events give its time 0."""
        if self._capture is None:
            self._epoch_ns, started_at = _zero(self._reader, events)
            self._capture = Capture(started_at=started_at)
        return self._capture

    def _state(self, capture: Capture, at_ns: int, half: Half, what: object) -> None:
        flow = half.flow
        if what is None:
            self._seen += 1
            if self._seen <= MAX_SILENT:
                self._open(capture, at_ns, flow)
        elif isinstance(what, int):
            self._opened(capture, flow)
            capture.gap(flow.number, half.direction, at_ns, what)
            half.fed += what
        elif isinstance(what, End) and flow.number:
            capture.end(flow.number, half.direction, at_ns, what)
        elif half is flow.first and isinstance(what, End):
            self._reader.skipped["connection on which nothing was said"] += 1

    def _opened(self, capture: Capture, flow: Flow) -> None:
        """Open a connection that waited for its first byte."""
        if not flow.number:
            self._open(capture, flow.opened_ns - self._epoch_ns, flow)

    def _open(self, capture: Capture, at_ns: int, flow: Flow) -> None:
        client, server = ends_of((flow.client or flow.first).ends)
        flow.number = capture.open(at_ns, client=client, server=server)
        if flow.late:
            capture.annotate(
                at_ns,
                "The recording begins in mid-connection; what was said before is not known.",
                connection=flow.number,
            )

    def _remark(self, capture: Capture, at_ns: int, half: Half | None, remark: Remark) -> None:
        flow = self._flow(half, remark)
        if remark.kind == "label" and flow is not None:
            self._labels.append((flow, remark.text))
        elif remark.kind in ("annotation", "comment"):
            number = None if flow is None else flow.number or remark.connection
            capture.annotate(at_ns, remark.text, connection=number, unit=remark.unit)

    def _flow(self, half: Half | None, remark: Remark) -> Flow | None:
        """The connection that a remark is about."""
        flows, number = self.reassembler.flows, remark.connection
        if number is None:
            return None if half is None else half.flow
        return flows[number - 1] if 0 < number <= len(flows) else None


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
