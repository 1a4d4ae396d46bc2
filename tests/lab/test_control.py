"""Hold, step, edit and break from a cell, on the lab's own traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.chat.session import Link
from labchat.errors import LabError, SettingsError
from labchat.lab import Lab
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.tap.held import Held

ALICES_MESSAGE = {"direction": "c2s", "kind": "frame", "where": 'json.type == "message"'}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab
        lab.cont()


def test_a_held_message_waits_until_it_is_stepped(lab: Lab) -> None:
    lab.alice.set_transport("websocket")
    lab.hold(**ALICES_MESSAGE)
    post = lab.alice.say("held", to=lab.bob)
    held: Held = lab.held().result()
    assert held.kind == "frame"
    assert not post.done
    assert lab.step().result().id == held.id
    assert post.result().seq == 1


async def test_a_step_may_be_awaited(lab: Lab) -> None:
    lab.hold(**ALICES_MESSAGE)
    post = lab.alice.say("held", to=lab.bob)
    await lab.step()
    assert (await post).seq == 1


def test_an_edited_message_arrives_as_edited(lab: Lab) -> None:
    lab.alice.set_transport("websocket")
    lab.hold(**ALICES_MESSAGE)
    lab.alice.post("Hello", lab.bob.id)
    held = lab.held().result()
    assert isinstance(held.unit, Frame)
    edited = lab.edit(payload=held.unit.payload.replace(b"Hello", b"Howdy")).result()
    assert edited.edited
    lab.step().result()
    assert lab.bob.hears("Howdy").result().text == "Howdy"


def test_who_is_just_losing_the_connection_comes_back(lab: Lab) -> None:
    """A client that was refused does not try again by itself."""
    lab.alice.set_transport("websocket")
    lab.hold(**ALICES_MESSAGE)
    lab.hold(direction="s2c", kind="frame", opcode=8)
    lab.alice.post("Hello", lab.bob.id)
    lab.edit(rsv=4).result()
    lab.step().result()
    assert lab.held().result().direction is Direction.S2C
    lost = lab.alice.come_back(within=30)
    lab.cont()
    assert lost.result()
    lab.bob.post("are you back?", lab.alice.id)
    assert lab.alice.hears("are you back?").result()


def test_who_has_not_lost_the_connection_keeps_it(lab: Lab) -> None:
    assert lab.alice.come_back(within=0).result() is False
    assert lab.alice.snapshot().link is Link.CONNECTED


def test_an_unmasked_frame_is_answered_with_1002(lab: Lab) -> None:
    lab.alice.set_transport("websocket")
    lab.hold(**ALICES_MESSAGE)
    lab.alice.post("Hello", lab.bob.id)
    lab.edit(mask=False).result()
    lab.step().result()
    lab.cont()
    closed = lab.unit(lambda row: row.summary.startswith("close 1002")).result()
    assert closed.direction == "s2c"


def test_a_dropped_message_never_arrives(lab: Lab) -> None:
    lab.alice.set_transport("websocket")
    lab.hold(**ALICES_MESSAGE)
    lost = lab.alice.post("lost", lab.bob.id)
    lab.drop().result()
    lab.cont()
    assert lab.alice.say("after", to=lab.bob).result().seq == 1
    assert lost not in {bubble.id for bubble in lab.bob.snapshot().bubbles}


def test_a_cut_connection_comes_back(lab: Lab) -> None:
    lab.cut("rst")
    lab.alice.go_online()
    assert lab.alice.say("still here", to=lab.bob).result().seq == 1


def test_who_went_offline_is_told_nothing_more(lab: Lab) -> None:
    lab.bob.go_offline()
    told = [row for row in lab.capture.rows() if row.opcode == 8]
    assert told[0].direction == "c2s"
    said = lab.alice.say("missed", to=lab.bob).result()
    copies = [row for row in lab.capture.rows(told[0].n) if row.connection == told[0].connection]
    assert not any(said.id in str(lab.capture.unit(row.n).unit) for row in copies)


def test_a_goodbye_that_is_held_keeps_nobody_waiting(lab: Lab) -> None:
    lab.hold(direction="c2s", kind="frame", opcode=8)
    lab.alice.go_offline()
    assert lab.alice.snapshot().link is Link.OFFLINE
    assert lab.held().result().unit.close_code == 1000


def test_going_offline_closes_in_order(lab: Lab) -> None:
    lab.alice.go_offline()
    closed = lab.unit(lambda row: row.opcode == 8 and row.direction == "c2s").result()
    assert closed.summary.startswith("close 1000")


@pytest.mark.parametrize("way", ["scissors", ""])
def test_an_unknown_cut_is_said(lab: Lab, way: str) -> None:
    with pytest.raises(SettingsError, match="fin, rst, silence"):
        lab.cut(way)


def test_an_unknown_breakpoint_is_said(lab: Lab) -> None:
    with pytest.raises(SettingsError, match="colour"):
        lab.hold(colour="blue")


def test_a_unit_that_does_not_wait_is_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="no unit 99 waits"):
        lab.step(99).result()


def test_latency_is_switched_while_running(lab: Lab) -> None:
    lab.faults.latency(1)
    assert "1 ms" in lab.faults.describe()
    assert lab.alice.say("slower", to=lab.bob).result().seq == 1
    lab.faults.clear()
