"""tshark as a witness, and captures to show it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from labchat.capture.headers import split_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from labchat.capture.capture import Capture

SEPARATOR, AGGREGATOR = "\x1f", "\x02"


class Tshark:
    """Runs tshark; every server port of a capture is taken for HTTP."""

    def __init__(self, program: str) -> None:
        self._program = program

    def _run(self, path: Path, capture: Capture, *options: str) -> str:
        ports = {split_address(one.server)[1] for one in capture.connections}
        decode = [word for port in ports for word in ("-d", f"tcp.port=={port},http")]
        command = [self._program, "-r", str(path), *decode, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
        return done.stdout

    def fields(
        self, path: Path, capture: Capture, display: str, *names: str
    ) -> list[dict[str, list[str]]]:
        """For each packet that ``display`` lets through, the values of every named field."""
        wanted = [word for name in names for word in ("-e", name)]
        shape = ["-T", "fields", "-E", f"separator={SEPARATOR}", "-E", f"aggregator={AGGREGATOR}"]
        told = self._run(path, capture, "-Y", display, *shape, "-E", "occurrence=a", *wanted)
        return [
            {
                name: value.split(AGGREGATOR) if value else []
                for name, value in zip(names, line.split(SEPARATOR), strict=True)
            }
            for line in told.split("\n")[:-1]
        ]

    def count(self, path: Path, capture: Capture, display: str, *options: str) -> int:
        """How many packets ``display`` lets through."""
        return len(self._run(path, capture, "-Y", display, *options).splitlines())

    def stream(self, path: Path, capture: Capture, number: int) -> tuple[bytes, bytes]:
        """Both directions of TCP stream ``number``: the first that spoke, then the other."""
        told = self._run(
            path,
            capture,
            "-q",
            "-o",
            "tcp.reassemble_out_of_order:TRUE",
            "-z",
            f"follow,tcp,raw,{number}",
        )
        lines = [line for line in told.splitlines() if line.strip()][5:-1]
        first = b"".join(bytes.fromhex(line) for line in lines if not line.startswith("\t"))
        other = b"".join(bytes.fromhex(line) for line in lines if line.startswith("\t"))
        return first, other


@pytest.fixture
def tshark(tool: Callable[[str], str]) -> Tshark:
    """tshark; skipped where it is missing, and failed in CI."""
    return Tshark(tool("tshark"))
