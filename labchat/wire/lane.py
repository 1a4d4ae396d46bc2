"""One direction of a connection: bytes in, unit boundaries out.

A lane is a generator that walks its buffer and waits where bytes are missing, so one byte at a
time costs as much per byte as all at once, and any chunking gives the same units. It never
raises on peer bytes. What it cannot read becomes "undissected", in blocks of 64 KiB at most,
and it goes on where a start line stands at the beginning of a line.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labchat.wire import heads, index
from labchat.wire.fields import Direction
from labchat.wire.heads import Body
from labchat.wire.index import Columns, Part

if TYPE_CHECKING:
    from collections.abc import Generator

    from labchat.wire.heads import Head

    Steps = Generator[None, None, None]
    Stops = Generator[None, None, int]

BLOCK = 64 << 10
"""Bytes of one undissected unit at most."""

MAX_CHUNK_LINE = 4096
"""Bytes of a chunk's size, extensions and line end at most."""

UNKNOWN = -1
"""A malformed chunk: where the body ends cannot be known."""


class Reason:
    """Why a unit is undissected; kept as a number in the columns."""

    NOT_HTTP = 0
    CUT = 1
    REST = 2
    TLS = 3
    TUNNEL = 4
    HTTP2 = 5
    UNSURE = 6


@dataclass(slots=True)
class Pending:
    """A request that waits for its final response."""

    row: int
    method: str
    asks_upgrade: bool


@dataclass(slots=True)
class Shared:
    """What the two lanes of a connection know of each other.

    Attributes:
        protocol: "" (nothing seen), "http", "websocket", "tls" or "tunnel".
        pending: requests without final response, oldest first.
        late: no handshake was seen: the capture began in mid-stream.
        switched: (row of the request, row of the response) that changed the protocol.
    """

    protocol: str = ""
    pending: deque[Pending] = field(default_factory=deque)
    late: bool = False
    switched: tuple[int, int] | None = None


class _Ended(Exception):
    """Thrown into the walk: no byte will follow."""


