"""The WebSocket half of the chat's contract in Python websockets (which serves no POST)."""

from __future__ import annotations

import asyncio
import json
import sys

import websockets
from common import Store, ack, told

store = Store(sys.argv[1])
clients: set[websockets.ServerConnection] = set()


async def chat(client: websockets.ServerConnection) -> None:
    clients.add(client)
    try:
        async for message in client:
            if isinstance(message, bytes):
                await client.send(message)
                continue
            said = json.loads(message)
            if said.pop("type") != "message":
                continue
            websockets.broadcast(clients, told(said))
            await client.send(ack(store.add(said)))
    finally:
        clients.discard(client)


async def main() -> None:
    async with websockets.serve(chat, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"serving on http://127.0.0.1:{port}", flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
