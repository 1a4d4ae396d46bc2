"""Recording to a disk that may be slow or full, without ever holding up the traffic."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from labchat.errors import LabchatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.capture import Chunk, End
    from labchat.tap.sink import Sink
    from labchat.wire.fields import Direction

LIMIT = 64 * 2**20
"""Bytes that may wait for the disk before newer ones are left out: 64 MiB."""


class Backlog:
    """Hands a record on to a slow sink, on a thread of its own.

    Every call returns at once. When more than ``limit`` bytes wait, the bytes that come are left
    out and recorded as a gap, and the person is told; when the sink raises ``OSError`` or a
    ``LabchatError`` it gets nothing more, and the person is told.

    Args:
        sink: where the record goes; called from the thread only.
        limit: bytes that may wait.
        on_trouble: told a sentence, from either thread, when the record is not whole.
    """

    def __init__(
        self, sink: Sink, *, limit: int = LIMIT, on_trouble: Callable[[str], None] | None = None
    ) -> None:
        self._sink = sink
        self._limit = limit
        self._on_trouble = on_trouble or (lambda text: None)
        self._queue: SimpleQueue[tuple[int, Chunk] | Callable[[], None] | None] = SimpleQueue()
        self._numbers: dict[int, int] = {}
        self._opened = 0
        self._put = 0
        self._written = 0
        self._left_out: dict[tuple[int, Direction], int] = {}
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="labchat-backlog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait until everything handed in is with the sink. Blocks as long as the disk takes."""
        self._queue.put(None)
        self._thread.join()

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        """A connection was accepted."""
        self._opened += 1
        number = self._opened

        def opened() -> None:
            self._numbers[number] = self._sink.open(
                at_ns, client=client, server=server, label=label
            )

        self._queue.put(opened)
        return number

    def append(self, connection: int, chunk: Chunk) -> None:
        """Bytes went on; they are kept if there is room."""
        length = len(chunk.data)
        if self._broken:
            return
        if self._put - self._written + length > self._limit:
            self._leave_out(connection, chunk.direction, length)
            return
        if self._left_out:
            self._tell_gaps(chunk.at_ns)
        self._put += length
        self._queue.put((connection, chunk))

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        """Bytes never went on."""
        self._queue.put(lambda: self._sink.gap(self._numbers[connection], direction, at_ns, length))

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """Nothing more goes in this direction."""
        self._tell_gaps(at_ns)
        self._queue.put(lambda: self._sink.end(self._numbers[connection], direction, at_ns, how))

    def annotate(
        self, at_ns: int, text: str, *, connection: int | None = None, unit: int | None = None
    ) -> None:
        """A sentence about what was done to the traffic."""

        def annotated() -> None:
            number = None if connection is None else self._numbers[connection]
            self._sink.annotate(at_ns, text, connection=number, unit=unit)

        self._queue.put(annotated)

    def label(self, connection: int, name: str) -> None:
        """The connection belongs to somebody."""
        self._queue.put(lambda: self._sink.label(self._numbers[connection], name))

    def _leave_out(self, connection: int, direction: Direction, length: int) -> None:
        if not self._left_out:
            self._on_trouble(
                f"The disk is {self._limit} bytes behind; what passes now is not recorded. "
                "The traffic goes on."
            )
        key = connection, direction
        self._left_out[key] = self._left_out.get(key, 0) + length

    def _tell_gaps(self, at_ns: int) -> None:
        for (connection, direction), length in self._left_out.items():
            self.gap(connection, direction, at_ns, length)
        self._left_out.clear()

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                self._hand_on(item)
        except (OSError, LabchatError) as error:
            self._broken = True
            self._on_trouble(f"Recording to disk stopped: {error}. The traffic goes on.")
            self._drain()

    def _hand_on(self, item: tuple[int, Chunk] | Callable[[], None]) -> None:
        if isinstance(item, tuple):
            number, chunk = item
            self._sink.append(self._numbers[number], chunk)
            self._written += len(chunk.data)
        else:
            item()

    def _drain(self) -> None:
        while self._queue.get() is not None:
            pass
