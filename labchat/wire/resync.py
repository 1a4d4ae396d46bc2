"""Where WebSocket frames start again after lost bytes, when nothing says it: inferred.

RFC 6455 marks no frame's start, but a header must keep rules (§5.1, §5.2, §5.4, §5.5): a known
opcode, reserved bits, the mask of its role, the shortest length, fragments in order. Bytes that
are none seldom keep them, and hardly ever does the next header stand exactly where the length
before it says. So the first place from which frames follow one another, each whole one good, is
taken: :data:`CHAIN` of them, or :data:`AT_ONCE` right after the gap (one where the gap begins
between two frames: see :mod:`labchat.wire.lane`). Frames that are not the last of a message do
not count, since runs of zeros look like them. A chain that ends exactly with the bytes may be
shorter by :data:`CLOSED`.

Time is linear in the bytes looked at; after :data:`FAR` of them the search ends.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from labchat.wire.building import length_size, unmask
from labchat.wire.frames import invalid_utf8
from labchat.wire.index import frame_stop

CHAIN = 4
"""Headers that must follow one another."""
AT_ONCE = 2
"""The same, when the first one stands right after the gap."""
CLOSED = 1
"""Headers fewer when the last frame ends where the bytes end."""
FAR = 1 << 20
"""Bytes searched at most."""
TEXT = 512
"""Bytes of a text looked at: enough to tell text from anything else."""
NOWHERE = -1
"""No frame was found, and none will be looked for any more."""

_FIRST = rb"[\x00-\x02\x80-\x82\x88-\x8a\xc1\xc2]"
"""First bytes that may be: no RSV1 on a first fragment, which would be the letters A and B."""
_HEADER = (re.compile(rb"(?=%s[\x00-\x7f])" % _FIRST), re.compile(rb"(?=%s[\x80-\xff])" % _FIRST))


class _Chain(NamedTuple):
    """Frames that follow one another, up to where the next one would start.

    Attributes:
        origin: where the first one starts.
        last: where the last one starts.
        ends: how many end a message, control frames among them.
        open: a message is unfinished; None when that is not known.
    """

    origin: int
    last: int
    ends: int
    open: bool | None


class Search:
    """Looks for frames from ``start`` on; however the bytes come in, the answer is the same.

    Args:
        start: offset of the first byte after the gap.
        client: frames are masked.
    """

    def __init__(self, start: int, *, client: bool) -> None:
        self._start = self._at = start
        self._client = client
        self._chains: dict[int, _Chain] = {}

    def look(self, buffer: bytearray) -> int | None:
        """Where frames start again; None while that needs more bytes; NOWHERE."""
        far = self._start + FAR
        for match in _HEADER[self._client].finditer(buffer, self._at, far):
            at = match.start()
            stop = frame_stop(buffer, at)
            if stop is None:
                self._at = at
                return None
            chain = self._through(buffer, at, stop)
            if chain is not None and chain.ends >= self._needed(chain):
                return chain.origin
        self._at = min(max(self._at, len(buffer) - 1), far)
        return NOWHERE if len(buffer) >= far else None

    def last(self, buffer: bytearray) -> int:
        """The same when no more bytes will come."""
        chain = self._chains.get(len(buffer))
        if chain is None or chain.ends < self._needed(chain) - CLOSED:
            return NOWHERE
        return chain.origin if _may_be(buffer, chain.last, len(buffer)) else NOWHERE

    def _needed(self, chain: _Chain) -> int:
        return AT_ONCE if chain.origin == self._start else CHAIN

    def _through(self, buffer: bytearray, at: int, stop: int) -> _Chain | None:
        """The chain that the header at ``at`` goes on with, or begins; None if it is no header."""
        first = buffer[at]
        if not _is_header(buffer, at, stop):
            return None
        before = self._chains.pop(at, None)
        if before is None or not _follows(before, first) or not _may_be(buffer, before.last, at):
            before = _Chain(at, at, 0, None)
        unfinished = before.open if first & 8 else first < 128
        chain = _Chain(before.origin, at, before.ends + (first > 127), unfinished)
        known = self._chains.get(stop)
        if known is None or known.ends < chain.ends:
            self._chains[stop] = chain
        return chain


def _is_header(buffer: bytearray, at: int, stop: int) -> bool:
    """The length keeps the rules: shortest form, short for control, some in a fragment."""
    first, code = buffer[at], buffer[at + 1] & 127
    if first & 8 and code > 125:
        return False
    size = 0 if code < 126 else 2 if code == 126 else 8
    length = stop - at - 2 - size - (4 if buffer[at + 1] > 127 else 0)
    return length_size(length) == size and length >> 63 == 0 and (first > 127 or length > 0)


def _follows(before: _Chain, first: int) -> bool:
    """Fragments stand in order (RFC 6455 §5.4)."""
    if first & 8 or before.open is None:
        return True
    return before.open is (first & 15 == 0)


def _may_be(buffer: bytearray, start: int, stop: int) -> bool:
    """A whole text message is UTF-8; of anything else nothing is known."""
    if buffer[start] != 0x81:
        return True
    code, masked = buffer[start + 1] & 127, buffer[start + 1] > 127
    begin = start + (2 if code < 126 else 4 if code == 126 else 10)
    head = begin + 4 if masked else begin
    text = bytes(buffer[head : min(stop, head + TEXT)])
    text = unmask(text, bytes(buffer[begin:head])) if masked else text
    return invalid_utf8(text, complete=head + len(text) == stop) is None
