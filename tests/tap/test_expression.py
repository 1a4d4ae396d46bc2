from __future__ import annotations

import pytest

from labchat.errors import SettingsError
from labchat.tap.expression import parse
from labchat.tap.faults.actions import Piece
from labchat.wire.fields import Direction

SAID = Piece(
    Direction.C2S,
    b"0123456789",
    "frame",
    opcode=1,
    body=b'{"type": "message", "n": 3, "to": ["a", "b"], "deep": {"x": null}}',
)
ASKED = Piece(Direction.S2C, b"GET /api", "request", path="/api", body=b"not json")


@pytest.mark.parametrize(
    "text",
    [
        'kind == "frame" and json.type == "message"',
        "json.n >= 3 and json.n <= 3 and not json.n > 3 and not json.n < 3",
        'json["to"][0] == "a" and json.to[-1] == "b"',
        '"a" in json.to and "z" not in json.to',
        "json.deep.x is null and json.nothing.at.all is None",
        "json.n is not null and json.n != 4 and json.n > -1",
        'opcode in [1, 2] and direction == "c2s"',
        '"messa" in text and length == 10',
        "true and not false or null",
        "1 < json.n < 4",
        'json.type[0] == "m"',
        "not json.to[7] and not json.to.a and not json[0]",
    ],
)
def test_true_of_a_frame(text):
    assert parse(text).holds(SAID)
    assert parse(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        'kind == "request"',
        "json.n < 'x'",
        "3 in json.n",
        '-"a" == 5',
        'json.to["a"] == "a"',
        "1 < json.n < 2",
    ],
)
def test_not_true_of_a_frame(text):
    assert not parse(text).holds(SAID)


def test_what_is_not_json_is_null():
    assert parse('json is null and text == "not json" and path == "/api"').holds(ASKED)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no expression"),
        ("kind ==", "is no expression"),
        ("(" * 500, "is no expression"),
        ("x" * 1001, "longer than 1000"),
        ("'\0'", "is no expression"),
        ("payload == 1", "character 1: payload is not known; there are direction, kind"),
        ("kind == open('x')", "character 9: only comparisons"),
        ("json.n + 1", "only comparisons"),
        ("-json.n", "the only signs"),
        ("[x for x in json]", "only comparisons"),
        ("(lambda: 1)", "only comparisons"),
        ("kind if 1 else 2", "only comparisons"),
    ],
)
def test_what_is_not_understood(text, why):
    with pytest.raises(SettingsError, match=why):
        parse(text)


def test_deep_json_does_not_hurt():
    deep = Piece(Direction.C2S, b"x", "frame", body=b"[" * 100_000)
    assert parse("json is null").holds(deep)
