"""The tap as a program: listen, say so, record, stop cleanly on a signal."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.capture.pcapng import PcapngWriter
from labchat.tap.address import endpoint, parse
from labchat.tap.relay import Relay
from labchat.tap.sink import Tee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from labchat.tap.sink import Sink


@dataclass(frozen=True, slots=True)
class Options:
    """What ``labchat tap`` was asked for.

    Attributes:
        listen, target: addresses as written.
        write: the pcapng file to record into, or None.
    """

    listen: str
    target: str
    write: Path | None = None


def run(options: Options, *, say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM. Raises SettingsError, PortInUse, TapError, OSError."""
    with recording(options.write, warn) as sink:
        asyncio.run(serve(options, sink, say=say))


async def serve(options: Options, sink: Sink, *, say: Callable[[str], None]) -> None:
    """Relay until a signal comes; ``say`` gets the one line."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listen, target = parse(options.listen), parse(options.target)
    relay = Relay((target.host, target.port), sink)
    await relay.start(listen.host, listen.port)
    say(f"labchat: tapping {endpoint(relay.address)} -> {target}")
    await stop.wait()
    await relay.stop()


@contextmanager
def recording(path: Path | None, warn: Callable[[str], None]) -> Iterator[Sink]:
    """A sink that streams to ``path``, or keeps nothing; complete when the context ends."""
    if path is None:
        yield Tee()
        return
    with PcapngWriter(path, on_problem=warn) as writer:
        yield writer
