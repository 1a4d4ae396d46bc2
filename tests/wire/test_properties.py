"""What must hold for any bytes: nothing raises, leaves tile, and chunking changes nothing."""

from __future__ import annotations

import itertools
import re
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labchat.wire import context, frames, http1, summary, views
from labchat.wire.conversation import Conversation, Gap
from labchat.wire.fields import Direction, leaves
from labchat.wire.http1 import Request, Response

C2S, S2C = Direction.C2S, Direction.S2C
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
PLAIN = SWITCH + b"\r\n"
DEFLATE = SWITCH + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

http_pieces = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a HTTP/1.1\r\n",
        b"HEAD / HTTP/1.0\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Host: x\r\n",
        b"\r\n",
        b"Content-Length: 3\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Type: text/event-stream\r\n",
        b"Connection: close\r\n",
        b"abc",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"2;x=y\r\n\n\n\r\n",
        b"data: a\n\n",
        b": c\n",
        b" folded\r\n",
        b"X : y\r\n",
        b"\n",
        b"\r",
        b"a\x00b\xff",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        UPGRADE,
        PLAIN,
        DEFLATE,
        b"\x16\x03\x01\x00\x05\x01abcd",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"8\r\ndata: x\n\r\n1\r\n\n\r\n",
        b"data: a\r\r",
        b"9\r\ndata: x\r\r\r\n",
        b"1\r\n\n\r\n",
        STREAM,
        STREAM + b"Content-Length: 30\r\n\r\n",
    ]
)
http_streams = st.lists(http_pieces | st.binary(max_size=6), max_size=14).map(b"".join)


@st.composite
def wild_frames(draw: st.DrawFn) -> bytes:
    return frames.build(
        draw(st.integers(0, 15)),
        draw(st.binary(max_size=140) | st.text(max_size=30).map(str.encode)),
        fin=draw(st.booleans()),
        rsv=draw(st.sampled_from([0, 0, 0, 4, 7])),
        mask=draw(st.none() | st.binary(min_size=4, max_size=4)),
        length_form=draw(st.sampled_from([None, None, 16, 64])),
    )


frame_streams = st.lists(wild_frames(), max_size=8).map(b"".join) | st.binary(max_size=60)
chunkings = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def play(both: dict[Direction, list[bytes]]) -> Conversation:
    conversation = Conversation()
    for direction in (C2S, S2C):
        for piece in both[direction]:
            conversation.feed(direction, piece)
    for direction in (C2S, S2C):
        conversation.end(direction)
    return conversation


def everything(conversation: Conversation, direction: Direction) -> list[object]:
    """Each unit with its message, checked on the way: leaves tile, spans lie inside."""
    found: list[object] = []
    for row in range(len(conversation.units(direction))):
        unit = conversation.unit(direction, row)
        message = conversation.message(direction, row)
        tiles(unit)
        assert summary.summarize(unit, message)
        if message is not None:
            tiles(message)
            view = views.of_message(message)
            if view is not None:
                tiles(view)
        if isinstance(unit, Request | Response):
            view = views.of_http(unit)
            if view is not None:
                tiles(view)
        found.append((unit, message, conversation.peer(direction, row)))
    return found


def tiles(unit: object) -> None:
    at = 0
    for leaf in leaves(unit.fields):
        assert leaf.span.start == at
        assert leaf.span.stop > at
        at = leaf.span.stop
    assert at == 8 * len(unit.data)
    for broken in unit.violations:
        assert 0 <= broken.span.start < broken.span.stop <= at, broken
        assert broken.section.startswith(("RFC ", "HTML "))


def covers(conversation: Conversation, direction: Direction) -> None:
    data = b"".join(
        conversation.unit(direction, row).data for row in range(len(conversation.units(direction)))
    )
    assert data == bytes(conversation.buffer(direction))


@given(c2s=http_streams, s2c=http_streams, sizes=chunkings)
@quick
def test_any_chunking_of_http_gives_the_same_units(c2s, s2c, sizes):
    whole = play({C2S: [c2s], S2C: [s2c]})
    pieces = play({C2S: cut(c2s, sizes), S2C: cut(s2c, sizes)})
    for direction in (C2S, S2C):
        assert everything(whole, direction) == everything(pieces, direction)
        covers(pieces, direction)


event_streams = st.lists(
    st.sampled_from([b"data: a", b"id:7", b":", b"\r\n", b"\n", b"\r", b"\r", b"\n\n"])
).map(b"".join)


def unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@given(text=event_streams, chunks=chunkings | st.none(), sizes=chunkings)
@quick
def test_events_end_where_html_ends_them(text, chunks, sizes):
    body = b"\r\n" + text
    if chunks:
        parts = [b"%x\r\n%s\r\n" % (len(one), one) for one in cut(text, chunks)]
        body = b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(parts) + b"0\r\n\r\n"
    conversation = play(
        {C2S: [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], S2C: cut(STREAM + body, sizes)}
    )
    found = [one for one, *_ in everything(conversation, S2C) if one.part == "event"]
    assert [unix(one.body) for one in found] == re.findall(rb"(?s).*?\n\n|.+", unix(text))
    covers(conversation, S2C)


@given(
    c2s=frame_streams, s2c=frame_streams, sizes=chunkings, answer=st.sampled_from([PLAIN, DEFLATE])
)
@quick
def test_any_chunking_of_frames_gives_the_same_units(c2s, s2c, sizes, answer):
    c2s, s2c = UPGRADE + c2s, answer + s2c
    whole = play({C2S: [c2s], S2C: [s2c]})
    pieces = play({C2S: cut(c2s, sizes), S2C: cut(s2c, sizes)})
    for direction in (C2S, S2C):
        assert everything(whole, direction) == everything(pieces, direction)
        covers(pieces, direction)


