"""The tap as a program, in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from labchat.capture.pcapng import read
from labchat.errors import SettingsError
from labchat.tap import tls
from labchat.tap.faults import Latency, Offline, Rule, Slicer
from labchat.tap.service import FaultOptions, Options, TlsOptions, recording, run, serve
from labchat.tap.sink import Tee
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


@asynccontextmanager
async def tapping(*args: str):
    """``labchat tap`` in front of an echo server: (process, its one line, its address)."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    target = "{}:{}".format(*server.sockets[0].getsockname())
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "labchat", "tap", "--listen", "127.0.0.1:0", "--target", target, *args),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    line = (await process.stdout.readline()).decode()
    assert line.endswith(f" -> {target}\n"), (line, await process.stderr.read())
    assert line.startswith("labchat: tapping 127.0.0.1:")
    host, port = line.split()[2].rsplit(":")
    yield process, (host, int(port))
    if process.returncode is None:
        process.kill()
    await process.communicate()
    server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def exchange(address: tuple[str, int], data: bytes) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    return writer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_with_a_complete_file(tmp_path, number):
    file = tmp_path / "any.pcapng"
    async with tapping("--write", str(file), "--latency", "1ms") as (process, address):
        writer = await exchange(address, b"any TCP app")
        process.send_signal(number)
        out, err = await process.communicate()
        writer.close()
    assert (process.returncode, out, err) == (0, b"", b"")
    capture = read(file)
    assert capture.stream(1, C2S) == capture.stream(1, S2C) == b"any TCP app"


async def test_units_are_shown_as_they_pass():
    async with tapping("--show", "--slice", "4") as (process, address):
        writer = await exchange(address, b"GET / HTTP/1.1\r\n\r\n")
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        writer.close()
    assert (process.returncode, out) == (0, b"")
    lines = err.decode().splitlines()
    assert lines[0].endswith("· Faults switched on now: slices of 4 B")
    assert "1 → request      18 B  GET /" in lines[1]


async def test_wrong_input_is_one_sentence_and_exit_2(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text('{"rules": [{"fault": {"type": "latency", "delay_ms": "slow"}}]}')
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "labchat", "tap", "--listen", ":0", "--target", ":1", "--faults", str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert b"rules[0].fault.delay_ms" in err.replace(b"\n", b"")
    assert b"Traceback" not in err


def test_faults_from_a_file_and_by_name(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text('{"seed": 3, "rules": [{"fault": {"type": "offline"}, "at_s": 1}]}')
    schedule = FaultOptions(file=file, latency="5ms", slices=1, direction=C2S).schedule()
    assert schedule.seed == 3
    assert schedule.rules == (
        Rule(fault=Offline(), at_s=1),
        Rule(fault=Latency(delay_ms=5), direction=C2S),
        Rule(fault=Slicer(size_bytes=1), direction=C2S),
    )
    named = FaultOptions(bandwidth="1kB/s", loss="1%", offline=True, seed=9).schedule()
    assert [each.describe() for each in named.rules] == [
        "bandwidth 1000 B/s",
        "loss 1 %, RTO 1000 ms",
        "offline",
    ]
    assert named.seed == 9


async def test_it_listens_says_so_and_stops(monkeypatch):
    loop = asyncio.get_running_loop()
    handlers = {}
    monkeypatch.setattr(loop, "add_signal_handler", handlers.__setitem__)
    from labchat.tap.relay import Relay

    relay = Relay(("127.0.0.1", 1), Tee())

    def say(line: str) -> None:
        assert line.startswith("labchat: tapping 127.0.0.1:")
        handlers[signal.SIGTERM]()

    await serve(relay, ("127.0.0.1", 0), say)
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}


def test_a_run_with_tls_says_whom_to_trust(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr("labchat.tap.service.asyncio.run", lambda work: seen.append(work.close()))
    warned = []
    wanted = TlsOptions(listen=True, insecure=True, folder=tmp_path)
    run(Options(":0", "https://localhost", tls=wanted), say=print, warn=warned.append, tell=print)
    assert len(seen) == 1
    assert warned[0].startswith("Nothing is recorded")
    assert str(tmp_path / tls.CA_FILE) in warned[1]
    given = TlsOptions(certificate=tmp_path / "none.pem")
    with pytest.raises(SettingsError, match="is no certificate with its key"):
        run(Options(":0", ":1", tls=given), say=print, warn=warned.append, tell=print)


def test_recording_nowhere_keeps_nothing():
    with recording(None, print) as sink:
        assert sink.open(0, client="a", server="b") == 1
