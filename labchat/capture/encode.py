"""A capture as pcapng bytes, one event at a time.

PURE: every method returns the bytes to write next. A connection becomes a TCP connection with a
handshake, data segments numbered by their stream offset, and FIN or RST; the remarks become
comments, in words that Wireshark shows and :mod:`labchat.capture.remarks` reads back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labchat.capture import blocks, headers, remarks
from labchat.capture.model import End
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.capture.model import Bytes, Chunk


@dataclass(slots=True)
class _Connection:
    """What the next header of a connection needs to know.

    Attributes:
        number: the connection's.
        ways: its ends, by direction.
        first: the sequence number of each stream's first byte; the SYN's is one less.
        sent: the sequence number after the last byte sent.
    """

    number: int
    ways: dict[Direction, headers.Ends]
    first: int
    sent: dict[Direction, int]

    def head(self, way: Direction, flags: int, *, seq: int, data: Bytes = b"") -> bytes:
        """The headers of a segment which acknowledges all that the other side has sent."""
        ack = self.sent[way.other]
        return headers.segment_head(self.ways[way], seq=seq, ack=ack, flags=flags, data=data)


class Encoder:
    """Turns what a capture is told into pcapng blocks.

    Args:
        epoch_ns: the ``monotonic_ns`` that is the capture's time 0.
        started_at: the wall clock at that moment; None when it is not known, which puts time 0
            at the Unix epoch and says so.
    """

    def __init__(self, *, epoch_ns: int, started_at: datetime | None) -> None:
        self._started_at = started_at
        self._shift_ns = (wall_ns(started_at) if started_at else 0) - epoch_ns
        self._connections: dict[int, _Connection] = {}
        self._last_ns = epoch_ns

    def start(self) -> bytes:
        """The section and interface that stand at the head of the file."""
        head = blocks.section(application="labchat", comments=[remarks.started(self._started_at)])
        return head + blocks.interface(name="labchat tap")

    def open(
        self, number: int, at_ns: int, *, client: str, server: str, label: str | None = None
    ) -> bytes:
        """The three segments of the handshake; the first one carries the label."""
        forth = headers.ends(client, server, number=number)
        ways = {Direction.C2S: forth, Direction.S2C: forth.reverse}
        first = (number << 16) + 1
        sent = dict.fromkeys(Direction, first)
        connection = self._connections[number] = _Connection(number, ways, first, sent)
        notes = [] if label is None else [remarks.label(number, label)]
        syn = headers.segment(forth, seq=first - 1, ack=0, flags=headers.SYN)
        both = headers.SYN | headers.ACK
        answer = headers.segment(forth.reverse, seq=first - 1, ack=first, flags=both)
        third = connection.head(Direction.C2S, headers.ACK, seq=first)
        return (
            self._packet(at_ns, syn, notes)
            + self._packet(at_ns, answer)
            + self._packet(at_ns, third)
        )

    def append(self, number: int, chunk: Chunk) -> bytes:
        """The chunk's bytes, in as many segments as they need."""
        return b"".join(self.parts(number, chunk))

    def parts(self, number: int, chunk: Chunk) -> list[Bytes]:
        """The same, in parts to be joined: what the chunk holds is not copied."""
        connection, flags = self._connections[number], headers.PSH | headers.ACK
        self._last_ns = max(self._last_ns, chunk.at_ns)
        wall_ns, whole = max(0, chunk.at_ns + self._shift_ns), memoryview(chunk.data)
        parts: list[Bytes] = []
        for start in range(0, len(whole), headers.MAX_SEGMENT):
            data = whole[start : start + headers.MAX_SEGMENT]
            seq = connection.first + chunk.offset + start
            head = connection.head(chunk.direction, flags, seq=seq, data=data)
            parts += blocks.packet_parts(wall_ns, head, data)
            self._advance(connection, chunk.direction, seq + len(data))
        return parts

    def gap(self, number: int, way: Direction, at_ns: int, length: int) -> bytes:
        """A remark; the sequence numbers skip what is missing."""
        connection = self._connections[number]
        connection.sent[way] += length
        return self._note(at_ns, remarks.gap(number, way, length), connection)

    def end(self, number: int, way: Direction, at_ns: int, how: End) -> bytes:
        """FIN, RST when it was reset or cut by the tap; nothing where only the capture ended."""
        if how is End.CAPTURE:
            return b""
        connection = self._connections[number]
        flags = headers.FIN if how is End.FIN else headers.RST
        seq = connection.sent[way]
        notes = [remarks.end(number, way, how)] if how is End.LOCAL else []
        packet = connection.head(way, flags | headers.ACK, seq=seq)
        if flags == headers.FIN:
            self._advance(connection, way, seq + 1)
        return self._packet(at_ns, packet, notes)

    def annotate(
        self, at_ns: int, text: str, *, connection: int | None = None, unit: int | None = None
    ) -> bytes:
        """A packet of its own that carries the remark."""
        line = remarks.annotation(text, connection=connection, unit=unit)
        known = None if connection is None else self._connections.get(connection)
        return self._note(at_ns, line, known)

    def label(self, number: int, name: str) -> bytes:
        """A packet of its own that says whose the connection is."""
        return self._note(self._last_ns, remarks.label(number, name), self._connections[number])

    def _advance(self, connection: _Connection, way: Direction, seq: int) -> None:
        connection.sent[way] = max(connection.sent[way], seq)

    def _note(self, at_ns: int, line: str, connection: _Connection | None) -> bytes:
        loopback = headers.ends("127.0.0.1:0", "127.0.0.1:0")
        way = loopback if connection is None else connection.ways[Direction.C2S]
        return self._packet(at_ns, headers.note(way, line), [line])

    def _packet(self, at_ns: int, data: bytes, comments: list[str] | None = None) -> bytes:
        self._last_ns = max(self._last_ns, at_ns)
        return blocks.packet(max(0, at_ns + self._shift_ns), data, comments or ())


def wall_ns(moment: datetime) -> int:
    """Nanoseconds from the Unix epoch to ``moment``; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1000