fragments = st.lists(
    st.builds(
        frames.build,
        st.sampled_from([0, 0, 0, 1, 2, 8, 9]),
        st.sampled_from([b"", b"a", "é".encode(), b"\xc3", b"\xa9", b"\xc3a", b"\xff"]),
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 4]),
    ),
    max_size=8,
).map(b"".join)


@given(stream=fragments, answer=st.sampled_from([PLAIN, DEFLATE]))
@quick
def test_the_short_cuts_find_what_the_long_way_finds(stream, answer):
    short, long = (play({C2S: [UPGRADE], S2C: [answer + stream]}) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context.FrameReader, "_is_plain", lambda *_: False)
        patch.setattr(context.FrameReader, "_is_ascii", lambda *_: False)
        patch.setattr(context, "_plainly_good", lambda *_: False)
        slow = everything(long, S2C)
    assert everything(short, S2C) == slow


@given(both=st.tuples(frame_streams, frame_streams), sizes=chunkings)
@quick
def test_any_chunking_of_a_late_capture_gives_the_same_units(both, sizes):
    whole = play({C2S: [both[0]], S2C: [both[1]]})
    pieces = play({C2S: cut(both[0], sizes), S2C: cut(both[1], sizes)})
    for direction in (C2S, S2C):
        assert everything(whole, direction) == everything(pieces, direction)
        covers(pieces, direction)


@given(
    streams=st.tuples(http_streams | frame_streams, http_streams | frame_streams),
    late=st.booleans(),
    gaps=st.lists(st.tuples(st.booleans(), st.integers(1, 200)), max_size=5),
    sizes=chunkings,
)
@quick
def test_gaps_anywhere_never_raise_and_lose_nothing_else(streams, late, gaps, sizes):
    head = (b"", b"") if late else (UPGRADE, DEFLATE)
    conversation = Conversation()
    pieces = [(C2S, one) for one in cut(head[0] + streams[0], sizes)]
    pieces += [(S2C, one) for one in cut(head[1] + streams[1], sizes)]
    lost = 0
    for number, (direction, piece) in enumerate(pieces):
        conversation.feed(direction, piece)
        if number < len(gaps):
            conversation.lose(C2S if gaps[number][0] else S2C, gaps[number][1])
            lost += 1
    for direction in (C2S, S2C):
        conversation.end(direction)
    units = [unit for way in (C2S, S2C) for unit, *_ in everything(conversation, way)]
    assert sum(isinstance(unit, Gap) for unit in units) == lost
    covers(conversation, C2S)
    covers(conversation, S2C)


@given(data=http_streams, left=st.integers(0, 20), chunked=st.booleans())
@quick
def test_dissectors_take_any_bytes_directly(data, left, chunked):
    head = http1.dissect_response(b"HTTP/1.1 200 OK\r\n\r\n", part="head")
    tiles(http1.dissect_request(data))
    tiles(http1.dissect_response(data))
    tiles(http1.dissect_event(data, head, chunked=chunked, left=left, end=False))


@given(data=st.binary(min_size=1, max_size=300))
@quick
def test_arbitrary_json_tiles(data):
    tiles(views.of_json(data))


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    indent=st.none() | st.integers(0, 3),
)
@quick
def test_what_json_writes_is_json(value, indent):
    import json

    view = views.of_json(json.dumps(value, indent=indent, ensure_ascii=bool(indent)).encode())
    assert view.name == "JSON"
    assert view.violations == ()
    tiles(view)


@given(
    texts=st.lists(st.text(max_size=200), min_size=1, max_size=8),
    bits=st.integers(9, 15),
    takeover=st.booleans(),
    cuts=st.lists(st.integers(0, 50), max_size=3),
)
@quick
def test_what_was_deflated_is_read_again(texts, bits, takeover, cuts):
    answer = (
        SWITCH + b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=%d" % bits
    )
    answer += b"" if takeover else b"; server_no_context_takeover"
    stream, packer = answer + b"\r\n\r\n", zlib.compressobj(wbits=-bits)
    for text in texts:
        packer = packer if takeover else zlib.compressobj(wbits=-bits)
        packed = packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
        ends = sorted({min(one, len(packed) - 4) for one in cuts} | {0, len(packed) - 4})
        parts = [packed[a:b] for a, b in itertools.pairwise(ends)] or [b""]
        for number, part in enumerate(parts):
            first, last = number == 0, number == len(parts) - 1
            stream += frames.build(first, part, fin=last, rsv=4 * first)
            stream += frames.build(9, b"ping")
    conversation = play({C2S: [UPGRADE], S2C: [stream]})
    found = [
        message.text
        for unit, message, _ in everything(conversation, S2C)
        if message is not None and unit.fin and not unit.is_control
    ]
    assert found == texts


@pytest.mark.parametrize("kind", [C2S, S2C])
def test_one_byte_at_a_time_costs_the_same_per_byte(kind):
    """100,000 segments of one byte, whatever they are: this ends at once or never."""
    for data in (b"\r\n" * 50_000, b"A" * 100_000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 16_000):
        conversation = Conversation()
        for byte in data:
            conversation.feed(kind, bytes([byte]))
        conversation.end(kind)
        covers(conversation, kind)
