"""The first path: one WebSocket connection, by the library ``websockets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.typing import Origin

from labchat.client.race import within
from labchat.client.trouble import Trouble

if TYPE_CHECKING:
    from labchat.client.clock import Clock
    from labchat.client.settings import Address, Heartbeat, Settings


class Protocol(ClientProtocol):
    """The library's, but a close frame may come between two fragments (RFC 6455 §5.4)."""

    def recv_frame(self, frame: Frame) -> None:
        """Called for each frame; the library takes an open message for an error at its close."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Connection(ClientConnection):
    """The library's, with our protocol."""

    def __init__(self, protocol: ClientProtocol, **kwargs: Any) -> None:
        super().__init__(
            Protocol(
                protocol.uri,
                origin=protocol.origin,
                extensions=protocol.available_extensions,
                max_size=protocol.max_message_size,
                logger=protocol.logger,
            ),
            **kwargs,
        )


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
        ssl=settings.ssl if address.websocket.startswith("wss") else None,
        open_timeout=settings.open_timeout,
        close_timeout=settings.close_timeout,
        ping_interval=None,
        max_size=settings.limits.message,
        max_queue=settings.limits.queue,
        user_agent_header="labchat",
        create_connection=Connection,
    )


async def receive(socket: ClientConnection) -> str | bytes:
    """The next message; text is checked fragment by fragment, so that bad UTF-8 fails fast.

    Raises:
        websockets.ConnectionClosed: there is none.
    """
    parts: list[str | bytes] = []
    async for part in socket.recv_streaming():
        if part or not parts:
            parts.append(part)
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], str):
        return "".join(part for part in parts if isinstance(part, str))
    return b"".join(part for part in parts if isinstance(part, bytes))


async def beat(socket: ClientConnection, heartbeat: Heartbeat, clock: Clock) -> Trouble:
    """Ping for as long as pongs come; then abort TCP, for nobody is there to close it."""

    async def ping() -> None:
        pong = await socket.ping()
        await pong

    while True:
        await clock.sleep(heartbeat.interval)
        try:
            await within(clock, heartbeat.timeout, ping())
        except TimeoutError:
            socket.transport.abort()
            return Trouble(f"no pong within {heartbeat.timeout:g} s")
