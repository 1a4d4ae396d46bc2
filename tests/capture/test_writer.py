from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, cast

import pytest

from labchat.capture import files, writer
from labchat.capture.model import Chunk, End
from labchat.capture.writer import PcapngWriter
from labchat.errors import CaptureError
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import FileIO
    from pathlib import Path

    from conftest import Teller

    from labchat.capture.capture import Capture

C, S = Direction.C2S, Direction.S2C


def test_what_is_told_is_in_the_file(
    teller: Callable[..., Teller], chat: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path, epoch_ns=7, started_at=chat.started_at) as sink:
        telling = teller(sink)
        telling.chat()
        sink.label(2, "Bob")
    again = files.open(path)
    rows = [(r.n, r.at_ns, r.kind, r.length) for r in chat.rows()]
    assert [(r.n, r.at_ns, r.kind, r.length) for r in again.rows()] == rows
    assert [one.label for one in again.connections] == ["Alice", "Bob"]
    assert again.started_at == chat.started_at
    assert {note.text for note in again.annotations} == {"Bob waited.", "Held here.", "The end."}
    assert (sink.problem, repr(sink)) == (None, f"PcapngWriter({str(path)!r})")


def test_the_clocks_default_to_now(tmp_path: Path) -> None:
    PcapngWriter(tmp_path / "x.pcapng").close()
    capture = files.open(tmp_path / "x.pcapng")
    assert capture.started_at is not None
    assert len(capture) == 0


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    sink = PcapngWriter(tmp_path / "x.pcapng")
    sink.close()
    sink.close()
    sink.flush()


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written: No such file"):
        PcapngWriter(tmp_path / "no" / "where.pcapng")


class Disk:
    """Stands before the system: says when a write has come, and can hold it or fail it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: OSError | None = None
        self.go = threading.Event()
        self.go.set()
        self.came = threading.Event()
        self._write = writer.write_all
        monkeypatch.setattr(writer, "write_all", self.write)

    def write(self, file: FileIO, parts: Sequence[bytes]) -> None:
        self.came.set()
        assert self.go.wait(50)
        if self.error is not None:
            data = b"".join(parts)
            self._write(file, (data[: len(data) // 2],))
            raise self.error
        self._write(file, parts)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def behind(
    teller: Callable[..., Teller], path: Path, disk: Disk
) -> tuple[PcapngWriter, Teller, int, list[str]]:
    """A writer that may be 100 bytes behind, its connection, and what it says; the disk hangs."""
    told: list[str] = []
    sink = PcapngWriter(path, epoch_ns=7, on_problem=told.append, limit=100)
    telling = teller(sink)
    number = telling.open()
    sink.flush()
    disk.go.clear()
    return sink, telling, number, told


def test_a_crash_keeps_what_was_written(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk
) -> None:
    """No buffer of this process holds bytes back: the file is whole while it grows."""
    path = tmp_path / "x.pcapng"
    sink = PcapngWriter(path, epoch_ns=7)
    telling = teller(sink)
    number = telling.open()
    telling.say(number, C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    disk.came.clear()
    telling.say(number, C, b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert disk.came.wait(50)
    telling.say(number, C, b"GET /3 HTTP/1.1\r\nHost: x\r\n\r\n")
    sink.close()
    assert [row.summary for row in files.open(path).rows()] == ["GET /", "GET /2", "GET /3"]


KILLED = """
import os, signal, sys
from labchat.capture.model import Chunk
from labchat.capture.writer import PcapngWriter
from labchat.wire.fields import Direction

