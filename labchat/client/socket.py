"""The first path: one WebSocket connection, by the library ``websockets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from labchat.client.race import within
from labchat.client.trouble import Trouble

if TYPE_CHECKING:
    from labchat.client.clock import Clock
    from labchat.client.settings import Address, Heartbeat, Settings


class Ended(Exception):
    """A connection ended, or never came about; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


def dial(address: Address, settings: Settings) -> connect:
    """An async context manager that makes one connection, once.

    The library's own pings and reconnects are off: ours go by the injected clock.
    """
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    return connect(
        address.websocket,
        additional_headers=headers,
        origin=None if settings.origin is None else Origin(settings.origin),
        compression="deflate" if settings.compression else None,
        proxy=None,
        ssl=settings.ssl,
        open_timeout=settings.open_timeout,
        close_timeout=settings.close_timeout,
        ping_interval=None,
        max_size=settings.limits.message,
        max_queue=settings.limits.queue,
        user_agent_header="labchat",
    )


async def beat(socket: ClientConnection, heartbeat: Heartbeat, clock: Clock) -> None:
    """Ping for as long as pongs come.

    Raises:
        Ended: no pong in time; the TCP connection is aborted, for nobody is there to close it.
    """

    async def ping() -> None:
        pong = await socket.ping()
        await pong

    while True:
        await clock.sleep(heartbeat.interval)
        try:
            await within(clock, heartbeat.timeout, ping())
        except TimeoutError:
            socket.transport.abort()
            raise Ended(Trouble(f"no pong within {heartbeat.timeout:g} s")) from None
