"""What the widgets draw, as data: golden for the sample, and by hand at the edges."""

from __future__ import annotations

import json

import pytest

from labchat.capture.capture import Capture, Chunk, Connection, End
from labchat.widgets.show import capture_of
from labchat.widgets.view_models import compare as compare_models
from labchat.widgets.view_models import handshake as handshake_models
from labchat.widgets.view_models.chat_words import words
from labchat.widgets.view_models.detail import curl, detail, quoted
from labchat.widgets.view_models.feed import BATCH, FIRST, Batch, Feed
from labchat.widgets.view_models.kinds import label, title
from labchat.widgets.view_models.messages import count, message_view, view
from labchat.widgets.view_models.peers import Peer, as_json, peers
from labchat.widgets.view_models.rows import lines
from labchat.widgets.view_models.saved import BUDGET, ROWS, snapshot
from labchat.widgets.view_models.trace import trace_lines
from labchat.widgets.view_models.words import named_numbers
from labchat.wire.fields import Direction
from labchat.wire.frames import build

C2S, S2C = Direction.C2S, Direction.S2C
ME = Peer(1, "client 1", "1", "a", "b:80")


def details(data: bytes):
    """The details of all units that ``data`` is."""
    made = capture_of(data)
    return [detail(made.unit(n), ME) for n in range(1, len(made) + 1)]


# -- golden ---------------------------------------------------------------------------------


def test_the_rows_of_the_sample(capture, golden) -> None:
    golden("rows", lines(capture, 1, len(capture) + 1))


@pytest.mark.parametrize(
    ("name", "n"),
    [("request", 1), ("frame", 11), ("post", 13), ("ping", 16), ("fragment", 20), ("close", 30)],
)
def test_a_detail_of_the_sample(capture, clients, golden, name, n) -> None:
    captured = capture.unit(n)
    golden(f"detail-{name}", detail(captured, clients[captured.row.connection]))


def test_the_handshake_of_the_sample(capture, clients, golden) -> None:
    golden("handshake", handshake_models.handshake_view(capture, 1, clients[1]))


def test_hello_two_ways(capture, golden) -> None:
    golden("compare", compare_models.compare(capture, [11, 13]))


# -- rows, words, peers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"type": "register", "userId": "user-1"}, "register user-1"),
        ({"type": "registered", "sessionId": "s", "seq": 4}, "registered, seq 4"),
        ({"type": "message", "text": "Hi\n there"}, "message “Hi there”"),
        ({"type": "message", "data": {"text": "x" * 70}}, f"message “{'x' * 59}…”"),
        ({"type": "ack", "id": "msg-1", "seq": 9}, "ack, seq 9"),
        ({"type": "typing", "id": "ignored"}, "typing"),
        ({"type": "error", "code": "too-long"}, "error too-long"),
        ({"type": "presence"}, "presence"),
        ({"type": 1}, None),
        ({"no": "type"}, None),
    ],
)
def test_a_chat_event_in_a_few_words(event, said) -> None:
    assert words(json.dumps(event)) == said


@pytest.mark.parametrize("text", ["", "hello", "[1]", "{", "{" * 5000, '{"a":1}' + " " * 200_000])
def test_what_is_no_chat_event_has_no_words(text) -> None:
    assert words(text) is None


def test_a_kind_in_one_word() -> None:
    assert [label("frame", code) for code in (0, 1, 2, 8, 9, 10, 3)] == [
        "CONT", "TEXT", "BIN", "CLOSE", "PING", "PONG", "0x3",
    ]  # fmt: skip
    assert [label(kind, None) for kind in ("request", "response", "undissected", "gap")] == [
        "HTTP", "HTTP", "RAW", "GAP",
    ]  # fmt: skip


def connection(number: int, name: str | None) -> Connection:
    made = Capture()
    made.open(0, client="c:1", server="s:2", label=name)
    found = made.connections[0]
    return Connection(number, found.client, found.server, name, *_rest(found))


def _rest(found: Connection):
    return [getattr(found, name) for name in found.__slots__[4:]]


