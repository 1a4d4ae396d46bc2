"""The gate alone: pieces offered, acts of a person, effects; on a clock that only tests move."""

from __future__ import annotations

import pytest

from labchat.errors import SettingsError
from labchat.tap.faults import Units
from labchat.tap.faults.actions import MS, Piece
from labchat.tap.gate import Gate, preview
from labchat.tap.held import Breakpoint, Timer
from labchat.tap.holding import Lost, Note, Pass
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Opcode

C2S, S2C = Direction.C2S, Direction.S2C
SECOND = 1_000_000_000
KEY = b"\x01\x02\x03\x04"


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock) -> Gate:
    return Gate(clock)


def frame(direction: Direction, text: str, opcode: int = Opcode.TEXT) -> Piece:
    data = frames.build(opcode, text.encode(), mask=KEY if direction is C2S else None)
    unit = frames.dissect(data)
    return Piece(
        direction,
        data,
        "frame",
        opcode=opcode,
        body=text.encode(),
        summary=text,
        unit=unit,
    )


def offer(gate: Gate, direction: Direction, *texts: str, connection: int = 1) -> None:
    for text in texts:
        gate.offer(connection, frame(direction, text))


def passed(gate: Gate) -> list[str]:
    """What went on since the last look, as text; "FIN", or "-text" for what was lost."""
    seen = []
    for effect in gate.take():
        if isinstance(effect, Pass):
            piece = effect.piece
            seen.append("FIN" if piece.fin else frames.dissect(piece.data).payload.decode())
        elif isinstance(effect, Lost):
            seen.append(f"-{effect.piece.summary}")
    return seen


def told(gate: Gate) -> list[str]:
    return [effect.text for effect in gate.take() if isinstance(effect, Note)]


def waiting(gate: Gate) -> list[str]:
    return [held.summary for held in gate.view.held]


def test_an_idle_gate_lets_everything_pass(gate):
    assert not gate.active
    offer(gate, C2S, "a", "b")
    assert passed(gate) == ["a", "b"]
    assert (gate.view.held, gate.view.next) == ((), None)
    assert not gate.step()


def test_hold_and_step_one_by_one(gate, clock):
    gate.hold()
    assert gate.active
    offer(gate, C2S, "a")
    offer(gate, S2C, "x")
    offer(gate, C2S, "b")
    gate.offer(1, Piece(C2S, b""))
    assert passed(gate) == []
    assert waiting(gate) == ["a", "x", "b", "FIN"]
    assert gate.view.next.summary == "a"
    assert [held.summary for held in gate.view.queues[S2C]] == ["x"]
    assert gate.view.held[-1].kind == "fin"
    clock.now = 5 * MS
    assert gate.step()
    assert told(gate)[-1] == "The gate let 1 (a) pass after 5.0 ms"
    assert gate.step(direction=C2S)
    assert passed(gate) == ["b"]
    assert gate.step(4)
    assert gate.step()
    assert passed(gate) == ["FIN", "x"]
    assert not gate.step()


