"""Keeping one WebSocket connected: attempts, countdowns, offline and online, the three loops."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

from websockets.exceptions import WebSocketException

from labchat.chat import events
from labchat.chat.outbox import Path
from labchat.chat.session import Bubble, Link
from labchat.client.link import Turn
from labchat.client.race import first, within
from labchat.client.socket import beat, dial, receive
from labchat.client.trouble import Trouble, of_connection
from labchat.errors import InvalidEvent, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from websockets.asyncio.client import ClientConnection

    from labchat.client.clock import Clock
    from labchat.client.core import Core
    from labchat.client.settings import Address, Settings


class Order(Enum):
    """What the user wants of the link."""

    ONLINE = "online"
    OFFLINE = "offline"


class Keeper:
    """Connects, and connects again, as the policy says.

    Args:
        core: what is told of all that happens, and asked what to send.
        address: where the server is.
        settings: how to connect.
        clock: measures countdowns, heartbeats and time-outs.
        rng: draws the jitter.
    """

    def __init__(
        self, core: Core, address: Address, settings: Settings, clock: Clock, rng: Random
    ) -> None:
        self._core = core
        self._address = address
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._typing: dict[str, None] = {}
        self._greeted_ns: int | None = None
        self.greeted = asyncio.Event()
        """Set while the server knows us."""
        self.gone = asyncio.Event()
        """Set while there is no connection, nor one in the making or about to close."""
        self.gone.set()

    def order(self, order: Order) -> None:
        """Go online or offline; the last order counts."""
        if order is Order.OFFLINE:
            self._core.turn(Turn.OFFLINE, "offline")
        self._orders.put_nowait(order)

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    def type_to(self, receiver: str) -> None:
        """Say that the user is typing, if there is a connection to say it on."""
        if self.greeted.is_set():
            self._typing[receiver] = None
            self._wake.set()

    async def run(self) -> None:
        """Keep connected for ever."""
        delays, attempt = self._delays(), 0
        while True:
            self._core.turn(Turn.ATTEMPT)
            self._greeted_ns = None
            trouble = await first(self._told_to_leave(), self._connection())
            if trouble is not None and not trouble.final:
                if self._stood():
                    delays, attempt = self._delays(), 0
                attempt += 1
                if await self._count_down(next(delays, None), attempt, trouble):
                    continue
            elif trouble is not None:
                self._core.turn(Turn.NO, trouble.reason)
            await self._told(Order.ONLINE)
            delays, attempt = self._delays(), 0

    def _stood(self) -> bool:
        """Whether the connection that just ended had been good for a while."""
        if self._greeted_ns is None:
            return False
        return self._clock.now_ns() - self._greeted_ns >= self._settings.stable * 1e9

    def _delays(self) -> Iterator[float]:
        return self._settings.policy.delays(self._rng)

    async def _count_down(self, delay: float | None, attempt: int, trouble: Trouble) -> bool:
        """Wait for the next attempt; False if there shall be none by itself."""
        if delay is None:
            times = f"gave up after {attempt - 1} attempts"
            self._core.turn(Turn.GAVE_UP, f"{times}: {trouble.reason}")
            return False
        delay = max(delay, trouble.retry_after)
        at_ns = self._clock.now_ns() + round(delay * 1e9)
        self._core.planned(attempt, at_ns, trouble.reason)
        return await first(self._orders.get(), self._elapsed(delay)) is Order.ONLINE

    async def _elapsed(self, delay: float) -> Order:
        await self._clock.sleep(delay)
        return Order.ONLINE

    async def _told(self, wanted: Order) -> None:
        while await self._orders.get() is not wanted:
            pass

    async def _told_to_leave(self) -> None:
        await self._told(Order.OFFLINE)

    # One connection.

    async def _connection(self) -> Trouble:
        """From the handshake to the end; says why it ended."""
        self.gone.clear()
        try:
            async with dial(self._address, self._settings) as socket:
                try:
                    return await self._converse(socket)
                finally:
                    await socket.close()  # told to leave: the library would say 1011
        except Refused as refused:
            return Trouble(str(refused), final=True)
        except (OSError, WebSocketException) as error:
            return of_connection(error)
        finally:
            self.greeted.clear()
            self._typing.clear()
            self._core.lost("waiting for the connection")
            self.gone.set()

    async def _converse(self, socket: ClientConnection) -> Trouble:
        """Register, then read, write and ping until one of the three says what is wrong."""
        hello = events.Register(user_id=self._core.user, last_seq=self._core.last_seq)
        await _send(socket, hello)
        return await first(self._live(socket), self._read(socket), self._write(socket))

    async def _read(self, socket: ClientConnection) -> Trouble:
        """Hear the server. Each message is handled before the next is read."""
        while True:
            data = await receive(socket)
            try:
                event = events.decode_server(data)
            except InvalidEvent as error:
                self._core.garbled(str(error))
                continue
            self._core.hear(event)
            if self._core.link is Link.CONNECTED and not self.greeted.is_set():
                self._greeted_ns = self._clock.now_ns()
                self.greeted.set()
            if self._core.outbox.due(Path.WEBSOCKET):
                self._wake.set()

    async def _write(self, socket: ClientConnection) -> Trouble:
        """Send what is due, in the order of writing, once the server knows us."""
        await self.greeted.wait()
        pauses = self._settings.policy.pauses(self._rng)
        while True:
            self._wake.clear()
            if self._core.busy():
                await self._clock.sleep(next(pauses))
            await self._send_due(socket)
            await self._wake.wait()

    async def _send_due(self, socket: ClientConnection) -> None:
        while self._typing:
            receiver, _ = self._typing.popitem()
            await _send(socket, events.Typing(sender_id=self._core.user, receiver_id=receiver))
        while (bubble := self._core.outbox.take(Path.WEBSOCKET)) is not None:
            await _send(socket, say(bubble))
            self._core.sent(bubble.id)

    async def _live(self, socket: ClientConnection) -> Trouble:
        """See that the server answers: first the registration, then the pings."""
        try:
            await within(self._clock, self._settings.open_timeout, _set(self.greeted))
        except TimeoutError:
            return Trouble("no answer to register")
        if self._settings.heartbeat is not None:
            return await beat(socket, self._settings.heartbeat, self._clock)
        silence: asyncio.Future[Trouble] = asyncio.get_running_loop().create_future()
        return await silence


def say(bubble: Bubble) -> events.Say:
    """The post as a client says it."""
    return events.Say(
        text=bubble.text,
        sender_id=bubble.sender,
        receiver_id=bubble.receiver,
        id=bubble.id,
        created_at=bubble.created_at,
    )


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _send(socket: ClientConnection, event: events.ClientEvent) -> None:
    await socket.send(events.encode(event), text=True)
