"""Memory to receive into, so that what is received is the record: nothing is copied.

The first touch of fresh memory costs about as much as relaying what lies in it. So blocks are made
ready ahead of need, by a thread that gives way to all others and does not hold the interpreter
meanwhile, and a block that nobody looks at any more is used again. A burst as long as what is
ready costs no more to record than to relay.

Huge pages would cost a quarter where the machine has the memory at hand, and six times as much in
a virtual one whose host takes free memory back: pages stay small.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import weakref
from functools import cache, partial
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.model import Bytes

READ = 4 * 65_495
"""Bytes read at once, at most: just under 256 KiB, four of the largest TCP segments."""
LEAST = 64 << 10
"""Bytes there is always room for."""
SMALL = 16 << 10
"""Reads below it are copied: their room is used again at once, and they hold no block."""
BLOCK = 1 << 20
"""Bytes of a block. The last view of any part of it keeps all of it."""
READY = 64
"""Blocks that are ready at most, once bytes have come by the block; below half of it, more are
made."""
AHEAD = 8
"""Blocks that are made as fast as can be; those beyond are for later, and made in no hurry."""
PAUSE_S = 0.002
"""Seconds between two of those, so that traffic has the processor."""

MADV_POPULATE_WRITE = 23
"""``madvise``: make all pages present and writable, now (Linux 5.14)."""


class Arena:
    """Room for what is received, one read after the other; of one thread."""

    def __init__(self) -> None:
        self._room = memoryview(bytearray(READ))
        self._at = 0
        self._ready: list[mmap.mmap] = []
        self._filling: Thread | None = None
        self._closing = Event()

    def room(self) -> memoryview:
        """Where the next read goes: 64 to 256 KiB."""
        if len(self._room) - self._at < LEAST:
            self._room, self._at = self._next(), 0
        return self._room[self._at : self._at + READ]

    def take(self, length: int) -> Bytes:
        """The first ``length`` bytes of that room, which nobody will change."""
        data = self._room[self._at : self._at + length]
        if length < SMALL:
            return bytes(data)
        self._at += length
        return data.toreadonly()

    def close(self) -> None:
        """Give back what is ready, and end the thread that makes it, if one does."""
        self._closing.set()
        if self._filling is not None:
            self._filling.join()
        self._closing.clear()
        self._ready = []

    def _next(self) -> memoryview:
        memory = self._ready.pop() if self._ready else _fresh()
        few = len(self._ready) < READY // 2
        if few and (self._filling is None or not self._filling.is_alive()):
            fill = partial(_fill, self._ready, self._closing)
            self._filling = Thread(target=fill, name="labchat-arena")
            self._filling.start()
        return _leased(memory, self._ready)


def _fresh() -> mmap.mmap:
    """Memory of this process alone, none of it touched."""
    if sys.platform == "win32":
        return mmap.mmap(-1, BLOCK)
    return mmap.mmap(-1, BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _leased(memory: mmap.mmap, ready: list[mmap.mmap]) -> memoryview:
    """A view of ``memory``, which becomes ready again when the last view made of it is gone."""
    lease = (ctypes.c_ubyte * BLOCK).from_buffer(memory)
    weakref.finalize(lease, _give_back, memory, ready).atexit = False
    return memoryview(lease).cast("B")


def _give_back(memory: mmap.mmap, ready: list[mmap.mmap]) -> None:
    if len(ready) < READY:
        ready.append(memory)


def _fill(ready: list[mmap.mmap], closing: Event) -> None:
    """Touch blocks until enough are ready, where the system can do that by itself."""
    if sys.platform != "linux":
        return
    while len(ready) < READY and not closing.wait(PAUSE_S if len(ready) >= AHEAD else 0):
        memory = _fresh()
        start = ctypes.addressof(ctypes.c_ubyte.from_buffer(memory))
        _madvise()(start, BLOCK, MADV_POPULATE_WRITE)  # an old kernel refuses: touched later
        ready.append(memory)


@cache
def _madvise() -> Callable[[int, int, int], int]:
    """The C library's ``madvise``: called through it, other threads go on."""
    call = ctypes.CDLL(None).madvise
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return call
