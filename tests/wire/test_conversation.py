"""Both directions of one connection: the switch, messages, what only the stream can tell."""

from __future__ import annotations

import zlib

import pytest

from labchat.wire import deflate, frames
from labchat.wire.conversation import Conversation, Gap, Kind
from labchat.wire.deflate import Parameters
from labchat.wire.fields import Direction, Span
from labchat.wire.index import KINDS
from labchat.wire.messages import CHECKPOINT
from labchat.wire.undissected import Undissected
from labchat.wire.walk import BLOCK

C2S, S2C = Direction.C2S, Direction.S2C
KEY = b"\x11\x22\x33\x44"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPT = b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n"
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + ACCEPT
)
PLAIN = SWITCH + b"\r\n"
DEFLATE = SWITCH + b"Sec-WebSocket-Extensions: permessage-deflate%s\r\n\r\n"


def opened(answer=PLAIN):
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE)
    conversation.feed(S2C, answer)
    return conversation


def kinds(conversation, direction):
    return [KINDS[code].value for code in conversation.units(direction).kind]


def server(*pieces, answer=PLAIN):
    """A conversation in which the server sent ``pieces``; its frames start at row 1."""
    conversation = opened(answer)
    for piece in pieces:
        conversation.feed(S2C, piece)
    return conversation


