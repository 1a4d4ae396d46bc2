"""One relayed connection: two legs, each carrying what it reads to the other."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, cast

from labchat.capture.capture import Chunk, End
from labchat.tap.address import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.tap.sink import Sink
    from labchat.wire.fields import Direction

LINGER_ZERO = struct.pack("ii", 1, 0)
"""``struct linger`` that makes ``close`` send RST instead of FIN."""


class Leg(asyncio.Protocol):
    """The TCP connection with one peer; ``direction`` is that of the bytes this peer sends.

    Attributes:
        direction: the way of the bytes read here.
        other: the leg on the other side of the tap.
    """

    def __init__(
        self,
        direction: Direction,
        sink: Sink,
        clock: Callable[[], int],
        *,
        made: Callable[[Leg], None],
        lost: Callable[[Leg], None],
    ) -> None:
        self.direction = direction
        self.other: Leg = self
        self.number = 0
        self._sink = sink
        self._clock = clock
        self._made = made
        self._lost = lost
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
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Record what the peer sent, then carry it on: what a receiver has, the record has."""
        self._sink.append(self.number, Chunk(self._clock(), self.direction, self._offset, data))
        self._offset += len(data)
        self.other.write(data)

    def eof_received(self) -> bool:
        """The peer sends no more, and may still read: a half-close goes on as a half-close."""
        self.end(End.FIN)
        self.other.finish()
        if self._finished:
            self.close()
            self.other.close()
        return self._can_half_close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone; a reset goes on as a reset."""
        self._transport = None
        if exc is not None:
            self._told_of(exc)
            self.other.reset()
        else:
            self.end(End.LOCAL)
            self.other.close()
        self._lost(self)

    def pause_writing(self) -> None:
        """This peer reads too slowly: the other one has to wait."""
        self.other.brake("slow reader")

    def resume_writing(self) -> None:
        """This peer has caught up."""
        self.other.release("slow reader")

    # the other leg, and the relay, call these

    @property
    def gone(self) -> bool:
        """Whether there is no connection to the peer, or no more of one."""
        return self._transport is None

    def address(self, whose: str) -> str:
        """``peername`` or ``sockname`` of this leg as "host:port"; "" when gone."""
        return endpoint(self._transport.get_extra_info(whose)) if self._transport else ""

    def write(self, data: bytes) -> None:
        """Send to this peer."""
        if self._transport is not None:
            self._transport.write(data)

    def finish(self) -> None:
        """Send FIN after what was written; TLS knows no half-close and is closed."""
        self._finished = True
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.can_write_eof():
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
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

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

    def end(self, how: End) -> None:
        """Record that this direction is over, once."""
        if not self._ended:
            self._ended = True
            self._sink.end(self.number, self.direction, self._clock(), how)

    def _can_half_close(self) -> bool:
        return self._transport is not None and self._transport.can_write_eof()

    def _told_of(self, error: Exception) -> None:
        after_fin = self._ended
        self.end(End.RST)
        unusual = not isinstance(error, ConnectionResetError | BrokenPipeError)
        if unusual or after_fin:
            text = f"The {self.direction} sender's connection broke: {error}"
            self._sink.annotate(self._clock(), text, connection=self.number)
