"""The vocabulary of both ends: what a client may say, and what a server answers.

Each event is one JSON object with a ``type``; names on the wire are camelCase, as in the text.
Decoding either gives one of these structs or raises :class:`BadEvent`, which says in a sentence
what is wrong and carries a code and, where there was one, the id of the event it is about.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from labchat.errors import InvalidEvent


class ErrorCode(StrEnum):
    """Why the server refused an event (``code`` of an ``error`` event)."""

    MALFORMED = "malformed"
    """Not JSON, or not a JSON object with a ``type``."""
    UNKNOWN_TYPE = "unknown-type"
    """JSON, but no event of ours."""
    INVALID = "invalid"
    """A field is missing, empty or of the wrong type."""
    BINARY = "binary"
    """A binary message; the chat speaks JSON text."""
    TOO_LONG = "too-long"
    """Over a limit, which the message names."""
    CONFLICT = "conflict"
    """The id names a stored message with other content."""
    UNAUTHORIZED = "unauthorized"
    """No token, or one that is not known."""
    FORBIDDEN = "forbidden"
    """The token belongs to somebody else."""
    RATE_LIMITED = "rate-limited"
    """Too many messages a second."""
    UNAVAILABLE = "unavailable"
    """The store cannot write now; nothing was stored, and the same id may be sent again."""


class BadEvent(InvalidEvent):
    """An event that cannot be taken.

    Attributes:
        code: what kind of badness.
        id: the event's own id, or None if it has none that can be read.
    """

    def __init__(self, code: ErrorCode, message: str, event_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = event_id


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
"""A user id or a message id: one to 128 characters, any of them."""
Words = Annotated[str, msgspec.Meta(min_length=1)]
"""What a person wrote; how long it may be is a setting of the server."""
Stamp = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A time, as its author wrote it; kept, never computed with."""
Seq = Annotated[int, msgspec.Meta(ge=0)]
"""A sequence number; 0 is before the first post."""


class Event(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, tag_field="type"):
    """Any event: immutable, camelCase on the wire, absent fields left out."""


class Post(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One chat message as it is stored and shown (``data`` of a ``message`` event).

    Attributes:
        id: names the message on every path; unique for ever.
        text: what was written. Hostile until shown as text.
        sender_id, receiver_id: user ids.
        created_at: RFC 3339 time, as its author stamped it (or the server, if nobody did).
        seq: the server's sequence number; None while it is not yet committed (relay-first).
    """

    id: str
    text: str
    sender_id: str
    receiver_id: str
    created_at: str
    seq: int | None = None


# What a client says.


class Register(Event, frozen=True, tag="register"):
    """``register``: who this is.

    Attributes:
        user_id: the user.
        last_seq: the highest ``seq`` the client has; it gets what came after. None: nothing.
        token: the user's token, when the server asks for one and no header carried it.
    """

    user_id: Name
    last_seq: Seq | None = None
    token: str | None = None


class Say(Event, frozen=True, tag="message"):
    """``message`` from a client: a new post. ``id`` and ``createdAt`` may be left to the server."""

    text: Words
    sender_id: Name
    receiver_id: Name
    id: Name | None = None
    created_at: Stamp | None = None


class Typing(Event, frozen=True, tag="typing"):
    """``typing``: the sender is writing to the receiver, or has stopped (``isTyping`` false).

    It lapses by itself after a few seconds (a setting of the server), so it is repeated.
    """

    sender_id: Name
    receiver_id: Name
    is_typing: bool = True


# What a server says.


class Registered(Event, frozen=True, tag="registered"):
    """``registered``: the session is known.

    Attributes:
        session_id: names this connection in the server's log.
        seq: the last committed sequence number. With ``lastSeq`` all missed posts follow as
            ``message`` events, and after them the live ones: no gap, no duplicate.
    """

    session_id: str
    seq: int


class Told(Event, frozen=True, tag="message"):
    """``message`` from the server: somebody's post."""

    data: Post


class Ack(Event, frozen=True, tag="ack"):
    """``ack``: the post is committed, durably, as number ``seq``."""

    id: str
    seq: int


class TypingUpdate(Event, frozen=True, tag="typing-update"):
    """``typing-update``: all who are typing now (broadcast), or typing to you (direct)."""

    typing_users: tuple[str, ...]


class Presence(Event, frozen=True, tag="presence"):
    """``presence``: who came and who went since the last one; the first names all who are here."""

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()


class Error(Event, frozen=True, tag="error"):
    """``error``: an event was refused. ``id`` is that of the refused message, if it had one."""

    code: str
    message: str
    id: str | None = None


ClientEvent: TypeAlias = Register | Say | Typing
ServerEvent: TypeAlias = Registered | Told | Ack | TypingUpdate | Presence | Error


class _Tag(msgspec.Struct):
    """As much of a bad event as an error reply needs."""

    type: object = None
    id: object = None


_client: msgspec.json.Decoder[ClientEvent] = msgspec.json.Decoder(ClientEvent)
_server: msgspec.json.Decoder[ServerEvent] = msgspec.json.Decoder(ServerEvent)
_tag = msgspec.json.Decoder(_Tag)
_encoder = msgspec.json.Encoder()

_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What the decoder raises: bad JSON or a wrong field, bad UTF-8, nesting without end."""

CLIENT_TYPES = frozenset({"register", "message", "typing"})
SERVER_TYPES = frozenset({"registered", "message", "ack", "typing-update", "presence", "error"})


def encode(event: Event | Post) -> bytes:
    """The event as UTF-8 JSON."""
    return _encoder.encode(event)


def decode_client(data: bytes | str) -> ClientEvent:
    """What a client said. Raises BadEvent (an InvalidEvent) with a sentence."""
    try:
        return _client.decode(data)
    except _UNREADABLE as error:
        raise _explain(data, error, CLIENT_TYPES) from None


def decode_server(data: bytes | str) -> ServerEvent:
    """What a server said. Raises BadEvent (an InvalidEvent) with a sentence."""
    try:
        return _server.decode(data)
    except _UNREADABLE as error:
        raise _explain(data, error, SERVER_TYPES) from None


def _explain(data: bytes | str, error: Exception, types: frozenset[str]) -> BadEvent:
    """Turn a decoder's complaint into ours."""
    try:
        tag = _tag.decode(data)
    except msgspec.ValidationError:
        return BadEvent(ErrorCode.MALFORMED, "An event is a JSON object with a type.")
    except _UNREADABLE:
        return BadEvent(ErrorCode.MALFORMED, f"This is not JSON: {error}.")
    event_id = tag.id if isinstance(tag.id, str) else None
    if tag.type is None:
        return BadEvent(ErrorCode.MALFORMED, "The event has no type.", event_id)
    if not isinstance(tag.type, str) or tag.type not in types:
        known = ", ".join(sorted(types))
        message = f"The type {tag.type!r} is unknown; known are {known}."
        return BadEvent(ErrorCode.UNKNOWN_TYPE, message, event_id)
    return BadEvent(ErrorCode.INVALID, f"The {tag.type} event is wrong: {error}.", event_id)
