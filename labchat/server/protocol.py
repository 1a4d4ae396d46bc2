"""The WebSocket protocol of this server: Tornado's handshake, our frames.

Tornado 6.6 drops the TCP connection where RFC 6455 asks for a close frame with 1002, 1007 or
1009, takes unmasked frames, checks UTF-8 only at a message's end, echoes close codes that may not
be sent, loses the compression flag when a ping comes between fragments, and drops TCP when a
handler raises. All of that sits in its frame reader, so ours replaces it
(:mod:`labchat.server.reader`), and closes as §7.1 says; what the handshake lacks is in
:mod:`labchat.server.handshake`, how messages leave in :mod:`labchat.server.sending`.

The methods of Tornado's that are replaced are private: ``tests/server/test_protocol.py`` names
the one that moved.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from tornado.gen import convert_yielded
from tornado.iostream import SSLIOStream, StreamClosedError

from labchat.server.pipe import Pipe
from labchat.server.reader import BINARY, OPCODE, TEXT, Code, Fail, Message, Opcode
from labchat.server.sending import Sending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    from tornado.iostream import IOStream

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


class Rfc6455(Sending):
    """One connection, once it has switched protocols; made by ``get_websocket_protocol``.

    Args:
        handler: told of messages; Tornado's, with the methods of Peer.
        params: Tornado's; ``max_message_size`` counts after inflating.
        compression: whether an offer of permessage-deflate is taken.
        room: bytes that may wait for a peer that reads slowly.
    """

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
        try:
            if (payload := self._reader.whole(data)) is not None:
                handled = self._take(data[0] & OPCODE, payload)
                return None if handled is None else self._go_on(handled, iter(()))
            messages = self._reader.feed(data)
            for turn, message in enumerate(messages, start=1):
                handled = self._take(*message)
                if self.client_terminated:
                    break
                if handled is not None or turn == TURN:
                    return self._go_on(handled, messages)
        except Fail as fail:
            return _failing(fail)
        return None

    async def _go_on(self, handled: Future[None] | None, messages: Iterator[Message]) -> None:
        """The rest, in turns with the other connections."""
        await (self._done(handled) if handled is not None else asyncio.sleep(0))
        for turn, message in enumerate(messages, start=1):
            handled = self._take(*message)
            if handled is not None:
                await self._done(handled)
            if self.client_terminated:
                break
            if turn % TURN == 0:
                await asyncio.sleep(0)

    def _take(self, opcode: int, data: bytes) -> Future[None] | None:
        if self.server_terminated and opcode != Opcode.CLOSE:
            return None  # after our close frame only the peer's is of interest
        if opcode in (TEXT, BINARY):
            return self._tell(self._peer.on_text if opcode == TEXT else self._peer.on_binary, data)
        if opcode == Opcode.PING:
            self._send_pong(data)
        elif opcode == Opcode.PONG:
            self._received_pong = True
        else:
            self._closed_by_peer(data)
        return None

    def _tell(
        self, told: Callable[[bytes], Awaitable[None] | None], data: bytes
    ) -> Future[None] | None:
        """Hand a message to the handler. Raises Fail if it breaks: a bug is no dropped TCP."""
        try:
            work = told(data)
        except Exception as error:
            raise self._broken(error) from error
        if work is None:
            return None
        handled: Future[None] = convert_yielded(work)
        handled.add_done_callback(_look)
        return handled

    async def _done(self, handled: Future[None]) -> None:
        """What the handler does about a message. Raises Fail if it breaks, StreamClosedError."""
        try:
            await handled
        except StreamClosedError:
            raise
        except Exception as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> Fail:
        self.handler.log_exception(type(error), error, error.__traceback__)
        return Fail(Code.INTERNAL_ERROR, "the server made a mistake")

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

    async def periodic_ping(self) -> None:
        """Ping; a peer that leaves one unanswered until the next is due is not there any more.

        Nobody will answer a closing handshake then, so TCP is closed at once, after the reason
        for the case that somebody does read it. The code is none that keeps a client away.
        """
        self._received_pong = True
        await asyncio.sleep(self.ping_interval)
        while self._received_pong:
            self._received_pong = False
            with suppress(StreamClosedError):
                self.write_ping(b"")
            await asyncio.sleep(self.ping_interval)
        self.close(Code.INTERNAL_ERROR, f"no pong within {self.ping_interval:g} s")
        self._abort()


async def _failing(fail: Fail) -> None:
    raise fail


def _look(handled: Future[None]) -> None:
    """Whoever would await it may be gone; asyncio wants its error looked at."""
    if not handled.cancelled():
        handled.exception()
