"""The tap itself: a TCP relay that records what passes and changes nothing.

Transparent to the byte and to the ends: half-close, reset and back-pressure pass through. What a
connection can hold is bounded: asyncio's 64 KiB of write buffer and one read (256 KiB) each way.
"""

from __future__ import annotations

import asyncio
import errno
import time
from typing import TYPE_CHECKING

from labchat.capture.capture import End
from labchat.errors import PortInUse, TapError
from labchat.tap.address import endpoint
from labchat.tap.leg import Leg
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.tap.sink import Sink

CONNECTING = "connecting"
"""Reason to read nothing from a client: there is nobody yet to carry it to."""


class Relay:
    """Listens, connects each client on to the target, records both ways into a sink.

    Args:
        target: host and port connections go on to; an IPv6 host without brackets.
        sink: told of every connection, chunk and end; must return at once.
        clock: nanoseconds, monotonic.
        label: whose a connection is, from its client address "host:port"; None if unknown.
        connect_timeout: seconds the target has to accept.
    """

    def __init__(
        self,
        target: tuple[str, int],
        sink: Sink,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        label: Callable[[str], str | None] | None = None,
        connect_timeout: float = 10.0,
    ) -> None:
        self.target = target
        self._sink = sink
        self._clock = clock
        self._label = label
        self._connect_timeout = connect_timeout
        self._server: asyncio.Server | None = None
        self._address: tuple[str, int] | None = None
        self._legs: set[Leg] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port the relay listens on. Raises TapError when it does not listen."""
        if self._address is None:
            raise TapError("The tap does not listen yet; start it first.")
        return self._address

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises PortInUse, TapError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._client_leg, host, port, backlog=512)
        except OSError as error:
            where = endpoint((host, port))
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"Somebody else listens on {where} already.") from error
            raise TapError(f"The tap cannot listen on {where}: {error.strerror}.") from error
        self._address = self._server.sockets[0].getsockname()[:2]

    async def stop(self, grace: float = 1.0) -> None:
        """Stop listening, end every connection, and wait until all are gone.

        Each peer gets what was written to it and FIN; one that does not take it within
        ``grace`` seconds gets RST. Calling it again does nothing.
        """
        if self._server is not None:
            self._server.close()
        self._server = self._address = None
        for task in tuple(self._connecting):
            task.cancel()
        for leg in tuple(self._legs):
            leg.end(End.LOCAL)
            leg.close()
        try:
            await asyncio.wait_for(self._quiet.wait(), grace)
        except TimeoutError:
            for leg in tuple(self._legs):
                leg.reset()
            await self._quiet.wait()

    def _client_leg(self) -> Leg:
        return self._leg(Direction.C2S, self._accepted)

    def _leg(self, direction: Direction, made: Callable[[Leg], None]) -> Leg:
        return Leg(direction, self._sink, self._clock, made=made, lost=self._left)

    def _accepted(self, client: Leg) -> None:
        self._joined(client)
        client.brake(CONNECTING)
        who = client.address("peername")
        label = self._label(who) if self._label else None
        client.number = self._sink.open(
            self._clock(), client=who, server=endpoint(self.target), label=label
        )
        server = self._leg(Direction.S2C, self._joined)
        server.number = client.number
        client.other, server.other = server, client
        task = asyncio.get_running_loop().create_task(self._connect(client, server))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, client: Leg, server: Leg) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                await loop.create_connection(lambda: server, *self.target)
        except OSError as error:
            self._unreachable(client, server, error)
            return
        if client.gone:
            server.close()
        client.release(CONNECTING)

    def _unreachable(self, client: Leg, server: Leg, error: OSError) -> None:
        why = error.strerror or str(error) or f"no answer within {self._connect_timeout:g} s"
        text = f"The target {endpoint(self.target)} cannot be reached: {why}."
        self._sink.annotate(self._clock(), text, connection=client.number)
        server.end(End.LOCAL)
        client.reset()

    def _joined(self, leg: Leg) -> None:
        self._legs.add(leg)
        self._quiet.clear()

    def _left(self, leg: Leg) -> None:
        self._legs.discard(leg)
        if not self._legs:
            self._quiet.set()
