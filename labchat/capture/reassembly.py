"""TCP segments back into byte streams: retransmitted, reordered, overlapping, lost.

PURE, with bounded memory beside the data itself. Of bytes sent twice the first copy counts. A byte
arrives when the stream can deliver it: behind a hole, when the hole is filled. A hole that nothing
fills is a gap, and what stands behind it keeps the time of its own packet. RFC 9293 §3.4, §3.10.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from labchat.capture.flows import Flow, Half
from labchat.capture.headers import ACK, FIN, RST, SYN
from labchat.capture.model import End
from labchat.capture.roles import SAMPLE
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.capture.remarks import Remark
    from labchat.capture.segments import Segment

MAX_HELD = 4096
"""Segments held behind a hole before it counts as lost."""
MAX_HELD_BYTES = 16 << 20
"""The same, in bytes."""
_WINDOW = 1 << 30
"""The largest window TCP knows, in bytes (RFC 7323 §2.3); what is farther off is not our data."""


Event = tuple[int, Half | None, "bytes | int | End | Remark | None"]
"""When, where, and what: data, the length of a gap, an end, a remark, or None for an opening."""


class Reassembler:
    """Takes segments in file order; leaves flows, and events in stream order for each half.

    Attributes:
        flows: in the order in which they were seen.
        events: what to tell a capture. Times never run backwards within one half; over the whole
            they may, and ``sort`` mends it.
    """

    def __init__(self) -> None:
        self.flows: list[Flow] = []
        self.events: list[Event] = []
        self._last_ns = 0
        self._halves: dict[bytes, Half] = {}

    def segment(self, at_ns: int, segment: Segment) -> Half | None:
        """Take one segment; returns its half, or None where it belongs to nothing known."""
        key, seq, ack, flags, data = segment
        half = self._halves.get(key)
        if flags & SYN:
            half = self._syn(at_ns, segment)
            seq = (seq + 1) & 0xFFFFFFFF
        elif half is None:
            if not data:
                return None
            half = self._begin(at_ns, key)
            half.flow.late = True
            half.next, half.other.next = seq, ack if flags & ACK else None
        if data:
            if seq == half.next and not half.held:
                self._deliver(at_ns, half, data)
            else:
                self._place(at_ns, half, seq, data)
        if flags & (FIN | RST):
            self._close(at_ns, half, seq + len(data), flags)
        return half

    def remark(self, at_ns: int, half: Half | None, remark: Remark) -> None:
        """Take what a comment says; ``half`` is that of the segment it stands at, if any."""
        if remark.kind == "gap":
            self._told_gap(at_ns, remark)
        elif remark.kind == "end" and half is not None and half.ended:
            self._told_end(half)
        else:
            self.events.append((at_ns, half, remark))

    def _told_gap(self, at_ns: int, remark: Remark) -> None:
        number, size = remark.connection or 0, remark.text.partition(" ")[0]
        if not 0 < number <= len(self.flows) or not size.isascii() or not size.isdigit():
            return
        flow = self.flows[number - 1]
        client = flow.client or flow.first
        half = client if remark.way == Direction.C2S else client.other
        if not half.ended and not half.held and 0 < int(size) <= _WINDOW:
            self._lose(half, int(size), at_ns)

    def _told_end(self, half: Half) -> None:
        """The end just taken was the tap's own doing."""
        at_ns, last, what = self.events[-1] if self.events else (0, None, None)
        if last is half and isinstance(what, End):
            self.events[-1] = at_ns, half, End.LOCAL

    def release(self) -> list[Event]:
        """The events so far, sorted; none while a client is unknown or data is held."""
        if any(flow.client is None or flow.first.held or flow.second.held for flow in self.flows):
            return []
        self._decide()
        events, self.events = self.events, []
        events.sort(key=_time)
        self._last_ns = max(self._last_ns, events[-1][0]) if events else self._last_ns
        return events

    def finish(self) -> None:
        """The file has ended: what is still held lies behind gaps. Decide who is who; sort."""
        last = max((event[0] for event in self.events), default=self._last_ns)
        self._decide()
        for flow in self.flows:
            for half in (flow.first, flow.second):
                while half.held:
                    self._give_up(half)
                self._end_if_due(half, lost=True)
                if not half.ended:
                    self._end(half, last, End.CAPTURE)
        self.events.sort(key=_time)

    def _decide(self) -> None:
        """Give each half its direction; where no handshake tells, by what the sides say."""
        if any(flow.client is None for flow in self.flows):
            for _, half, what in self.events:
                if isinstance(what, bytes) and half is not None and len(half.sample) < SAMPLE:
                    half.sample = (half.sample + what[:SAMPLE])[:SAMPLE]
        for flow in self.flows:
            flow.decide()

    def _begin(self, at_ns: int, key: bytes) -> Half:
        flow = Flow(key, at_ns)
        self.flows.append(flow)
        self._halves[key] = flow.first
        self._halves[flow.second.ends] = flow.second
        self.events.append((at_ns, flow.first, None))
        return flow.first

    def _syn(self, at_ns: int, segment: Segment) -> Half:
        key, seq, ack, flags, _ = segment
        half = self._halves.get(key)
        if half is None or (not flags & ACK and _reused(half, seq)):
            half = self._begin(at_ns, key)
        if half.isn is None and half.offset == 0 and not half.ended:
            half.isn, half.next = seq, (seq + 1) & 0xFFFFFFFF
        if half.flow.client is None and not half.flow.late:
            half.flow.client = half.other if flags & ACK else half
        if flags & ACK and half.other.next is None and not half.other.ended:
            half.other.next = ack
        return half

    def _deliver(self, at_ns: int, half: Half, data: bytes) -> None:
        length = len(data)
        half.offset += length
        if half.next is not None:
            half.next = (half.next + length) & 0xFFFFFFFF
        half.last_ns = at_ns if at_ns > half.last_ns else half.last_ns
        self.events.append((half.last_ns, half, data))

    def _advance(self, half: Half, length: int) -> None:
        half.offset += length
        if half.next is not None:
            half.next = (half.next + length) & 0xFFFFFFFF

    def _place(self, at_ns: int, half: Half, seq: int, data: bytes) -> None:
        if half.ended:
            return
        if half.next is None:
            half.next = seq
        ahead = _ahead(seq, half.next)
        if ahead > _WINDOW:
            return
        heapq.heappush(half.held, (half.offset + ahead, at_ns, data))
        half.held_bytes += len(data)
        self._drain(half)
        while len(half.held) > MAX_HELD or half.held_bytes > MAX_HELD_BYTES:
            self._give_up(half)

    def _drain(self, half: Half) -> None:
        held = half.held
        while held and held[0][0] <= half.offset:
            offset, at_ns, data = heapq.heappop(held)
            half.held_bytes -= len(data)
            fresh = data[half.offset - offset :]
            if fresh:
                self._deliver(at_ns, half, fresh)
        self._end_if_due(half)

    def _give_up(self, half: Half) -> None:
        offset, at_ns, _ = half.held[0]
        self._lose(half, offset - half.offset, at_ns)
        self._drain(half)

    def _lose(self, half: Half, length: int, at_ns: int) -> None:
        half.last_ns = max(half.last_ns, at_ns)
        self.events.append((half.last_ns, half, length))
        self._advance(half, length)

    def _close(self, at_ns: int, half: Half, seq: int, flags: int) -> None:
        if half.ended:
            return
        if flags & RST:
            self._end(half, at_ns, End.RST)
            return
        ahead = 0 if half.next is None else max(0, _ahead(seq & 0xFFFFFFFF, half.next))
        if half.fin is None and ahead <= _WINDOW:
            half.fin = half.offset + ahead, at_ns
        self._end_if_due(half)

    def _end_if_due(self, half: Half, *, lost: bool = False) -> None:
        if half.fin is None or half.ended:
            return
        offset, at_ns = half.fin
        if lost and offset > half.offset:
            self._lose(half, offset - half.offset, at_ns)
        if offset <= half.offset:
            self._end(half, at_ns, End.FIN)

    def _end(self, half: Half, at_ns: int, how: End) -> None:
        half.ended, half.next = True, None
        self.events.append((max(at_ns, half.last_ns), half, how))


def _time(event: Event) -> int:
    return event[0]


def _ahead(seq: int, expected: int) -> int:
    """How far ``seq`` lies ahead of ``expected``, in the arithmetic of RFC 9293 §3.4."""
    return (seq - expected + 0x80000000) % 0x100000000 - 0x80000000


def _reused(half: Half, seq: int) -> bool:
    """Whether a SYN opens a new connection on the addresses and ports of an old one."""
    if half.ended or half.other.ended:
        return True
    return half.flow.late if half.isn is None else half.isn != seq
