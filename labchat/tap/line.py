"""One relayed connection: two legs, and between them what faults and gate make of the bytes.

With nothing switched on the legs carry straight on to each other and this file does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.capture.model import End
from labchat.tap.faults import actions
from labchat.tap.faults.actions import Action, Cut, Deliver, Piece
from labchat.tap.faults.lane import Lane
from labchat.tap.leg import Leg
from labchat.tap.units import Splitter
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Iterable

    from labchat.tap.works import Works

HIGH = 4 * 2**20
"""Bytes that may wait in one direction before its sender has to: 4 MiB."""

FULL = "full"
"""Reason to read nothing from a peer: too much of it waits."""


class Line:
    """A client's connection and the one to the target made for it.

    Attributes:
        client, server: the two legs.
        number: in the record.
        label: whose it is, or None.
    """

    def __init__(self, works: Works) -> None:
        self.number = 0
        self.label: str | None = None
        self._works = works
        self._legs = {d: Leg(d, works.sink, works.clock, self, works.arena) for d in Direction}
        self.client, self.server = self._legs[Direction.C2S], self._legs[Direction.S2C]
        self.client.other, self.server.other = self.server, self.client
        self._lanes: dict[Direction, Lane] = {}
        self._splitter: Splitter | None = None
        self._at_gate = dict.fromkeys(Direction, 0)
        self._made_ns = 0
        self._deaf: Cut | None = None
        self._timer: TimerHandle | None = None

    def opened(self, number: int, label: str | None) -> None:
        """The record knows it by ``number`` from now on."""
        self.number, self.label = number, label
        self.client.number = self.server.number = number
        self._made_ns = self._works.clock()
        faults = self._works.faults
        self._lanes = {d: Lane(faults.rng(number, d)) for d in Direction}
        self.switch()
        if self.splits:
            self.split(())

    # what is switched on

    def switch(self) -> None:
        """Rules or breakpoints have changed."""
        now = self._works.clock()
        for direction, lane in self._lanes.items():
            rules = self._works.faults.meant_for(
                self.number, direction, self.label, made_ns=self._made_ns
            )
            lane.switch(rules, now)
        if self._splitter is not None and not self.splits:
            splitter, self._splitter = self._splitter, None
            for piece in splitter.give_up():
                self._lanes[piece.direction].take(piece, now)
        self._steer()
        self.pump()

    @property
    def splits(self) -> bool:
        """Whether whole units are wanted."""
        return self._works.gate.active or any(lane.whole_units for lane in self._lanes.values())

    @property
    def unsplit(self) -> bool:
        """Whether whole units are wanted, and are not cut yet."""
        return self.splits and self._splitter is None

    def split(self, history: Iterable[tuple[Direction, bytes]] | None) -> None:
        """Cut into units from now on.

        ``history`` is what has passed, in order; without it nobody can tell where a unit starts
        once bytes have passed, and they go on uncut.
        """
        if history is None and any(leg.moved for leg in self._legs.values()):
            self._note("Units cannot be told apart here: the tap kept no record of their start")
            return
        waiting = [(d, data) for d, lane in self._lanes.items() for data in lane.data()]
        self._splitter = Splitter([*(history or ()), *waiting])
        self._steer()

    def _steer(self) -> None:
        direct = (
            self._deaf is None
            and self._splitter is None
            and not self._works.gate.active
            and all(lane.idle for lane in self._lanes.values())
        )
        self.client.direct = self.server.direct = direct

    # what the legs say

    def joined(self, leg: Leg) -> None:
        """A peer is there."""
        self._works.joined(self, leg)

    def take(self, direction: Direction, data: bytes) -> None:
        """Bytes have arrived, or the end of a stream."""
        if self._deaf is not None:
            self._overhear(direction, data)
            return
        pieces = [Piece(direction, data)]
        if self._splitter is not None:
            pieces = self._splitter.feed(direction, data)
        for piece in pieces:
            self._offer(piece)
        self.pump()

    def left(self, leg: Leg, error: Exception | None) -> None:
        """A peer is gone: a reset passes on as one, unless silence was asked for."""
        if not self.number:
            return
        if self._deaf is not None:
            leg.end(End.LOCAL)
        elif error is not None:
            self._broke(leg, error)
        elif not leg.heard_end:
            leg.end(End.LOCAL)
            leg.other.close()
        if leg.other.gone:
            self._over()
        self._works.left(self, leg)

    def _broke(self, leg: Leg, error: Exception) -> None:
        unusual = not isinstance(error, ConnectionResetError | BrokenPipeError)
        if unusual or leg.ended:
            self._note(f"The {leg.direction} sender's connection broke: {error}")
        self._empty()
        leg.end(End.RST)
        leg.other.reset()

    def _over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._empty()

    def _empty(self) -> None:
        """What waits will never go on."""
        self._works.gate.forget(self.number)
        self._works.drain()
        for direction, lane in self._lanes.items():
            self._legs[direction].lose(lane.clear())

    # through the gate, then through the faults

    def _offer(self, piece: Piece) -> None:
        if self._works.gate.active:
            self._at_gate[piece.direction] += len(piece.data)
            self._works.gate.offer(self.number, piece, label=self.label)
            self._works.drain()
        else:
            self._lanes[piece.direction].take(piece, self._works.clock())

    def passed(self, piece: Piece, *, was: int, inserted: bool) -> None:
        """The gate lets a piece go on; ``was`` bytes of it had arrived."""
        self._at_gate[piece.direction] -= was
        if inserted and self._splitter is not None:
            self._splitter.insert(piece.direction, piece.data)
        self._lanes[piece.direction].take(piece, self._works.clock())
        self.pump()

    def dropped(self, piece: Piece) -> None:
        """The gate lets a piece never go on."""
        self._at_gate[piece.direction] -= len(piece.data)
        self._legs[piece.direction].lose(len(piece.data))
        self.pump()

    def carried(self, direction: Direction | None) -> bool:
        """Whether all that passed the gate in this direction has gone on: no fault delays it."""
        return direction is not None and not self._lanes[direction].size

    def pump(self) -> None:
        """Do what is due, and wake up for what will be."""
        while ready := self._ready():
            for direction, action in ready:
                self._perform(direction, action)
        for direction, lane in self._lanes.items():
            full = lane.size + self._at_gate[direction] > HIGH
            leg = self._legs[direction]
            leg.brake(FULL) if full else leg.release(FULL)
        self._set_timer()
        self._steer()

    def _ready(self) -> list[tuple[Direction, Action]]:
        now = self._works.clock()
        return [(d, action) for d, lane in self._lanes.items() for action in lane.ready(now)]

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        dues = [due for lane in self._lanes.values() if (due := lane.next_due) is not None]
        self._timer = self._works.call_at(min(dues), self.pump) if dues else None

    def _perform(self, direction: Direction, action: Action) -> None:
        if note := getattr(action, "note", None) or getattr(action, "text", None):
            self._note(note)
        leg = self._legs[direction]
        match action:
            case Deliver(Piece(data=b"")) | actions.HalfClose():
                leg.carry_end()
            case Deliver(piece):
                leg.carry(piece.data)
            case actions.Swallow(piece):
                leg.lose(len(piece.data))
            case actions.Answer(data):
                self._answer(direction.other, data)
            case actions.End(how):
                self.cut(how)
            case _:
                pass

    def _answer(self, direction: Direction, data: bytes) -> None:
        if self._splitter is not None:
            self._splitter.insert(direction, data)
        self._legs[direction].carry(data)

    # the end by the tap's own hand

    def cut(self, how: Cut) -> None:
        """End the connection now; after a silence it may still be ended aloud."""
        if self._deaf is how:
            return
        self._deaf = how
        self._empty()
        for leg in self._legs.values():
            if how is Cut.RST:
                leg.reset()
            elif how is Cut.FIN:
                leg.end(End.LOCAL)
                leg.finish()
                if leg.heard_end:
                    leg.close()
        self._steer()

    def _overhear(self, direction: Direction, data: bytes) -> None:
        """After the cut bytes are read, so that no peer is reset, and go nowhere."""
        leg = self._legs[direction]
        leg.lose(len(data))
        if data:
            return
        if self._deaf is Cut.FIN or leg.other.heard_end:
            leg.close()
            leg.other.close()

    def close(self) -> None:
        """Send both peers what was written to them, and FIN."""
        for leg in self._legs.values():
            leg.end(End.LOCAL)
            leg.close()

    def reset(self) -> None:
        """Send both peers RST."""
        for leg in self._legs.values():
            leg.reset()

    def _note(self, text: str) -> None:
        self._works.sink.annotate(self._works.clock(), text, connection=self.number)