def test_peers_have_names_and_the_shortest_letters_that_differ() -> None:
    found = peers(
        [
            connection(1, "user-1"),
            connection(2, "Anna"),
            connection(3, "user-1"),
            connection(4, None),
            connection(5, "Anton"),
            connection(6, "Ander"),
        ],
        {"user-1": "Alice"},
    )
    assert {n: peer.name for n, peer in found.items()} == {
        1: "Alice", 2: "Anna", 3: "Alice", 4: "client 4", 5: "Anton", 6: "Ander",
    }  # fmt: skip
    assert [peer.letter for peer in found.values()] == ["A", "AN", "A", "4", "ANT", "AND"]
    assert as_json(found)[0] == {"number": 1, "name": "Alice", "letter": "A", "client": "c:1"}


def test_numbers_in_words() -> None:
    assert named_numbers([3]) == "unit 3"
    assert named_numbers([3, 4]) == "units 3 and 4"
    assert named_numbers([11, 13, 14, 15]) == "units 11 and 13 to 15"
    assert named_numbers([1, 3, 5]) == "units 1, 3 and 5"
    assert count(1, "byte") == "1 byte"
    assert count(1200, "byte") == "1\u202f200 bytes"


def test_store_steps_on_the_captures_clock() -> None:
    rows = [
        {"at_ns": 3_500_000, "event": "insert", "id": "m", "seq": None},
        {"at_ns": 4_000_000, "event": "commit", "id": "m", "seq": 7},
        {"at_ns": 5, "event": "vacuum"},
        {"event": "commit"},
    ]
    assert trace_lines(rows, 1_000_000) == [(2.5, "insert", 0), (3.0, "commit", 7)]


# -- feed -----------------------------------------------------------------------------------


def test_nothing_is_sent_before_a_front_end_is_ready() -> None:
    feed = Feed()
    feed.want(1, 10)
    assert feed.take(5) is None


def test_the_newest_come_first_then_news_then_what_is_asked_for() -> None:
    feed = Feed()
    feed.start(10_000)
    assert feed.take(10_000) == Batch(1, 10_000 - FIRST + 1, 10_001)
    assert feed.take(10_000) is None
    feed.want(1, 9601)
    feed.want(-5, 3)
    assert feed.take(10_003) == Batch(2, 10_001, 10_004), "news before history"
    assert feed.take(10_003) == Batch(None, 9601 - BATCH, 9601)
    assert feed.take(10_003) == Batch(None, 1, 3)
    assert feed.take(10_003) is None


def test_a_burst_longer_than_a_batch_leaves_a_gap_to_ask_for() -> None:
    feed = Feed()
    feed.start(0)
    assert feed.take(0) == Batch(None, 1, 1), "an empty batch says that Python listens"
    assert feed.take(BATCH + 500) == Batch(1, 501, BATCH + 501)
    feed.want(1, 501)
    assert feed.take(BATCH + 500) == Batch(None, 1, 501)


def test_a_front_end_that_comes_back_begins_again() -> None:
    feed = Feed()
    feed.start(5)
    feed.take(5)
    feed.want(1, 2)
    feed.start(6)
    assert feed.take(6) == Batch(2, 1, 7)
    assert feed.take(6) is None


# -- details --------------------------------------------------------------------------------


def test_leaves_tile_the_bytes_of_every_unit(capture, clients) -> None:
    for n in range(1, len(capture) + 1):
        captured = capture.unit(n)
        shown = detail(captured, clients[captured.row.connection])
        at = 0
        for field in shown["fields"]:
            assert field["start"] == at
            at = field["stop"]
        assert at == 8 * shown["size"]
        named = [i for entry in shown["table"] for i in entry["fields"]]
        assert named == list(range(len(shown["fields"]))), "every leaf is in one row of the table"


def test_reserved_bits_and_opcodes_are_named() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    odd = build(11, b"", rsv=1, mask=b"abcd")
    made = exchange((C2S, ASK % b"AAAAAAAAAAAAAAAAAAAAAA=="), (S2C, switching), (C2S, odd))
    shown = detail(made.unit(3), ME)
    assert shown["title"] == "0xB frame"
    assert [f["cls"] for f in shown["fields"][:6]] == ["bit"] * 4 + ["control", "bit"]
    assert shown["fields"][4]["value"] == "11 reserved"
    row = shown["table"][1]
    assert (row["name"], row["value"]) == ("RSV1–3", "001")
    assert "Set" in row["sentence"]
    assert {rule["section"] for rule in shown["violations"]} == {"RFC 6455 §5.2"}
    assert all(rule["url"].startswith("https://") for rule in shown["violations"])
    assert shown["message"] is not None


