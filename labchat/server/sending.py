"""The sending half of a WebSocket: straight to the socket, and bounded where the peer is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.server.handshake import Handshake
from labchat.server.reader import Code
from labchat.server.writer import Outgoing, close_frame

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tornado.websocket import WebSocketHandler, _WebSocketParams

    from labchat.server.pipe import Pipe


class Sending(Handshake):
    """A connection on which messages go out.

    Args:
        handler, params, compression: as the handshake's.
        room: bytes that may wait for a peer that reads slowly.
    """

    def __init__(
        self, handler: WebSocketHandler, params: _WebSocketParams, *, compression: bool, room: int
    ) -> None:
        super().__init__(handler, params, compression=compression)
        self._room = room
        self._pipe: Pipe | None = None

    def send(self, message: Outgoing, *, matters: bool = True) -> None:
        """Write a message: straight to the socket if nothing waits, else behind what waits.

        Half of what a fan-out costs is Tornado's buffer, its futures and its callbacks, and a
        peer that reads needs none of them. One that does not is bounded: what does not matter is
        left out when the queue is half full, and when it is full the connection is closed.
        """
        if self.server_terminated or self.client_terminated:
            return
        if self._pipe is None or not self._pipe.idle:
            self._queue(message, matters)
        else:
            self._write(self._pipe, message.plain if self._bits is None else self._encoded(message))

    def _encoded(self, message: Outgoing) -> bytes:
        return message.encoded(self._bits)

    def _write(self, pipe: Pipe, data: bytes) -> Awaitable[None] | None:
        """Give the socket what it takes; the rest goes behind, and is awaitable."""
        try:
            sent = pipe.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._abort()
            return None
        return None if sent == len(data) else pipe.write(data[sent:])

    def _queue(self, message: Outgoing, matters: bool) -> None:
        waiting = self.waiting()
        if self.stream.closed():
            return
        if waiting > self._room:
            self.close(Code.TRY_AGAIN_LATER, "you read too slowly")
        elif matters or waiting < self._room // 2:
            self.stream.write(self._encoded(message))

    def send_all(self, message: Outgoing) -> Awaitable[None] | None:
        """Write a message; the result, if any, is done when the peer has taken it."""
        if self.server_terminated or self.client_terminated:
            return None
        data = message.plain if self._bits is None else self._encoded(message)
        if self._pipe is not None and self._pipe.idle:
            return self._write(self._pipe, data)
        return None if self.stream.closed() else self.stream.write(data)

    async def flushed(self) -> None:
        """Done when the peer has taken everything. Raises StreamClosedError."""
        await self.stream.write(b"")

    def waiting(self) -> int:
        """Bytes that the peer has not taken yet."""
        if self._pipe is not None:
            return self._pipe.waiting()
        return 0 if self.stream.closed() else len(self.stream._write_buffer)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Start or finish the closing handshake (§7.1.2); the reason is cut to fit."""
        if reason is not None:
            reason = close_frame(code or Code.NORMAL, reason)[4:].decode()
        super().close(code, reason)
