"""Lesson 5: write a WebSocket client; the capture says whether it is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labchat.lessons import evidence
from labchat.lessons.frames import send
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TEXTS_KEY, of_connection, opening
from labchat.lessons.waiting import bubble, lines_of
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame, Opcode
from labchat.wire.handshake import State, is_attempt
from labchat.wire.handshake import check as musts
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.widgets.lesson_card import Measured

BIG = 200_000
ECHO = "/echo"


@dataclass(slots=True)
class Spoken:
    """One WebSocket connection of the learner's client, as the tap saw it.

    Attributes:
        request, response: its handshake.
        frames: all of them, oldest first, each with the way it went.
        said, heard: the chat events to and from the server.
    """

    request: Request
    response: Response | None = None
    frames: list[tuple[Direction, Frame]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    def sent(self, *opcodes: int) -> list[Frame]:
        """The client's frames of these opcodes; all when there are none."""
        ways = [frame for way, frame in self.frames if way is Direction.C2S]
        return [frame for frame in ways if not opcodes or frame.opcode in opcodes]


def connections(lab: Lab) -> list[Spoken]:
    """The WebSockets that neither the lab's own users nor the echo's callers opened."""
    found = (_spoken(lab, each.number) for each in lab.capture.connections)
    return [each for each in found if each is not None and not _is_others(each, lab)]


def _spoken(lab: Lab, number: int) -> Spoken | None:
    units = of_connection(lab, number)
    if not units or not isinstance(units[0].unit, Request) or not is_attempt(units[0].unit):
        return None
    spoken = Spoken(units[0].unit)
    for each in units[1:]:
        if isinstance(each.unit, Response):
            spoken.response = each.unit
        elif isinstance(each.unit, Frame):
            spoken.frames.append((each.row.direction, each.unit))
            _note(spoken, each.row.direction, evidence.as_json(each.unit.payload))
    return spoken


def _note(spoken: Spoken, way: Direction, event: Any) -> None:
    if isinstance(event, dict) and "type" in event:
        (spoken.said if way is Direction.C2S else spoken.heard).append(event)


def _is_others(spoken: Spoken, lab: Lab) -> bool:
    users = {event.get("userId") for event in spoken.said if event["type"] == "register"}
    return spoken.request.target == ECHO or bool(users & set(lab.names))


def _any(judge: Callable[[Spoken], str | None]) -> Callable[[Lab], str | None]:
    """A check that is done when one connection does it; else it speaks of the last one."""

    def check(lab: Lab) -> str | None:
        problems = [judge(each) for each in connections(lab)]
        if not problems:
            return "no WebSocket but Alice's and Bob's has been opened yet."
        return None if None in problems else problems[-1]

    return check


@_any
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


@_any
def masked(spoken: Spoken) -> str | None:
    """Whether the client's frames keep the rules, and no two have the same mask."""
    sent = spoken.sent()
    broken = [violation for frame in sent for violation in frame.violations]
    if broken:
        return f"a frame of yours breaks a rule: {broken[0].rule} ({broken[0].section})"
    if len(sent) < 2:
        return f"your client has sent {len(sent)} frames; it takes two to see whether masks differ."
    keys = {frame.masking_key for frame in sent}
    if len(keys) < len(sent):
        key = (sent[-1].masking_key or b"").hex()
        return f"{len(sent)} frames have {len(keys)} masks between them; the last is {key}."
    return None


@_any
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


@_any
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


@_any
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
    import socket

    from labchat.lessons.plain import TIMEOUT
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
            f"A frame of {BIG:,} bytes comes back. How many calls of recv until it is whole?",
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
