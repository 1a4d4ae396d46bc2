"""Where one message was, and when: the receiver's copy counts, not the sender's own."""

from __future__ import annotations

import pytest

from labchat.capture.capture import Capture
from labchat.capture.model import Chunk
from labchat.measure.legs import Tracker
from labchat.wire.fields import Direction
from labchat.wire.frames import build

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n"
)


def opened(capture: Capture) -> int:
    number = capture.open(0, client="127.0.0.1:50000", server="127.0.0.1:3000")
    capture.append(number, Chunk(0, Direction.C2S, 0, REQUEST))
    capture.append(number, Chunk(0, Direction.S2C, 0, RESPONSE))
    return number


def test_the_receivers_copy_is_the_one_that_leaves() -> None:
    capture = Capture()
    audience, receiver, sender = (opened(capture) for _ in range(3))
    said = build(1, b'{"id": "post-1"}', mask=bytes(4))
    copy = build(1, b'{"id": "post-1"}')
    capture.append(sender, Chunk(1_000_000, Direction.C2S, len(REQUEST), said))
    capture.append(receiver, Chunk(2_000_000, Direction.S2C, len(RESPONSE), copy))
    capture.append(audience, Chunk(3_000_000, Direction.S2C, len(RESPONSE), copy))
    capture.append(sender, Chunk(4_000_000, Direction.S2C, len(RESPONSE), copy))
    tracker = Tracker(capture)
    tracker.read(["post-1"])
    legs = tracker.legs(
        "post-1", 500_000, [{"at_ns": 2_500_000, "event": "commit", "id": "post-1"}]
    )
    assert legs["tap_in_ms"] == pytest.approx(0.5)
    assert legs["tap_out_ms"] == pytest.approx(1.5)
    assert legs["commit_ms"] == pytest.approx(2.0)
