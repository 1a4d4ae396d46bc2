"""The WebSocket protocol of this server, in one class: Tornado's handshake, our frames.

Tornado 6.6 drops the TCP connection where RFC 6455 asks for a close frame with 1002, 1007 or
1009, takes unmasked frames, checks UTF-8 only at a message's end, echoes close codes that may not
be sent, and loses the compression flag when a ping comes between fragments. All of that sits in
its frame reader, so ours replaces it (:mod:`labchat.server.reader`), and closes as §7.1 says.

The methods of Tornado's that are replaced are private: ``tests/server/test_protocol.py`` names
the one that moved.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING, Any, Protocol, cast

from tornado.httputil import HTTPHeaders
from tornado.iostream import SSLIOStream, StreamClosedError
from tornado.websocket import WebSocketProtocol13

from labchat.server.deflate import Agreed, Inflater, agree
from labchat.server.pipe import Pipe
from labchat.server.reader import Code, Fail, Message, Opcode, Reader
from labchat.server.writer import Outgoing, close_frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Iterable, Iterator

    from tornado.iostream import IOStream
    from tornado.websocket import WebSocketHandler, _WebSocketParams

CHUNK = 64 * 1024
"""At most so many bytes are taken from a connection before the others get their turn."""
TURN = 8
"""So many messages of one connection are handled before the others get their turn."""
LINGER = 2.0
"""Seconds a failed peer has to read why, before the connection is cut."""


class Peer(Protocol):
    """What the protocol tells its handler, beside what Tornado's base class does."""

    def on_text(self, data: bytes) -> Awaitable[None] | None:
        """A text message, valid UTF-8. The next is read when the result is done."""
        ...

    def on_binary(self, data: bytes) -> Awaitable[None] | None:
        """A binary message."""
        ...


