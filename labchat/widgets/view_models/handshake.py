"""The opening handshake: both halves line by line, the accept value step by step, every MUST."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from labchat.widgets.view_models.messages import count
from labchat.widgets.view_models.words import named_numbers
from labchat.wire.explain import explain, section_url
from labchat.wire.fields import Direction
from labchat.wire.handshake import GUID, Must, State, check, derivation
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labchat.capture.capture import Capture, Captured
    from labchat.widgets.view_models.peers import Peer

PRINTED = {
    "x3JJHMbDL1EzLkh9GBhXDw==": "the key printed in the text",
    "dGhlIHNhbXBsZSBub25jZQ==": "the sample key of RFC 6455 §1.3",
}
"""Keys that everybody can read somewhere."""

_FACING = {"sec-websocket-key": "sec-websocket-accept"}
_TONES = {"sec-websocket-key": "c2s", "sec-websocket-accept": "s2c"}
_START = ("GET", "HTTP version", "request-target"), ("101",)


class Line(TypedDict):
    """One line of a message: ``mark`` is met, broken, not-applicable or ""."""

    name: str
    rest: str
    sentence: str
    section: str
    url: str
    mark: str
    tone: str


class Half(TypedDict):
    """One message; ``n`` is 0 when the capture does not hold it."""

    n: int
    way: str
    size: str


class Derivation(TypedDict):
    """From key to accept value; ``sent`` is what the server sent, "" when nothing."""

    key: str
    guid: str
    length: int
    sha1: str
    accept: str
    sent: str


class Rule(TypedDict):
    """One MUST; ``state`` is met, broken or not-applicable."""

    sentence: str
    section: str
    url: str
    state: str
    reason: str
    side: str


class HandshakeView(TypedDict):
    """All that the handshake inspector draws; ``rows`` are (request line, response line)."""

    units: str
    after: float | None
    request: Half
    response: Half
    rows: list[tuple[Line | None, Line | None]]
    derivation: Derivation | None
    rules: list[Rule]
    counts: str


def handshake_view(capture: Capture, connection: int, peer: Peer) -> HandshakeView:
    """The first request of a connection, and its answer."""
    asked, answered = find(capture, connection)
    request = asked.unit if asked else None
    response = answered.unit if answered else None
    assert request is None or isinstance(request, Request)
    assert response is None or isinstance(response, Response)
    musts = check(request, response)
    rules = [*map(_rule, musts), fresh_key(capture, connection, request)]
    return {
        "units": named_numbers([each.row.n for each in (asked, answered) if each]),
        "after": _after(asked, answered),
        "request": _half(asked, f"{peer.name} → server"),
        "response": _half(answered, f"server → {peer.name}"),
        "rows": facing(_lines(request, musts), _lines(response, musts)),
        "derivation": _derivation(request, response),
        "rules": rules,
        "counts": _counts(rules),
    }


def find(capture: Capture, connection: int) -> tuple[Captured | None, Captured | None]:
    """The first request of the connection and the first response, where there are any."""
    found: dict[Direction, Captured] = {}
    for row in capture.rows():
        if row.connection == connection and row.direction not in found:
            captured = capture.unit(row.n)
            if isinstance(captured.unit, Request | Response):
                found[row.direction] = captured
        if len(found) == 2:
            break
    return found.get(Direction.C2S), found.get(Direction.S2C)


def _after(asked: Captured | None, answered: Captured | None) -> float | None:
    if asked is None or answered is None:
        return None
    return round((answered.row.at_ns - asked.row.end_ns) / 1e6, 4)


def _half(captured: Captured | None, way: str) -> Half:
    if captured is None:
        return {"n": 0, "way": way, "size": "not in the capture"}
    return {"n": captured.row.n, "way": way, "size": count(captured.row.length, "byte")}


def _lines(message: Request | Response | None, musts: Sequence[Must]) -> list[Line]:
    if message is None:
        return []
    asking = isinstance(message, Request)
    side = Direction.C2S if asking else Direction.S2C
    states = {must.name.lower(): must.state for must in musts if must.side is side}
    start = [str(top.value) for top in message.fields[:1]]
    kind = "request" if asking else "response"
    first = _line(kind, message.fields[0].name, "", start[0], _start_mark(states, asking=asking))
    rest = [
        _line(kind, name, name, f": {value}", str(states.get(name.lower(), "")))
        for name, value in message.headers
    ]
    return [first, *rest]


def _start_mark(states: dict[str, State], *, asking: bool) -> str:
    own = [states[name.lower()] for name in _START[0 if asking else 1] if name.lower() in states]
    return str(State.BROKEN if State.BROKEN in own else own[0] if own else "")


def _line(kind: str, asked: str, name: str, rest: str, mark: str) -> Line:
    told = explain(kind, asked, rest.removeprefix(": ") if name else None)
    return {
        "name": name,
        "rest": rest,
        "sentence": told.sentence,
        "section": told.section,
        "url": told.url,
        "mark": mark,
        "tone": _TONES.get(name.lower(), ""),
    }


def facing(left: Sequence[Line], right: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """The same header in the same row; key faces accept; what only one side has stands alone."""
    waiting = list(right[1:])
    rows: list[tuple[Line | None, Line | None]] = []
    if left or right:
        rows.append((left[0] if left else None, right[0] if right else None))
    for line in left[1:]:
        wanted = _FACING.get(line["name"].lower(), line["name"].lower())
        other = next((each for each in waiting if each["name"].lower() == wanted), None)
        if other is not None:
            waiting.remove(other)
        rows.append((line, other))
    return rows + [(None, line) for line in waiting]


def derived(key: str, sent: str = "") -> Derivation:
    """The steps from ``key`` to the accept value."""
    trimmed, joined, digest, accept = derivation(key)
    return {
        "key": trimmed.value,
        "guid": GUID,
        "length": len(joined.value),
        "sha1": digest.value,
        "accept": accept.value,
        "sent": sent,
    }


def _derivation(request: Request | None, response: Response | None) -> Derivation | None:
    key = request.header("Sec-WebSocket-Key") if request else None
    if key is None:
        return None
    return derived(key, (response.header("Sec-WebSocket-Accept") if response else None) or "")


def _rule(must: Must) -> Rule:
    return {
        "sentence": must.sentence,
        "section": must.section,
        "url": section_url(must.section),
        "state": str(must.state),
        "reason": must.reason,
        "side": str(must.side),
    }


def fresh_key(capture: Capture, connection: int, request: Request | None) -> Rule:
    """Whether the key is a new one, as far as the capture and well-known keys can tell."""
    key = request.header("Sec-WebSocket-Key") if request else None
    state, reason = State.MET, "no other connection of this capture sent it"
    if key is None:
        state, reason = State.NOT_APPLICABLE, "there is no key"
    elif key in PRINTED:
        state, reason = State.BROKEN, f"this is {PRINTED[key]}"
    elif others := _same_key(capture, connection, key):
        state, reason = State.BROKEN, f"connection {others[0]} sent the same one"
    section = "RFC 6455 §4.1"
    return {
        "sentence": "The key must be chosen at random for each connection.",
        "section": section,
        "url": section_url(section),
        "state": str(state),
        "reason": reason,
        "side": "c2s",
    }


def _same_key(capture: Capture, connection: int, key: str) -> list[int]:
    keys = {
        row.connection
        for row in capture.rows()
        if row.kind == "request"
        and row.connection != connection
        and _key_of(capture.unit(row.n)) == key
    }
    return sorted(keys)


def _key_of(captured: Captured) -> str | None:
    unit = captured.unit
    return unit.header("Sec-WebSocket-Key") if isinstance(unit, Request) else None


def _counts(rules: Iterable[Rule]) -> str:
    states = [rule["state"] for rule in rules]
    met, broken = states.count("met"), states.count("broken")
    rest = len(states) - met - broken
    return f"{met} met, {broken} broken, {rest} {'does' if rest == 1 else 'do'} not apply"
