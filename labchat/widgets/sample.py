"""A small capture of real bytes and made-up times, for pictures, examples and tests.

Two users; "Hello" as a frame and as a POST; heartbeats; then what is rare: a message in fragments,
a compressed one, a long one, and a reserved bit that ends in close 1002.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labchat.capture.capture import Capture, Chunk
from labchat.wire.fields import Direction
from labchat.wire.frames import Opcode, build

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = {"user-1": "Alice", "user-2": "Bob"}
KEY = bytes.fromhex("37fa213d")

_C2S, _S2C = Direction.C2S, Direction.S2C
_TYPING = {"type": "typing", "senderId": "user-1", "receiverId": "user-2"}
_POST = {
    "text": "Hello",
    "senderId": "user-1",
    "receiverId": "user-2",
    "id": "msg-7c1e0d42",
    "createdAt": "2026-11-25T09:30:04.812Z",
}
_UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost:3000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n%s\r\n"
)
_DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def sample() -> Capture:
    """Units 1 to 8 open both connections, 11 is "Hello" as a frame, 13 as a POST."""
    script = _Script()
    script.open_chat("user-1", 12.04)
    script.open_chat("user-2", 31.48)
    script.say_hello()
    script.beat(15_015.81)
    script.rarities(18_204.5)
    return script.capture


class _Script:
    """Writes a capture, keeping each direction's offset."""

    def __init__(self) -> None:
        self.capture = Capture(started_at=datetime(2026, 11, 25, 9, 30, tzinfo=UTC))
        self._offsets: dict[tuple[int, Direction], int] = {}
        self._ports = iter(range(50_001, 50_100))

    def connect(self, label: str, ms: float) -> int:
        """A TCP connection; its number."""
        client = f"127.0.0.1:{next(self._ports)}"
        at = round(ms * 1e6)
        return self.capture.open(at, client=client, server="127.0.0.1:3000", label=label)

    def send(self, connection: int, way: Direction, ms: float, data: bytes) -> None:
        """Bytes, as one read."""
        offset = self._offsets.get((connection, way), 0)
        self._offsets[connection, way] = offset + len(data)
        self.capture.append(connection, Chunk(round(ms * 1e6), way, offset, data))

    def frame(
        self, connection: int, way: Direction, ms: float, payload: bytes, **how: int | bool
    ) -> None:
        """One frame, masked where it must be."""
        opcode = how.pop("opcode", Opcode.TEXT)
        mask = KEY if way is _C2S else None
        fin, rsv = bool(how.get("fin", True)), int(how.get("rsv", 0))
        self.send(connection, way, ms, build(opcode, payload, mask=mask, fin=fin, rsv=rsv))

    def event(
        self, connection: int, way: Direction, ms: float, event: Mapping[str, object]
    ) -> None:
        """A chat event in a text frame."""
        self.frame(connection, way, ms, json.dumps(event).encode())

    def open_chat(self, user: str, ms: float, extra: bytes = b"") -> int:
        """Handshake and registration: four units."""
        connection = self.connect(user, ms - 0.4)
        self.send(connection, _C2S, ms, _UPGRADE % extra)
        self.send(connection, _S2C, ms + 1.87, _SWITCHING % extra)
        self.event(connection, _C2S, ms + 3.16, {"type": "register", "userId": user})
        registered = {"type": "registered", "sessionId": "s-1", "seq": 41}
        self.event(connection, _S2C, ms + 3.62, registered)
        return connection

    def say_hello(self) -> None:
        """Typing, then the message on both paths: units 9 to 15."""
        self.event(1, _C2S, 4127.55, _TYPING)
        update = {"type": "typing-update", "typingUsers": ["user-1"]}
        self.event(2, _S2C, 4127.98, update)
        self.event(1, _C2S, 4812.30, {"type": "message", **_POST})
        self.event(2, _S2C, 4812.71, {"type": "message", "data": _POST})
        self._post(4812.94)
        self.event(1, _S2C, 4815.10, {"type": "ack", "id": _POST["id"], "seq": 42})

    def _post(self, ms: float) -> None:
        connection = self.connect("user-1", ms - 0.3)
        asked = {key: _POST[key] for key in ("text", "senderId", "receiverId", "id")}
        head = (
            "POST /api/messages HTTP/1.1\r\nHost: localhost:3000\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\n"
        )
        self.send(connection, _C2S, ms, _http(head, asked))
        answer = (
            "HTTP/1.1 200 OK\r\nServer: TornadoServer/6.6\r\n"
            "Content-Type: application/json; charset=UTF-8\r\n"
            "Date: Wed, 25 Nov 2026 09:30:04 GMT\r\n"
        )
        self.send(connection, _S2C, ms + 2.08, _http(answer, _POST))

    def beat(self, ms: float) -> None:
        """A heartbeat on both connections: units 16 to 19."""
        for connection, at in ((1, ms), (2, ms + 18.59)):
            self.frame(connection, _S2C, at, b"heartbeat", opcode=Opcode.PING)
            self.frame(connection, _C2S, at + 0.31, b"heartbeat", opcode=Opcode.PONG)

    def rarities(self, ms: float) -> None:
        """Fragments with a ping between, a compressed message, a long one, a broken rule."""
        self.frame(1, _C2S, ms, b'{"type": "message", ', fin=False)
        self.frame(1, _C2S, ms + 0.4, b"between", opcode=Opcode.PING)
        self.frame(1, _C2S, ms + 0.9, b'"text": "in two pieces"}', opcode=Opcode.CONTINUATION)
        third = self.open_chat("user-3", ms + 300, _DEFLATE)
        said = json.dumps({"type": "message", "text": "again and again and again " * 8})
        self.frame(third, _C2S, ms + 320, _deflated(said.encode()), rsv=4)
        long = json.dumps({"type": "message", "text": "long " * 14_000})
        self.frame(2, _C2S, ms + 400, long.encode())
        self.frame(1, _C2S, ms + 900, b'{"type": "typing"}', rsv=2)
        close = (1002).to_bytes(2, "big") + b"RSV2 set, no extension negotiated"
        self.frame(1, _S2C, ms + 900.31, close, opcode=Opcode.CLOSE)


def _http(head: str, body: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def _deflated(payload: bytes) -> bytes:
    """As permessage-deflate sends it (RFC 7692 §7.2.1)."""
    squeeze = zlib.compressobj(wbits=-15)
    data = squeeze.compress(payload) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(b"\x00\x00\xff\xff")
