"""HTTP/1.1 messages: one table of cases, each read whole, byte by byte, and with more behind."""

from __future__ import annotations

import pytest

from labchat.wire import http1
from labchat.wire.conversation import Conversation, Kind
from labchat.wire.fields import Direction, leaves
from labchat.wire.index import KINDS

C2S, S2C = Direction.C2S, Direction.S2C
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def units(direction, pieces, *, asked=b"", end=True):
    conversation = Conversation()
    if asked:
        conversation.feed(C2S, asked)
    for piece in pieces:
        conversation.feed(direction, piece)
    if end:
        conversation.end(direction)
    found = []
    for row in range(len(conversation.units(direction))):
        unit = conversation.unit(direction, row)
        assert "".join(map(str, [leaf.span.bits for leaf in leaves(unit.fields)]))
        found.append((KINDS[conversation.units(direction).kind[row]], unit))
    return found


def told(unit):
    return [
        (one.section, unit.data[one.span.start // 8 : one.span.stop // 8])
        for one in unit.violations
    ]


REQUESTS = {
    "get": (GET, "GET", "/", b"", []),
    "post": (
        b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "POST",
        "/api",
        b"abc",
        [],
    ),
    "chunked": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
        "POST",
        "/",
        b"abc0123456789",
        [],
    ),
    "empty lines before": (b"\r\n\r\n" + GET, "GET", "/", b"", []),
    "bare LF": (
        b"GET / HTTP/1.1\nHost: x\n\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §2.2", b"\n")] * 3,
    ),
    "two spaces": (
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §3", b"  ")],
    ),
    "no Host": (
        b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §3.2", b"GET / HTTP/1.1")],
    ),
    "two Hosts": (
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §3.2", b"Host: a")],
    ),
    "obs-fold": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n  c\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §5.2", b"\r\n  ")],
    ),
    "space before colon": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §5.1", b" ")],
    ),
    "no token": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9110 §5.1", b"A b")],
    ),
    "no colon": (
        b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §5", b"nonsense")],
    ),
    "bare CR": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9112 §2.2", b"\r")],
    ),
    "NUL": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
        "GET",
        "/",
        b"",
        [("RFC 9110 §5.5", b"\0")],
    ),
    "smuggling": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n",
        "POST",
        "/",
        b"",
        [("RFC 9112 §6.3", b"Content-Length: 4")],
    ),
    "the same length twice": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\nab",
        "POST",
        "/",
        b"ab",
        [],
    ),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST",
        "/",
        b"",
        [("RFC 9112 §6.1", b"Transfer-Encoding: chunked")],
    ),
    "folded coding": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST",
        "/",
        b"",
        [("RFC 9112 §5.2", b"\r\n ")],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_whole_byte_by_byte_and_with_more_behind(name):
    data, method, target, body, broken = REQUESTS[name]
    for pieces in ([data], [bytes([byte]) for byte in data], [data + GET]):
        (kind, unit), *more = units(C2S, pieces)
        assert kind is Kind.REQUEST
        assert unit.data == data
        assert (unit.method, unit.target, unit.body) == (method, target, body)
        assert unit.complete
        assert told(unit) == broken
        assert [one.data for _, one in more] == ([GET] if len(pieces[0]) > len(data) else [])


RESPONSES = {
    "ok": (OK, GET, b"hi", []),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", GET, b"x", []),
    "head": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"",
        [],
    ),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", GET, b"", []),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", GET, b"", []),
    "204 with a length": (
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        GET,
        b"",
        [("RFC 9110 §8.6", b"Content-Length: 0")],
    ),
    "204 chunked": (
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        GET,
        b"",
        [("RFC 9112 §6.1", b"Transfer-Encoding: chunked")],
    ),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_whole_byte_by_byte_and_with_more_behind(name):
    data, asked, body, broken = RESPONSES[name]
    for pieces in ([data], [bytes([byte]) for byte in data], [data + OK]):
        (kind, unit), *more = units(S2C, pieces, asked=asked + GET)
        assert kind is Kind.RESPONSE
        assert (unit.data, unit.body) == (data, body)
        assert told(unit) == broken
        assert [one.data for _, one in more] == ([OK] if len(pieces[0]) > len(data) else [])


PERSISTENT = [
    (b"HTTP/1.1", b"", True),
    (b"HTTP/1.1", b"Connection: close\r\n", False),
    (b"HTTP/1.1", b"Connection: keep-alive, Close\r\n", False),
    (b"HTTP/1.0", b"", False),
    (b"HTTP/1.0", b"Connection: Keep-Alive\r\n", True),
]