sink = PcapngWriter(sys.argv[1], epoch_ns=0)
number = sink.open(1, client="127.0.0.1:1", server="127.0.0.1:2")
sink.append(number, Chunk(2, Direction.C2S, 0, b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"))
sink.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    done = subprocess.run([sys.executable, "-c", KILLED, path], timeout=50, check=False)
    assert done.returncode == -signal.SIGKILL
    loaded = files.load(path)
    assert loaded.problem is None
    assert [row.summary for row in loaded.capture.rows()] == ["GET /"]


def test_a_full_disk_is_told_and_never_raised(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk
) -> None:
    told: list[str] = []
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path, epoch_ns=7, on_problem=told.append) as sink:
        telling = teller(sink)
        number = telling.open()
        telling.say(number, C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        sink.flush()
        disk.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        telling.say(number, C, b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        sink.flush()
        telling.say(number, C, b"lost")
        telling.end(number, C, End.FIN)
    assert told == [sink.problem] == [f"Recording to {path} stopped: No space left on device."]
    loaded = files.load(path)
    assert loaded.problem is None
    assert [row.summary for row in loaded.capture.rows()] == ["GET /"]


def test_a_disk_that_fails_at_the_very_end(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk
) -> None:
    disk.go.clear()
    sink = PcapngWriter(tmp_path / "x.pcapng", epoch_ns=7)
    disk.came.wait(50)
    teller(sink).open()
    disk.error = OSError(errno.EIO, "")
    threading.Timer(0.05, disk.go.set).start()
    sink.close()
    assert sink.problem is not None
    assert "stopped: [Errno 5]" in sink.problem


def test_a_slow_disk_leaves_out_what_is_newest_and_says_so(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk
) -> None:
    path = tmp_path / "x.pcapng"
    sink, telling, number, told = behind(teller, path, disk)
    telling.say(number, C, b"a" * 60, b"b" * 60, b"c" * 60)
    disk.go.set()
    sink.flush()
    telling.say(number, C, b"d" * 60)
    sink.flush()
    telling.say(number, S, b"e" * 60)
    telling.end(number, C)
    sink.close()
    assert told == [f"{path} is 100 bytes behind; what passes now is not recorded."]
    capture = files.open(path)
    assert capture.stream(number, C) == b"a" * 60 + b"d" * 60
    gaps = [(row.direction, row.length) for row in capture.rows() if row.kind == "gap"]
    assert gaps == [(C, 120)]


def test_what_gathers_behind_a_slow_write_is_written_together(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_BATCH", 2)
    sink = PcapngWriter(tmp_path / "x.pcapng", epoch_ns=7)
    sink.flush()
    telling = teller(sink)
    number = telling.open()
    disk.go.clear()
    disk.came.clear()
    telling.say(number, C, b"a")
    assert disk.came.wait(50)
    telling.say(number, C, b"b", b"c")
    disk.go.set()
    sink.close()
    assert files.open(tmp_path / "x.pcapng").stream(number, C) == b"abc"


def test_many_threads_may_tell(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with PcapngWriter(path, epoch_ns=0) as sink:

        def tell() -> None:
            number = sink.open(1, client="127.0.0.1:0", server="127.0.0.1:80")
            for at in range(50):
                sink.append(number, Chunk(at, C, 4 * at, b"data"))
            sink.end(number, C, 99, End.FIN)

        threads = [threading.Thread(target=tell) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    capture = files.open(path)
    assert [capture.stream(number, C) for number in range(1, 9)] == [b"data" * 50] * 8


class Slow:
    """A file that takes three bytes at a time."""

    def __init__(self) -> None:
        self.kept = b""

    def fileno(self) -> int:
        return 7

    def write(self, data: memoryview) -> int:
        self.kept += bytes(data[:3])
        return min(3, len(data))


PARTS = (b"ab", memoryview(b"cdefg"), b"", b"h")


def test_a_write_in_pieces_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()

    def writev(_: int, parts: Sequence[bytes]) -> int:
        return slow.write(memoryview(b"".join(parts)))

    monkeypatch.setattr(os, "writev", writev)
    writer.write_all(cast("FileIO", slow), PARTS)
    assert slow.kept == b"abcdefgh"


def test_a_system_that_takes_one_part_at_a_time_gets_them_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "writev")
    slow = Slow()
    writer.write_all(cast("FileIO", slow), PARTS)
    assert slow.kept == b"abcdefgh"


def test_more_parts_than_the_system_takes_are_written_in_turns(tmp_path: Path) -> None:
    parts = [bytes([n % 256]) for n in range(3000)]
    with (tmp_path / "x").open("wb", buffering=0) as file:
        writer.write_all(file, parts)
    assert (tmp_path / "x").read_bytes() == b"".join(parts)


def test_a_slow_disk_makes_one_long_gap_not_many(
    teller: Callable[..., Teller], tmp_path: Path, disk: Disk
) -> None:
    path = tmp_path / "x.pcapng"
    sink, telling, number, told = behind(teller, path, disk)
    telling.say(number, C, b"a" * 60, b"b" * 60, b"c" * 40)
    disk.go.set()
    sink.close()
    assert len(told) == 1
    assert files.open(path).stream(number, C) == b"a" * 60
