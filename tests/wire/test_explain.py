"""No field without a sentence, no sentence without a field."""

from __future__ import annotations

import re

import pytest

from labchat.wire import explain as room
from labchat.wire import frames, http1, views
from labchat.wire.conversation import Conversation
from labchat.wire.explain import entries, explain, section_url
from labchat.wire.fields import Direction, Field

C2S, S2C = Direction.C2S, Direction.S2C
KEY = b"abcd"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"7;x=y\r\n: hi\nid\r\nB\r\n\ndata: a\r\n\n\r\n0\r\nT: v\r\n\r\n"


def names(fields: tuple[Field, ...]) -> set[str]:
    return {one.name for one in fields} | {name for one in fields for name in names(one.children)}


def emitted() -> dict[str, set[str]]:
    """Every name each dissector gives, from bytes that make it give all of them."""
    request = http1.dissect_request(
        b"GET / HTTP/1.1\r\nHost : x\r\nA: b\r\n c\r\nB:d \r\nContent-Length: 1\r\n\r\nx"
    )
    chunked = http1.dissect_response(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nT: v\r\n\r\n"
    )
    head = http1.dissect_response(HEAD, part="head")
    event = http1.dissect_event(EVENT, head, chunked=True, left=0, end=False)
    plain = http1.dissect_event(b": hi\ndata: a\n\n", head, chunked=False, left=0, end=False)
    json = views.of_json(b'{"a": [1, "b", true, false, null], "c": {}}')
    close, long = frames.build(8, b"\x03\xe8bye", mask=KEY), frames.build(1, b"x" * 300)
    other = Conversation()
    other.feed(C2S, b"\x16\x03\x01\x00\x01\x01\x17")
    other.end(C2S)
    return {
        "frame": names(frames.dissect(close).fields) | names(frames.dissect(long).fields),
        "request": names(request.fields),
        "response": names(chunked.fields) | names(event.fields) | names(plain.fields),
        "message": {"Application data"},
        "view": names(json.fields) | names(views.of_bytes(b"x").fields),
        "undissected": names(other.unit(C2S, 0).fields) | names(other.unit(C2S, 1).fields),
    }


EMITTED = emitted()
BY_ASKING = {"http": {"empty line"}, "header": set(entries()["header"])}
"""Entries that no field bears as its name: widgets ask for them by what they show."""


@pytest.mark.parametrize("kind", EMITTED)
def test_every_field_that_is_emitted_has_an_entry(kind):
    tables = room._TABLES[kind]
    known = set().union(*(entries()[table] for table in tables))
    assert EMITTED[kind] <= known


def test_no_entry_is_orphaned():
    for table, content in entries().items():
        kinds = [kind for kind, tables in room._TABLES.items() if table in tables]
        used = set().union(*(EMITTED.get(kind, set()) for kind in kinds))
        assert set(content) - used - BY_ASKING.get(table, set()) == set()


SENTENCE = re.compile(r"[A-Z0-9a-z{].*[.?]$")


@pytest.mark.parametrize("table", entries())
def test_every_sentence_is_one_and_every_section_has_a_page(table):
    for name, entry in entries()[table].items():
        sentences = [entry["sentence"], *entry.get("values", {}).values()]
        sentences += [entry[key] for key in ("says", "warning") if key in entry]
        for sentence in sentences:
            assert SENTENCE.fullmatch(sentence), (name, sentence)
        assert entry.keys() <= {"sentence", "says", "values", "section", "warning"}, name
        assert section_url(entry["section"]).startswith("https://"), name


SAID = [
    ("frame", "Payload len", 126, "126 means: the length is in the next 16 bits."),
    ("frame", "Payload len", 5, "The payload has 5 bytes."),
    ("frame", "Extended payload length", 70000, "The payload has 70,000 bytes."),
    ("frame", "Extended payload length", "70 000", "The payload has 70 000 bytes."),
    ("frame", "opcode", 3, "Opcode 3 is reserved: a receiver must fail the connection."),
    ("frame", "FIN", True, "The message ends with this frame."),
    ("frame", "FIN", None, "Whether this frame is the last one of its message."),
    ("frame", "status code", 1001, "Going away: the server goes down, or the page was left."),
    ("request", "UPGRADE", "websocket", "Change to WebSocket on this connection."),
    ("request", "X-Own", "x", "One header: a name, a colon, a value."),
    (
        "response",
        "field name",
        "data",
        "A line of the event's data; several are joined by line feeds.",
    ),
    ("nonsense", "nonsense", None, "One header: a name, a colon, a value."),
    (
        "gap",
        "anything",
        None,
        "Bytes that are kept as they came, since nothing here can read them.",
    ),
]


@pytest.mark.parametrize(("kind", "name", "value", "sentence"), SAID)
def test_sentences_speak_of_the_value(kind, name, value, sentence):
    assert explain(kind, name, value).sentence == sentence


def test_warnings_and_pages():
    told = explain("frame", "MASK", 1)
    assert told.warning.startswith("Masking is no secrecy")
    assert told.url == "https://www.rfc-editor.org/rfc/rfc6455#section-5.1"
    assert explain("frame", "FIN").warning is None
    assert section_url("HTML §9.2.6").startswith("https://html.spec.whatwg.org/")
    assert section_url("something") == "https://www.rfc-editor.org/"
