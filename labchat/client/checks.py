"""What may be a user id, and what a text; said before anything is sent."""

from __future__ import annotations

from labchat.errors import InvalidEvent

NAME_LIMIT = 128
"""Characters of a user id, as :data:`labchat.chat.events.Name` has it."""


def check_name(name: str) -> str:
    """The name, if it can be a user's. Raises InvalidEvent."""
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidEvent(f"a user id has 1 to {NAME_LIMIT} characters, not {len(name)}")
    return _utf8(name, "user id")


def check_text(text: str) -> str:
    """The text, if it can be a post's. Raises InvalidEvent."""
    if not text:
        raise InvalidEvent("a post has some text")
    return _utf8(text, "text")


def _utf8(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidEvent(f"the {what} holds half a surrogate pair at {error.start}") from None
    return text