def packed(text, packer=None):
    packer = packer or zlib.compressobj(wbits=-15)
    return (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_whole_messages_break_nothing_until_a_close():
    conversation = server(*[frames.build(1, b"a"), frames.build(2, b"\xff")] * 2)
    assert all(conversation.unit(S2C, row).violations == () for row in range(1, 5))
    conversation.feed(S2C, frames.build(8) + frames.build(1, b"a") * 2)
    assert [len(conversation.unit(S2C, row).violations) for row in range(5, 8)] == [0, 1, 1]


def test_the_switch_turns_both_directions_into_frames():
    conversation = opened()
    conversation.feed(C2S, frames.build(1, b"hi", mask=KEY))
    conversation.feed(S2C, frames.build(1, b"ho"))
    assert kinds(conversation, C2S) == ["request", "frame"]
    assert kinds(conversation, S2C) == ["response", "frame"]
    assert (conversation.protocol, conversation.late) == ("websocket", False)
    request, response = conversation.handshake
    assert (request.target, response.status) == ("/ws", 101)
    assert (conversation.peer(C2S, 0), conversation.peer(S2C, 0)) == (0, 0)
    assert conversation.peer(C2S, 1) is None
    assert conversation.deflate is None


def told(conversation, direction, row):
    unit = conversation.unit(direction, row)
    return [
        (one.section, unit.data[one.span.start // 8 : one.span.stop // 8])
        for one in unit.violations
    ]


def test_what_the_handshake_breaks_is_told_at_its_line():
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE.replace(b"Version: 13", b"Version: 12"))
    conversation.feed(S2C, PLAIN.replace(b"HSm", b"xxx"))
    assert told(conversation, C2S, 0) == [("RFC 6455 §4.1", b"Sec-WebSocket-Version: 12")]
    assert told(conversation, S2C, 0) == [
        ("RFC 6455 §4.2.2", b"Sec-WebSocket-Accept: xxxrc0sMlYUkAGmm5OPpG2HaGWk="),
        ("RFC 6455 §4.4", b"HTTP/1.1 101 Switching Protocols"),
    ]
    assert told(opened(), C2S, 0) == told(opened(), S2C, 0) == []
    missing = opened(PLAIN.replace(ACCEPT, b""))
    assert told(missing, S2C, 0) == [("RFC 6455 §4.2.2", b"HTTP/1.1 101 Switching Protocols")]


def test_a_refusal_breaks_nothing_and_a_late_answer_is_judged_alone():
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE)
    conversation.feed(S2C, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    assert told(conversation, S2C, 0) == []
    conversation = Conversation()
    conversation.feed(S2C, PLAIN)
    assert told(conversation, S2C, 0) == []


def test_nothing_may_follow_connection_close():
    conversation = Conversation()
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    conversation.feed(C2S, last + last)
    answer = b"HTTP/1.1 204 No Content\r\n%s\r\n"
    conversation.feed(S2C, answer % b"" + answer % b"Connection: close\r\n" + answer % b"")
    assert [told(conversation, C2S, row) for row in (0, 1)] == [
        [],
        [("RFC 9112 §9.6", b"GET / HTTP/1.1")],
    ]
    assert [told(conversation, S2C, row) for row in (0, 1, 2)] == [
        [],
        [],
        [("RFC 9112 §9.6", b"HTTP/1.1 204 No Content")],
    ]


def test_frames_sent_before_the_answer_wait_for_it():
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + frames.build(1, b"hasty", mask=KEY))
    assert kinds(conversation, C2S) == ["request"]
    assert conversation.pending(C2S) == 11
    conversation.feed(S2C, PLAIN)
    assert kinds(conversation, C2S) == ["request", "frame"]
    assert conversation.pending(C2S) == 0


def test_after_a_refusal_http_goes_on():
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    conversation.feed(S2C, b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
    assert kinds(conversation, C2S) == ["request", "request"]
    assert conversation.handshake is None
    assert conversation.protocol == "http"


def test_an_answer_seen_before_its_request_switches_too():
    conversation = Conversation()
    conversation.feed(S2C, PLAIN + frames.build(1, b"ho"))
    assert conversation.handshake[0] is None
    conversation.feed(C2S, UPGRADE + frames.build(1, b"hi", mask=KEY))
    assert kinds(conversation, C2S) == ["request", "frame"]
    assert (conversation.peer(C2S, 0), conversation.peer(S2C, 0)) == (0, None)
    assert conversation.handshake[0].target == "/ws"


def test_bytes_that_wait_for_an_answer_that_never_comes_are_kept():
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + b"\x81")
    conversation.end(C2S)
    assert kinds(conversation, C2S) == ["request", "undissected"]
    conversation.feed(C2S, b"more")
    conversation.end(C2S)
    assert kinds(conversation, C2S) == ["request", "undissected", "undissected"]


# -- messages -------------------------------------------------------------------------------


def test_fragments_with_a_ping_between_them_are_one_message():
    conversation = server(
        frames.build(1, b"caf\xc3", fin=False), frames.build(9, b"?"), frames.build(0, b"\xa9")
    )
    message = conversation.message(S2C, 3)
    assert message.text == "café"
    assert (message.frames, message.first, message.last) == ((1, 3), 1, 3)
    assert (message.complete, message.compressed, message.ratio) == (True, False, 1.0)
    assert message == conversation.message(S2C, 1)
    assert message.data == b"caf\xc3\xa9"
    assert message.fields[0].value == message.payload
    assert conversation.message(S2C, 2) is None
    assert conversation.message(S2C, 0) is None
    assert all(conversation.unit(S2C, row).violations == () for row in range(4))


def test_an_unfinished_message_says_so():
    conversation = server(frames.build(1, b"caf\xc3", fin=False))
    message = conversation.message(S2C, 1)
    assert (message.complete, message.text, message.violations) == (False, None, ())
    conversation.feed(S2C, frames.build(0, b"\xa9"))
    assert conversation.message(S2C, 1).text == "café"


def test_an_empty_message_has_no_fields():
    message = server(frames.build(1)).message(S2C, 1)
    assert (message.fields, message.text, message.ratio) == ((), "", 1.0)


UTF8 = [
    # the payloads of the fragments, the fragment that is flagged, and the bytes of its payload
    ([b"ab\xff"], 0, (2, 3)),
    ([b"ab", b"c\xffd"], 1, (1, 2)),
    ([b"ab\xe2", b"\x82", b"(x"], 2, (0, 1)),
    ([b"ab\xe2", b"\x82"], 1, (0, 1)),
    ([b"ab", b"\xe2\x82"], 1, (0, 2)),
]


@pytest.mark.parametrize(("parts", "at", "where"), UTF8)
def test_the_byte_that_is_not_utf8_is_named_in_its_own_frame(parts, at, where):
    last = len(parts) - 1
    conversation = server(
        *(frames.build(0 if n else 1, part, fin=n == last) for n, part in enumerate(parts))
    )
    flagged = {row: conversation.unit(S2C, row + 1).violations for row in range(len(parts))}
    (found,) = flagged[at]
    assert found.section == "RFC 6455 §8.1"
    assert found.span == Span.of_bytes(2 + where[0], 2 + where[1])
    assert conversation.message(S2C, 1).text is None


ORDER = [
    ([frames.build(0, b"x")], 1, "no message to continue"),
    ([frames.build(1, b"x", fin=False), frames.build(1, b"y")], 2, "must not start before"),
    (
        [frames.build(1, b"x", fin=False), frames.build(10), frames.build(2, b"y")],
        3,
        "must not start",
    ),
    ([frames.build(8), frames.build(1, b"y")], 2, "after a close frame"),
    ([frames.build(8), frames.build(8)], 2, "after a close frame"),
]


@pytest.mark.parametrize(("pieces", "row", "words"), ORDER)
def test_frames_out_of_order_are_flagged(pieces, row, words):
    conversation = server(*pieces)
    (found,) = conversation.unit(S2C, row).violations
    assert words in found.rule
    assert conversation.unit(S2C, row - 1).violations == ()


# -- compression ----------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_messages_are_inflated_in_any_order(order):
    packer = zlib.compressobj(wbits=-15)
    texts = [b"hello hello", b"hello again hello", b"and hello again"]
    pieces = [frames.build(1, packed(text, packer), rsv=4) for text in texts]
    conversation = server(*pieces, answer=DEFLATE % b"")
    for row in order:
        message = conversation.message(S2C, row)
        assert message.payload == texts[row - 1]
        assert message.compressed
        assert message.wire_length == len(conversation.unit(S2C, row).payload)
        assert message.ratio == message.wire_length / len(message.payload)
        assert conversation.unit(S2C, row).violations == ()
    assert conversation.deflate == Parameters()
    assert [text for _, text in conversation.payloads(S2C)] == texts


def test_a_ping_between_compressed_fragments_changes_nothing():
    """wsproto 1.3.2 closes with 1007 here; the RFC (6455 §5.4) and websockets do not."""
    data = packed(b"hello hello hello")
    conversation = server(
        frames.build(1, data[:4], fin=False, rsv=4),
        frames.build(9),
        frames.build(0, data[4:]),
        answer=DEFLATE % b"",
    )
    assert conversation.message(S2C, 3).text == "hello hello hello"
    assert [conversation.unit(S2C, row).violations for row in (1, 2, 3)] == [()] * 3
    assert list(conversation.payloads(S2C)) == [(3, b"hello hello hello")]


def test_an_unfinished_compressed_message_shows_what_came():
    packer = zlib.compressobj(wbits=-15)
    first, second = packed(b"hello hello", packer), packed(b"hello world" * 50, packer)
    conversation = server(
        frames.build(1, first, rsv=4),
        frames.build(1, second[:-6], rsv=4, fin=False),
        answer=DEFLATE % b"",
    )
    message = conversation.message(S2C, 2)
    assert message.problem == "not finished yet"
    assert message.payload.startswith(b"hello world")
    assert conversation.unit(S2C, 2).violations == ()
    conversation.feed(S2C, frames.build(0, second[-6:]))
    assert conversation.message(S2C, 2).payload == b"hello world" * 50


@pytest.mark.parametrize("takeover", [b"", b"; server_no_context_takeover"])
def test_what_does_not_inflate_is_flagged_and_the_next_message_read(takeover):
    conversation = server(
        frames.build(1, b"\xff\xff\xff", rsv=4),
        frames.build(1, b"\xff\xff\xff", rsv=4, fin=False),
        frames.build(0, packed(b"x" * 99)),
        frames.build(1, packed(b"fine"), rsv=4),
        answer=DEFLATE % takeover,
    )
    (found,) = conversation.unit(S2C, 1).violations
    assert found.section == "RFC 7692 §7.2.2"
    assert "not valid DEFLATE" in found.rule
    assert conversation.message(S2C, 2).payload == b""
    assert conversation.unit(S2C, 2).violations == ()
    assert conversation.message(S2C, 4).text == "fine"


def test_text_that_is_no_utf8_once_inflated_is_flagged_on_its_last_frame():
    data = packed(b"ab\xffc")
    conversation = server(
        frames.build(1, data[:2], rsv=4, fin=False), frames.build(0, data[2:]), answer=DEFLATE % b""
    )
    assert conversation.unit(S2C, 1).violations == ()
    (found,) = conversation.unit(S2C, 2).violations
    assert "once inflated" in found.rule
    assert conversation.message(S2C, 2).violations[0].span == Span.of_bytes(2, 3)


def test_without_an_agreement_rsv1_is_only_wrong():
    conversation = server(frames.build(1, packed(b"hi"), rsv=4))
    assert not conversation.message(S2C, 1).compressed
    assert conversation.unit(S2C, 1).violations[0].section == "RFC 6455 §5.2"


def test_an_uncompressed_message_under_an_agreement_is_left_alone():
    conversation = server(frames.build(2, b"plain"), answer=DEFLATE % b"")
    assert conversation.message(S2C, 1).payload == b"plain"
    assert list(conversation.payloads(S2C)) == [(1, b"plain")]


def test_a_final_block_ends_the_block_and_not_the_message():
    """RFC 7692 §7.2.3.4: a sender may set BFINAL."""
    packer = zlib.compressobj(wbits=-15)
    ended = packer.compress(b"hello ") + packer.flush(zlib.Z_FINISH)
    conversation = server(
        frames.build(1, ended + b"\x00", rsv=4),
        frames.build(1, ended + packed(b"world"), rsv=4),
        frames.build(1, packed(b"more"), rsv=4),
        answer=DEFLATE % b"",
    )
    assert [conversation.message(S2C, row).text for row in (1, 2, 3)] == [
        "hello ",
        "hello world",
        "more",
    ]


def test_a_zip_bomb_is_cut_at_the_limit():
    bomb = packed(bytes(deflate.MAX_MESSAGE + 5))
    assert len(bomb) < 40_000
    conversation = server(
        frames.build(2, bomb, rsv=4), frames.build(2, packed(b"on"), rsv=4), answer=DEFLATE % b""
    )
    message = conversation.message(S2C, 1)
    assert len(message.payload) == deflate.MAX_MESSAGE
    assert "more than" in message.problem
    assert conversation.unit(S2C, 1).violations == ()
    assert conversation.message(S2C, 2).payload == b"on"


def test_windows_are_kept_so_that_going_back_is_cheap():
    packer = zlib.compressobj(0, wbits=-15)
    texts = [bytes([65 + n]) * (CHECKPOINT // 3) for n in range(8)]
    pieces = [frames.build(1, packed(text, packer), rsv=4) for text in texts]
    conversation = server(*pieces, answer=DEFLATE % b"")
    for row in (8, 7, 6, 2, 5, 1):
        assert conversation.message(S2C, row).payload == texts[row - 1]
    assert len(conversation._messages[S2C]._kept) > 1


# -- captures that begin late, and gaps -----------------------------------------------------


def test_a_late_capture_says_what_it_cannot_know_and_goes_on():
    packer = zlib.compressobj(wbits=-15)
    packed(b"what the capture missed, and more of it", packer)
    unreadable = packed(b"what the capture missed, and more of it", packer)
    conversation = Conversation()
    conversation.feed(S2C, frames.build(1, unreadable, rsv=4) + frames.build(1, b"plain"))
    conversation.feed(C2S, frames.build(1, b"hi", mask=KEY))
    assert (conversation.protocol, conversation.late) == ("websocket", True)
    assert kinds(conversation, C2S) == ["frame"]
    assert "earlier messages" in conversation.message(S2C, 0).problem
    assert conversation.unit(S2C, 0).violations == ()
    assert conversation.message(S2C, 1).text == "plain"
    assert conversation.deflate is None
    assert conversation.handshake is None


@pytest.mark.parametrize(
    ("direction", "data", "kind"),
    [
        (C2S, frames.build(1, b"a", mask=KEY), "frame"),
        (C2S, frames.build(1, b"a"), "undissected"),
        (S2C, frames.build(9, b"a"), "frame"),
        (S2C, frames.build(9, b"a", rsv=1), "undissected"),
        (S2C, frames.build(11), "undissected"),
        (C2S, b"A\x80abcd", "undissected"),
        (C2S, b"x", "undissected"),
    ],
)
def test_what_the_first_bytes_say(direction, data, kind):
    conversation = Conversation()
    conversation.feed(direction, data)
    conversation.end(direction)
    assert kinds(conversation, direction) == [kind]


def test_a_gap_inside_a_frame_is_passed_over():
    frame = frames.build(2, b"0123456789" * 10)
    conversation = server(frame[:40])
    conversation.lose(S2C, 30)
    conversation.feed(S2C, frame[70:] + frames.build(1, b"next"))
    assert kinds(conversation, S2C)[1:] == ["undissected", "gap", "undissected", "frame"]
    assert conversation.unit(S2C, 2) == Gap(30)
    assert conversation.raw(S2C, 2) == b""
    assert "cut off" in conversation.unit(S2C, 1).reason
    assert "rest of a unit" in conversation.unit(S2C, 3).reason
    assert conversation.message(S2C, 4).text == "next"


@pytest.mark.parametrize(("tail", "lost"), [(b"\x82\x05ab", 3), (b"\x82", 9), (b"", 4)])
def test_after_a_gap_that_ends_at_a_frame_dissection_goes_on(tail, lost):
    conversation = server(frames.build(1, b"a"), tail)
    conversation.lose(S2C, lost)
    conversation.feed(S2C, frames.build(1, b"b"))
    conversation.end(S2C)
    assert kinds(conversation, S2C)[-1] == "frame"
    assert conversation.unit(S2C, len(conversation.units(S2C)) - 2).inferred is (tail == b"\x82")


def test_after_a_gap_that_may_end_anywhere_nothing_is_guessed():
    conversation = server(frames.build(1, b"a"))
    conversation.lose(S2C, 4)
    conversation.feed(S2C, b"\xff\xff\xff" * 30_000)
    conversation.end(S2C)
    assert kinds(conversation, S2C)[-3:] == ["gap", "undissected", "undissected"]
    assert "nothing marks" in conversation.unit(S2C, 4).reason


def test_a_gap_makes_the_window_unknown():
    packer = zlib.compressobj(wbits=-15)
    first, lost, last = (packed(b"hello hello %d" % n, packer) for n in range(3))
    lost = frames.build(1, lost, rsv=4)
    conversation = server(frames.build(1, first, rsv=4), answer=DEFLATE % b"")
    conversation.lose(S2C, len(lost))
    conversation.feed(S2C, frames.build(1, last, rsv=4))
    assert "earlier messages" in conversation.message(S2C, 3).problem
    assert [row for row, _ in conversation.payloads(S2C)] == [1, 3]


def test_a_gap_inside_a_body_is_passed_over():
    conversation = Conversation()
    conversation.feed(C2S, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    conversation.feed(S2C, head + b"012")
    conversation.lose(S2C, 4)
    conversation.feed(S2C, b"789" + head + b"0123456789")
    assert kinds(conversation, S2C) == ["response", "gap", "undissected", "response"]
    assert not conversation.unit(S2C, 0).complete
    assert conversation.peer(S2C, 3) == 1
    conversation.feed(S2C, head + b"01")
    conversation.lose(S2C, 8)
    conversation.feed(S2C, head + b"0123456789")
    assert kinds(conversation, S2C)[4:] == ["response", "gap", "response"]


def test_after_a_gap_in_http_the_next_start_line_is_found():
    conversation = Conversation()
    conversation.feed(C2S, b"GET / HTTP/1.1\r\nHo")
    conversation.lose(C2S, 100)
    conversation.feed(C2S, b"ept: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    conversation.lose(C2S, 1)
    conversation.feed(C2S, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert kinds(conversation, C2S) == [
        "undissected",
        "gap",
        "undissected",
        "request",
        "gap",
        "request",
    ]


def test_a_gap_before_anything_else():
    conversation = Conversation()
    conversation.lose(S2C, 10)
    conversation.feed(S2C, b"HTTP/1.1 204 No Content\r\n\r\n")
    assert kinds(conversation, S2C) == ["gap", "response"]


# -- other protocols ------------------------------------------------------------------------

HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"


def test_tls_is_recognised_record_by_record():
    conversation = Conversation()
    conversation.feed(C2S, HELLO + b"\x17\x03\x03\x00\x02ab" + b"\x99\x03\x03\x00\x00")
    conversation.feed(
        S2C, b"\x16\x03\x03\x00\x02\x02\x00" + b"\x15\x03\x03\x00\x02\x01\x00\x00\x00\x00\x00\x00"
    )
    conversation.end(S2C)
    assert conversation.protocol == "tls"
    reasons = [conversation.unit(C2S, row).reason for row in range(3)]
    assert "ClientHello" in reasons[0]
    assert "application_data" in reasons[1]
    assert "content type 153" in reasons[2]
    answers = [conversation.unit(S2C, row) for row in range(3)]
    assert "ServerHello" in answers[0].reason
    assert "alert" in answers[1].reason
    assert len(answers[2].data) == 5
    assert [field.name for field in answers[0].fields] == [
        "ContentType",
        "legacy_record_version",
        "length",
        "fragment",
    ]


@pytest.mark.parametrize(
    ("inside", "words"), [(HELLO, "ClientHello"), (b"SSH-2.0-x\r\n", "another")]
)
def test_a_tunnel_is_not_read_but_for_tls(inside, words):
    conversation = Conversation()
    conversation.feed(C2S, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
    conversation.feed(S2C, b"HTTP/1.1 200 Connected\r\n\r\n")
    conversation.feed(C2S, inside)
    conversation.end(C2S)
    assert conversation.protocol == "tunnel"
    assert words in conversation.unit(C2S, 1).reason


def test_a_switch_to_something_else_is_not_read():
    conversation = Conversation()
    conversation.feed(
        C2S, b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n"
    )
    conversation.feed(S2C, b"HTTP/1.1 101 Fine\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\nbar")
    conversation.end(S2C)
    assert isinstance(conversation.unit(S2C, 1), Undissected)
    assert conversation.handshake[1].status == 101
    assert conversation.deflate is None


def test_http2_is_told():
    conversation = Conversation()
    conversation.feed(C2S, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    conversation.feed(S2C, b"\x00\x00\x00\x04\x00")
    conversation.end(C2S)
    conversation.end(S2C)
    assert "HTTP/2" in conversation.unit(C2S, 0).reason
    assert kinds(conversation, S2C) == ["undissected"]


def test_undissected_bytes_come_in_blocks():
    conversation = Conversation()
    conversation.feed(C2S, b"junk without a line end" * 20_000)
    conversation.end(C2S)
    lengths = list(conversation.units(C2S).length)
    assert sum(lengths) == 460_000
    assert max(lengths[:-1]) == BLOCK
    assert kinds(conversation, C2S) == [Kind.UNDISSECTED.value] * len(lengths)