class _Lost(Exception):
    """Thrown into the walk: bytes are missing here."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class Lane:
    """One direction: its bytes, and its units as columns.

    Attributes:
        direction: which way.
        buffer: all bytes so far; gaps take no room in it.
        units: what was found.
        pos: everything before this offset belongs to a unit.
        waiting: holds back bytes until the other direction says what they are.
        chunk_left: row of an event that starts inside a chunk: data bytes left in that chunk.
        chunked_rows: heads of event streams that came chunked.
    """

    def __init__(self, direction: Direction, shared: Shared) -> None:
        self.direction = direction
        self.buffer = bytearray()
        self.units = Columns()
        self.pos = 0
        self.waiting = False
        self.chunk_left: dict[int, int] = {}
        self.chunked_rows: set[int] = set()
        self.message = -1
        self.other: Lane | None = None
        self._shared = shared
        self._client = direction is Direction.C2S
        self._kind, self._part, self._link = index.UNDISSECTED, Reason.NOT_HTTP, -1
        self._stop = -1
        self._left = 0
        self._walk = self._run()
        next(self._walk)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of this direction."""
        self.buffer += data
        next(self._walk)

    def go_on(self) -> None:
        """Look again: the other direction has news."""
        next(self._walk)

    def lose(self, length: int) -> None:
        """``length`` bytes are missing here."""
        self._walk.throw(_Lost(length))

    def end(self) -> None:
        """No byte will follow: what is left becomes a unit."""
        self._walk.throw(_Ended())

    # -- the walk ---------------------------------------------------------------------------

    def _run(self) -> Steps:
        work = self._start()
        while True:
            try:
                yield from work
            except _Ended:
                self._flush()
                work = self._opaque(Reason.REST)
            except _Lost as lost:
                work = self._after_gap(lost.length)
            self.waiting = False

    def _start(self) -> Steps:
        """Find out what is spoken, from the first bytes."""
        while True:
            if self._shared.protocol == "websocket" and not self._client:
                yield from self._frames()
            if len(self.buffer) - self.pos < 2:
                yield
                continue
            break
        yield from self._speak(self._sniff())

    def _sniff(self) -> str:
        first, second = self.buffer[self.pos], self.buffer[self.pos + 1]
        known = self._shared.protocol
        if known in ("http", "tls", "tunnel"):
            return known
        if first == 0x16 and second == 3:
            return "tls"
        if self._plausible_frame(self.pos):
            return "websocket"
        return "http"

    def _speak(self, protocol: str) -> Steps:
        if not self._shared.protocol and protocol != "http":
            self._shared.protocol = protocol
            self._shared.late = protocol == "websocket"
        if protocol == "tls":
            yield from self._tls()
        elif protocol == "tunnel":
            self._doing(index.UNDISSECTED, Reason.TUNNEL, -1)
            yield from self._until(self.pos + 2)
            if self.buffer[self.pos : self.pos + 2] == b"\x16\x03":
                yield from self._tls()
            yield from self._opaque(Reason.TUNNEL)
        elif protocol == "websocket":
            yield from self._frames()
        else:
            yield from self._http()

    def _until(self, stop: int) -> Steps:
        while len(self.buffer) < stop:
            yield

    def _emit(self, stop: int, kind: int, part: int, link: int = -1) -> int:
        row = self.units.add(kind, part, self.pos, stop - self.pos, link)
        self.pos = stop
        self._stop = -1
        self._kind, self._part, self._link = index.UNDISSECTED, Reason.NOT_HTTP, -1
        return row

    def _doing(self, kind: int, part: int, link: int, stop: int = -1) -> None:
        """Say what the unit in work is, in case that it is cut off."""
        self._kind, self._part, self._link, self._stop = kind, part, link, stop

    def _flush(self) -> None:
        if len(self.buffer) > self.pos:
            self._emit_cut(len(self.buffer), self._kind, self._part, self._link)

    def _emit_cut(self, stop: int, kind: int, part: int, link: int) -> None:
        """Emit a unit that may be cut off, with all that belongs to its end."""
        row = self._emit(stop, kind, part, link)
        if self._left:
            self.chunk_left[row], self._left = self._left, 0
        if kind == index.RESPONSE and part == Part.MESSAGE:
            self._answered(row, link)

    # -- gaps -------------------------------------------------------------------------------

    def _after_gap(self, length: int) -> Steps:
        stop, at = self._known_stop(), len(self.buffer)
        self._flush()
        self.units.add(index.GAP, 0, at, length)
        protocol = self._shared.protocol
        if stop >= at + length:
            rest = stop - length
            if rest > at:
                self._doing(index.UNDISSECTED, Reason.REST, -1)
                yield from self._until(rest)
                self._emit(rest, index.UNDISSECTED, Reason.REST)
        elif protocol == "websocket" and self.units:
            yield from self._resume_frames()
        if not protocol:
            yield from self._start()
        elif protocol == "http":
            yield from self._skip(here=True)
        yield from self._speak(protocol)

    def _known_stop(self) -> int:
        if self._shared.protocol == "websocket" and self._stop < 0:
            stop = index.frame_stop(self.buffer, self.pos)
            self._part = Reason.CUT
            self.message = -1
            return -1 if stop is None else stop
        return self._stop

    def _resume_frames(self) -> Steps:
        """After a gap nothing marks the next frame: take the next byte for one if it may be."""
        yield from self._until(self.pos + 2)
        if not self._plausible_frame(self.pos):
            yield from self._opaque(Reason.UNSURE)

    def _plausible_frame(self, pos: int) -> bool:
        first, second = self.buffer[pos], self.buffer[pos + 1]
        if (second > 127) != self._client or first & 0x30:
            return False
        if first & 8:
            return first in (0x88, 0x89, 0x8A) and second & 127 <= 125
        return first & 15 <= 2 and not 65 <= first <= 90

    # -- HTTP -------------------------------------------------------------------------------

    def _http(self) -> Steps:
        while True:
            start, end = yield from self._head()
            if self._client and self.buffer.startswith(_HTTP2, start):
                self._shared.protocol = "tunnel"
                yield from self._opaque(Reason.HTTP2)
            if end < 0:
                yield from self._skip(here=False)
                continue
            if self._client:
                yield from self._request(start, end)
            else:
                yield from self._response(start, end)

    def _head(self) -> Generator[None, None, tuple[int, int]]:
        """(start, end) of the next head, past leading empty lines; end is -1 if it is none."""
        start = self.pos
        while True:
            while start < len(self.buffer) and self.buffer[start] in b"\r\n":
                start += 1
            if start < len(self.buffer):
                break
            yield
        if not (yield from self._start_line(start)):
            return start, -1
        scanned = start
        while True:
            end = heads.find_end(self.buffer, start, scanned)
            scanned = len(self.buffer)
            if end >= 0 or scanned - start > heads.MAX_HEAD:
                return start, end if end - start <= heads.MAX_HEAD else -1
            yield

    def _start_line(self, start: int) -> Generator[None, None, bool]:
        scanned = start
        while (found := self.buffer.find(b"\n", scanned, start + heads.MAX_START_LINE)) < 0:
            scanned = len(self.buffer)
            if scanned - start >= heads.MAX_START_LINE:
                return False
            yield
        pattern = heads.REQUEST_LINE if self._client else heads.STATUS_LINE
        return pattern.match(self.buffer, start, found + 1) is not None

    def _skip(self, *, here: bool) -> Steps:
        """Leave bytes undissected up to the next line that is a start line."""
        if here and (yield from self._start_line(self.pos)):
            return
        pattern = _NEXT_REQUEST if self._client else _NEXT_RESPONSE
        searched = self.pos
        while True:
            full = self.pos + BLOCK + heads.MAX_START_LINE
            found = pattern.search(self.buffer, max(searched, self.pos - 1), full)
            match = found.start() + 1 if found else -1
            if match >= 0 and match <= self.pos + BLOCK:
                self._emit(match, index.UNDISSECTED, Reason.NOT_HTTP)
                return
            if match >= 0 or len(self.buffer) >= full:
                self._emit(self.pos + BLOCK, index.UNDISSECTED, Reason.NOT_HTTP)
                continue
            searched = max(searched, self.buffer.rfind(b"\n", self.pos))
            known = len(self.buffer)
            yield
            while self.buffer.find(b"\n", known) < 0 and len(self.buffer) < full:
                known = len(self.buffer)
                yield

    def _request(self, start: int, end: int) -> Steps:
        head = heads.read(bytes(self.buffer[start:end]))
        assert head is not None
        self._shared.protocol = self._shared.protocol or "http"
        pending = Pending(len(self.units), head.method, head.asks_upgrade)
        answer = -1
        if self._shared.switched and self._shared.switched[0] < 0 and head.asks_upgrade:
            answer = self._shared.switched[1]
            self._shared.switched = (pending.row, answer)
        else:
            self._shared.pending.append(pending)
        stop = yield from self._body(head, end, index.REQUEST, answer)
        if stop == UNKNOWN:
            yield from self._skip(here=False)
            return
        self._emit(stop, index.REQUEST, Part.MESSAGE, self._link)
        if head.body is Body.UNKNOWABLE:
            yield from self._skip(here=True)
        if head.asks_upgrade or head.method == "CONNECT":
            yield from self._await_answer(pending)

    def _await_answer(self, pending: Pending) -> Steps:
        """Hold back what follows until the server has said which protocol it is in."""
        while pending in self._shared.pending:
            self.waiting = True
            yield
        self.waiting = False
        if self._shared.switched and self._shared.switched[0] == pending.row:
            yield from self._speak(self._shared.protocol)

    def _response(self, start: int, end: int) -> Steps:
        pending = self._shared.pending[0] if self._shared.pending else None
        method = pending.method if pending else ""
        link = pending.row if pending else -1
        head = heads.read(bytes(self.buffer[start:end]), method=method)
        assert head is not None
        self._shared.protocol = self._shared.protocol or "http"
        if head.event_stream and head.body not in (Body.NONE, Body.TUNNEL):
            yield from self._events(head, end, link)
            return
        stop = yield from self._body(head, end, index.RESPONSE, link)
        if stop == UNKNOWN:
            yield from self._skip(here=False)
            return
        row = self._emit(stop, index.RESPONSE, Part.MESSAGE, link)
        if head.status >= 200 or head.status == 101:
            self._answered(row, link)
        if head.body is Body.TUNNEL:
            yield from self._switch(head, row, link)

    def _answered(self, row: int, link: int) -> None:
        """Pair response ``row`` with the request it answers."""
        if link >= 0 and self.other is not None and self._shared.pending:
            self._shared.pending.popleft()
            if link < len(self.other.units):
                self.other.units.link[link] = row
            else:
                self.other.answer_early(row)

    def answer_early(self, row: int) -> None:
        """Response ``row`` answers the request that is still coming in."""
        self._link = row

    def _switch(self, head: Head, row: int, link: int) -> Steps:
        websocket = head.status == 101 and "websocket" in head.upgrade
        self._shared.protocol = "websocket" if websocket else "tunnel"
        self._shared.switched = (link, row)
        yield from self._speak(self._shared.protocol)

    def _body(self, head: Head, end: int, kind: int, link: int) -> Stops:
        """Wait for the body; returns where it stops, or UNKNOWN after emitting what there is."""
        self._doing(kind, Part.MESSAGE, link)
        if head.body is Body.LENGTH:
            self._stop = end + head.length
            yield from self._until(self._stop)
            return self._stop
        if head.body is Body.CHUNKED:
            return (yield from self._chunks(end, kind, link))
        while head.body is Body.UNTIL_CLOSE:
            yield
        return end

    def _chunks(self, pos: int, kind: int, link: int) -> Stops:
        while True:
            data, stop = yield from self._chunk(pos)
            if stop < 0:
                self._emit_cut(data, kind, Part.MESSAGE, link)
                return UNKNOWN
            if data == stop:
                return stop
            pos = stop

    def _chunk(self, pos: int) -> Generator[None, None, tuple[int, int]]:
        """One chunk at ``pos``: (start of its data, stop); equal at the end of all chunks.

        Of a malformed chunk: (where it stands, -1).
        """
        line = yield from self._line(pos)
        match = _CHUNK_LINE.match(self.buffer, pos, max(line, pos))
        if match is None:
            return pos, -1
        size = int(match[1], 16)
        if not size:
            stop = yield from self._trailers(line)
            return (stop, stop) if stop >= 0 else (line, -1)
        yield from self._until(line + size + 1)
        if self.buffer[line + size] == 10:
            return line, line + size + 1
        yield from self._until(line + size + 2)
        good = self.buffer[line + size : line + size + 2] == b"\r\n"
        return (line, line + size + 2) if good else (line + size, -1)

    def _line(self, pos: int) -> Stops:
        """Where the line at ``pos`` ends, past its LF; UNKNOWN when it is too long."""
        scanned = pos
        while (found := self.buffer.find(b"\n", scanned, pos + MAX_CHUNK_LINE)) < 0:
            scanned = len(self.buffer)
            if scanned - pos >= MAX_CHUNK_LINE:
                return UNKNOWN
            yield
        return found + 1

    def _trailers(self, pos: int) -> Stops:
        """Where the trailer section that starts at ``pos`` ends, past its empty line."""
        yield from self._until(pos + 1)
        if self.buffer[pos] == 10:
            return pos + 1
        yield from self._until(pos + 2)
        if self.buffer[pos : pos + 2] == b"\r\n":
            return pos + 2
        scanned = pos
        while True:
            end = heads.find_end(self.buffer, pos, scanned)
            scanned = len(self.buffer)
            if end >= 0 or scanned - pos > heads.MAX_HEAD:
                return end if end - pos <= heads.MAX_HEAD else UNKNOWN
            yield

    # -- event streams ----------------------------------------------------------------------

    def _events(self, head: Head, end: int, link: int) -> Steps:
        """The head is a unit; then each event is one, and what ends a chunked body."""
        row = self._emit(end, index.RESPONSE, Part.HEAD, link)
        self._answered(row, link)
        if head.body is Body.CHUNKED:
            self.chunked_rows.add(row)
            yield from self._chunked_events(row)
            return
        stop = end + head.length if head.body is Body.LENGTH else -1
        scanned = end
        while stop < 0 or self.pos < stop:
            self._doing(index.RESPONSE, Part.EVENT, row)
            match = _EVENT_END.search(self.buffer, max(self.pos, scanned - 3))
            if match and match.end() <= (stop if stop >= 0 else match.end()):
                scanned = self._event(match.end(), row)
                continue
            if 0 <= stop <= len(self.buffer):
                self._event(stop, row)
                return
            scanned = len(self.buffer)
            yield

    def _event(self, stop: int, head: int) -> int:
        self._emit_cut(stop, index.RESPONSE, Part.EVENT, head)
        return stop

    def _chunked_events(self, head: int) -> Steps:
        carry, at = b"", self.pos
        while True:
            self._doing(index.RESPONSE, Part.EVENT, head)
            data, stop = yield from self._chunk(at)
            if stop < 0:
                if data > self.pos:
                    self._event(data, head)
                yield from self._skip(here=False)
                return
            if data == stop:
                if at > self.pos:
                    self._event(at, head)
                self._emit(stop, index.RESPONSE, Part.END, head)
                return
            carry = self._cut_events(data, stop, head, carry)
            at = stop

    def _cut_events(self, data: int, stop: int, head: int, carry: bytes) -> bytes:
        """Cut one whole chunk at its events' ends; returns the end of the event left open."""
        last = stop - (2 if self.buffer[stop - 2] == 13 else 1)
        text, done = carry + bytes(self.buffer[data:last]), 0
        for match in _EVENT_END.finditer(text):
            done = match.end()
            cut = data + done - len(carry)
            self._event(stop if cut == last else cut, head)
            self._left = last - cut
        return text[max(done, len(text) - 3) :]

    # -- frames and what is not read --------------------------------------------------------

    def _frames(self) -> Steps:
        self._doing(index.UNDISSECTED, Reason.CUT, -1)
        while True:
            self.pos, self.message = index.scan_frames(
                self.buffer, self.pos, self.units, self.message
            )
            yield

    def _tls(self) -> Steps:
        """TLS records (RFC 8446 §5.1): their lengths are in the clear, their content is not."""
        while True:
            self._doing(index.UNDISSECTED, Reason.CUT, -1)
            yield from self._until(self.pos + 5)
            length = int.from_bytes(self.buffer[self.pos + 3 : self.pos + 5], "big")
            if self.buffer[self.pos + 1] != 3:
                yield from self._opaque(Reason.TUNNEL)
            yield from self._until(self.pos + 5 + length)
            self._emit(self.pos + 5 + length, index.UNDISSECTED, Reason.TLS)

    def _opaque(self, reason: int) -> Steps:
        while True:
            self._doing(index.UNDISSECTED, reason, -1)
            yield from self._until(self.pos + BLOCK)
            self._emit(self.pos + BLOCK, index.UNDISSECTED, reason)


_HTTP2 = b"PRI * HTTP/2.0\r\n"
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_EVENT_END = re.compile(rb"(?:\r\n|\n)(?:\r\n|\n)")


def _starts(pattern: re.Pattern[bytes]) -> re.Pattern[bytes]:
    """Matches the line end before a line that ``pattern`` matches."""
    return re.compile(rb"\n(?=" + pattern.pattern + rb")")


_NEXT_REQUEST = _starts(heads.REQUEST_LINE)
_NEXT_RESPONSE = _starts(heads.STATUS_LINE)
