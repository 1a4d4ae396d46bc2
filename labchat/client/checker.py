"""A judge over what clients wrote down: was anything lost, doubled, torn or put out of order?

Pure, and ignorant of how the chat works: it compares the journals of all clients with the history
the server gives in the end, when every outbox is empty and everybody has caught up. After
Jepsen's checkers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from labchat.chat.session import Link
from labchat.client.journal import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labchat.chat.events import Post


class Fault(StrEnum):
    """What may be wrong."""

    LOST = "lost"
    """Acknowledged, or due to be heard, and not there."""
    DUPLICATED = "duplicated"
    """There twice."""
    TORN = "torn"
    """There with other content than its author gave it."""
    REORDERED = "reordered"
    """Two posts stand the wrong way round."""
    MISNUMBERED = "misnumbered"
    """Acknowledged under another number than it has."""
    INVENTED = "invented"
    """There, and nobody wrote it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        fault: what kind of wrong.
        id: the post.
        where: "history", or the user in whose journal it shows.
    """

    fault: Fault
    id: str
    where: str = "history"


def judge(
    journals: Mapping[str, Sequence[Entry]], history: Sequence[Post], *, broadcast: bool = True
) -> list[Finding]:
    """All that is wrong; an empty list is an acquittal.

    Args:
        journals: by user; every entry of every client.
        history: all stored posts, as the server lists them.
        broadcast: whether everybody hears everything, or only the receiver.
    """
    posted = {e.id: e for journal in journals.values() for e in journal if e.kind is Kind.POSTED}
    findings = [*_history(posted, history)]
    for user, journal in journals.items():
        findings += _acknowledged(user, journal, history)
        due = [p for p in history if p.sender_id != user and (broadcast or p.receiver_id == user)]
        findings += _heard(user, journal, due, history)
    return findings


def _history(posted: Mapping[str, Entry], history: Sequence[Post]) -> Iterator[Finding]:
    yield from _doubles((post.id for post in history), "history")
    for post in history:
        source = posted.get(post.id)
        if source is None:
            yield Finding(Fault.INVENTED, post.id)
        elif (source.user, source.detail) != (post.sender_id, post.text):
            yield Finding(Fault.TORN, post.id)
    yield from _out_of_order([(post.id, post.seq or 0) for post in history], "history")
    places = {post_id: place for place, post_id in enumerate(posted)}
    for author in {post.sender_id for post in history}:
        mine = [post.id for post in history if post.sender_id == author and post.id in places]
        yield from _out_of_order([(post_id, places[post_id]) for post_id in mine], author)


def _acknowledged(
    user: str, journal: Sequence[Entry], history: Sequence[Post]
) -> Iterator[Finding]:
    seqs = {post.id: post.seq for post in history}
    for entry in journal:
        if entry.kind is not Kind.STORED:
            continue
        if entry.id not in seqs:
            yield Finding(Fault.LOST, entry.id)
        elif entry.seq not in {None, seqs[entry.id]}:
            yield Finding(Fault.MISNUMBERED, entry.id, user)


def _heard(
    user: str, journal: Sequence[Entry], due: Sequence[Post], history: Sequence[Post]
) -> Iterator[Finding]:
    received = [entry for entry in journal if entry.kind is Kind.RECEIVED]
    heard = {entry.id for entry in received}
    stored = {post.id for post in history}
    yield from _doubles((entry.id for entry in received), user)
    yield from (Finding(Fault.LOST, post.id, user) for post in due if post.id not in heard)
    yield from (Finding(Fault.INVENTED, e.id, user) for e in received if e.id not in stored)
    yield from _out_of_order(list(_in_turn(journal)), user)


def _in_turn(journal: Sequence[Entry]) -> Iterator[tuple[str, int]]:
    """What was heard while registered, with its number: first what was missed, then the news."""
    connected = False
    for entry in journal:
        if entry.kind is Kind.LINK:
            connected = entry.detail == Link.CONNECTED
        elif entry.kind is Kind.RECEIVED and connected and entry.seq is not None:
            yield entry.id, entry.seq


def _doubles(ids: Iterable[str], where: str) -> Iterator[Finding]:
    for post_id, times in Counter(ids).items():
        if times > 1:
            yield Finding(Fault.DUPLICATED, post_id, where)


def _out_of_order(numbered: Sequence[tuple[str, int]], where: str) -> Iterator[Finding]:
    for (_, earlier), (post_id, later) in pairwise(numbered):
        if later <= earlier:
            yield Finding(Fault.REORDERED, post_id, where)
