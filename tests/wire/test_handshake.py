"""The opening handshake: the vectors, and every MUST met, broken and not applicable."""

from __future__ import annotations

import pytest

from labchat.wire import handshake, http1, negotiation
from labchat.wire.deflate import Parameters
from labchat.wire.fields import Direction
from labchat.wire.handshake import State

KEY = "x3JJHMbDL1EzLkh9GBhXDw=="
ACCEPT = "HSmrc0sMlYUkAGmm5OPpG2HaGWk="
ASK = {
    "Host": "localhost:3000",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Origin": "http://localhost:3000",
    "Sec-WebSocket-Protocol": "chat, superchat",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
}
ANSWER = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": ACCEPT,
    "Sec-WebSocket-Protocol": "chat",
    "Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover",
}


def ask(line="GET / HTTP/1.1", **changes):
    return http1.dissect_request(head(line, ASK, changes))


def answer(line="HTTP/1.1 101 Switching Protocols", **changes):
    return http1.dissect_response(head(line, ANSWER, changes))


def head(line, headers, changes):
    """Names as keyword arguments: Sec_WebSocket_Key; None leaves out, a list repeats."""
    headers = dict(headers)
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [line]
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        lines += [f"{name}: {one}" for one in values if one is not None]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def states(request, response):
    return {(must.side.value, must.name): must.state for must in handshake.check(request, response)}


def test_the_vectors_of_the_rfc_and_of_the_text():
    assert handshake.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert handshake.accept_key(KEY) == ACCEPT


def test_the_derivation_step_by_step():
    """RFC 6455 §1.3 prints these bytes."""
    key, joined, digest, accept = handshake.derivation(" dGhlIHNhbXBsZSBub25jZQ== ")
    assert key.value == "dGhlIHNhbXBsZSBub25jZQ=="
    assert joined.value == "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    assert digest.value == "b37a4f2cc0624f1690f64606cf385945b2bec4ea"
    assert digest.data == bytes.fromhex(digest.value)
    assert accept.data == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_good_handshake_meets_every_rule():
    found = states(ask(), answer())
    open_ones = {("s2c", "version negotiation"), ("s2c", "Origin")}
    assert {name for name, state in found.items() if state is not State.MET} == open_ones
    assert list(handshake.broken(ask(), answer())) == []
    assert handshake.is_attempt(ask())
    assert not handshake.is_attempt(ask(Upgrade="h2c"))


BROKEN = [
    ("GET", ask("POST / HTTP/1.1")),
    ("GET", ask("nonsense")),
    ("HTTP version", ask("GET / HTTP/1.0")),
    ("request-target", ask("GET /a#b HTTP/1.1")),
    ("request-target", ask("GET a HTTP/1.1")),
    ("Host", ask(Host=None)),
    ("Host", ask(Host=["a", "b"])),
    ("Upgrade", ask(Upgrade=None)),
    ("Upgrade", ask(Upgrade="h2c")),
    ("Connection", ask(Connection="close")),
    ("Sec-WebSocket-Key", ask(Sec_WebSocket_Key=None)),
    ("Sec-WebSocket-Key", ask(Sec_WebSocket_Key="abc")),
    ("Sec-WebSocket-Key", ask(Sec_WebSocket_Key="é")),
    ("Sec-WebSocket-Key", ask(Sec_WebSocket_Key="c2hvcnQ=")),
    ("one key", ask(Sec_WebSocket_Key=[KEY, KEY])),
    ("Sec-WebSocket-Version", ask(Sec_WebSocket_Version="8")),
    ("Sec-WebSocket-Version", ask(Sec_WebSocket_Version=None)),
    ("Origin", ask(Origin="nonsense")),
    ("Sec-WebSocket-Protocol", ask(Sec_WebSocket_Protocol="a, a")),
    ("Sec-WebSocket-Protocol", ask(Sec_WebSocket_Protocol="a, , b")),
    ("Sec-WebSocket-Extensions", ask(Sec_WebSocket_Extensions="permessage-deflate; x")),
    ("Sec-WebSocket-Extensions", ask(Sec_WebSocket_Extensions="; a")),
]


@pytest.mark.parametrize(("name", "request_"), BROKEN)
def test_each_rule_of_the_client_can_be_broken(name, request_):
    found = states(request_, None)
    assert found["c2s", name] is State.BROKEN
    assert all(state is State.NOT_APPLICABLE for (side, _), state in found.items() if side == "s2c")


