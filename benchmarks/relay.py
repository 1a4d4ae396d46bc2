"""What the tap costs, against other relays, in one run:
``python -m benchmarks.relay``.

Latency: WebSocket round trips of 100 bytes on one connection, the median; what a relay *adds* is
that less the median without a relay. Throughput: one long download. The tap records: once into
memory, as a lab does, once into a pcapng file. Every relay is a process of its own in front of
the same target (peers/relay/target.py); rounds are interleaved and the median of them counts, so
that a busy machine slows all alike, and each relay's own CPU time stands beside them: it says what
the work costs even when the machine is busy. TCP_NODELAY everywhere; the RTT is loopback's.

mitmdump is measured when it is on the PATH, or with ``--install-mitmdump`` in a virtual
environment of its own; socat when it is installed. One that is missing is said to be missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from labchat.measure.bench.local import TAP, TAP_MUST, added_row
from labchat.measure.bench.processes import module, process
from labchat.measure.bench.row import Must, Row, compare, missing
from labchat.measure.bench.trips import connect, round_trips

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers" / "relay"
MITM_VENV = HERE.parent / "artifacts" / "mitmdump"
MITM_VERSION = "11.0.2"
MIB = 2**20


@dataclass
class Relayed:
    """One way to the target, and what was measured on it."""

    name: str
    port: int
    pid: int
    trip_cpu_us: list[float] = field(default_factory=list)
    mib_cpu_ms: list[float] = field(default_factory=list)
    medians_us: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    carried_mib: int = 0
    recorded_mib: float = nan

    def weigh(self, file: Path) -> None:
        """See how much of what it carried is on the disk."""
        self.recorded_mib = file.stat().st_size / MIB

    @property
    def median_us(self) -> float:
        return statistics.median(self.medians_us)

    def trips(self, count: int) -> None:
        before = cpu_s(self.pid)
        self.medians_us.append(round_trips(self.port, count))
        self.trip_cpu_us.append((cpu_s(self.pid) - before) / count * 1e6)

    def download(self, mib: int) -> None:
        before = cpu_s(self.pid)
        self.rates.append(download(self.port, mib))
        self.carried_mib += mib
        self.mib_cpu_ms.append((cpu_s(self.pid) - before) / mib * 1e3)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trips", type=int, default=1000, help="round trips in a round")
    parser.add_argument("--mib", type=int, default=128, help="MiB downloaded in a round")
    parser.add_argument("--install-mitmdump", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    ways, absent = measured(
        options.rounds, options.trips, options.mib, install=options.install_mitmdump
    )
    figures = judge(ways)
    if options.json:
        print(json.dumps(figures))
    else:
        show(ways, figures, absent)


def measured(
    rounds: int, many: int, mib: int, *, install: bool = False
) -> tuple[list[Relayed], list[str]]:
    """Every way to the target, measured in interleaved rounds, and which peers are missing."""
    with contextlib.ExitStack() as stack:
        ways, absent = start(stack, install=install)
        for way in ways:
            round_trips(way.port, 100)
        for _ in range(rounds):
            for way in ways:
                way.trips(many)
            for way in ways:
                way.download(mib)
    return ways, absent


RATE = "download through the recording tap"
WRITTEN = "labchat, pcapng"
RATE_MUST = Must(least=0.7)


def run(*, quick: bool) -> list[Row]:
    """What the tap adds and what it carries, against each peer."""
    ways, absent = measured(*((3, 300, 32) if quick else (7, 2000, 128)), install=not quick)
    by = {way.name: way for way in ways}
    direct, tap = by["direct"], by["labchat, in memory"]
    ours = less(tap, direct)
    rows = [missing(TAP, "µs", name) for name in absent]
    for name in ("bare asyncio", "socat", "mitmdump"):
        if name in by:
            must = TAP_MUST if name == "bare asyncio" else None
            rows.append(added_row(ours, name, less(by[name], direct), must))
    bare = by["bare asyncio"].rates
    rows.append(compare(RATE, "MiB/s", tap.rates, peer="bare asyncio", theirs=bare, must=RATE_MUST))
    written = by[WRITTEN]
    left_out = max(0, written.carried_mib - written.recorded_mib)
    note = f"the disk was behind: {left_out:.0f} MiB left out" if left_out else ""
    told, peer = f"{RATE}, to pcapng", "bare asyncio"
    rows.append(compare(told, "MiB/s", written.rates, peer=peer, theirs=bare, note=note))
    return rows


def less(way: Relayed, direct: Relayed) -> list[float]:
    """What it adds to a round trip in each round, in microseconds."""
    rounds = zip(way.medians_us, direct.medians_us, strict=True)
    return [each - base for each, base in rounds]


def start(stack: contextlib.ExitStack, *, install: bool) -> tuple[list[Relayed], list[str]]:
    target = stack.enter_context(process(sys.executable, str(PEERS / "target.py")))
    ways = [Relayed("direct", *target)]
    for name, script in (("bare asyncio", "bare"), ("labchat, in memory", "recording")):
        command = module(f"labchat.measure.bench.{script}", str(target[0]))
        ways.append(Relayed(name, *stack.enter_context(process(*command))))
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    file, pcapng = Path(folder, "bench.pcapng"), Relayed(WRITTEN, 0, 0)
    stack.callback(pcapng.weigh, file)
    command = module("labchat", "tap", "--listen", "127.0.0.1:0")
    written = ("--target", f"127.0.0.1:{target[0]}", "--write", str(file))
    pcapng.port, pcapng.pid = stack.enter_context(process(*command, *written))
    ways.append(pcapng)
    absent = []
    for name, way in (
        ("socat", socat(target[0])),
        ("mitmdump", mitmdump(target[0], install=install)),
    ):
        if way is None:
            absent.append(name)
        else:
            ways.append(Relayed(name, *stack.enter_context(listening(*way))))
    return ways, absent


@contextlib.contextmanager
def listening(port: int, *command: str) -> Iterator[tuple[int, int]]:
    """A relay that is told where to listen."""
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if running.poll() is not None:
                raise SystemExit(f"{command[0]} ended with {running.returncode}")
            time.sleep(0.1)  # noqa: TID251 - a foreign program does not say when it listens
        yield port, running.pid
    finally:
        running.terminate()
        running.wait()


def socat(target: int) -> tuple[object, ...] | None:
    if shutil.which("socat") is None:
        return None
    port = free_port()
    listen = f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay"
    return port, "socat", listen, f"TCP:127.0.0.1:{target},nodelay"


def mitmdump(target: int, *, install: bool) -> tuple[object, ...] | None:
    program = shutil.which("mitmdump") or shutil.which("mitmdump", path=str(MITM_VENV / "bin"))
    if program is None and install:
        subprocess.run([sys.executable, "-m", "venv", MITM_VENV], check=True)
        pip = MITM_VENV / "bin" / "pip"
        subprocess.run([pip, "install", "-q", f"mitmproxy=={MITM_VERSION}"], check=True)
        program = str(MITM_VENV / "bin" / "mitmdump")
    if program is None:
        return None
    port = free_port()
    mode = ("--mode", f"reverse:http://127.0.0.1:{target}", "--set", "stream_large_bodies=1")
    return port, program, "-q", "--listen-host", "127.0.0.1", "-p", str(port), *mode


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def cpu_s(pid: int) -> float:
    """Seconds of CPU a process and the children it has reaped have used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def download(port: int, mib: int) -> float:
    """MiB a second of one long answer."""
    with connect(port) as sock:
        begun = time.perf_counter()
        sock.sendall(b"GET /%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (mib * MIB))
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(65536)
        missing = mib * MIB - len(head.partition(b"\r\n\r\n")[2])
        buffer = bytearray(MIB)
        while missing > 0:
            received = sock.recv_into(buffer)
            if not received:
                raise SystemExit(f"the download ended {missing} bytes early")
            missing -= received
        return mib / (time.perf_counter() - begun)


def judge(ways: list[Relayed]) -> dict[str, dict[str, float]]:
    direct, bare = ways[0], ways[1]
    return {
        way.name: {
            "median_us": way.median_us,
            "trip_cpu_us": statistics.fmean(way.trip_cpu_us),
            "mib_cpu_ms": statistics.fmean(way.mib_cpu_ms),
            "added": (way.median_us - direct.median_us) / (bare.median_us - direct.median_us),
            "mib_per_s": way.rate,
            "throughput": way.rate / bare.rate,
        }
        for way in ways
    }


def show(ways: list[Relayed], figures: dict[str, dict[str, float]], absent: list[str]) -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, TCP_NODELAY, loopback")
    print(
        f"{'':20}{'p50 µs':>9}{'added / bare':>14}{'CPU µs':>9}"
        f"{'MiB/s':>9}{'rate / bare':>13}{'CPU ms/MiB':>12}"
    )
    for way in ways:
        figure = figures[way.name]
        print(
            f"{way.name:20}{figure['median_us']:9.1f}{figure['added']:14.2f}"
            f"{figure['trip_cpu_us'] or nan:9.1f}"
            f"{figure['mib_per_s']:9.0f}{figure['throughput']:13.2f}"
            f"{figure['mib_cpu_ms'] or nan:12.2f}"
        )
    for name in absent:
        print(f"{name:20}{'missing':>9}")
    for way in ways:
        if way.name == WRITTEN:
            print(f"on the disk: {way.recorded_mib:.0f} MiB of {way.carried_mib} MiB carried")
    print(f"{'wanted of labchat':29}{'≤ 1.50':>14}{'':18}{'≥ 0.70':>13}")


if __name__ == "__main__":
    main()
