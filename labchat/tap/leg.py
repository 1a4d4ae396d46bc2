"""One end of a relayed connection: the TCP (or TLS) connection with one peer."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from labchat.capture.model import Chunk, End
from labchat.tap.address import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.model import Bytes
    from labchat.tap.arena import Arena
    from labchat.tap.sink import Sink
    from labchat.wire.fields import Direction

LINGER_ZERO = struct.pack("ii", 1, 0)
"""``struct linger`` that makes ``close`` send RST instead of FIN."""


class Keeper(Protocol):
    """Who decides about a leg: the line it belongs to."""

    def joined(self, leg: Leg) -> None:
        """The peer is there."""
        ...

    def take(self, direction: Direction, data: bytes) -> None:
        """The peer sent bytes, or with b"" the end of its stream, and the leg is not direct."""
        ...

    def left(self, leg: Leg, error: Exception | None) -> None:
        """The peer is gone."""
        ...


class Leg(asyncio.BufferedProtocol):
    """The connection with one peer.

    Attributes:
        direction: the way of the bytes this peer sends.
        other: the leg with the other peer.
        number: of the connection, in the record.
        direct: bytes go straight on to the other leg; else the line is asked.
        heard_end: the peer has sent FIN.
    """

    def __init__(
        self,
        direction: Direction,
        sink: Sink,
        clock: Callable[[], int],
        line: Keeper,
        arena: Arena,
    ) -> None:
        self.direction = direction
        self.other: Leg = self
        self.number = 0
        self.direct = True
        self.heard_end = False
        self._sink = sink
        self._clock = clock
        self._line = line
        self._arena = arena
        self._transport: asyncio.Transport | None = None
        self._offset = 0
        self._ended = False
        self._finished = False
        self._brakes: set[str] = set()

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer is there; its socket sends small segments at once."""
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._brakes:
            self._transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._brake_again)
        self._line.joined(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what the peer sends."""
        return self._arena.room()

    def buffer_updated(self, nbytes: int) -> None:
        """The peer sent something, and it was put there."""
        data = self._arena.take(nbytes)
        if self.direct:
            self.carry(data)
        else:
            self._line.take(self.direction, bytes(data))

    def eof_received(self) -> bool:
        """The peer sends no more, and may still read."""
        self.heard_end = True
        if self.direct:
            self.carry_end()
        else:
            self._line.take(self.direction, b"")
        return self._transport is not None and self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone."""
        self._transport = None
        self._line.left(self, exc)

    def pause_writing(self) -> None:
        """This peer reads too slowly: the other one has to wait."""
        self.other.brake("slow reader")

    def resume_writing(self) -> None:
        """This peer has caught up."""
        self.other.release("slow reader")

    # what goes on to the other peer

    def carry(self, data: Bytes) -> None:
        """Record bytes of this peer, then send them on: what a receiver has, the record has."""
        self._sink.append(self.number, Chunk(self._clock(), self.direction, self._offset, data))
        self._offset += len(data)
        self.other.write(data)

    def carry_end(self) -> None:
        """Pass FIN on: a half-close stays a half-close, and two make a whole one."""
        self.end(End.FIN)
        self.other.finish()
        if self._finished:
            self.close()
            self.other.close()

    def lose(self, length: int) -> None:
        """Record that bytes of this peer do not go on."""
        if length and not self._ended:
            self._sink.gap(self.number, self.direction, self._clock(), length)
            self._offset += length

    def end(self, how: End) -> None:
        """Record that this direction is over, once."""
        if not self._ended:
            self._ended = True
            self._sink.end(self.number, self.direction, self._clock(), how)

    # the connection with this peer

    @property
    def gone(self) -> bool:
        """Whether there is no connection to the peer, or no more of one."""
        return self._transport is None

    @property
    def moved(self) -> bool:
        """Whether anything was carried on already."""
        return self._offset > 0

    @property
    def ended(self) -> bool:
        """Whether this direction is over, in the record."""
        return self._ended

    def address(self, whose: str) -> str:
        """``peername`` or ``sockname`` of this leg as "host:port"; "" when gone."""
        return endpoint(self._transport.get_extra_info(whose)) if self._transport else ""

    def write(self, data: Bytes) -> None:
        """Send to this peer; to one that is gone, nothing."""
        if self._transport is not None and not self._finished:
            self._transport.write(data)

    def finish(self) -> None:
        """Send FIN after what was written; TLS knows no half-close and is closed."""
        self._finished = True
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            with suppress(OSError):  # the peer is gone already; connection_lost will say so
                self._transport.write_eof()
        else:
            self._transport.close()

    def close(self) -> None:
        """Send what was written, then FIN."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Throw away what was not sent, and send RST."""
        self.end(End.LOCAL)
        self.abort()

    def abort(self) -> None:
        """The same, for a peer that is not in the record."""
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

    def _brake_again(self) -> None:
        """Python 3.11.2 starts to read after ``connection_made``, paused or not: pause anew."""
        if self._transport is not None and self._brakes:
            self._transport.resume_reading()
            self._transport.pause_reading()

    def brake(self, reason: str) -> None:
        """Stop reading from this peer until every reason is gone."""
        self._brakes.add(reason)
        if self._transport is not None:
            self._transport.pause_reading()

    def release(self, reason: str) -> None:
        """Take one reason away."""
        self._brakes.discard(reason)
        if self._transport is not None and not self._brakes:
            self._transport.resume_reading()
