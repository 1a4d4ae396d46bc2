"""The asyncio client: a WebSocket and REST, an outbox, and a will to come back.

>>> async def greet(url: str) -> None:
...     async with connect(url, user="user-1") as chat:
...         await chat.stored(chat.post("Hello!", "user-2"))
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labchat.chat.backoff import Policy, named
from labchat.chat.session import Transport
from labchat.client.chat import Chat
from labchat.client.settings import Address, Heartbeat, Limits, Settings

if TYPE_CHECKING:
    import random

    from labchat.client.clock import Clock
    from labchat.client.journal import Journal

__all__ = ["Chat", "Heartbeat", "Limits", "Settings", "connect"]


def connect(
    url: str,
    *,
    user: str,
    transport: Transport = Transport.BOTH,
    policy: Policy | str | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
    journal: Journal | None = None,
) -> Chat:
    """A chat to be entered with ``async with`` (or started and closed by hand).

    Entering waits for the first attempt to succeed or fail; if it fails, the chat goes on trying
    by ``policy``, and what is posted meanwhile waits in the outbox.

    Args:
        url: ``ws://HOST:PORT/`` or ``http://HOST:PORT/``, with or without a path prefix.
        user: who this is.
        transport: the path of posts; both, as the text does.
        policy: when to try again; a preset's name or a policy, in place of ``settings.policy``.
        settings: everything else.
        clock: time, for tests.
        rng: randomness, for tests.
        journal: called with each entry of what happened.

    Raises:
        SettingsError: the url or the policy's name means nothing.
        InvalidEvent: the user id cannot be one.
    """
    settings = settings or Settings()
    if policy is not None:
        settings = replace(settings, policy=named(policy))
    return Chat(
        Address.of(url),
        user,
        transport=transport,
        settings=settings,
        clock=clock,
        rng=rng,
        journal=journal,
    )
