"""One direction of a connection: bytes in, unit boundaries out.

A lane is a generator that walks its buffer and waits where bytes are missing, so one byte at a
time costs as much per byte as all at once, and any chunking gives the same units. It never
raises on peer bytes. What it cannot read becomes "undissected", in blocks of 64 KiB at most,
and it goes on where a start line stands at the beginning of a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire import index, resync
from labchat.wire.walk import BLOCK, Reason, Shared
from labchat.wire.walk_http import HttpWalk

if TYPE_CHECKING:
    from labchat.wire.fields import Direction
    from labchat.wire.walk import Steps


class _Ended(Exception):
    """Thrown into the walk: no byte will follow."""


class _Lost(Exception):
    """Thrown into the walk: bytes are missing here."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class Lane(HttpWalk):
    """One direction: its bytes, and its units as columns."""

    def __init__(self, direction: Direction, shared: Shared) -> None:
        super().__init__(direction, shared)
        self._message = -1
        self._search: resync.Search | None = None
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

    def _run(self) -> Steps:
        work = self._start()
        while True:
            try:
                yield from work
            except _Ended:
                self._settle()
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
        if self._shared.late and not self._plausible_frame(self.pos):
            yield from self._resume_frames(between=False)
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

    def _after_gap(self, length: int) -> Steps:
        self._settle()
        stop, at = self._known_stop(), len(self.buffer)
        between = self._part == Reason.CUT and self.pos == at
        self._flush()
        self.units.add(index.GAP, 0, at, length)
        protocol = self._shared.protocol
        if stop >= at + length:
            rest = stop - length
            if rest > at:
                self._doing(index.UNDISSECTED, Reason.REST, -1, rest)
                yield from self._until(rest)
                self._emit(rest, index.UNDISSECTED, Reason.REST)
        elif protocol == "websocket" and self.units:
            yield from self._resume_frames(between=between)
        if not protocol:
            yield from self._start()
        elif protocol == "http":
            yield from self._skip(here=True)
        yield from self._speak(protocol)

    def _known_stop(self) -> int:
        unsure = self._part == Reason.UNSURE
        if self._shared.protocol == "websocket" and self._stop < 0 and not unsure:
            stop = index.frame_stop(self.buffer, self.pos)
            self._part = Reason.CUT
            self._message = -1
            return -1 if stop is None else stop
        return self._stop

    def _resume_frames(self, *, between: bool) -> Steps:
        """After a gap nothing marks the next frame: infer it from the headers that follow.

        A gap that begins ``between`` two frames, as when the tap drops one, ends so too if the
        next bytes let it: in live traffic one frame must be enough.
        """
        self._doing(index.UNDISSECTED, Reason.UNSURE, -1)
        if between:
            yield from self._until(self.pos + 2)
            if self._plausible_frame(self.pos):
                return
        search = self._search = resync.Search(self.pos, client=self._client)
        while (found := search.look(self.buffer)) is None:
            yield
        self._search = None
        if found == resync.NOWHERE:
            yield from self._opaque(Reason.UNSURE)
        self._skip_to(found, Reason.SKIPPED)

    def _settle(self) -> None:
        """What came after a gap ends here: it is frames if they end here too."""
        search, self._search = self._search, None
        if search is None:
            return
        found = search.last(self.buffer)
        if found == resync.NOWHERE:
            self._skip_to(len(self.buffer), Reason.UNSURE)
        else:
            self._skip_to(found, Reason.SKIPPED)
            self.pos, self._message = index.scan_frames(self.buffer, self.pos, self.units)

    def _skip_to(self, stop: int, reason: int) -> None:
        """Bytes up to ``stop`` are undissected; a gap before them says how dissection goes on."""
        if reason == Reason.SKIPPED and self.units and self.units.kind[-1] == index.GAP:
            self.units.first[-1] = index.INFERRED
        while self.pos < stop:
            self._emit(min(stop, self.pos + BLOCK), index.UNDISSECTED, reason)

    def _plausible_frame(self, pos: int) -> bool:
        first, second = self.buffer[pos], self.buffer[pos + 1]
        if (second > 127) != self._client or first & 0x30:
            return False
        if first & 8:
            return first in (0x88, 0x89, 0x8A) and second & 127 <= 125
        return first & 15 <= 2 and not 65 <= first <= 90

    def _frames(self) -> Steps:
        self._doing(index.UNDISSECTED, Reason.CUT, -1)
        while True:
            self.pos, self._message = index.scan_frames(
                self.buffer, self.pos, self.units, self._message
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
