"""Lesson 5: write a WebSocket client; the capture says whether it is one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.frames import send
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TEXTS_KEY, TIMEOUT, opening
from labchat.lessons.spoken import ECHO, Spoken, any_connection, connections
from labchat.lessons.waiting import bubble, lines_of
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Opcode
from labchat.wire.handshake import State
from labchat.wire.handshake import check as musts

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

BIG = 200_000


@any_connection
def _fresh_key(spoken: Spoken) -> str | None:
    wrong = [
        must
        for must in musts(spoken.request, spoken.response)
        if must.state is State.BROKEN and must.side is Direction.C2S
    ]
    if wrong:
        return f"your request breaks a rule: {wrong[0].reason} ({wrong[0].section})"
    if spoken.response is None or spoken.response.status != 101:
        status = "nothing" if spoken.response is None else spoken.response.status
        return f"the server answered {status}, not 101."
    if spoken.request.header("Sec-WebSocket-Key") == TEXTS_KEY:
        return "your key is the text's own: each connection needs 16 new random bytes."
    return None


def handshake(lab: Lab) -> str | None:
    """Whether a handshake with a key of its own succeeded, and no two had the same."""
    keys = [each.request.header("Sec-WebSocket-Key") for each in connections(lab)]
    mine = [key for key in keys if key != TEXTS_KEY]
    if len(set(mine)) < len(mine):
        return "two of your connections have the same key: make one for each."
    return _fresh_key(lab)


@any_connection
def masked(spoken: Spoken) -> str | None:
    """Whether the client's frames keep the rules, and no two have the same mask."""
    sent = spoken.sent()
    broken = [violation for frame in sent for violation in frame.violations]
    if broken:
        return f"a frame of yours breaks a rule: {broken[0].rule} ({broken[0].section})"
    if len(sent) < 2:
        return (
            f"frames your client has sent: {len(sent)}; it takes two to see whether masks differ."
        )
    keys = {frame.masking_key for frame in sent}
    if len(keys) < len(sent):
        key = (sent[-1].masking_key or b"").hex()
        return f"{len(sent)} frames, and not as many masks: the last one's is {key}."
    return None


@any_connection
def answered(spoken: Spoken) -> str | None:
    """Whether the client sent back what Alice had written to it."""
    said = [event for event in spoken.said if event["type"] == "message"]
    if not any(event["type"] == "register" for event in spoken.said):
        return "your client has not said who it is: the first event is register."
    posts = [event["data"] for event in spoken.heard if event["type"] == "message"]
    users = {event.get("userId") for event in spoken.said if event["type"] == "register"}
    mine = [post for post in posts if post["receiverId"] in users]
    if not mine:
        return "nobody has written to your client on this connection yet."
    if any(post["text"] in event.get("text", "") for post in mine for event in said):
        return None
    return f"“{mine[-1]['text']}” came, and no message of yours has these words in it."


@any_connection
def ponged(spoken: Spoken) -> str | None:
    """Whether each ping was answered with a pong that carries its payload."""
    asked: list[bytes] = []
    answers = 0
    for way, frame in spoken.frames:
        if way is Direction.S2C and frame.opcode == Opcode.PING:
            asked.append(frame.payload)
        elif way is Direction.C2S and frame.opcode == Opcode.PONG:
            if frame.payload not in asked:
                return "a pong of yours carries other bytes than the ping it answers."
            answers += 1
    if not asked:
        return "no ping has come on this connection yet; they come every two seconds."
    return None if answers else f"{len(asked)} ping came, and no pong went back."


@any_connection
def closed(spoken: Spoken) -> str | None:
    """Whether the client began the closing handshake with 1000, and it was finished."""
    mine = spoken.sent(Opcode.CLOSE)
    theirs = [frame for way, frame in spoken.frames if (way, frame.opcode) == _SERVERS_CLOSE]
    if not mine:
        return "your connection ended without a close frame, or has not ended yet."
    if mine[0].close_code != 1000:
        return f"your close frame says {mine[0].close_code}; 1000 means that all is well."
    if not theirs:
        return "you have said goodbye, but did not wait for the server's close frame."
    return None


_SERVERS_CLOSE = (Direction.S2C, Opcode.CLOSE)


# Questions.