@pytest.mark.parametrize(("version", "line", "persistent"), PERSISTENT)
def test_who_stays_connected_is_decided_as_rfc_9112_9_3_decides(version, line, persistent):
    request = http1.dissect_request(b"GET / " + version + b"\r\nHost: x\r\n" + line + b"\r\n")
    response = http1.dissect_response(version + b" 204 No Content\r\n" + line + b"\r\n")
    assert request.persistent is persistent
    assert response.persistent is persistent


def test_a_body_without_a_length_ends_with_the_connection():
    data = b"HTTP/1.1 200 OK\r\n\r\nas long as it lasts"
    assert units(S2C, [data], asked=GET, end=False) == []
    ((_, unit),) = units(S2C, [data], asked=GET)
    assert unit.body == b"as long as it lasts"
    assert unit.complete
    assert not unit.persistent


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: x",
        b"Content-Length: 1, 2",
        b"Content-Length: -1",
        b"Content-Length: 9" + b"9" * 30,
    ],
)
def test_a_length_that_is_none_makes_a_response_last_until_the_close(line):
    ((_, unit),) = units(S2C, [b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\nabc"], asked=GET)
    assert unit.body == b"abc"
    assert told(unit) == [("RFC 9112 §6.3", line)]


@pytest.mark.parametrize("line", [b"Content-Length: x", b"Transfer-Encoding: gzip"])
def test_a_request_whose_length_is_unknowable_ends_at_its_head_and_the_next_one_is_found(line):
    data = b"POST / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n"
    found = units(C2S, [data + b"abc\r\n" + GET])
    assert [kind for kind, _ in found] == [Kind.REQUEST, Kind.UNDISSECTED, Kind.REQUEST]
    assert {section for section, _ in told(found[0][1])} == {"RFC 9112 §6.3"}
    assert not found[0][1].persistent


def test_interim_responses_and_pipelining_find_their_requests():
    conversation = Conversation()
    conversation.feed(C2S, GET + b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    conversation.feed(S2C, b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    conversation.feed(S2C, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + OK)
    assert [conversation.peer(S2C, row) for row in range(4)] == [0, 0, 1, 2]
    assert [conversation.peer(C2S, row) for row in range(3)] == [1, 2, 3]


def test_an_answer_that_comes_before_the_request_is_whole_is_paired():
    conversation = Conversation()
    conversation.feed(C2S, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
    conversation.feed(S2C, b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    assert conversation.peer(S2C, 0) is None or len(conversation.units(C2S)) == 0
    conversation.feed(C2S, b"cde")
    assert conversation.peer(C2S, 0) == 0
    assert conversation.peer(S2C, 0) == 0


def test_an_answer_to_nothing_is_still_an_answer():
    ((kind, unit),) = units(S2C, [b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
    assert kind is Kind.RESPONSE
    assert unit.status == 408


CUT = [
    (C2S, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", Kind.REQUEST),
    (C2S, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", Kind.REQUEST),
    (C2S, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", Kind.REQUEST),
    (C2S, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Kind.REQUEST),
    (
        S2C,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n",
        Kind.RESPONSE,
    ),
    (
        S2C,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nT: v\r\n",
        Kind.RESPONSE,
    ),
]


@pytest.mark.parametrize(("direction", "data", "kind"), CUT)
def test_what_is_cut_off_says_so(direction, data, kind):
    ((found, unit),) = units(direction, [data], asked=GET if direction is S2C else b"")
    assert found is kind
    assert not unit.complete
    assert [one.section for one in unit.violations] == ["RFC 9112 §8"]


def test_a_head_that_is_cut_off_is_undissected():
    ((kind, unit),) = units(C2S, [b"GET / HTTP/1.1\r\nHos"])
    assert kind is Kind.UNDISSECTED
    assert unit.data == b"GET / HTTP/1.1\r\nHos"


BAD_CHUNKS = [
    b"x\r\nabc\r\n",
    b"3\r\nabcd\r\n",
    b"3 x\r\nabc\r\n",
    b"-1\r\n",
    b"1" * 20 + b"\r\n",
    b"3;" + b"x" * 5000,
]


@pytest.mark.parametrize("chunks", BAD_CHUNKS)
def test_a_malformed_chunk_ends_the_message_and_the_next_start_line_is_found(chunks):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
    for step in (1, 10**6):
        data = head + chunks + b"\r\n" + OK
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        found = units(S2C, pieces, asked=GET + GET)
        assert [kind for kind, _ in found] == [Kind.RESPONSE, Kind.UNDISSECTED, Kind.RESPONSE]
        assert not found[0][1].complete
        assert found[2][1].data == OK


def test_a_request_with_a_malformed_chunk_ends_there():
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = units(C2S, [head + b"zz\r\n" + GET])
    assert [kind for kind, _ in found] == [Kind.REQUEST, Kind.UNDISSECTED, Kind.REQUEST]


@pytest.mark.parametrize("rest", [b"x", b"2\r\nok\r\n;"])
def test_a_chunk_size_that_is_none_is_flagged_where_all_ends(rest):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    ((_, unit),) = units(S2C, [head + rest], asked=GET)
    assert [one.section for one in unit.violations] == ["RFC 9112 §7.1", "RFC 9112 §8"]


def test_nothing_follows_the_last_chunk_in_one_message():
    """A lane never cuts a unit so; whoever dissects by hand is told."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    response = http1.dissect_response(head + b"1\r\na\r\n0\r\n\r\nmore")
    assert response.body == b"a"
    assert told(response) == [("RFC 9112 §7.1", b"more")]


def test_trailers_without_end_are_given_up():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    for step in (1 << 12, 1 << 20):
        data = head + b"T: v\r\n" * 50_000
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        kinds = [kind for kind, _ in units(S2C, pieces, asked=GET)]
        assert kinds[0] is Kind.RESPONSE
        assert set(kinds[1:]) == {Kind.UNDISSECTED}


def test_lf_alone_ends_chunks_too():
    data = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n"
    ((_, unit),) = units(S2C, [data], asked=GET)
    assert unit.body == b"abc"
    assert unit.complete


def test_ten_million_headers_are_bounded():
    """A head of more than 256 KiB stays undissected, in blocks of 64 KiB."""
    data = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1_000_000
    found = units(C2S, [data])
    assert {kind for kind, _ in found} == {Kind.UNDISSECTED}
    assert max(len(unit.data) for _, unit in found) <= 64 << 10


@pytest.mark.parametrize(
    "junk", [b"\x00\x01\x02\r\n", b"A" * 20_000 + b"\n", b"GET /\r\n\r\n", b"GET / HTTP/9\r\n"]
)
def test_dissection_goes_on_at_the_next_start_line(junk):
    for step in (1, 10**6):
        data = junk + GET
        found = units(C2S, [data[at : at + step] for at in range(0, len(data), step)])
        assert [kind for kind, _ in found] == [Kind.UNDISSECTED, Kind.REQUEST]
        assert found[0][1].data == junk


def test_headers_are_found_in_any_case_and_joined():
    request = http1.dissect_request(b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\n\r\n")
    assert request.header("A") == "1, 2"
    assert request.header("b") is None
    assert request.headers == (("Host", "x"), ("A", "1"), ("a", "2"))


def test_what_is_no_start_line_is_flagged_when_dissected_alone():
    request = http1.dissect_request(b"nonsense\r\n\r\n")
    assert (request.method, request.version) == ("", "")
    assert request.violations[0].section == "RFC 9112 §3"
    assert not request.persistent
    response = http1.dissect_response(b"nonsense\r\n\r\nbody")
    assert (response.status, response.body) == (0, b"body")
    assert response.violations[0].section == "RFC 9112 §4"
    assert not response.persistent
    request = http1.dissect_request(b"\r\rGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [one.section for one in request.violations] == ["RFC 9112 §2.2"] * 2
    assert http1.dissect_request(b"GET / HTTP/1.1\r\nHost: b").headers == (("Host", "b"),)


EVENTS = b": hello\n\nid: 7\nevent: note\ndata: a\ndata:b\nretry: 10\n\nnonsense\ndata\n\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"


def chunked(data, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces)


@pytest.mark.parametrize("size", [None, 1, 2, 9, 10, 20, 1000])
@pytest.mark.parametrize("step", [1, 5, 10**6])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_events_are_units_however_they_are_chunked(size, step, line_end):
    plain = EVENTS.replace(b"\n", line_end)
    if size is None:
        data = STREAM_HEAD + b"\r\n" + plain + b"data: unfinis"
    else:
        body = chunked(plain, size) + chunked(b"data: unfinis", size)
        data = (
            STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\nT: v\r\n\r\n" + OK
        )
    found = units(S2C, [data[at : at + step] for at in range(0, len(data), step)], asked=GET + GET)
    assert b"".join(unit.data for _, unit in found) == data
    events = [unit for _, unit in found if unit.part == "event"]
    assert b"".join(unit.body for unit in events) == plain + b"data: unfinis"
    said = [
        (one.event.type, one.event.data, one.event.id, one.event.retry, one.event.comment)
        for one in events
    ]
    assert said == [
        ("message", None, None, None, "hello"),
        ("note", "a\nb", "7", 10, None),
        ("message", "", None, None, None),
        ("message", "unfinis", None, None, None),
    ]
    assert {(one.status, one.version, one.reason) for one in events} == {(200, "HTTP/1.1", "OK")}
    parts = [unit.part for _, unit in found]
    end = [] if size is None else ["end", "message"]
    assert parts == ["head", *["event"] * 4, *end]
    if size is not None:
        assert found[-2][1].trailers == (("T", "v"),)


def test_a_carriage_return_waits_for_its_line_feed():
    conversation = Conversation()
    conversation.feed(C2S, GET)
    conversation.feed(S2C, STREAM_HEAD + b"\r\ndata: a\r\r")
    assert len(conversation.units(S2C)) == 1
    conversation.feed(S2C, b"\ndata: b\r\r")
    assert conversation.unit(S2C, 1).body == b"data: a\r\r\n"
    conversation.feed(S2C, b":")
    assert conversation.unit(S2C, 2).body == b"data: b\r\r"
    conversation.feed(S2C, b"\r\r")
    conversation.end(S2C)
    assert conversation.unit(S2C, 3).body == b":\r\r"


def test_an_event_told_by_the_next_chunk_ends_before_it():
    first, second = chunked(b"data: a\r\r", 99), chunked(b"\ndata: b\r\r", 99)
    data = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + first + first + second
    found = [unit for _, unit in units(S2C, [data + b"0\r\n\r\n"], asked=GET)]
    assert [unit.part for unit in found] == ["head", "event", "event", "event", "end"]
    assert [unit.body for unit in found[1:4]] == [
        b"data: a\r\r",
        b"data: a\r\r\n",
        b"data: b\r\r",
    ]
    assert found[1].data == first


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_an_event_stream_with_a_length_ends_there(line_end):
    events = b"data: a\n\ndata: bc".replace(b"\n", line_end)
    data = STREAM_HEAD + b"Content-Length: 17\r\n\r\n" + events + OK
    for step in (1, 10**6):
        found = units(
            S2C, [data[at : at + step] for at in range(0, len(data), step)], asked=GET + GET
        )
        assert [unit.part for _, unit in found] == ["head", "event", "event", "message"]


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_an_event_stream_may_end_with_an_event(line_end):
    event = b"data: a" + line_end + line_end
    data = STREAM_HEAD + b"Content-Length: 9\r\n\r\n" + event + OK
    assert [unit.part for _, unit in units(S2C, [data], asked=GET + GET)] == [
        "head",
        "event",
        "message",
    ]
    data = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(event, 99)
    assert [unit.part for _, unit in units(S2C, [data + b"0\r\n\r\n"], asked=GET)] == [
        "head",
        "event",
        "end",
    ]


def test_every_part_of_an_event_stream_finds_its_request():
    conversation = Conversation()
    conversation.feed(C2S, GET)
    conversation.feed(S2C, STREAM_HEAD + b"\r\ndata: a\n\ndata: b\n\n")
    assert [conversation.peer(S2C, row) for row in range(3)] == [0, 0, 0]
    assert conversation.peer(C2S, 0) == 0


def test_an_event_in_one_chunk_has_its_lines_below_the_chunk():
    data = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"data: a\r\n\r\n", 100)
    (_, (_, event)) = units(S2C, [data], asked=GET)
    names = [leaf.name for leaf in leaves(event.fields)]
    assert names == [
        "chunk-size",
        "CRLF",
        "field name",
        "colon",
        "space",
        "field value",
        *["end-of-line"] * 2,
        "CRLF",
    ]


def test_a_malformed_chunk_ends_an_event_stream():
    data = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"data: a\n\nda", 100)
    found = units(S2C, [data + b"zzz\r\n" + OK], asked=GET + GET)
    assert [kind for kind, _ in found] == [Kind.RESPONSE] * 3 + [Kind.UNDISSECTED, Kind.RESPONSE]
    data = STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n" + OK
    found = units(S2C, [data], asked=GET + GET)
    assert [kind for kind, _ in found] == [Kind.RESPONSE, Kind.UNDISSECTED, Kind.RESPONSE]
    data = (
        STREAM_HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + chunked(b"data: a\n\nda", 100)
        + b"4\r\nta: b"
    )
    assert len(units(S2C, [data], asked=GET)) == 3
