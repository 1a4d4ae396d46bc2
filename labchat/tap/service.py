"""The tap as a program: listen, say so, record, stop cleanly on a signal."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture.pcapng import PcapngWriter
from labchat.tap import tls
from labchat.tap.address import endpoint, parse
from labchat.tap.faults import schedule as schedules
from labchat.tap.faults import text
from labchat.tap.faults.control import Faults
from labchat.tap.faults.offline import Offline
from labchat.tap.faults.rule import Rule
from labchat.tap.faults.schedule import Schedule
from labchat.tap.faults.slicer import Slicer
from labchat.tap.relay import Relay
from labchat.tap.shown import Shown
from labchat.tap.sink import Tee

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from labchat.tap.faults.rule import AnyFault
    from labchat.tap.sink import Sink
    from labchat.wire.fields import Direction


@dataclass(frozen=True, slots=True)
class FaultOptions:
    """Faults as the command line names them; each is on from the start."""

    file: Path | None = None
    latency: str | None = None
    bandwidth: str | None = None
    slices: int | None = None
    loss: str | None = None
    offline: bool = False
    direction: Direction | None = None
    seed: int | None = None

    def schedule(self) -> Schedule:
        """All of them as one schedule. Raises SettingsError."""
        loaded = schedules.load(self.file) if self.file else Schedule()
        named = tuple(Rule(fault=each, direction=self.direction) for each in self._named())
        seed = loaded.seed if self.seed is None else self.seed
        return Schedule(seed=seed, rules=loaded.rules + named)

    def _named(self) -> Iterator[AnyFault]:
        if self.latency is not None:
            yield text.latency(self.latency)
        if self.bandwidth is not None:
            yield text.bandwidth(self.bandwidth)
        if self.slices is not None:
            yield Slicer(size_bytes=self.slices)
        if self.loss is not None:
            yield text.loss(self.loss)
        if self.offline:
            yield Offline()


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """TLS as the command line names it.

    Attributes:
        listen: terminate with a certificate made on the spot.
        certificate, key: terminate with this one.
        authority: a CA to trust for the target.
        insecure: trust any target.
        folder: where the local CA is kept.
    """

    listen: bool = False
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    insecure: bool = False
    folder: Path = field(default_factory=lambda: Path.home() / ".labchat")


@dataclass(frozen=True, slots=True)
class Options:
    """What ``labchat tap`` was asked for.

    Attributes:
        listen, target: addresses as written; a target with https: or wss: is spoken to in TLS.
        write: the pcapng file to record into, or None.
        show: tell each unit as it passes; all that passes is kept in memory then.
    """

    listen: str
    target: str
    write: Path | None = None
    show: bool = False
    faults: FaultOptions = field(default_factory=FaultOptions)
    tls: TlsOptions = field(default_factory=TlsOptions)


def run(
    options: Options,
    *,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    tell: Callable[[str], None],
) -> None:
    """Run until SIGINT or SIGTERM.

    Args:
        options: what was asked for.
        say: gets the one line that it listens.
        warn: gets whatever else a person should know.
        tell: gets a line for each unit, if they are to be shown.

    Raises:
        SettingsError, PortInUse, TapError, CaptureError, MissingExtra: it cannot start.
    """
    listen, target = parse(options.listen), parse(options.target)
    faults = Faults()
    faults.load(options.faults.schedule())
    if not (options.write or options.show or faults.rules):
        warn("Nothing is recorded: name a file with --write, or watch it with --show.")
    server_tls = _listen_tls(options.tls, warn)
    wanted = options.tls
    target_tls = tls.to_target(wanted.authority, check=not wanted.insecure) if target.tls else None
    with recording(options.write, warn) as file:
        sink = Tee(file, Shown(tell)) if options.show else file
        relay = Relay(
            (target.host, target.port), sink, faults=faults, tls=server_tls, target_tls=target_tls
        )
        asyncio.run(serve(relay, (listen.host, listen.port), say))


async def serve(relay: Relay, listen: tuple[str, int], say: Callable[[str], None]) -> None:
    """Relay until a signal comes; ``say`` gets the one line."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await relay.start(*listen)
    try:
        say(f"labchat: tapping {endpoint(relay.address)} -> {endpoint(relay.target)}")
        await stop.wait()
    finally:
        await relay.stop()


@contextmanager
def recording(path: Path | None, warn: Callable[[str], None]) -> Iterator[Sink]:
    """A sink that streams to ``path``, or keeps nothing; complete when the context ends."""
    if path is None:
        yield Tee()
        return
    with PcapngWriter(path, on_problem=warn) as writer:
        yield writer


def _listen_tls(wanted: TlsOptions, warn: Callable[[str], None]) -> ssl.SSLContext | None:
    if wanted.certificate is not None:
        return tls.given(wanted.certificate, wanted.key)
    if not wanted.listen:
        return None
    context, authority = tls.made_here(wanted.folder)
    warn(tls.advice(authority))
    return context
