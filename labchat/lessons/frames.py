"""Lesson 2: frames. Build one by hand, send it, break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import opening, talk
from labchat.wire import frames
from labchat.wire.frames import Frame

if TYPE_CHECKING:
    from labchat.capture.capture import Captured
    from labchat.widgets.lesson_card import Measured

TEXTS_HEADER = 14


def send(lab: Lab, *data: bytes, close: bool = True) -> list[Captured]:
    """Open a WebSocket to the echo endpoint, send bytes as they are, read until it ends.

    Args:
        lab: whose tap to go through.
        data: frames, right or wrong, one after the other.
        close: send a close frame after them, so that the server has no reason to wait.

    Returns:
        What crossed the tap because of it, the handshake left out.
    """
    ending = frames.build(8, b"\x03\xe8", mask=bytes(4)) if close else b""
    found = talk(lab, opening(), b"".join(data) + ending)
    return [each for each in found if isinstance(each.unit, Frame)]


def header_of_five(lab: Lab) -> Measured:
    """Send five bytes as a client and count the header."""
    from labchat.widgets.lesson_card import Measured

    sent = send(lab, frames.build(1, b"Hello", mask=b"\x37\xfa\x21\x3d"))[0].unit
    assert isinstance(sent, Frame)
    return Measured(
        str(sent.header_length),
        f"Two bytes of header and four of mask: {sent.header_length}. The {TEXTS_HEADER} in the "
        "text is the most that a header can take: 2, then 8 for a length above 65 535, then 4.",
        frame=sent.data,
        caption="The frame you sent",
    )


def header_of_servers(lab: Lab) -> Measured:
    """The same five bytes, as the server echoes them."""
    from labchat.widgets.lesson_card import Measured

    answers = [
        each
        for each in send(lab, frames.build(1, b"Hello", mask=bytes(4)))
        if each.row.direction == "s2c"
    ]
    echoed = answers[0].unit
    assert isinstance(echoed, Frame)
    return Measured(
        str(echoed.header_length),
        f"{echoed.header_length}: a server must not mask, so the four bytes of the key are not "
        "there (RFC 6455 §5.1).",
        frame=echoed.data,
        caption="The frame the server sent",
    )


def unmasked(lab: Lab) -> Measured:
    """Send a frame without a mask and see what the server does."""
    from labchat.widgets.lesson_card import Measured

    answers = send(lab, frames.build(1, b"Hello"), close=False)
    closing = next(each.unit for each in answers if each.row.opcode == 8)
    assert isinstance(closing, Frame)
    code = closing.close_code
    answer = {1002: "it closes with 1002", 1000: "it closes with 1000"}.get(
        code or 0, "it echoes it"
    )
    return Measured(
        answer,
        f"The server failed the connection: close {code}, “{closing.close_reason}”. A client must "
        "mask every frame, and a server must not put up with less (RFC 6455 §5.1).",
        frame=closing.data,
        caption="The server's last word",
    )


def built_by_hand(lab: Lab) -> str | None:
    """Whether a client's text frame "Hello" came back as an echo."""
    sent = evidence.frames(lab.capture, direction="c2s", opcode=1)
    echoed = evidence.frames(lab.capture, direction="s2c", opcode=1)
    hello = [frame for _, frame in sent if frame.payload == b"Hello"]
    if not hello and not sent:
        return "no text frame has gone to the server yet."
    if not hello:
        read = sent[-1][1].payload
        return f"unmasked, your payload reads {read.hex(' ')}; Hello is {b'Hello'.hex(' ')}."
    broken = [each for each in hello if each.violations]
    if len(broken) == len(hello):
        return f"your frame breaks a rule: {broken[0].violations[0].rule}"
    if not any(frame.payload == b"Hello" for _, frame in echoed):
        return "your frame is right, but no echo came back: was it sent to /echo?"
    return None


def fragmented(lab: Lab) -> str | None:
    """Whether a message went to the server in two frames or more."""
    for each, _frame in evidence.frames(lab.capture, direction="c2s", opcode=0):
        if each.message is not None and each.message.complete and not each.unit.violations:
            return None
    firsts = [frame for _, frame in evidence.frames(lab.capture, direction="c2s") if not frame.fin]
    if firsts:
        return "a message was begun with FIN 0, but no continuation frame (opcode 0) ended it."
    return "every message so far went out in one frame: FIN was always 1."


def rule_broken(lab: Lab) -> str | None:
    """Whether the server closed with 1002 because of what was sent."""
    closes = evidence.frames(lab.capture, direction="s2c", opcode=8)
    codes = [frame.close_code for _, frame in closes]
    if 1002 in codes:
        return None
    if codes:
        seen = ", ".join(str(code) for code in dict.fromkeys(codes))
        return f"the server has closed with {seen}, not with 1002."
    return "the server has not closed any connection yet."


LESSON = Lesson(
    "02",
    "Frames",
    questions={
        "client-header": Question(
            "How many bytes of header does a 5-byte message need in a client's frame?",
            ("2", "6", "14", "it depends on the text"),
            header_of_five,
        ),
        "server-header": Question(
            "The server sends the same 5 bytes back. How many bytes of header now?",
            ("2", "6", "14"),
            header_of_servers,
        ),
        "unmasked": Question(
            "A client sends a frame without a mask. What does the server do?",
            ("it echoes it", "it closes with 1000", "it closes with 1002"),
            unmasked,
        ),
    },
    checks={
        "by-hand": Check(
            "Build a text frame “Hello” by hand, send it to /echo, and get it back.",
            built_by_hand,
            hints=(
                "The first byte is FIN and the opcode: 1000 0001 in bits.",
                "The second byte is the MASK bit and the length: 1 and 5, so 0x85.",
                "Then four bytes of key, then each byte of Hello XOR the key's byte i mod 4.",
                "payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(b'Hello'))",
            ),
        ),
        "fragments": Check(
            "Send one message in two frames.",
            fragmented,
            hints=(
                "FIN is 0 in the first frame and 1 in the last.",
                "The second frame's opcode is 0: it continues what came before.",
            ),
        ),
        "broken": Check(
            "Break a rule, and make the server close with 1002.",
            rule_broken,
            hints=(
                "RSV1 to RSV3 must be 0 unless an extension gives them a meaning.",
                "build(1, b'Hello', rsv=4, mask=key) sets RSV1, the first of the three bits.",
            ),
        ),
    },
)
