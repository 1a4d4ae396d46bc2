"""What the client knows and decides, without a socket.

The shell (:mod:`labchat.client.chat`) tells it what happened and asks it what to send; it keeps
outbox, timeline, link and peers in step, and reports each change as one journal entry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labchat.chat import events
from labchat.chat.outbox import Outbox, Path
from labchat.chat.session import Bubble, Delivery, Link, Snapshot, Transport
from labchat.client.checks import check_name, check_text
from labchat.client.journal import Entry, Journal, Kind
from labchat.client.link import Turn, after
from labchat.client.peers import Peers
from labchat.client.timeline import Timeline
from labchat.errors import Refused, TooLong

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.client.settings import Limits

_TRANSIENT = {events.ErrorCode.RATE_LIMITED, events.ErrorCode.UNAVAILABLE}
_UNWELCOME = {events.ErrorCode.UNAUTHORIZED, events.ErrorCode.FORBIDDEN}
_KINDS = {
    Delivery.PENDING: Kind.HELD,
    Delivery.SENT: Kind.SENT,
    Delivery.STORED: Kind.STORED,
    Delivery.FAILED: Kind.FAILED,
    Delivery.RECEIVED: Kind.RECEIVED,
}


class Core:
    """One user's side of the chat.

    Args:
        user: who this is.
        limits: how much is held at once.
        transport: the path of the posts to come.
        since: sequence number after which posts are missing; None until the server names one.
        journal: called with each entry.
        now_ns: the clock that stamps the entries.
    """

    def __init__(
        self,
        user: str,
        *,
        limits: Limits,
        transport: Transport,
        since: int | None,
        journal: Journal,
        now_ns: Callable[[], int],
    ) -> None:
        self.user = check_name(user)
        self.transport = transport
        self.outbox = Outbox(limits.outbox)
        self.timeline = Timeline(limits.bubbles)
        self.link = Link.OFFLINE
        self.detail = ""
        self.attempt = 0
        self.next_attempt_ns: int | None = None
        self.last_seq = since
        self.session_id: str | None = None
        self._peers = Peers(user, limits.peers)
        self._text_limit = limits.text
        self._journal = journal
        self._now_ns = now_ns
        self._busy = False

    # What the user does.

    def post(self, bubble: Bubble) -> None:
        """A new post: into the outbox, or failed at once if it is over a limit.

        Raises:
            InvalidEvent: no text, no receiver, or characters that UTF-8 cannot carry.
        """
        check_name(bubble.receiver)
        check_text(bubble.text)
        self._peers.meet(bubble.receiver)
        self._show(bubble)
        self._queue(bubble)

    def retry(self, post_id: str) -> None:
        """Put a failed post back into the outbox, under the same id; others are left alone."""
        bubble = self.timeline.get(post_id)
        if bubble is not None and bubble.delivery is Delivery.FAILED:
            self._queue(bubble)

    def _queue(self, bubble: Bubble) -> None:
        if len(bubble.text) > self._text_limit:
            reason = f"too long: {self._text_limit:,} at most".replace(",", " ")
            self._show(replace(bubble, delivery=Delivery.FAILED, reason=reason))
            return
        try:
            self._show(self.outbox.put(bubble, self.transport))
        except TooLong as full:
            self._show(replace(bubble, delivery=Delivery.FAILED, reason=str(full)))

    # What becomes of a post.

    def sent(self, post_id: str) -> None:
        """The post was handed to a connection."""
        self._show(self.outbox.sent(post_id))

    def confirmed(self, post_id: str, path: Path, seq: int | None) -> None:
        """The server stored the post and said so on ``path``."""
        self._came_of_it(self.outbox.confirm(post_id, path, seq))

    def held(self, post_id: str, path: Path, reason: str) -> None:
        """``path`` failed for now."""
        self._came_of_it(self.outbox.hold(post_id, path, reason))

    def rejected(self, post_id: str, reason: str) -> None:
        """The server refuses the post."""
        self._came_of_it(self.outbox.reject(post_id, reason))

    def _came_of_it(self, bubble: Bubble | None) -> None:
        self._show(bubble)
        if bubble is not None and bubble.id not in self.outbox:
            self._note(Kind.SETTLED, bubble.id, bubble.seq)

    # What happens to the link.

    def turn(self, turn: Turn, detail: str = "") -> None:
        """The link changes state, if it may; the countdown is forgotten."""
        link = after(self.link, turn)
        if link is self.link:
            return
        self.link, self.detail, self.next_attempt_ns = link, detail, None
        if link is Link.CONNECTED:
            self.attempt = 0
        else:
            self._peers.out_of_sight()
        self._note(Kind.LINK, detail=link)

    def planned(self, attempt: int, at_ns: int, detail: str) -> None:
        """The connection is lost, and attempt number ``attempt`` follows at ``at_ns``."""
        self.attempt = attempt
        self.turn(Turn.LOST, detail)
        self.next_attempt_ns = at_ns if self.link is Link.RECONNECTING else None

    def lost(self, reason: str) -> None:
        """Whatever was on the WebSocket and not acknowledged is due again."""
        for bubble in self.outbox.lose(Path.WEBSOCKET, reason):
            self._show(bubble)

    # What the server says.

    def hear(self, event: events.ServerEvent) -> None:
        """Take one event in.

        Raises:
            Refused: the server does not want this user.
        """
        match event:
            case events.Told(data=post):
                self._told(post)
            case events.Ack(id=post_id, seq=seq):
                self.confirmed(post_id, Path.WEBSOCKET, seq)
            case events.Registered():
                self._registered(event)
            case events.TypingUpdate(typing_users=users):
                self._peers.typing_are(users)
                self._note(Kind.PEERS)
            case events.Presence(online=online, offline=offline):
                self._peers.present(online, offline)
                self._note(Kind.PEERS)
            case _:
                self._error(event)

    def garbled(self, reason: str) -> None:
        """The server said what nobody understands; it is left aside."""
        self._note(Kind.GARBLED, detail=reason)

    def learned(self, post: events.Post) -> None:
        """A post out of the stored history."""
        known = self.timeline.get(post.id)
        if known is not None:
            self._repeated(post, known)
            return
        mine = post.sender_id == self.user
        self._peers.meet(post.sender_id)
        self._peers.meet(post.receiver_id)
        self._show(_bubble(post, Delivery.STORED if mine else Delivery.RECEIVED))

    def _registered(self, event: events.Registered) -> None:
        self.session_id = event.session_id
        if self.last_seq is None:
            self.last_seq = event.seq
        self.turn(Turn.REGISTERED)

    def _told(self, post: events.Post) -> None:
        """Somebody's post. One that is told before the registration may overtake missed ones."""
        if post.seq is not None and self.last_seq is not None and self.link is Link.CONNECTED:
            self.last_seq = max(self.last_seq, post.seq)
        known = self.timeline.get(post.id)
        if known is None and not self.timeline.forgot(post.id):
            self.learned(post)
        elif known is None or known.delivery is Delivery.RECEIVED:
            self._repeated(post, known)
        elif post.seq is None:
            return
        elif post.id in self.outbox:
            self._came_of_it(self.outbox.told(post.id, post.seq))
        else:
            self._show(replace(known, delivery=Delivery.STORED, seq=post.seq, reason=None))

    def _repeated(self, post: events.Post, known: Bubble | None) -> None:
        if known is not None:
            self.timeline.number(known, post.seq)
        self._note(Kind.REPEATED, post.id, post.seq)

    def _error(self, event: events.Error) -> None:
        if event.id is not None and event.code in _TRANSIENT:
            self._busy = True
            self.held(event.id, Path.WEBSOCKET, event.message)
        elif event.id is not None and event.id in self.outbox:
            self.rejected(event.id, event.message)
        elif event.code in _UNWELCOME:
            raise Refused(event.message)
        else:
            self.garbled(f"{event.code}: {event.message}")

    def busy(self) -> bool:
        """Whether the server asked for a pause since this was last asked."""
        busy, self._busy = self._busy, False
        return busy

    # Showing it.

    def countdown(self) -> float | None:
        """Seconds to the next attempt, or None if none is planned."""
        at = self.next_attempt_ns
        return None if at is None else max(0.0, (at - self._now_ns()) / 1e9)

    def snapshot(self, max_attempts: int | None) -> Snapshot:
        """All that a panel draws."""
        return Snapshot(
            user=self.user,
            link=self.link,
            detail=self.detail,
            attempt=self.attempt,
            max_attempts=max_attempts,
            next_attempt_in=self.countdown(),
            transport=self.transport,
            bubbles=self.timeline.bubbles(),
            typing=self._peers.typing,
            peers=self._peers.known,
            online=self._peers.online,
        )

    def _show(self, bubble: Bubble | None) -> None:
        """Put a bubble on the timeline; that it is there, or changed, is an entry."""
        if bubble is None:
            return
        known = self.timeline.get(bubble.id)
        if known == bubble:
            return
        self.timeline.put(bubble)
        kind = _KINDS[bubble.delivery]
        if known is None and kind is Kind.HELD:
            kind = Kind.POSTED
        self._note(kind, bubble.id, bubble.seq, bubble.reason or bubble.text)

    def _note(
        self, kind: Kind, post_id: str = "", seq: int | None = None, detail: str = ""
    ) -> None:
        self._journal(Entry(self._now_ns(), self.user, kind, post_id, seq, detail))


def _bubble(post: events.Post, delivery: Delivery) -> Bubble:
    return Bubble(
        id=post.id,
        text=post.text,
        sender=post.sender_id,
        receiver=post.receiver_id,
        created_at=post.created_at,
        delivery=delivery,
        seq=post.seq,
    )
