"""A file read through a sliding window, so that a large capture is never in memory twice."""

from __future__ import annotations

from typing import BinaryIO

WINDOW = 1 << 22
"""Bytes asked of the file at a time."""
LONGEST = 1 << 27
"""The longest record believed, in bytes; no link carries a packet of 128 MiB."""


class Tape:
    """The part of a file between what has been used and what has been read.

    Attributes:
        buffer: the bytes at hand.
        base: the file offset of ``buffer[0]``.
        ended: the file has no more.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.buffer = b""
        self.base = 0
        self.ended = False

    def want(self, at: int, need: int) -> bool:
        """Forget ``buffer[:at]``, then read on until ``need`` bytes are there; whether they are."""
        parts = [self.buffer[at:]]
        have = len(parts[0])
        while have < need and not self.ended:
            part = self._file.read(WINDOW)
            self.ended = not part
            parts.append(part)
            have += len(part)
        self.base += at
        self.buffer = b"".join(parts)
        return have >= need
