"""Where clients come in: shut, it refuses like a port where nobody listens, and keeps the port."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from labchat.errors import TapError
from labchat.tap import door as module
from labchat.tap.door import Door
from labchat.tap.faults import Refuse


class Greeter(asyncio.Protocol):
    def connection_made(self, transport):
        transport.write(b"hi")
        transport.close()


@pytest.fixture
async def door():
    told = []
    made = Door(Greeter, None, told.append)
    made.told = told
    yield made
    await made.close()


async def greeted(address):
    reader, writer = await asyncio.open_connection(*address)
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    return said


async def turned(door, *, shut):
    door.shut(shut)
    await door._moving


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_it_is_shut_and_opened_again_on_one_port(door, host):
    await door.open(host, 0)
    address = door.address
    for _ in range(3):
        assert await greeted(address) == b"hi"
        await turned(door, shut=True)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        await turned(door, shut=False)
    assert await greeted(address) == b"hi"
    assert (door.address, door.told) == (address, [])


async def test_nobody_moves_in_while_it_is_shut(door):
    await door.open("127.0.0.1", 0)
    await turned(door, shut=True)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, module.REUSE)
        with pytest.raises(OSError, match="in use"):
            other.bind(door.address)


async def test_it_may_be_turned_faster_than_it_moves(door):
    await door.open("127.0.0.1", 0)
    for shut in (True, False, True, False):
        door.shut(shut)
    await door._moving
    assert await greeted(door.address) == b"hi"


async def test_it_may_be_closed_while_it_is_shut_or_moves(door):
    await door.open("127.0.0.1", 0)
    door.shut(True)
    await door.close()
    assert door.address is None
    await door.open("127.0.0.1", 0)
    await turned(door, shut=True)
    address = door.address
    await door.close()
    with socket.create_server(address):
        pass


async def test_a_port_that_is_lost_is_told(door, monkeypatch):
    def taken(family, name):
        raise OSError(errno.EADDRINUSE, "Address already in use")

    await door.open("127.0.0.1", 0)
    monkeypatch.setattr(module, "_placed", taken)
    await turned(door, shut=True)
    assert door.told == ["The tap lets nobody in any more: Address already in use"]
    await turned(door, shut=False)
    assert len(door.told) == 2


async def test_a_place_that_is_none_is_told(door):
    with pytest.raises(TapError, match=r"cannot listen on 203\.0\.113\.1:1"):
        await door.open("203.0.113.1", 1)


async def stands(door, *, shut):
    """Wait until it has heard of a change, and moved."""
    while door._wanted is shut or door._moving is None:
        await settled()
    await door._moving


async def settled():
    await asyncio.sleep(0)


async def test_the_tap_refuses_everybody_while_a_rule_says_so(bench, echoing):
    there = await bench(echoing)
    relay = there.relay
    reader, writer = await there.connect()
    number = relay.faults.add(Refuse())
    await stands(relay._door, shut=True)
    with pytest.raises(ConnectionRefusedError):
        await there.connect()
    writer.write(b"lives on")
    assert await reader.readexactly(8) == b"lives on"
    relay.faults.remove(number)
    await stands(relay._door, shut=False)
    _, again = await there.connect()
    again.close()
    writer.close()


async def test_the_tap_lets_in_again_when_the_time_of_the_rule_is_over(bench, echoing):
    now = 0
    there = await bench(echoing, clock=lambda: now)
    relay = there.relay
    relay.faults.add(Refuse(), for_s=3600)
    await stands(relay._door, shut=True)
    assert relay._turn is not None
    now = 3600 * 10**9
    relay._mind_the_door()
    await stands(relay._door, shut=False)
    assert relay._turn is None
    _, writer = await there.connect()
    writer.close()


async def test_a_rule_for_some_leaves_the_door_open(bench, echoing):
    there = await bench(echoing)
    there.relay.faults.add(Refuse(rate=0))
    there.relay.faults.add(Refuse(), connections=(7,))
    there.relay.faults.add(Refuse(), at_s=3600)
    reader, writer = await there.connect()
    writer.write(b"x")
    assert await reader.readexactly(1) == b"x"
    assert there.relay._turn is not None
    writer.close()
