"""Many chunks at once: what a file brings, and a live capture that nobody has looked at a while.

Once a connection speaks WebSocket its two directions no longer depend on each other, so that each
can be fed all it has in one go; the units then get the numbers that feeding chunk by chunk would
have given them. This halves the time from a million chunks to their units.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labchat.capture.model import Chunk
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections import deque

    from labchat.capture.model import Bytes
    from labchat.capture.track import Track

MANY = 64
"""Chunks that must follow each other to be taken at once; fewer are quicker one by one."""
MOST = 1 << 17
"""Chunks taken at once at most: bounds the memory that sorting needs."""


@dataclass(slots=True)
class Pile:
    """Chunks of one direction of one connection, in order.

    Attributes:
        track, direction: whose they are.
        next: the stream offset of the chunk that would follow.
        sides: of each chunk of the connection, in either direction, 0 to the server, 1 to the
            client; shared by both piles.
        data, at, turn: of each chunk its bytes, its time, and its place among all chunks taken.
    """

    track: Track
    direction: Direction
    next: int
    sides: bytearray
    data: list[Bytes] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Numbered:
    """Units in the order of their numbers, as columns.

    Attributes:
        lane, row, at, end: as :class:`labchat.capture.capture.Capture` keeps them.
    """

    lane: array[int]
    row: array[int]
    at: array[int]
    end: array[int]


def gather(
    written: deque[tuple[int, Any]], tracks: dict[int, Track]
) -> tuple[list[Pile], list[tuple[int, Chunk]]]:
    """Pop chunks of WebSockets off ``written``, up to the first thing that is anything else.

    Returns:
        The piles, and what was popped, in order.
    """
    piles: dict[int, tuple[Pile, Pile]] = {}
    taken: list[tuple[int, Chunk]] = []
    while written and len(taken) < MOST:
        number, chunk = written[0]
        if type(chunk) is not Chunk:
            break
        both = piles.get(number)
        if both is None:
            track = tracks[number]
            if not track.steady:
                break
            both = piles[number] = _piles(track)
        side = chunk.direction is Direction.S2C
        pile = both[side]
        if chunk.offset != pile.next:
            break
        pile.next += len(chunk.data)
        pile.data.append(chunk.data)
        pile.at.append(chunk.at_ns)
        pile.turn.append(len(taken))
        pile.sides.append(side)
        taken.append(written.popleft())
    return [pile for both in piles.values() for pile in both if pile.data], taken


def _piles(track: Track) -> tuple[Pile, Pile]:
    sides = bytearray()
    c2s, s2c = (Pile(track, way, track.offset(way), sides) for way in Direction)
    return c2s, s2c


def settle(piles: list[Pile], first: int) -> Numbered:
    """Feed the piles; number the units found from ``first`` on, in the order of their chunks."""
    turns: list[int] = []
    owner: list[int] = []
    at: list[int] = []
    end: list[int] = []
    rows: list[int] = []
    for track, sides in {pile.track.number: (pile.track, pile.sides) for pile in piles}.values():
        track.log(sides)
    for index, pile in enumerate(piles):
        begin, came, gone, chunks = pile.track.chunks(pile.direction, pile.data, pile.at)
        turns += map(pile.turn.__getitem__, chunks)
        owner += [index] * len(came)
        rows += range(begin, begin + len(came))
        at += came
        end += gone
    order = sorted(range(len(turns)), key=turns.__getitem__)
    numbers: list[list[int]] = [[] for _ in piles]
    for number, place in enumerate(order, first):
        numbers[owner[place]].append(number)
    for pile, own in zip(piles, numbers, strict=True):
        pile.track.numbers(pile.direction).extend(own)
    lanes = [2 * pile.track.number - (pile.direction is Direction.C2S) - 1 for pile in piles]
    return Numbered(
        array("I", [lanes[owner[place]] for place in order]),
        array("Q", map(rows.__getitem__, order)),
        array("q", map(at.__getitem__, order)),
        array("q", map(end.__getitem__, order)),
    )