def test_what_is_behind_cannot_be_stepped(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    with pytest.raises(SettingsError, match=r"2 \(b\) waits behind"):
        gate.step(2)
    with pytest.raises(SettingsError, match="has the number 9"):
        gate.step(9)


def test_continue_lets_all_go_and_holds_no_longer_everything(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    offer(gate, S2C, "x")
    assert gate.cont()
    offer(gate, C2S, "c")
    assert passed(gate) == ["a", "b", "x", "c"]
    assert not gate.active


def test_a_breakpoint_stops_its_units_and_those_behind_wait(gate):
    gate.hold(Breakpoint(direction=C2S, units=Units(where='text == "stop"')))
    gate.hold(Breakpoint(direction=C2S, units=Units(where='text == "stop"')))
    assert len(gate.view.breakpoints) == 1
    offer(gate, C2S, "a", "stop", "b", "stop", "c")
    offer(gate, S2C, "stop")
    offer(gate, C2S, "stop", connection=2)
    assert passed(gate) == ["a", "stop"]
    assert [held.stopped for held in gate.view.held] == [True, False, True, False, True]
    gate.step()
    assert passed(gate) == ["stop", "b"]
    gate.cont()
    offer(gate, C2S, "stop")
    assert passed(gate) == ["stop", "c", "stop"]
    assert waiting(gate) == ["stop"]
    gate.clear()
    assert passed(gate) == ["stop"]
    assert not gate.active


def test_breakpoints_count_and_choose_connections(gate):
    gate.hold(Breakpoint(connections=(2,), units=Units(nth=2)))
    offer(gate, C2S, "a", "b")
    offer(gate, C2S, "c", "d", "e", connection=2)
    assert waiting(gate) == ["d", "e"]


def test_a_connection_that_ends_holds_nobody_up(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    offer(gate, C2S, "x", connection=2)
    gate.release(1)
    assert passed(gate) == ["a", "b"]
    offer(gate, C2S, "c")
    offer(gate, S2C, "d")
    assert passed(gate) == ["c", "d"]
    assert waiting(gate) == ["x"]
    gate.forget(1)
    offer(gate, C2S, "e")
    assert waiting(gate) == ["x", "e"], "its number is another's now"


def test_a_stale_act_does_nothing(gate):
    gate.hold()
    offer(gate, C2S, "a")
    old = gate.view.generation
    offer(gate, C2S, "b")
    assert not gate.step(generation=old)
    assert not gate.cont(generation=old)
    assert not gate.drop(generation=old)
    assert waiting(gate) == ["a", "b"]
    assert gate.step(generation=gate.view.generation)
    assert waiting(gate) == ["b"]


def test_what_passes_makes_no_act_stale(gate):
    gate.hold(Breakpoint(direction=C2S))
    offer(gate, C2S, "a")
    seen = gate.view.generation
    told = []
    gate.subscribe(lambda: told.append(1))
    offer(gate, S2C, "x", "y")
    gate.forget(2)
    assert not gate.step(generation=seen - 1)
    assert (gate.view.generation, told) == (seen, [])
    assert gate.step(generation=seen)


def test_step_until_the_other_side_speaks(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    assert gate.step(until_other=True)
    offer(gate, C2S, "c")
    gate.cont()
    gate.hold()
    offer(gate, C2S, "d")
    gate.step(until_other=True)
    offer(gate, C2S, "e")
    offer(gate, S2C, "x")
    offer(gate, C2S, "f")
    assert passed(gate) == ["a", "b", "c", "d", "e"]
    assert waiting(gate) == ["x", "f"]


def test_step_until_the_other_side_that_waits_already(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    offer(gate, S2C, "x")
    offer(gate, C2S, "c")
    gate.step(until_other=True)
    assert passed(gate) == ["a", "b"]
    assert waiting(gate) == ["x", "c"]


def test_the_end_of_a_stream_does_not_stop_a_run(gate):
    gate.hold()
    offer(gate, C2S, "a")
    gate.step(until_other=True)
    gate.offer(1, Piece(S2C, b""))
    assert waiting(gate) == ["FIN"]


def test_drop(gate):
    gate.hold(Breakpoint(units=Units(where='text == "stop"')))
    offer(gate, C2S, "stop", "a", "b")
    assert gate.drop(2)
    assert gate.drop()
    assert passed(gate) == ["-a", "-stop", "b"]
    assert not gate.drop()


def test_duplicate(gate):
    gate.hold()
    assert not gate.duplicate()
    offer(gate, C2S, "a")
    assert gate.duplicate(copies=2)
    effects = [e for e in gate.take() if isinstance(e, Pass)]
    assert [(e.inserted, e.was) for e in effects] == [(True, 0), (True, 0)]
    assert waiting(gate) == ["a"]


def test_delay(gate, clock):
    gate.hold(Breakpoint(units=Units(where='text == "stop"')))
    assert not gate.delay(ms=1)
    offer(gate, C2S, "stop", "a")
    offer(gate, S2C, "stop")
    assert gate.next_due is None
    assert gate.delay(ms=20)
    assert gate.delay(2, ms=30)
    assert gate.next_due == 20 * MS
    gate.tick()
    assert passed(gate) == []
    clock.now = 20 * MS
    gate.tick()
    assert passed(gate) == ["stop"]
    assert gate.next_due == 30 * MS


def test_edit_makes_length_and_mask_right(gate):
    gate.hold()
    with pytest.raises(SettingsError, match="Nothing is held"):
        gate.edit(payload="x")
    offer(gate, C2S, "hello")
    held = gate.edit(payload="a longer greeting" * 10)
    assert held.edited
    assert held.length == 2 + 2 + 4 + 170
    assert held.was == frame(C2S, "hello").data
    gate.step()
    (effect,) = (e for e in gate.take() if isinstance(e, Pass))
    assert effect.was == len(held.was)
    sent = frames.dissect(effect.piece.data, role=C2S)
    assert (sent.payload_length, sent.masking_key) == (170, KEY)
    assert sent.violations == ()


def test_edit_leaves_wrong_what_is_to_be_wrong(gate):
    gate.hold()
    offer(gate, C2S, "hello")
    assert gate.edit(rsv=4).data[0] == 0xC1
    assert gate.edit(1, mask=False).data == b"\x81\x05hello"
    assert gate.edit(data=b"??").data == b"??"
    gate.step()
    assert told(gate)[-1].startswith("The gate let 1 (hello, edited) pass")


def test_a_preview_makes_nothing(gate):
    gate.hold()
    offer(gate, C2S, "hello")
    (held,) = gate.view.held
    assert preview(held) == held.data
    assert preview(held, payload="hi")[1] == 0x82
    assert preview(held, payload="hi", fin=False)[0] == 0x01
    assert preview(held, payload=b"hi", opcode=3)[0] == 0x83
    assert gate.view.held == (held,)
    gate.offer(1, Piece(S2C, b"raw"))
    with pytest.raises(SettingsError, match="Only a WebSocket frame"):
        preview(gate.view.held[1], rsv=4)


def test_inject(gate):
    gate.inject(1, S2C, b"\x89\x00")
    effects = gate.take()
    assert effects == [
        Pass(1, Piece(S2C, b"\x89\x00"), 0, inserted=True),
        Note(1, "The gate injected 2 bytes s2c", S2C),
    ]


def test_a_connection_that_ends_takes_what_waits_with_it(gate):
    gate.hold()
    offer(gate, C2S, "a", "b")
    offer(gate, C2S, "c", connection=2)
    gate.forget(1)
    assert passed(gate) == ["-a", "-b"]
    assert waiting(gate) == ["c"]


def test_subscribers_are_told_until_they_leave(gate):
    seen = []
    leave = gate.subscribe(lambda: seen.append(gate.view.generation))
    gate.hold()
    offer(gate, C2S, "a")
    leave()
    gate.cont()
    assert seen == [1, 2]


HEARTBEAT = Timer(
    name="the server gives the client up",
    direction=S2C,
    after_s=30,
    starts=Units(opcode=9),
    stops=Units(opcode=10),
)
IMPATIENCE = Timer(name="the client gives up", direction=C2S, after_s=10, starts=Units(opcode=1))


def test_timers_of_the_peers_are_told_while_something_is_held(gate, clock):
    gate.know(HEARTBEAT, IMPATIENCE)
    gate.hold()
    gate.offer(1, frame(S2C, "", Opcode.PING))
    clock.now = SECOND
    gate.offer(1, frame(C2S, "hello"))
    gate.offer(2, frame(C2S, "hello"))
    timers = [(t.name, t.connection, t.due_ns // SECOND) for t in gate.view.timers]
    assert timers == [
        ("the client gives up", 1, 11),
        ("the client gives up", 2, 11),
        ("the server gives the client up", 1, 30),
    ]
    assert gate.next_due == 11 * SECOND
    gate.take()
    gate.forget(2)
    clock.now = 11 * SECOND
    gate.tick()
    assert [t.name for t in gate.view.timers] == ["the server gives the client up"]
    assert told(gate)[-1] == "The gate holds, and now the client gives up"


def test_an_answer_that_passes_stops_the_timer(gate):
    gate.know(HEARTBEAT)
    gate.hold()
    gate.offer(1, frame(S2C, "", Opcode.PING))
    gate.offer(1, frame(S2C, "", Opcode.PONG))
    gate.offer(1, frame(C2S, "", Opcode.PONG))
    gate.step(2 - 1)
    gate.step(2)
    assert [t.due_ns for t in gate.view.timers] == [30 * SECOND]
    gate.offer(1, frame(C2S, "x"))
    gate.step(3)
    assert gate.view.timers == ()


def test_a_timer_that_nothing_is_held_for_is_not_told(gate, clock):
    gate.know(IMPATIENCE)
    offer(gate, C2S, "a")
    clock.now = 20 * SECOND
    gate.tick()
    assert told(gate) == []
    gate.know()
    assert gate.view.timers == ()
