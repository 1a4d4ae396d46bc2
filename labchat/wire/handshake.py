"""The opening handshake of WebSocket: every MUST of RFC 6455 §4.1 and §4.2, checked by name.

>>> accept_key("x3JJHMbDL1EzLkh9GBhXDw==")
'HSmrc0sMlYUkAGmm5OPpG2HaGWk='
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from labchat.wire.accept import GUID, Step, accept_key, derivation
from labchat.wire.musts import CLIENT, SERVER, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.wire.fields import Direction
    from labchat.wire.http1 import Request, Response
    from labchat.wire.musts import Answer, Rule, Verdict

__all__ = [
    "GUID",
    "Must",
    "State",
    "Step",
    "accept_key",
    "broken",
    "check",
    "derivation",
    "is_attempt",
]


class State(StrEnum):
    """How a rule fared."""

    MET = "met"
    BROKEN = "broken"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Must:
    """One rule of the handshake, and how this handshake kept it.

    Attributes:
        name: one or two words: "Upgrade", "accept value".
        sentence: the rule.
        section: where it stands.
        side: who has to keep it: C2S the client, S2C the server.
        state: met, broken or not-applicable.
        reason: what was found, in a sentence.
    """

    name: str
    sentence: str
    section: str
    side: Direction
    state: State
    reason: str


def is_attempt(request: Request) -> bool:
    """The request asks to change to WebSocket, be it right or wrong in the details."""
    return "websocket" in tokens(request.header("Upgrade"))


def check(request: Request | None, response: Response | None) -> list[Must]:
    """Every MUST that two endpoints must keep, checked on one handshake.

    Args:
        request: the opening request; None when the capture does not hold it.
        response: its answer; None when there is none (yet).
    """
    asked = [
        _unseen(rule, "the request") if request is None else _must(rule, rule.test(request))
        for rule in CLIENT
    ]
    return asked + [
        _unseen(rule, "the response")
        if response is None
        else _must(rule, rule.test(request, response))
        for rule in SERVER
    ]


def broken(request: Request | None, response: Response | None) -> Iterator[Must]:
    """The rules that this handshake breaks."""
    return (must for must in check(request, response) if must.state is State.BROKEN)


def _must(rule: Rule | Answer, verdict: Verdict) -> Must:
    states = {True: State.MET, False: State.BROKEN, None: State.NOT_APPLICABLE}
    state = states[verdict[0]]
    return Must(rule.name, rule.sentence, rule.section, rule.side, state, verdict[1])


def _unseen(rule: Rule | Answer, what: str) -> Must:
    return _must(rule, (None, f"{what} is not in the capture"))
