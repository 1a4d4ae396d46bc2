"""A capture streamed to disk while it is made: never blocks, never raises, survives a crash."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic_ns
from typing import TYPE_CHECKING

from labchat.capture.encode import Encoder
from labchat.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import FileIO
    from types import TracebackType
    from typing import Self

    from labchat.capture.model import Bytes, Chunk, End
    from labchat.wire.fields import Direction

LIMIT = 256 << 20
"""Bytes that may wait for the disk before newer ones are left out: 256 MiB, more than a long
download puts between a relay at full speed and a disk that keeps half its pace."""
_BATCH = 1 << 20
_AT_ONCE = 1024
"""Parts that the system takes in one call: the IOV_MAX of Linux and macOS."""
_PAUSE_S = 0.02
"""Seconds to let jobs gather, so that the thread that records is not woken against at each;
when enough of them are there, no longer."""

Job = tuple["Callable[[], Sequence[Bytes]]", int] | threading.Event | None
"""What makes the next blocks and how many recorded bytes it stands for; or somebody who waits
until all before is written; or None, the last there will ever be."""


class PcapngWriter:
    """A sink that writes pcapng, on a thread of its own.

    Calls return at once, from any thread. What was written before a crash can be read: the file
    holds whole blocks but perhaps for the last, and nothing waits in this process once the thread
    has caught up. When the disk is full or broken, recording stops, the file keeps its whole
    blocks, and ``problem`` says so. When it is too slow, newer bytes are left out, as a gap.

    Args:
        path: overwritten when it exists.
        epoch_ns: the ``monotonic_ns`` that is time 0; now, unless given.
        started_at: the wall clock at time 0; now, unless given.
        on_problem: called once with a sentence, from the writing thread or the caller's.
        limit: bytes that may wait for the disk.

    Raises:
        CaptureError: the file cannot be made.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        epoch_ns: int | None = None,
        started_at: datetime | None = None,
        on_problem: Callable[[str], None] | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.path = Path(path)
        self.problem: str | None = None
        self._on_problem = on_problem
        self._limit = limit
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._opened = 0
        self._put = 0
        self._written = 0
        self._left_out: dict[tuple[int, Direction], int] = {}
        self._closed = False
        self._stopped = False
        self._hurry = threading.Event()
        self._encoder = Encoder(
            epoch_ns=monotonic_ns() if epoch_ns is None else epoch_ns,
            started_at=started_at or datetime.now(UTC),
        )
        self._file = create(self.path)
        self._do(self._encoder.start)
        self._thread = threading.Thread(target=self._run, name="labchat-pcapng", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"PcapngWriter({str(self.path)!r})"

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        """A connection was accepted; its number, from 1."""
        with self._lock:
            self._opened += 1
            number = self._opened
            self._do(
                lambda: self._encoder.open(number, at_ns, client=client, server=server, label=label)
            )
        return number

    def append(self, connection: int, chunk: Chunk) -> None:
        """Bytes went on to their receiver; kept if there is room for them."""
        length = len(chunk.data)
        with self._lock:
            if self._stopped:
                return
            if not self._has_room(length):
                self._leave_out(connection, chunk.direction, length)
                return
            self._tell_gaps(chunk.at_ns)
            self._put += length
            if self._put - self._written >= _BATCH:
                self._hurry.set()
            self._jobs.put((lambda: self._encoder.parts(connection, chunk), length))

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        """Bytes that never reached their receiver."""
        self._do(lambda: self._encoder.gap(connection, direction, at_ns, length))

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """Nothing more goes in this direction."""
        with self._lock:
            self._tell_gaps(at_ns)
            self._do(lambda: self._encoder.end(connection, direction, at_ns, how))

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        """A sentence about what was done to the traffic, or went wrong with it.

        Units are not counted here: one that is not named by its number is not named.
        """
        number = unit if isinstance(unit, int) else None
        self._do(lambda: self._encoder.annotate(at_ns, text, connection=connection, unit=number))

    def label(self, connection: int, name: str) -> None:
        """The connection belongs to somebody."""
        self._do(lambda: self._encoder.label(connection, name))

    def flush(self) -> None:
        """Wait until all that was told so far is on its way to the disk, or never will be."""
        written = threading.Event()
        with self._lock:
            if self._closed:
                return
            self._jobs.put(written)
        written.wait()

    def close(self) -> None:
        """Wait until all is on its way to the disk, and close the file."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._hurry.set()
            self._jobs.put(None)
        self._thread.join()
        self._file.close()

    def _do(self, job: Callable[[], bytes]) -> None:
        self._jobs.put((lambda: (job(),), 0))

    def _has_room(self, length: int) -> bool:
        """Once something was left out, only when half the limit is free: few gaps, not many."""
        waiting = self._put - self._written
        limit = self._limit // 2 if self._left_out else self._limit
        return not waiting or waiting + length <= limit

    def _leave_out(self, connection: int, direction: Direction, length: int) -> None:
        if not self._left_out:
            self._tell(
                f"{self.path} is {self._limit:,} bytes behind; what passes now is not recorded."
            )
        key = connection, direction
        self._left_out[key] = self._left_out.get(key, 0) + length

    def _tell_gaps(self, at_ns: int) -> None:
        for (connection, direction), length in self._left_out.items():
            self.gap(connection, direction, at_ns, length)
        self._left_out.clear()

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
        if self._on_problem is not None:
            self._on_problem(sentence)

    def _run(self) -> None:
        position = 0
        while self._work(batch := self._batch(), position):
            position = self._file.tell()
            _wake(batch)
        _wake(batch)

    def _work(self, batch: list[Job], position: int) -> bool:
        """Write a batch; whether there is more to come."""
        jobs = [job for job in batch if isinstance(job, tuple)]
        parts = [part for make, _ in jobs for part in make()]
        try:
            if not self._stopped:
                write_all(self._file, parts)
        except OSError as error:
            self._fail(position, error)
        self._written += sum(length for _, length in jobs)
        return batch[-1] is not None

    def _batch(self) -> list[Job]:
        """The jobs at hand, at least one."""
        batch = [self._jobs.get()]
        if self._put - self._written < _BATCH and not self._closed:
            self._hurry.clear()
            self._hurry.wait(_PAUSE_S)
        size = 0
        while (job := batch[-1]) is not None and size < _BATCH:
            size += job[1] if isinstance(job, tuple) else 0
            try:
                batch.append(self._jobs.get_nowait())
            except Empty:
                break
        return batch

    def _fail(self, position: int, error: OSError) -> None:
        self._stopped = True
        self._tell(f"Recording to {self.path} stopped: {error.strerror or error}.")
        with suppress(OSError):
            self._file.truncate(position)


def _wake(batch: list[Job]) -> None:
    for job in batch:
        if isinstance(job, threading.Event):
            job.set()


def create(path: Path) -> FileIO:
    """A new file without a buffer in this process. Raises CaptureError."""
    try:
        return path.open("wb", buffering=0)
    except OSError as error:
        raise CaptureError(f"{path} cannot be written: {error.strerror or error}.") from error


def write_all(file: FileIO, parts: Sequence[Bytes]) -> None:
    """Write these one after the other, however little the system takes at a time.

    Where it can take many at once nothing is copied, and the interpreter does not wait.

    Raises:
        OSError: it takes no more.
    """
    for at in range(0, len(parts), _AT_ONCE):
        some = parts[at : at + _AT_ONCE]
        done = os.writev(file.fileno(), some) if hasattr(os, "writev") else 0
        if done < sum(map(len, some)):
            view = memoryview(b"".join(some))[done:]
            while view:
                view = view[file.write(view) or 0 :]
