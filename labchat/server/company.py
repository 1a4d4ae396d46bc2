"""Who is here and who is writing: what is told of it, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labchat.chat import events
from labchat.chat.rooms import Leases, Members, Routing, TypingBoard
from labchat.server.settings import Auth
from labchat.server.writer import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.chat.events import Post
    from labchat.server.clock import Clock
    from labchat.server.settings import Settings


class Link(Protocol):
    """One open WebSocket, of the chat or of the echo."""

    def __hash__(self) -> int:
        """By identity."""
        ...

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close with a code."""
        ...


class Session(Link, Protocol):
    """One open WebSocket of the chat."""

    id: str

    def send(self, message: Outgoing, *, matters: bool = True) -> None:
        """Write; what does not matter is left out when the peer reads too slowly."""
        ...

    def show(self, joined: Outgoing, told: list[tuple[Outgoing, Post]]) -> None:
        """Write live posts, unless the session is catching up: then each waits its turn."""
        ...


def outgoing(event: events.Event) -> Outgoing:
    """An event, ready to be written to any number of sessions."""
    return Outgoing(events.encode(event))


class Company:
    """The sessions, the users behind them, and what they do besides posting.

    Attributes:
        members: the open sessions and their users.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.members: Members[Session] = Members()
        self._settings = settings
        self._clock = clock
        self._typing = TypingBoard(settings.typing)
        self._leases = Leases(settings.lease)

    # Coming and going.

    def open(self, session: Session) -> None:
        """A connection is up."""
        self.members.open(session)

    def join(self, session: Session, user: str) -> None:
        """The session is that user's from now on."""
        self.members.register(session, user)

    def leave(self, session: Session) -> None:
        """The session is nobody's any more, but open."""
        self.closed(session)
        self.members.open(session)

    def announce(self, session: Session, user: str) -> None:
        """The user is present; the session is told who else is."""
        self.seen(user)
        session.send(outgoing(events.Presence(online=self.here())), matters=False)
        self._tell_presence(leave_out=session)

    def closed(self, session: Session) -> None:
        """A connection is gone; its user stays present until the lease is over."""
        user = self.members.close(session)
        if user is not None:
            self._tell_typing(self._typing.drop(user))

    def seen(self, user: str) -> None:
        """A user gave a sign of life."""
        self._leases.renew(user, self._clock.monotonic())

    def here(self) -> tuple[str, ...]:
        """The users who are present."""
        return self._leases.here()

    def sweep(self) -> None:
        """Let lapse what is overdue; who has an open session is present."""
        now = self._clock.monotonic()
        self._tell_typing(self._typing.lapse(now))
        for user in filter(None, map(self.members.user, self.members)):
            self._leases.renew(user, now)
        self._leases.lapse(now)
        self._tell_presence()

    # Typing.

    def typing(self, event: events.Typing) -> None:
        """Somebody is writing, or has stopped; who is concerned is told if that is news."""
        if not event.is_typing:
            self.stopped(event.sender_id, event.receiver_id)
        elif self._typing.start(event.sender_id, event.receiver_id, self._clock.monotonic()):
            self._tell_typing([event.receiver_id])

    def stopped(self, sender: str, receiver: str) -> None:
        """Somebody has stopped writing, or sent what was written."""
        if self._typing.stop(sender, receiver):
            self._tell_typing([receiver])

    # Telling.

    def groups(self, posts: list[Post]) -> Iterator[tuple[list[Session], list[Post]]]:
        """The posts, in order, put together where they go to the same sessions."""
        if not posts:
            return
        if self._settings.routing is Routing.BROADCAST:
            yield list(filter(self._may_hear, self.members)), posts
            return
        for post in posts:
            sessions = self.members.sessions(post.sender_id) | self.members.sessions(
                post.receiver_id
            )
            yield list(sessions), [post]

    def _may_hear(self, session: Session) -> bool:
        """In open mode everybody who is connected, as in the text; with ``auth`` who is known."""
        return self._settings.auth is Auth.OFF or self.members.user(session) is not None

    def _tell_typing(self, receivers: list[str]) -> None:
        """Send ``typing-update`` to all (broadcast) or to those to whom it was being written."""
        if receivers and self._settings.routing is Routing.BROADCAST:
            message = outgoing(events.TypingUpdate(self._typing.everybody()))
            for session in filter(self._may_hear, self.members):
                session.send(message, matters=False)
            return
        for receiver in dict.fromkeys(receivers):
            message = outgoing(events.TypingUpdate(self._typing.writing_to(receiver)))
            for session in self.members.sessions(receiver):
                session.send(message, matters=False)

    def _tell_presence(self, leave_out: Session | None = None) -> None:
        came, went = self._leases.changes()
        if came or went:
            message = outgoing(events.Presence(online=came, offline=went))
            for session in self.members:
                if session is not leave_out and self.members.user(session) is not None:
                    session.send(message, matters=False)