WRONG_ANSWERS = [
    ("Upgrade", answer(Upgrade=None)),
    ("Upgrade", answer(Upgrade="h2c")),
    ("Connection", answer(Connection="close")),
    ("Sec-WebSocket-Accept", answer(Sec_WebSocket_Accept=None)),
    ("Sec-WebSocket-Accept", answer(Sec_WebSocket_Accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
    ("one accept", answer(Sec_WebSocket_Accept=[ACCEPT, ACCEPT])),
    ("Sec-WebSocket-Protocol", answer(Sec_WebSocket_Protocol="other")),
    ("Sec-WebSocket-Extensions", answer(Sec_WebSocket_Extensions="x-other")),
    (
        "Sec-WebSocket-Extensions",
        answer(Sec_WebSocket_Extensions="permessage-deflate, permessage-deflate"),
    ),
]


@pytest.mark.parametrize(("name", "response"), WRONG_ANSWERS)
def test_each_rule_of_the_server_can_be_broken(name, response):
    assert states(ask(), response)["s2c", name] is State.BROKEN


def test_what_is_optional_is_not_applicable_when_it_is_missing():
    bare = dict.fromkeys(["Origin", "Sec_WebSocket_Protocol", "Sec_WebSocket_Extensions"])
    found = states(ask(**bare), answer(Sec_WebSocket_Protocol=None, Sec_WebSocket_Extensions=None))
    open_ones = {name for name, state in found.items() if state is State.NOT_APPLICABLE}
    assert {name for _, name in open_ones} >= {
        "Origin",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    }
    assert State.BROKEN not in found.values()


def test_a_version_that_is_not_spoken_is_refused_with_those_that_are():
    asked = ask(Sec_WebSocket_Version="8")
    good = http1.dissect_response(
        b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13, 7\r\n\r\n"
    )
    bad = http1.dissect_response(b"HTTP/1.1 426 Upgrade Required\r\n\r\n")
    name = ("s2c", "version negotiation")
    assert states(asked, good)[name] is State.MET
    assert states(asked, bad)[name] is State.BROKEN
    assert states(asked, answer())[name] is State.BROKEN
    reasons = {must.name: must.reason for must in handshake.check(asked, good)}
    assert reasons["101"] == "refused with 426 Upgrade Required: version 8 is not spoken there"


def test_any_other_status_is_a_refusal_and_breaks_no_rule():
    found = handshake.check(ask(), http1.dissect_response(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    assert {one.state for one in found if one.side is Direction.S2C} == {State.NOT_APPLICABLE}
    assert "403" in {one.name: one.reason for one in found}["101"]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("http://localhost:3000", "the site itself"),
        ("https://evil.example", "another site"),
        (None, "no Origin"),
    ],
)
def test_what_the_server_made_of_the_origin(origin, words):
    found = {
        one.name: one.reason
        for one in handshake.check(ask(Origin=origin), answer())
        if one.side is Direction.S2C
    }
    assert words in found["Origin"]


def test_without_the_request_the_accept_value_cannot_be_checked():
    found = {
        must.name: must for must in handshake.check(None, answer()) if must.side is Direction.S2C
    }
    assert found["Sec-WebSocket-Accept"].state is State.NOT_APPLICABLE
    assert found["Upgrade"].state is State.MET


PARSED = [
    ("", []),
    ("a", [("a", ())]),
    ("a; b; c=1, D", [("a", (("b", None), ("c", "1"))), ("d", ())]),
    ('a; b="1, 2"; c="3"', [("a", (("b", "1, 2"), ("c", "3")))]),
    ("a;; b", [("a", (("b", None),))]),
]


@pytest.mark.parametrize(("header", "extensions"), PARSED)
def test_extensions_are_parsed(header, extensions):
    assert negotiation.parse(header) == extensions


OFFERS = [
    ("permessage-deflate", None),
    ("permessage-deflate; client_max_window_bits", None),
    ("permessage-deflate; client_max_window_bits=10; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits", "number from 8 to 15"),
    ("permessage-deflate; server_max_window_bits=7", "number from 8 to 15"),
    ("permessage-deflate; client_max_window_bits=16", "number from 8 to 15"),
    ("permessage-deflate; client_no_context_takeover=1", "takes no value"),
    ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", "twice"),
    ("x-webkit-deflate-frame", None),
]


@pytest.mark.parametrize(("header", "problem"), OFFERS)
def test_what_may_be_offered(header, problem):
    found = negotiation.offer_problem(header)
    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")


ANSWERS = [
    ("permessage-deflate", "permessage-deflate", None),
    (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=9",
        None,
    ),
    ("permessage-deflate", "permessage-deflate; client_max_window_bits=9", "never offered"),
    ("permessage-deflate", "permessage-deflate; client_max_window_bits", "number from 8 to 15"),
    ("", "permessage-deflate", "never offered"),
    ("a, b", "a, b", None),
]


@pytest.mark.parametrize(("offered", "header", "problem"), ANSWERS)
def test_what_may_be_agreed_to(offered, header, problem):
    found = negotiation.answer_problem(offered, header)
    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")


def test_what_was_agreed():
    bits = "server_max_window_bits=9; client_max_window_bits=77"
    extensions = f"x, permessage-deflate; client_no_context_takeover; {bits}"
    response = answer(Sec_WebSocket_Extensions=extensions)
    assert negotiation.agreed(response) == Parameters(False, True, 9, 15)
    assert negotiation.agreed(answer(Sec_WebSocket_Extensions="x")) is None