def test_an_unmasked_frame_has_nothing_to_unmask_and_readable_bytes() -> None:
    (shown,) = details(build(1, b"Hello"))
    assert shown["mask"] is None
    assert shown["fields"][-1] | {"note": ""} == shown["fields"][-1]
    assert shown["fields"][-1]["cls"] == "text"
    assert (shown["from"], shown["to"]) == ("server", "client 1")
    assert shown["message"] == view(b"Hello", "Hello")


def test_a_compressed_message_shows_both_sizes(capture, clients) -> None:
    captured = capture.unit(27)
    shown = detail(captured, clients[4])
    squeezed = shown["message"]["compression"]
    assert squeezed["before"] == len(captured.unit.payload)
    assert squeezed["after"] == len(captured.message.payload) > squeezed["before"]
    assert bytes.fromhex(squeezed["afterHex"]).startswith(b'{"type"')
    assert shown["fields"][-1]["note"] == "masked"


def test_a_compressed_frame_from_the_server_is_marked_so() -> None:
    (shown,) = details(build(1, b"\xf2\x48", rsv=4))
    assert shown["fields"][-1]["note"] == "compressed"


def test_messages_of_every_form() -> None:
    assert view(b"\xff", None)["label"] == "binary, 1 byte"
    assert view(b"", "")["text"] == ""
    assert view(b"[1]", "[1]")["json"] == "[\n  1\n]"
    assert view(b"17", "17")["json"] is None
    assert view(b"{", "{")["text"] == "{"
    long = view(b"y" * 30_000, "y" * 30_000)
    assert (len(long["text"]), long["cut"]) == (20_000, 10_000)
    assert view(b"[" * 9000, "[" * 9000)["json"] is None


def test_a_close_without_code_and_a_binary_ping_carry_no_text() -> None:
    empty, ping = details(build(8, b"") + build(9, b"\xff\xfe"))
    assert empty["message"] is None
    assert ping["message"]["text"] is None


def test_a_ping_is_told_by_its_text_only_where_it_is_text() -> None:
    made = capture_of(build(9, b"heartbeat") + build(9, b"5\xe1[f"))
    assert [line[6] for line in lines(made, 1, 3)] == ["heartbeat", "ping 4 bytes"]


def test_an_unfinished_message_is_shown_as_far_as_it_came() -> None:
    (shown,) = details(build(2, b"\x00\x01", fin=False))
    assert shown["message"]["label"].startswith("binary")


def test_bytes_nobody_could_read_are_one_field() -> None:
    (shown,) = details(b"random garbage")
    assert shown["title"] == "Bytes nobody could read"
    assert shown["kind"] == "undissected"
    assert shown["source"] == ""
    assert [entry["name"] for entry in shown["table"]] == ["bytes"]
    assert shown["message"] is None


def test_a_tls_record_is_told_by_its_fields() -> None:
    fragment = bytes(range(20))
    (shown,) = details(b"\x16\x03\x03\x00\x14" + fragment)
    assert shown["source"] == "RFC 8446"
    assert [entry["line"] for entry in shown["table"]] == [
        ("ContentType", ": 22"),
        ("legacy_record_version", ": 03 03"),
        ("length", ": 20"),
        ("fragment", ": 20 bytes"),
    ]


def test_a_gap_has_no_bytes() -> None:
    made = Capture()
    link = made.open(0, client="a:1", server="b:2")
    made.append(link, Chunk(0, C2S, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    made.gap(link, C2S, 5, 40)
    made.end(link, C2S, 6, End.FIN)
    shown = detail(made.unit(2), ME)
    assert (shown["kind"], shown["size"], shown["table"], shown["source"]) == ("gap", 0, [], "")


def test_http_lines_keep_their_ends_and_sizes() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    (shown,) = details(raw)
    assert sum(int(entry["value"]) for entry in shown["table"]) == len(raw)
    assert [entry["cls"] for entry in shown["table"]] == ["bit", "len", "payload", "text"]
    assert shown["table"][2]["line"] == ("", "the headers end")
    assert shown["message"]["text"] == "abc"
    assert "of head" in shown["sizes"]


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (b"GET /a HTTP/1.1\r\nHost: h:1\r\n\r\n", "curl -i 'http://h:1/a'"),
        (
            b"POST / HTTP/1.1\r\nHost: h\r\nX: it's\r\nContent-Length: 2\r\n\r\nhi",
            "curl -i -X 'POST' -H 'X: it'\\''s' --data-binary 'hi' 'http://h/'",
        ),
        (b"GET / HTTP/1.0\r\n\r\n", "curl -i 'http://b:80/'"),
    ],
)
def test_a_request_as_curl(raw, command) -> None:
    made = capture_of(raw)
    assert curl(made.unit(1).unit, ME) == command
    assert quoted("a'b") == "'a'\\''b'"


