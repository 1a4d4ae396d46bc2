"""The least an asyncio relay can do: ``python -m labchat.measure.bench.bare TARGET_PORT``.

Prints its port. It is the measure of a relay: what none in Python can do without.
"""

from __future__ import annotations

import asyncio
import sys


class Side(asyncio.Protocol):
    """One end of a relayed connection; what it hears goes out at the other."""

    def __init__(self, target: int, peer: Side | None = None) -> None:
        self._target = target
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the target, or tell the client's side that this is done."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._peer is not None:
            self._peer.joined(self)
            return
        transport.pause_reading()
        loop = asyncio.get_running_loop()
        there = loop.create_connection(lambda: Side(self._target, self), "127.0.0.1", self._target)
        self._connecting = loop.create_task(there)

    def joined(self, peer: Side) -> None:
        """The other end is there."""
        self._peer = peer
        self._open.resume_reading()

    @property
    def _open(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def data_received(self, data: bytes) -> None:
        """Hand it on."""
        assert self._peer is not None
        self._peer._open.write(data)

    def pause_writing(self) -> None:
        """This end is slow: the other reads no more."""
        if self._peer is not None:
            self._peer._open.pause_reading()

    def resume_writing(self) -> None:
        """This end can take more."""
        if self._peer is not None:
            self._peer._open.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """One end is gone: so is the other."""
        if self._peer is not None and self._peer._transport is not None:
            self._peer._transport.close()


async def main(target: int) -> None:
    """Relay until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Side(target), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its caller reads it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
