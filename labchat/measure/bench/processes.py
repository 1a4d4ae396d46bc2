"""What is measured runs in processes of its own; each prints the port it listens on."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labchat.errors import LabchatError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def process(*command: str) -> Iterator[tuple[int, int]]:
    """Run it and end it; gives the port it listens on, and its process id.

    Raises:
        LabchatError: it ended before it said where it listens.
    """
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        line = running.stdout.readline().partition(" -> ")[0]
        port = line.rpartition(":")[2].strip()
        if not port.isdigit():
            raise LabchatError(f"{' '.join(command)} did not say where it listens: {line!r}")
        yield int(port), running.pid
    finally:
        running.terminate()
        running.wait()
        running.stdout.close()


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our modules with this Python."""
    return sys.executable, "-m", name, *arguments
