"""A plain TCP connection that has left Tornado's HTTP layer: bytes are pushed, not asked for.

Tornado's streams are read by asking: each read makes a future, wakes a coroutine through another
turn of the loop, and tries a read that finds nothing. That is half of what a short WebSocket
message costs. After the handshake the socket is therefore handed to an asyncio transport, which
calls us with the bytes, read into a buffer that all connections share: a fresh one for each read
would cost as much as the read. This class has as much of ``IOStream``'s interface as Tornado's
protocol class uses, so the two can be exchanged; TLS connections stay on Tornado's stream.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

    from tornado.iostream import IOStream

PIECE = 64 * 1024
LINGER = 2.0
"""Seconds for what waits to be sent, after we have closed."""
_INBOX = memoryview(bytearray(256 * 1024))
"""What is read is copied out of here before anything else is read."""


class Pipe(asyncio.BufferedProtocol):
    """The connection.

    Args:
        sock: the connection's socket, which is the pipe's from now on.
        hear: called with each piece of bytes. What it returns, if anything, must be awaited
            before the next piece: reading pauses, and ``attention`` hands it out.

    Attributes:
        socket: the socket, to send on directly while ``idle``.
        idle: the connection is up, and nothing waits to be sent.
    """

    def __init__(
        self, sock: socket.socket, hear: Callable[[bytes], Coroutine[None, None, None] | None]
    ) -> None:
        self.socket = sock
        self.idle = False
        self.io_loop = IOLoop.current()
        self._hear = hear
        self._transport: asyncio.Transport | None = None
        self._read_before = b""
        self._written_before: list[bytes] = []
        self._over = False
        self._work: Coroutine[None, None, None] | None = None
        self._lost = False
        self._wanted: asyncio.Future[None] | None = None
        self._flushed: asyncio.Future[None] | None = None

    @classmethod
    def leave(
        cls, stream: IOStream, hear: Callable[[bytes], Coroutine[None, None, None] | None]
    ) -> Pipe:
        """Take the connection out of a stream that has nothing to send.

        What the stream had read already is heard first. Raises StreamClosedError.
        """
        early = []
        while True:
            reading = cast("asyncio.Future[bytes]", stream.read_bytes(PIECE, partial=True))
            if not reading.done():
                break
            early.append(reading.result())
        reading.add_done_callback(lambda given_up: given_up.exception())
        pipe = cls(stream.socket.dup(), hear)
        pipe._read_before = b"".join(early)
        stream.close()
        return pipe

    async def connect(self) -> None:
        """Begin to read. Raises StreamClosedError."""
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: self, self.socket)
        except OSError as error:
            self.socket.close()
            raise StreamClosedError(error) from error

    async def attention(self) -> Coroutine[None, None, None]:
        """What is to be awaited next, then ``go_on``. Raises StreamClosedError at the end."""
        if self._work is None and not self._lost:
            self._wanted = asyncio.get_running_loop().create_future()
            await self._wanted
        work, self._work = self._work, None
        if work is None:
            raise StreamClosedError
        return work

    def go_on(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is ours; what was written meanwhile goes out."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        self.idle = True
        for data in self._written_before:
            self._transport.write(data)
        if self._over:
            self.close()
        elif self._read_before:
            self._receive(self._read_before)
        self._written_before, self._read_before = [], b""

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return _INBOX

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        self._receive(bytes(_INBOX[:nbytes]))

    def _receive(self, data: bytes) -> None:
        if self._over:
            return
        work = self._hear(data)
        if work is not None and self._transport is not None:
            self._transport.pause_reading()
            self._work = work
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._over = self._lost = True
        self.idle = False
        self._wake()
        if self._flushed is not None and not self._flushed.done():
            self._flushed.set_exception(StreamClosedError(exc))
            self._flushed.exception()

    def pause_writing(self) -> None:
        """Something waits to be sent."""
        self.idle = False
        self._flushed = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self.idle = not self._over
        if self._flushed is not None and not self._flushed.done():
            self._flushed.set_result(None)
        self._flushed = None

    # As IOStream has it.

    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._over or (self._transport is not None and self._transport.is_closing())

    def waiting(self) -> int:
        """Bytes that wait to be sent."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def write(self, data: bytes) -> asyncio.Future[None]:
        """Send; done when nothing waits any more. Raises StreamClosedError."""
        if self.closed():
            raise StreamClosedError
        if self._transport is None:
            self._written_before.append(data)
        elif data:
            self._transport.write(data)
        return self._flushed if self._flushed is not None else _done()

    def close(self) -> None:
        """Send what waits, for a while, and close."""
        self._over = True
        self.idle = False
        if self._transport is None:
            return
        if self.waiting():
            self.io_loop.call_later(LINGER, self._transport.abort)
        self._transport.close()

    def set_nodelay(self, value: bool) -> None:
        """Whether small writes go out at once; they do, asyncio sees to it."""

    async def drain(self) -> None:
        """Shut our half once all is sent, and drop what comes until the peer shuts its own."""
        self._hear = _drop
        if self._transport is not None:
            self._transport.write_eof()
            self.go_on()
        await (await self.attention())

    def forget(self) -> None:
        """Nobody will await what is still to be done."""
        if self._work is not None:
            self._work.close()

    def _wake(self) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)


def _drop(_data: bytes) -> None:
    return None


def _done() -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
