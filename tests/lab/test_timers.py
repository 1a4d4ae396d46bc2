"""Which clocks of the lab's peers run on while the gate holds."""

from __future__ import annotations

import pytest

from labchat.client.settings import Settings
from labchat.lab.timers import heartbeat, timers
from labchat.tap.faults.actions import Piece
from labchat.tap.gate import Gate
from labchat.tap.units import Splitter
from labchat.wire.fields import Direction
from labchat.wire.frames import build

C2S, S2C = Direction.C2S, Direction.S2C
SECOND = 1_000_000_000
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n"
)
POST = b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
REGISTER = build(1, b'{"type": "register", "userId": "user-1"}', mask=b"abcd")


@pytest.mark.parametrize(
    ("options", "seconds"),
    [((), 30.0), (("--heartbeat", "5"), 5.0), (("--auth", "off", "--heartbeat=0"), 0.0)],
)
def test_the_servers_heartbeat_is_what_it_was_told(options, seconds) -> None:
    assert heartbeat(options) == seconds
    names = [each.name for each in timers(Settings(), options)]
    assert ("the server misses its pong and closes" in names) == (seconds > 0)


def ticking(*units: tuple[Direction, bytes]) -> dict[str, float]:
    """What runs while all of this is held: name to seconds."""
    gate = Gate(lambda: 0)
    gate.know(*timers(Settings()))
    gate.hold()
    splitter = Splitter()
    for direction, data in units:
        for piece in splitter.feed(direction, data):
            assert isinstance(piece, Piece)
            gate.offer(1, piece)
    return {each.name: each.due_ns / SECOND for each in gate.view.timers}


def test_each_unit_that_waits_keeps_a_clock_running() -> None:
    assert ticking((C2S, POST)) == {"the client gives up its request": 10.0}
    upgrade = {"the client gives up its handshake": 10.0}
    assert ticking((C2S, UPGRADE)) == upgrade
    opened = (C2S, UPGRADE), (S2C, SWITCHED)
    register = {"the client gives up its registration": 10.0}
    assert ticking(*opened, (C2S, REGISTER)) == upgrade | register
    ping = {"the client misses its pong and closes": 10.0}
    assert ticking(*opened, (C2S, build(9, mask=b"abcd"))) == upgrade | ping
    beat = {"the server misses its pong and closes": 30.0}
    assert ticking(*opened, (S2C, build(9))) == upgrade | beat


def test_a_client_without_a_heartbeat_misses_no_pong() -> None:
    names = [each.name for each in timers(Settings(heartbeat=None))]
    assert "the client misses its pong and closes" not in names
