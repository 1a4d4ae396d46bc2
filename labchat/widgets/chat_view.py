"""From a chat's snapshot to what the panel draws: words, icons, rows. Pure.

The page at ``/`` says the same (``labchat/server/web/js/words.js``); one table of cases holds both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labchat.chat.session import Delivery, Link

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from labchat.chat.session import Bubble, Snapshot

DRAWN = 100
"""So many posts are sent at first, and so many more each time earlier ones are wanted."""

SHOWN = 1_500
"""Characters of a text that are sent; the rest on request."""

_BADGES = {
    Link.CONNECTED: ("connected", "dot", "ok", "connected"),
    Link.CONNECTING: ("connecting", "waiting", "warn", "connecting"),
    Link.RECONNECTING: ("reconnecting", "waiting", "warn", "reconnecting"),
    Link.REFUSED: ("refused", "cross", "fail", "refused"),
    Link.OFFLINE: ("offline", "offline", "fail", "offline"),
    Link.CLOSED: ("offline", "offline", "fail", "closed"),
}

_TOO_LONG = ("too long", "a message may have")
"""How reasons begin that the same text will always meet."""


def head(
    snapshot: Snapshot, *, peer: str, names: Mapping[str, str], now_ms: float
) -> dict[str, Any]:
    """Whose panel, how the link fares, who is typing: all but the posts.

    Args:
        snapshot: the user's chat.
        peer: the other user's id.
        names: what people call the users.
        now_ms: milliseconds since 1970, from which ``due_ms`` (of the next attempt) is reckoned.
    """
    left = snapshot.next_attempt_in
    return {
        "name": name_of(snapshot.user, names),
        "peer": name_of(peer, names),
        "peers": peers(snapshot, peer=peer, names=names),
        "badge": badge(snapshot.link),
        "banner": banner(snapshot),
        "left_ms": None if left is None else round(left * 1000),
        "due_ms": None if left is None else round(now_ms + left * 1000),
        "typing": typing_words([name_of(user, names) for user in snapshot.typing if user == peer]),
    }


def peers(snapshot: Snapshot, *, peer: str, names: Mapping[str, str]) -> list[list[str]]:
    """Id and name of everybody to write to, in the order of names."""
    found = {*snapshot.peers, peer} - {snapshot.user}
    return sorted(
        ([user, name_of(user, names)] for user in found), key=lambda one: (one[1], one[0])
    )


def gone(why: str) -> dict[str, Any]:
    """What becomes of the head when the chat itself has gone."""
    told = _banner("fail", why, action=None, made=0)
    return {
        "badge": badge(Link.CLOSED),
        "banner": told,
        "left_ms": None,
        "due_ms": None,
        "typing": "",
    }


def conversation(snapshot: Snapshot, *, peer: str, hidden: Collection[str] = ()) -> list[Bubble]:
    """The posts between the user and ``peer``, oldest first, without the ``hidden`` ids.

    What others wrote to others stands with its sender, and says so: broadcast is not private.
    """
    return [
        bubble
        for bubble in snapshot.bubbles
        if _peer_of(bubble, snapshot.user) == peer and bubble.id not in hidden
    ]


def rows(
    bubbles: Sequence[Bubble],
    snapshot: Snapshot,
    *,
    names: Mapping[str, str],
    whole: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Some of a snapshot's posts, shaped; texts are cut but for the ids in ``whole``."""
    return [row(bubble, snapshot, names, cut=bubble.id not in whole) for bubble in bubbles]


def row(
    bubble: Bubble, snapshot: Snapshot, names: Mapping[str, str], *, cut: bool = True
) -> dict[str, Any]:
    """One post, as ``js/shared/chat_log.js`` draws it."""
    mine = bubble.sender == snapshot.user
    icon, words = delivery_words(bubble, sending=snapshot.link is Link.CONNECTED)
    return {
        "id": bubble.id,
        "text": bubble.text[:SHOWN] if cut else bubble.text,
        "length": len(bubble.text),
        "mine": mine,
        "author": name_of(bubble.sender, names),
        "to": None if mine or bubble.receiver == snapshot.user else name_of(bubble.receiver, names),
        "at": bubble.created_at,
        "delivery": bubble.delivery.value,
        "icon": icon,
        "words": words,
        "actions": actions(bubble),
    }


def name_of(user: str, names: Mapping[str, str]) -> str:
    """What a person calls this user."""
    return names.get(user, user)


def delivery_words(bubble: Bubble, *, sending: bool) -> tuple[str, str]:
    """Icon and words under a post of one's own; ``sending``: a connection is there to carry it."""
    match bubble.delivery:
        case Delivery.SENT:
            return "check", "sent, not yet stored"
        case Delivery.STORED:
            return "cylinder", "stored" if bubble.seq is None else f"stored {bubble.seq}"
        case Delivery.FAILED:
            return "warn", bubble.reason or "not sent"
        case _:
            waits = (bubble.reason or "sending") if sending else "waits for the connection"
            return "clock", waits


def actions(bubble: Bubble) -> list[str]:
    """What a person can do about a failed post."""
    if bubble.delivery is not Delivery.FAILED:
        return []
    if (bubble.reason or "").lower().startswith(_TOO_LONG):
        return ["edit"]
    return ["retry", "edit"]


def badge(link: Link) -> dict[str, str]:
    """The link's state as icon, tone and word."""
    return dict(zip(("state", "icon", "tone", "words"), _BADGES[link], strict=True))


def banner(snapshot: Snapshot) -> dict[str, Any] | None:
    """What to tell of a link that is not up, and the way on; None while all is well."""
    link, attempt, of = snapshot.link, snapshot.attempt, snapshot.max_attempts
    if link is Link.CONNECTED or (link is Link.CONNECTING and attempt == 0):
        return None
    if link in _DOWN:
        text, action = _DOWN[link]
        told = _sentence(snapshot.detail) or text
        return _banner("fail", told, action=action, made=attempt)
    text = f"Attempt {attempt}" if of is None else f"Attempt {attempt} of {of}"
    action = "Try now" if link is Link.RECONNECTING else None
    return _banner("warn", text, action=action, made=attempt, of=of, why=snapshot.detail)


_DOWN: dict[Link, tuple[str, str | None]] = {
    Link.OFFLINE: ("Offline. Posts wait here.", "Connect"),
    Link.REFUSED: ("The server says no.", "Try again"),
    Link.CLOSED: ("Closed for good.", None),
}


def _banner(
    tone: str, text: str, *, action: str | None, made: int, of: int | None = None, why: str = ""
) -> dict[str, Any]:
    return {"tone": tone, "text": text, "made": made, "of": of, "why": why, "action": action}


def _sentence(detail: str) -> str:
    """The link's own words, unless they only repeat the badge."""
    return "" if detail in {"offline", "closed"} else detail


def typing_words(names: Sequence[str]) -> str:
    """``Alice is typing``, ``Alice and Bob are typing``, or nothing."""
    if len(names) <= 1:
        return "".join(f"{name} is typing" for name in names)
    return f"{', '.join(names[:-1])} and {names[-1]} are typing"


def _peer_of(bubble: Bubble, user: str) -> str:
    return bubble.receiver if bubble.sender == user else bubble.sender