def reads(lab: Lab) -> Measured:
    """Let a big frame come back from the echo, and count what each recv gave."""
    from labchat.widgets.lesson_card import Measured

    sizes: list[int] = []
    with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as plain:
        plain.sendall(opening(ECHO))
        while b"\r\n\r\n" not in plain.recv(65536):
            pass
        plain.sendall(frames.build(2, bytes(BIG), mask=bytes(4)))
        while sum(sizes) < BIG + 10:
            sizes.append(len(plain.recv(BIG * 2)))
    options = (("1", 1), ("2", 2), ("3 or more", len(sizes)))
    return Measured(
        next(option for option, most in options if len(sizes) <= most),
        f"{len(sizes)}: the first gave {sizes[0]} bytes of {BIG + 10}. TCP carries bytes, not "
        "messages; how they are cut is its own affair, and another run cuts them elsewhere. So a "
        "client reads exactly as many as the header says, however many reads that takes.",
    )


def same_mask(lab: Lab) -> Measured:
    """Send two frames with one mask."""
    from labchat.widgets.lesson_card import Measured

    key = b"\x01\x02\x03\x04"
    heard = send(lab, frames.build(1, b"one", mask=key), frames.build(1, b"two", mask=key))
    echoes = [each for each in heard if each.row.direction == "s2c" and each.row.opcode == 1]
    return Measured(
        "it takes both" if len(echoes) == 2 else "it closes with 1002",
        f"{len(echoes)} of 2 came back. A server cannot tell whether a mask was drawn at random; "
        "the rule is for the client to keep (RFC 6455 §5.3), since a page that can foresee the "
        "mask can choose the bytes on the wire.",
    )


def copies(lab: Lab) -> Measured:
    """Let Alice write to Bob, and see on whose connections the message comes back."""
    from labchat.widgets.lesson_card import Measured

    post = lab.alice.say("who hears this?", to=lab.bob).result()
    bubble(lab.bob, post.id)
    told = {
        each.row.connection
        for each, frame in evidence.frames(lab.capture, direction="s2c", opcode=1)
        if post.id.encode() in frame.payload and b'"data"' in frame.payload
    }
    names = [each.name for each in (lab.alice, lab.bob) if told & set(lines_of(lab, each))]
    answer = "Bob and Alice herself" if lab.alice.name in names else "Bob only"
    return Measured(
        answer,
        f"It went to {' and '.join(names)}. The text's loop sends to all "
        "clients, and the sender is one of them: a client has to know its own message by its id.",
    )


LESSON = Lesson(
    "05",
    "Code walkthrough",
    questions={
        "reads": Question(
            f"A frame of {BIG:,} bytes comes back. How many reads until it is whole?",
            ("1", "2", "3 or more"),
            reads,
        ),
        "same-mask": Question(
            "A client uses the same mask for two frames. What does the server do?",
            ("it takes both", "it closes with 1002"),
            same_mask,
        ),
        "copies": Question(
            "Alice writes to Bob. To whom does the server's loop send the message?",
            ("Bob only", "Bob and Alice herself"),
            copies,
        ),
    },
    checks={
        "handshake": Check(
            "Open a WebSocket with a key of your own.",
            handshake,
            hints=(
                "A key is 16 random bytes in base64: os.urandom, base64.b64encode.",
                "key = base64.b64encode(os.urandom(16)).decode()",
            ),
        ),
        "mask": Check(
            "Send frames that keep the rules, each with a mask of its own.",
            masked,
            hints=(
                "Four random bytes for each frame, not for each connection.",
                "mask = os.urandom(4), inside send.",
            ),
        ),
        "answer": Check(
            "Answer what is written to your client with the same words.",
            answered,
            hints=(
                "A message from the server has its text in event['data']['text'].",
                'Where receiverId is "user-3", say a message whose text is "You said: " and it.',
            ),
        ),
        "pong": Check(
            "Answer a ping with a pong that carries its payload.",
            ponged,
            hints=(
                "A ping has opcode 9, a pong 10.",
                "In receive: if opcode is 9, self.send(10, payload).",
            ),
        ),
        "close": Check(
            "Close as the RFC says: send close 1000, and wait for the server's.",
            closed,
            hints=(
                "Opcode 8; the payload is the code in two bytes, big end first.",
                "self.send(8, b'\\x03\\xe8'), then receive until opcode 8 comes back.",
            ),
        ),
    },
)
