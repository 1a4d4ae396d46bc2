"""The chat's contract in plain Tornado, as its own demos would do it."""

from __future__ import annotations

import asyncio
import json
import sys

from common import Store, ack, told
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

store = Store(sys.argv[1])
clients: set[WebSocketHandler] = set()


class Chat(WebSocketHandler):
    def open(self) -> None:
        self.set_nodelay(True)
        clients.add(self)

    def on_close(self) -> None:
        clients.discard(self)

    def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.write_message(message, binary=True)
            return
        said = json.loads(message)
        if said.pop("type") != "message":
            return
        text = told(said)
        for client in clients:
            client.write_message(text)
        self.write_message(ack(store.add(said)))


class Messages(RequestHandler):
    def post(self) -> None:
        said = json.loads(self.request.body)
        if not (said.get("text") and said.get("senderId") and said.get("receiverId")):
            self.set_status(400)
            self.finish({"error": "Missing required fields"})
            return
        self.finish(store.add(said))


async def main() -> None:
    server = HTTPServer(Application([("/ws", Chat), ("/api/messages", Messages)]))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(f"serving on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