def test_an_event_stream_in_its_parts() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hi\n\n"
    made = Capture()
    link = made.open(0, client="a:1", server="b:2")
    made.append(link, Chunk(0, C2S, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    made.append(link, Chunk(1, S2C, 0, raw))
    titles = [title(made.unit(n).unit) for n in range(1, len(made) + 1)]
    assert titles == ["HTTP request", "HTTP response head", "server-sent event"]
    assert message_view(made.unit(3))["text"] is not None
    assert detail(made.unit(3), ME)["sizes"] == "10 bytes"


# -- saved ----------------------------------------------------------------------------------


def test_a_snapshot_is_bounded_and_holds_the_selected_unit() -> None:
    made = capture_of(build(2, b"\x00" * 3000, mask=b"abcd") * (ROWS + 50))
    shown = snapshot(made, len(made), 3, lambda n: detail(made.unit(n), ME), "2026-11-25T09:30:00Z")
    assert len(shown["rows"]) == ROWS
    assert shown["total"] == ROWS + 50
    kept = [each["n"] for each in shown["details"]]
    assert kept[:2] == [3, ROWS + 50]
    assert len(json.dumps(shown["details"])) < BUDGET + 40_000


def test_a_snapshot_of_nothing_and_of_a_large_selected_unit() -> None:
    empty = snapshot(Capture(), 0, 4, lambda n: pytest.fail("nothing to show"), "")
    assert (empty["rows"], empty["details"]) == ([], [])
    made = capture_of(build(1, b"x" * 200_000))
    big = detail(made.unit(1), ME) | {"hex": "00" * BUDGET}
    assert snapshot(made, 1, 1, lambda _n: big, "")["details"] == [big]
    assert snapshot(made, 1, 0, lambda _n: big, "")["details"] == []


# -- handshake ------------------------------------------------------------------------------

ASK = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def two_connections(*keys: bytes) -> Capture:
    made = Capture()
    for key in keys:
        link = made.open(0, client="a:1", server="b:2")
        made.append(link, Chunk(0, C2S, 0, ASK % key))
    return made


@pytest.mark.parametrize(
    ("keys", "state", "reason"),
    [
        ((b"AAAAAAAAAAAAAAAAAAAAAA==", b"AAAAAAAAAAAAAAAAAAAAAQ=="), "met", "no other"),
        ((b"AAAAAAAAAAAAAAAAAAAAAA==", b"AAAAAAAAAAAAAAAAAAAAAA=="), "broken", "connection 2"),
        ((b"dGhlIHNhbXBsZSBub25jZQ==",), "broken", "sample key of RFC 6455"),
    ],
)
def test_a_key_must_be_fresh(keys, state, reason) -> None:
    made = two_connections(*keys)
    shown = handshake_models.handshake_view(made, 1, ME)
    rule = shown["rules"][-1]
    assert rule["state"] == state
    assert reason in rule["reason"]
    assert shown["after"] is None
    assert shown["response"]["n"] == 0


def test_a_connection_without_http_has_an_empty_handshake() -> None:
    made = capture_of(build(1, b"late", mask=b"abcd"))
    shown = handshake_models.handshake_view(made, 1, ME)
    assert shown["rows"] == []
    assert shown["derivation"] is None
    assert shown["rules"][-1]["state"] == "not-applicable"


def test_a_refusal_is_told_line_by_line() -> None:
    made = two_connections(b"AAAAAAAAAAAAAAAAAAAAAA==")
    answer = b"HTTP/1.1 403 Forbidden\r\nServer: s\r\nContent-Length: 0\r\n\r\n"
    made.append(1, Chunk(2_000_000, S2C, 0, answer))
    shown = handshake_models.handshake_view(made, 1, ME)
    assert shown["after"] == 2.0
    assert shown["rows"][-1][0] is None
    assert shown["rows"][0][1]["mark"] != "met"
    assert shown["derivation"]["sent"] == ""


def test_a_response_alone() -> None:
    made = capture_of(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    shown = handshake_models.handshake_view(made, 1, ME)
    assert shown["request"]["n"] == 0
    assert shown["rows"][0][0] is None


def test_a_wrong_method_breaks_the_start_line() -> None:
    made = Capture()
    link = made.open(0, client="a:1", server="b:2")
    asked = (ASK % b"AAAAAAAAAAAAAAAAAAAAAA==").replace(b"GET", b"PUT")
    made.append(link, Chunk(0, C2S, 0, asked))
    assert handshake_models.handshake_view(made, 1, ME)["rows"][0][0]["mark"] == "broken"


# -- compare --------------------------------------------------------------------------------


def test_the_parts_of_every_bar_sum_to_its_length(capture) -> None:
    for n in range(1, len(capture) + 1):
        bar = compare_models.bar(capture.unit(n))
        assert sum(size for _, size in bar["parts"]) == bar["total"]


def test_a_bar_of_a_gap_is_what_is_missing() -> None:
    made = Capture()
    link = made.open(0, client="a:1", server="b:2")
    made.gap(link, C2S, 5, 40)
    made.end(link, C2S, 6, End.FIN)
    assert compare_models.bar(made.unit(1))["parts"] == [("payload", 40)]


def test_an_ack_is_found_behind_other_frames() -> None:
    sent = build(1, b'{"type":"message","id":"m1"}', mask=b"abcd")
    other = build(1, b'{"type":"ack","id":"m0"}') + build(1, b'{"type":"presence"}')
    made = exchange((C2S, sent), (S2C, other + build(1, b'{"type":"ack","id":"m1"}')))
    assert compare_models.compare(made, [1])["units"] == "units 1 and 4"


def test_a_bar_of_bytes_nobody_could_read() -> None:
    made = capture_of(b"random garbage")
    bar = compare_models.bar(made.unit(1))
    assert bar["name"] == "RAW"
    assert sum(size for _, size in bar["parts"]) == 14


def exchange(*parts: tuple[Direction, bytes], end: bool = False) -> Capture:
    made = Capture()
    link = made.open(0, client="a:1", server="b:2")
    offsets = dict.fromkeys(Direction, 0)
    for at, (way, data) in enumerate(parts):
        made.append(link, Chunk(at, way, offsets[way], data))
        offsets[way] += len(data)
    if end:
        made.end(link, S2C, 99, End.FIN)
    return made


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("made", "measured"),
    [
        (exchange((C2S, REQUEST), (S2C, RESPONSE), (C2S, REQUEST)), "unit 3, used the same TCP"),
        (exchange((C2S, REQUEST), (S2C, RESPONSE)), "still open"),
        (exchange((C2S, REQUEST), (S2C, RESPONSE), end=True), "ended without another request"),
        (
            exchange(
                (C2S, REQUEST),
                (S2C, RESPONSE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")),
            ),
            "The response said Connection: close",
        ),
        (
            exchange((C2S, b"GET / HTTP/1.0\r\n\r\n"), (S2C, RESPONSE)),
            "The request is HTTP/1.0, so the connection closes",
        ),
    ],
)
def test_whether_the_connection_closed_is_read_from_the_wire(made, measured) -> None:
    finding = compare_models.compare(made, [1])["finding"]
    assert measured in finding["measured"]


def test_frames_without_a_handshake_or_an_ack() -> None:
    made = capture_of(build(1, b'{"type":"message","id":"m1"}', mask=b"abcd") + build(9, b""))
    shown = compare_models.compare(made, [1])
    assert (shown["title"], shown["units"]) == ("Side by side", "unit 1")
    assert "handshake" not in shown["groups"][0]["note"]
    assert (shown["anatomy"], shown["finding"]) == ([], None)
    assert (
        compare_models.compare(capture_of(build(1, b"x")), [1])["groups"][0]["bars"][0]["note"]
        == "header 2"
    )
    assert (
        compare_models.compare(capture_of(build(1, b'{"text":"x"}')), [1])["title"]
        == "One “x”, one way"
    )


def test_a_unit_that_is_not_there_is_an_index_error(capture) -> None:
    with pytest.raises(IndexError):
        compare_models.compare(capture, [999])
