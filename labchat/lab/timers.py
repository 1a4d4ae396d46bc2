"""The clocks of the lab's own peers, which go on while the gate holds: what fires, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.server.settings import Settings as Server
from labchat.tap.faults.rule import Units
from labchat.tap.held import Timer
from labchat.wire.fields import Direction
from labchat.wire.frames import Opcode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labchat.client.settings import Settings as Client

_PING = Units(kind="frame", opcode=Opcode.PING)
_PONG = Units(kind="frame", opcode=Opcode.PONG)
_ANSWER = Units(kind="response")


def timers(client: Client, options: Sequence[str] = ()) -> tuple[Timer, ...]:
    """What runs in a client of these settings and in a server with these options."""
    return (*_of_client(client), *_of_server(heartbeat(options)))


def heartbeat(options: Sequence[str]) -> float:
    """Seconds between the server's pings, as ``labchat serve`` is told; 0: none."""
    given = [*options, ""]
    for at, option in enumerate(options):
        name, _, value = option.partition("=")
        if name == "--heartbeat":
            return float(value or given[at + 1])
    return Server().heartbeat


def _of_client(client: Client) -> Iterator[Timer]:
    def timer(name: str, after_s: float, starts: Units, stops: Units) -> Timer:
        return Timer(
            name=name, direction=Direction.C2S, after_s=after_s, starts=starts, stops=stops
        )

    handshake = "the client gives up its handshake", client.open_timeout
    request = "the client gives up its request", client.rest_timeout
    ways = {"/": handshake, "/ws": handshake, "/api/*": request}
    for path, (name, after_s) in ways.items():
        yield timer(name, after_s, Units(kind="request", path=path), _ANSWER)
    yield timer(
        "the client gives up its registration",
        client.open_timeout,
        Units(kind="frame", where='json.type == "register"'),
        Units(kind="frame", where='json.type == "registered"'),
    )
    if client.heartbeat is not None:
        yield timer("the client misses its pong and closes", client.heartbeat.timeout, _PING, _PONG)


def _of_server(seconds: float) -> Iterator[Timer]:
    if seconds > 0:
        name = "the server misses its pong and closes"
        yield Timer(name=name, direction=Direction.S2C, after_s=seconds, starts=_PING, stops=_PONG)
