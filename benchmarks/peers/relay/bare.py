"""The least an asyncio relay can do: ``bare.py TARGET_PORT``. Prints its port."""

from __future__ import annotations

import asyncio
import sys


class Side(asyncio.Protocol):
    def __init__(self, peer: Side | None = None) -> None:
        self.peer = peer
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if self.peer is not None:
            self.peer.peer = self
            self.peer.transport.resume_reading()
            return
        transport.pause_reading()
        loop = asyncio.get_running_loop()
        target = loop.create_connection(lambda: Side(self), "127.0.0.1", int(sys.argv[1]))
        self.connecting = loop.create_task(target)

    def data_received(self, data: bytes) -> None:
        self.peer.transport.write(data)

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Side, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
