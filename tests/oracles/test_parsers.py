"""Our dissection held against websockets, wsproto and h11, on the same bytes.

Where two of them are wrong in the same place, the test says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as TheirFrame
from websockets.streams import StreamReader
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate
from wsproto.frame_protocol import FrameProtocol

from labchat.capture.capture import Capture
from labchat.capture.model import Chunk
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.oracle

C, S = Direction.C2S, Direction.S2C
ASKED = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
ANSWERED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
PLAIN = ANSWERED.replace(b"Sec-WebSocket-Extensions: permessage-deflate\r\n", b"")


def websocket(data: bytes, *, way: Direction = S, answered: bytes = PLAIN) -> Capture:
    """A WebSocket on which one side says ``data``."""
    capture = Capture()
    capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2")
    capture.append(1, Chunk(1, C, 0, ASKED))
    capture.append(1, Chunk(2, S, 0, answered))
    offset = len(ASKED if way is C else answered)
    capture.append(1, Chunk(3, way, offset, data))
    return capture


def our_frames(capture: Capture) -> list[Frame]:
    units = (capture.unit(row.n).unit for row in capture.rows(3))
    return [unit for unit in units if isinstance(unit, Frame)]


def their_frames(
    data: bytes, *, masked: bool, extensions: tuple[PerMessageDeflate, ...] = ()
) -> list[TheirFrame]:
    """The frames of ``data`` by websockets' sans-I/O parser."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while not run(reader.at_eof()):
        found.append(run(TheirFrame.parse(reader.read_exact, mask=masked, extensions=extensions)))
    return found


def run(steps: Any) -> Any:
    """The value of a generator that has all it needs."""
    try:
        next(steps)
    except StopIteration as done:
        return done.value
    raise AssertionError("the parser wants more")


sizes = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536]) | st.integers(0, 300)


@st.composite
def frame_lists(draw: st.DrawFn) -> list[tuple[int, bytes, bool]]:
    """Frames in an order that RFC 6455 §5.4 allows: fragments, control frames between."""
    made = []
    open_message = False
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.integers(0, 3)) == 0:
            made.append((draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125)), True))
            continue
        fin = draw(st.booleans())
        opcode = 0 if open_message else draw(st.sampled_from([1, 2]))
        made.append((opcode, b"z" * draw(sizes), fin))
        open_message = not fin
    return made


def build(made: Iterable[tuple[int, bytes, bool]], way: Direction, key: bytes) -> bytes:
    mask = key if way is C else None
    return b"".join(frames.build(op, data, fin=fin, mask=mask) for op, data, fin in made)


