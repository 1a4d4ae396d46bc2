"""The states of the connection, as a table.

What is not in the table cannot happen: :func:`after` then leaves the state as it is, so that a
late event (a connection that reports its end after the user went offline) changes nothing.
"""

from __future__ import annotations

from enum import StrEnum

from labchat.chat.session import Link


class Turn(StrEnum):
    """What may happen to a link."""

    ATTEMPT = "attempt"
    """The next attempt begins."""
    REGISTERED = "registered"
    """The handshake is done and the server knows who we are."""
    LOST = "lost"
    """The attempt failed or the connection ended; another attempt is planned."""
    GAVE_UP = "gave up"
    """The same, and the policy has no attempt left."""
    NO = "no"
    """The server refuses us; asking again is no use."""
    OFFLINE = "offline"
    """The user (or the machine) goes offline."""
    CLOSE = "close"
    """This side is done, for good."""


TABLE: dict[Link, dict[Turn, Link]] = {
    Link.CONNECTING: {
        Turn.REGISTERED: Link.CONNECTED,
        Turn.LOST: Link.RECONNECTING,
        Turn.GAVE_UP: Link.OFFLINE,
        Turn.NO: Link.REFUSED,
        Turn.OFFLINE: Link.OFFLINE,
        Turn.CLOSE: Link.CLOSED,
    },
    Link.CONNECTED: {
        Turn.LOST: Link.RECONNECTING,
        Turn.GAVE_UP: Link.OFFLINE,
        Turn.NO: Link.REFUSED,
        Turn.OFFLINE: Link.OFFLINE,
        Turn.CLOSE: Link.CLOSED,
    },
    Link.RECONNECTING: {
        Turn.ATTEMPT: Link.CONNECTING,
        Turn.OFFLINE: Link.OFFLINE,
        Turn.CLOSE: Link.CLOSED,
    },
    Link.OFFLINE: {Turn.ATTEMPT: Link.CONNECTING, Turn.CLOSE: Link.CLOSED},
    Link.REFUSED: {
        Turn.ATTEMPT: Link.CONNECTING,
        Turn.OFFLINE: Link.OFFLINE,
        Turn.CLOSE: Link.CLOSED,
    },
    Link.CLOSED: {},
}


def after(link: Link, turn: Turn) -> Link:
    """The state that follows; ``link`` itself where the table has no entry."""
    return TABLE[link].get(turn, link)
