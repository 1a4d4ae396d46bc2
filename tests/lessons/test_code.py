"""The checks of lesson 5, with clients that do it right and wrong."""

from __future__ import annotations

import base64
import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import code as lesson
from labchat.lessons.plain import TEXTS_KEY, opening
from labchat.lessons.waiting import awaited, unit
from labchat.wire import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ZEROS = bytes(4)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


class Client:
    """As few lines as a client can have, and a way to do each of them wrong."""

    def __init__(self, lab: Lab, *, key: str | None = None) -> None:
        self.socket = socket.create_connection(lab.relay.address, timeout=50)
        self.bytes = self.socket.makefile("rb")
        key = key or base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(opening("/", Sec_WebSocket_Key=key))
        while self.bytes.readline().strip():
            pass

    def send(self, opcode: int, payload: bytes, mask: bytes | None = ZEROS) -> None:
        self.socket.sendall(frames.build(opcode, payload, mask=mask))

    def say(self, mask: bytes = ZEROS, **event: str) -> None:
        self.send(1, json.dumps(event).encode(), mask)

    def until(self, opcode: int, words: bytes = b"") -> bytes:
        while True:
            first, size = self.bytes.read(2)
            if size == 126:
                size = int.from_bytes(self.bytes.read(2), "big")
            payload = self.bytes.read(size)
            if first & 15 == opcode and words in payload:
                return payload

    def end(self) -> None:
        self.bytes.close()
        self.socket.close()


def settled(lab: Lab, judge: Callable[[Lab], str | None], words: str | None) -> None:
    """Wait until the capture holds what was written, and the judge says what it shall."""

    def look() -> bool | None:
        said = judge(lab)
        return (said is None if words is None else words in str(said)) or None

    awaited(lab.capture.subscribe, look)


def test_a_key_of_ones_own(lab: Lab) -> None:
    assert "no WebSocket but Alice's" in str(lesson.handshake(lab))
    Client(lab, key=TEXTS_KEY).end()
    settled(lab, lesson.handshake, "the text's own")
    Client(lab, key="c2hvcnQ=").end()
    assert "breaks a rule" in str(lesson.handshake(lab))
    Client(lab).end()
    assert lesson.handshake(lab) is None
    key = base64.b64encode(os.urandom(16)).decode()
    for _ in range(2):
        Client(lab, key=key).end()
    assert "the same key" in str(lesson.handshake(lab))


def test_a_refused_handshake_is_told_by_its_status(lab: Lab) -> None:
    with socket.create_connection(lab.relay.address, timeout=50) as plain:
        plain.sendall(
            opening("/", Origin="https://evil.example", Sec_WebSocket_Key="A" * 22 + "==")
        )
        plain.recv(65536)
    assert "answered 403, not 101" in str(lesson.handshake(lab))


def test_masks_that_differ(lab: Lab) -> None:
    client = Client(lab)
    client.say(type="register", userId="user-3")
    client.until(1, b"registered")
    assert "has sent: 1; it takes two" in str(lesson.masked(lab))
    client.send(9, b"one")
    client.until(10)
    assert "2 frames, and not as many masks: the last one's is 00000000" in str(lesson.masked(lab))
    client.send(9, b"two", None)
    client.until(8)
    client.end()
    assert "breaks a rule" in str(lesson.masked(lab))
    client = Client(lab)
    client.say(os.urandom(4), type="register", userId="user-3")
    client.send(9, b"one", os.urandom(4))
    client.until(10)
    assert lesson.masked(lab) is None
    client.end()


def test_an_answer_with_the_same_words(lab: Lab) -> None:
    client = Client(lab)
    client.send(9, b"")
    client.until(10)
    assert "not said who it is" in str(lesson.answered(lab))
    client.say(type="register", userId="user-3")
    client.until(1, b"registered")
    assert "nobody has written" in str(lesson.answered(lab))
    lab.alice.post("Do you read me?", "user-3")
    client.until(1, b"Do you")
    assert "“Do you read me?” came" in str(lesson.answered(lab))
    said = {"type": "message", "senderId": "user-3", "receiverId": "user-1"}
    client.say(**said, text="Yes.")
    client.until(1, b"Yes.")
    assert lesson.answered(lab) is not None
    client.say(**said, text="You said: Do you read me?")
    client.until(1, b"You said")
    assert lesson.answered(lab) is None
    client.end()


def test_a_pong_for_a_ping(lab: Lab) -> None:
    client = Client(lab)
    client.say(type="register", userId="user-3")
    client.until(1, b"registered")
    assert "no ping has come" in str(lesson.ponged(lab))
    client.end()
    with Lab(port=0, names={}, options=("--heartbeat", "5")) as pinging:
        right, wrong = Client(pinging), Client(pinging)
        payload = right.until(9)
        wrong.until(9)
        assert "no pong went back" in str(lesson.ponged(pinging))
        wrong.send(10, b"something else")
        settled(pinging, lesson.ponged, "carries other bytes")
        right.send(10, payload)
        settled(pinging, lesson.ponged, None)
        for each in (right, wrong):
            each.end()


def test_a_goodbye(lab: Lab) -> None:
    Client(lab).end()
    settled(lab, lesson.closed, "without a close frame")
    client = Client(lab)
    client.send(8, b"\x03\xe9")
    client.until(8)
    client.end()
    assert "says 1001; 1000 means" in str(lesson.closed(lab))
    lab.hold(direction="s2c", opcode=8)
    client = Client(lab)
    client.send(8, b"\x03\xe8")
    settled(lab, lesson.closed, "did not wait")
    lab.cont()
    client.until(8)
    client.end()
    unit(lab, lambda row: row.opcode == 8 and row.direction == "s2c")
    assert lesson.closed(lab) is None


def test_measured_answers(lab: Lab) -> None:
    assert lesson.reads(lab).answer in {"2", "3 or more"}
    assert lesson.same_mask(lab).answer == "it takes both"
    assert lesson.copies(lab).answer == "Bob and Alice herself"