class HandshakeHeaders(HTTPHeaders):
    """Spelt as RFC 6455 spells them; Tornado's would be called ``Sec-Websocket-Accept``."""

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Name and value of each field line."""
        for name, value in super().get_all():
            yield name.replace("Websocket", "WebSocket"), value


class Rfc6455(WebSocketProtocol13):
    """One connection, once it has switched protocols; made by ``get_websocket_protocol``.

    Args:
        handler: told of messages; Tornado's, with the methods of Peer.
        params: Tornado's; ``max_message_size`` counts after inflating.
        compression: whether an offer of permessage-deflate is taken.
        room: bytes that may wait for a peer that reads slowly.
    """

    def __init__(
        self, handler: WebSocketHandler, params: _WebSocketParams, *, compression: bool, room: int
    ) -> None:
        super().__init__(handler, False, params)
        self._compression = compression
        self._room = room
        self._reader = Reader(params.max_message_size)
        self._bits: int | None = None
        self._peer: Any = handler
        self._pipe: Pipe | None = None

    # The handshake: what Tornado leaves unchecked.

    def _handle_websocket_headers(self, handler: WebSocketHandler) -> None:
        """Raises ValueError, which Tornado answers with 400."""
        super()._handle_websocket_headers(handler)
        try:
            key = base64.b64decode(handler.request.headers["Sec-WebSocket-Key"], validate=True)
        except binascii.Error as error:
            raise ValueError("the key is not base64") from error
        if len(key) != 16:
            raise ValueError("the key is not 16 bytes")

    def _parse_extensions_header(self, headers: HTTPHeaders) -> list[tuple[str, dict[str, str]]]:
        """Agree to permessage-deflate here, and leave Tornado no extension to deal with."""
        agreed = agree(headers.get("Sec-WebSocket-Extensions", "")) if self._compression else None
        if agreed is not None:
            self._go_by(agreed)
        return []

    async def _accept_connection(self, handler: WebSocketHandler) -> None:
        """Answer with the field lines of §4.2.2 and no others."""
        self._peer._headers = HandshakeHeaders()
        await super()._accept_connection(handler)

    def _go_by(self, agreed: Agreed) -> None:
        self._bits = agreed.server_bits
        self._reader.inflater = Inflater(agreed.client_bits, takeover=agreed.client_takeover)
        self._peer.set_header("Sec-WebSocket-Extensions", agreed.answer())

    # Reading.

    async def _receive_frame_loop(self) -> None:
        try:
            if isinstance(self.stream, SSLIOStream):
                await self._ask_for_bytes(self.stream)
            else:
                await self._be_given_bytes()
        except Fail as fail:
            await self._fail(fail)
        except StreamClosedError:
            self._abort()
        finally:
            if self._pipe is not None:
                self._pipe.forget()
            self.handler.on_ws_connection_close(self.close_code, self.close_reason)

    async def _ask_for_bytes(self, stream: IOStream) -> None:
        """Over TLS, Tornado's way."""
        while not self.client_terminated:
            work = self._hear(await stream.read_bytes(CHUNK, partial=True))
            await (work if work is not None else asyncio.sleep(0))

    async def _be_given_bytes(self) -> None:
        """Over plain TCP: most messages are done with before this coroutine hears of them."""
        await self.flushed()
        self._pipe = pipe = Pipe.leave(self.stream, self._hear)
        self.stream = cast("IOStream", pipe)
        await pipe.connect()
        while not self.client_terminated:
            await (await pipe.attention())
            pipe.go_on()

    def _hear(self, data: bytes) -> Coroutine[None, None, None] | None:
        """Take what these bytes complete, as far as it can be done at once; returns the rest."""
        messages = self._reader.feed(data)
        try:
            for turn, message in enumerate(messages, start=1):
                handled = self._take(message)
                if self.client_terminated:
                    break
                if handled is not None or turn == TURN:
                    return self._go_on(handled, messages)
        except Fail as fail:
            return _failing(fail)
        return None

    async def _go_on(self, handled: Awaitable[None] | None, messages: Iterator[Message]) -> None:
        """The rest, in turns with the other connections."""
        await (handled if handled is not None else asyncio.sleep(0))
        for turn, message in enumerate(messages, start=1):
            handled = self._take(message)
            if handled is not None:
                await handled
            if self.client_terminated:
                break
            if turn % TURN == 0:
                await asyncio.sleep(0)

    def _take(self, message: Message) -> Awaitable[None] | None:
        if self.server_terminated and message.opcode != Opcode.CLOSE:
            return None  # after our close frame only the peer's is of interest
        if message.opcode == Opcode.TEXT:
            return self._run_callback(self._peer.on_text, message.data)
        if message.opcode == Opcode.BINARY:
            return self._run_callback(self._peer.on_binary, message.data)
        if message.opcode == Opcode.PING:
            self._send_pong(message.data)
        elif message.opcode == Opcode.PONG:
            self._received_pong = True
        else:
            self._closed_by_peer(message.data)
        return None

    def _closed_by_peer(self, data: bytes) -> None:
        """Echo the code (§5.5.1), which the reader has found fit to send; TCP is ours to close."""
        self.client_terminated = True
        if data:
            self.close_code = int.from_bytes(data[:2], "big")
            self.close_reason = data[2:].decode()
        self.close(self.close_code)

    async def _fail(self, fail: Fail) -> None:
        """Say why (§7.1.7), let the peer read it, then cut.

        Closing a socket that has unread input sends a reset, which may overtake the close frame:
        so only our half is shut, and the rest of the input is read and dropped for a while.
        """
        self.close_code = fail.code
        self.close_reason = fail.reason
        self.close(fail.code, fail.reason)
        try:
            async with asyncio.timeout(LINGER):
                await self._drain()
        except (StreamClosedError, TimeoutError, OSError):
            pass
        self._abort()

    async def _drain(self) -> None:
        if self._pipe is not None:
            await self._pipe.drain()
            return
        while True:  # over TLS there is no half to shut
            await self.stream.read_bytes(CHUNK, partial=True)

    # Writing.

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
        if self.server_terminated or self.client_terminated or self.stream.closed():
            return None
        data = self._encoded(message)
        if self._pipe is None or not self._pipe.idle:
            return self.stream.write(data)
        return self._write(self._pipe, data)

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


async def _failing(fail: Fail) -> None:
    raise fail
