"""One connection inside a capture: its conversation, and when each byte of it arrived."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from labchat.capture.model import Chunk, Connection, End, Ended, Gapped, LaneColumns, Opened
from labchat.wire import index
from labchat.wire.conversation import Conversation
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.model import Bytes, Event

_BOTH = (Direction.C2S, Direction.S2C)


class _Arrivals:
    """When the bytes of one direction arrived.

    Attributes:
        place: where each chunk's first byte stands in the buffer ("Q").
        at: when each chunk came, on the writer's clock ("q").
        lost: bytes missing so far; the stream's offset is the buffer's plus this.
        numbers: the capture's number of each unit, by row ("Q").
        gaps: (row of the gap, when it was noticed).
    """

    __slots__ = ("at", "gaps", "lost", "numbers", "place")

    def __init__(self) -> None:
        self.place = array("Q")
        self.at = array("q")
        self.lost = 0
        self.numbers = array("Q")
        self.gaps: dict[int, int] = {}

    def when(self, place: int) -> int:
        """When the byte at ``place`` came: nearly always with the last chunk."""
        if place >= self.place[-1]:
            return self.at[-1]
        return self.at[bisect_right(self.place, place) - 1]


class Track:
    """One connection of a capture.

    Attributes:
        number: the connection's number.
        opened: how it began.
        label: who the client is, or None.
        conversation: its dissection.
    """

    def __init__(self, number: int, opened: Opened, epoch_ns: int) -> None:
        self.number = number
        self.opened = opened
        self.label = opened.label
        self.conversation = Conversation()
        self._epoch = epoch_ns
        self._arrivals = {one: _Arrivals() for one in _BOTH}
        self._log = bytearray()
        self._others: list[Gapped | Ended] = []
        self._ended: dict[Direction, tuple[int, End]] = {}

    # -- in ---------------------------------------------------------------------------------

    def chunk(self, chunk: Chunk) -> int:
        """Take a chunk; returns how many events that makes (a chunk ahead makes a gap first)."""
        direction = chunk.direction
        arrivals = self._arrivals[direction]
        buffer = self.conversation.buffer(direction)
        data, expected = chunk.data, len(buffer) + arrivals.lost
        added = 1
        if chunk.offset > expected:
            missing = chunk.offset - expected
            added += self.gap(Gapped(chunk.at_ns, direction, expected, missing))
        elif chunk.offset < expected:
            data = data[expected - chunk.offset :]
        arrivals.place.append(len(buffer))
        arrivals.at.append(chunk.at_ns)
        self._log.append(direction is Direction.S2C)
        if data:
            self.conversation.feed(direction, bytes(data))
        return added

    @property
    def steady(self) -> bool:
        """WebSocket from a handshake on: neither direction waits for the other any more."""
        return self.conversation.protocol == "websocket" and not self.conversation.late

    def offset(self, direction: Direction) -> int:
        """The stream offset of the next byte of one direction, lost ones counted."""
        return len(self.conversation.buffer(direction)) + self._arrivals[direction].lost

    def log(self, sides: bytes | bytearray) -> None:
        """Remember in which order chunks came: 0 to the server, 1 to the client."""
        self._log.extend(sides)

    def chunks(
        self, direction: Direction, data: list[Bytes], at: list[int]
    ) -> tuple[int, list[int], list[int], list[int]]:
        """Take chunks that follow each other and are logged, when the connection is ``steady``.

        Returns:
            The row of the first unit found; of each unit the times of its first and its last
            byte, since the capture's start; and which of the chunks completed it.
        """
        arrivals, units = self._arrivals[direction], self.conversation.units(direction)
        before, begin = len(arrivals.at), len(units)
        start = len(self.conversation.buffer(direction))
        arrivals.place.extend(accumulate(map(len, data[:-1]), initial=start))
        arrivals.at.extend(at)
        self.conversation.feed(direction, b"".join(data))
        place, times, epoch = arrivals.place, arrivals.at, self._epoch
        starts, lengths = units.start[begin:], units.length[begin:]
        firsts = [bisect_right(place, one) - 1 for one in starts]
        lasts = [
            bisect_right(place, one + length - 1, first) - 1
            for one, length, first in zip(starts, lengths, firsts, strict=True)
        ]
        return (
            begin,
            [times[one] - epoch for one in firsts],
            [times[one] - epoch for one in lasts],
            [one - before for one in lasts],
        )

    def gap(self, gap: Gapped) -> int:
        """Note that bytes are missing; returns how many events that makes."""
        arrivals = self._arrivals[gap.direction]
        offset = len(self.conversation.buffer(gap.direction)) + arrivals.lost
        self._log.append(_OTHER)
        self._others.append(Gapped(gap.at_ns, gap.direction, offset, gap.length))
        arrivals.lost += gap.length
        units = self.conversation.units(gap.direction)
        before = len(units)
        self.conversation.lose(gap.direction, gap.length)
        for row in range(before, len(units)):
            if units.kind[row] == index.GAP:
                arrivals.gaps[row] = gap.at_ns
        return 1

    def end(self, ended: Ended) -> int:
        """Note that a direction ended; returns how many events that makes."""
        self._log.append(_OTHER)
        self._others.append(ended)
        self._ended[ended.direction] = (ended.at_ns - self._epoch, ended.how)
        self.conversation.end(ended.direction)
        return 1

    # -- out --------------------------------------------------------------------------------

    def number_new(
        self, direction: Direction, first: int, at: array[int], end: array[int]
    ) -> range:
        """Give the units found since the last call the numbers from ``first`` on.

        Appends their times (since the capture's start) to ``at`` and ``end``.

        Returns:
            The rows that are new.
        """
        arrivals, units = self._arrivals[direction], self.conversation.units(direction)
        begin, stop = len(arrivals.numbers), len(units)
        if begin == stop:
            return range(0)
        arrivals.numbers.extend(range(first, first + stop - begin))
        starts, lengths, gaps, when = units.start, units.length, arrivals.gaps, arrivals.when
        for row in range(begin, stop):
            if row in gaps:
                came = gone = gaps[row]
            else:
                came, gone = when(starts[row]), when(starts[row] + lengths[row] - 1)
            at.append(came - self._epoch)
            end.append(gone - self._epoch)
        return range(begin, stop)

    def numbers(self, direction: Direction) -> array[int]:
        """The capture's number of each unit of one direction, by row."""
        return self._arrivals[direction].numbers

    def newest(self, direction: Direction) -> int | None:
        """The number of the last unit of one direction, unless bytes wait for the rest of one."""
        numbers = self.numbers(direction)
        whole = not self.conversation.pending(direction)
        return numbers[-1] if numbers and whole else None

    def lane(self, direction: Direction) -> LaneColumns:
        """The units of one direction as columns."""
        conversation = self.conversation
        return LaneColumns(
            self.number,
            direction,
            conversation.units(direction),
            self.numbers(direction),
            conversation.buffer(direction),
        )

    def connection(self) -> Connection:
        """What is known of the connection now."""
        conversation = self.conversation
        return Connection(
            self.number,
            self.opened.client,
            self.opened.server,
            self.label,
            self.opened.at_ns - self._epoch,
            dict(self._ended),
            conversation.protocol,
            conversation.late,
            {one: conversation.pending(one) for one in _BOTH},
        )

    def replay(self) -> Iterator[Event]:
        """Every event again, in order, on the writer's clock."""
        yield self.opened
        seen, lost, others = [0, 0], [0, 0], iter(tuple(self._others))
        for way in bytes(self._log):
            if way != _OTHER:
                yield self._chunk_again(_BOTH[way], seen[way], lost[way])
                seen[way] += 1
                continue
            other = next(others)
            if isinstance(other, Gapped):
                lost[_BOTH.index(other.direction)] += other.length
            yield other

    def _chunk_again(self, direction: Direction, number: int, lost: int) -> Chunk:
        arrivals, buffer = self._arrivals[direction], self.conversation.buffer(direction)
        start = arrivals.place[number]
        last = number + 1 == len(arrivals.place)
        stop = len(buffer) if last else arrivals.place[number + 1]
        return Chunk(arrivals.at[number], direction, start + lost, bytes(buffer[start:stop]))


_OTHER = 2