@given(frame_lists(), st.sampled_from([C, S]), st.binary(min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_frames_are_those_of_websockets(
    made: list[tuple[int, bytes, bool]], way: Direction, key: bytes
) -> None:
    data = build(made, way, key)
    ours = our_frames(websocket(data, way=way))
    theirs = their_frames(data, masked=way is C)
    assert [(f.fin, f.opcode, f.payload) for f in ours] == [
        (f.fin, f.opcode, bytes(f.data)) for f in theirs
    ]
    assert [(f.opcode, f.payload, f.fin) for f in ours] == made


@given(frame_lists(), st.sampled_from([C, S]), st.binary(min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_frames_are_those_of_wsproto(
    made: list[tuple[int, bytes, bool]], way: Direction, key: bytes
) -> None:
    data = build(made, way, key)
    protocol = FrameProtocol(client=way is S, extensions=[])
    protocol.receive_bytes(data)
    theirs: list[tuple[int, bytes]] = []
    for part in protocol.received_frames():
        payload = part.payload.encode() if isinstance(part.payload, str) else bytes(part.payload)
        theirs.append((int(part.opcode), payload))
    ours = [(frame.opcode, frame.payload) for frame in our_frames(websocket(data, way=way))]
    control = [one for one in ours if one[0] >= 8]
    assert [one for one in theirs if one[0] >= 8] == control
    assert b"".join(p for op, p in theirs if op < 8) == b"".join(p for op, p in ours if op < 8)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_messages_deflated_by_websockets_are_read(texts: list[str], cut: int) -> None:
    """permessage-deflate with context takeover, in fragments."""
    deflate = PerMessageDeflate(False, False, 15, 15)
    data = b""
    for text in texts:
        whole = deflate.encode(TheirFrame(1, text.encode()))
        packed = bytes(whole.data)
        parts = [packed[at : at + cut] for at in range(0, len(packed), cut)] or [b""]
        for n, part in enumerate(parts):
            rsv = 4 if n == 0 and whole.rsv1 else 0
            data += frames.build(0 if n else 1, part, fin=n == len(parts) - 1, rsv=rsv)
    assert list(websocket(data, answered=ANSWERED).messages["text"]) == texts


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_messages_deflated_by_wsproto_are_read(texts: list[str]) -> None:
    extension = WsprotoDeflate()
    extension.finalize("permessage-deflate")
    protocol = FrameProtocol(client=False, extensions=[extension])
    data = b"".join(protocol.send_data(text, fin=True) for text in texts)
    assert list(websocket(data, answered=ANSWERED).messages["text"]) == texts


def test_a_ping_between_compressed_fragments_is_where_others_err() -> None:
    """RFC 7692 §6.1: RSV1 belongs to the message, so a ping between changes nothing.

    wsproto 1.3 closes with 1007 here, and Tornado 6.6 hands the message on deflated; websockets
    and tshark read it, as we do.
    """
    deflate = PerMessageDeflate(False, False, 15, 15)
    packed = bytes(deflate.encode(TheirFrame(1, b"Hello, Hello, Hello")).data)
    data = frames.build(1, packed[:4], fin=False, rsv=4) + frames.build(9, b"?")
    data += frames.build(0, packed[4:])
    assert list(websocket(data, answered=ANSWERED).messages["text"]) == ["Hello, Hello, Hello"]

    reader = PerMessageDeflate(False, False, 15, 15)
    theirs = their_frames(data, masked=False, extensions=(reader,))
    assert bytes(theirs[0].data) + bytes(theirs[2].data) == b"Hello, Hello, Hello"


def test_what_wsproto_tells_of_a_whole_conversation() -> None:
    from wsproto import ConnectionType
    from wsproto.connection import Connection

    server = Connection(ConnectionType.SERVER)
    data = b"".join(
        server.send(event)
        for event in (
            TextMessage("Grüße"),
            BytesMessage(b"\0\1", message_finished=False),
            BytesMessage(b"\2"),
            Ping(b"p"),
            Pong(b"q"),
            CloseConnection(1000, "bye"),
        )
    )
    ours = our_frames(websocket(data))
    assert [frames.opcode_name(frame.opcode) for frame in ours] == [
        "text",
        "binary",
        "continuation",
        "ping",
        "pong",
        "close",
    ]
    assert (ours[-1].close_code, ours[-1].close_reason) == (1000, "bye")
    assert not [frame for frame in ours if frame.violations]


token = st.text("abcXYZ-_0", min_size=1, max_size=8)
value = st.text("abc XYZ;=/,.", max_size=12).map(str.strip)


@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "POST", "PUT"]), st.binary(max_size=40), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.tuples(token.map(lambda name: f"X-{name}"), value), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_exchanges_are_those_of_h11(
    exchanges: list[tuple[str, bytes, bool]], headers: list[tuple[str, str]]
) -> None:
    """h11 writes a keep-alive connection; we must find what it was told to say."""
    client, server = h11.Connection(h11.CLIENT), h11.Connection(h11.SERVER)
    capture = Capture()
    capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2")
    offsets = {C: 0, S: 0}
    for at, (method, body, chunked) in enumerate(exchanges):
        length = (
            [("Transfer-Encoding", "chunked")] if chunked else [("Content-Length", str(len(body)))]
        )
        asked = b"".join(
            client.send(event) or b""
            for event in (
                h11.Request(method=method, target="/x", headers=[("Host", "x"), *headers, *length]),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
        )
        server.receive_data(asked)
        while not isinstance(server.next_event(), h11.EndOfMessage):
            pass
        answered = b"".join(
            server.send(event) or b""
            for event in (
                h11.Response(status_code=200, reason=b"OK", headers=[*headers, *length]),
                h11.Data(data=body[::-1]),
                h11.EndOfMessage(),
            )
        )
        client.receive_data(answered)
        while not isinstance(client.next_event(), h11.EndOfMessage):
            pass
        for way, data in ((C, asked), (S, answered)):
            capture.append(1, Chunk(at, way, offsets[way], data))
            offsets[way] += len(data)
        client.start_next_cycle()
        server.start_next_cycle()
    units = [capture.unit(row.n).unit for row in capture.rows()]
    requests = [unit for unit in units if isinstance(unit, Request)]
    responses = [unit for unit in units if isinstance(unit, Response)]
    assert [(one.method, one.body) for one in requests] == [(m, b) for m, b, _ in exchanges]
    assert [one.body for one in responses] == [body[::-1] for _, body, _ in exchanges]
    for one in units:
        assert isinstance(one, Request | Response)
        assert [pair for pair in one.headers if pair[0].lower().startswith("x-")] == headers
        assert not one.violations
