"""Where lines, heads and chunks of HTTP/1.1 end: the parts that a lane walks over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire import heads, index
from labchat.wire.walk import BLOCK, Reason, Walk

if TYPE_CHECKING:
    from collections.abc import Generator

    from labchat.wire.walk import Steps

    Stops = Generator[None, None, int]

MAX_CHUNK_LINE = 4096
"""Bytes of a chunk's size, extensions and line end at most."""

UNKNOWN = -1
"""A malformed chunk: where the body ends cannot be known."""


class LineWalk(Walk):
    """Finds the end of a head, of a chunk, and the next start line."""

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


_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")


def _starts(pattern: re.Pattern[bytes]) -> re.Pattern[bytes]:
    """Matches the line end before a line that ``pattern`` matches."""
    return re.compile(rb"\n(?=" + pattern.pattern + rb")")


_NEXT_REQUEST = _starts(heads.REQUEST_LINE)
_NEXT_RESPONSE = _starts(heads.STATUS_LINE)
