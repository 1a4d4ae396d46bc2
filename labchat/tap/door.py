"""Where clients come in: it listens, or refuses like a port where nobody does.

While it is shut the port stays taken, by a socket that does not listen: who connects is told
"connection refused" by the system, and nobody else can move in.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from labchat.errors import PortInUse, TapError
from labchat.tap.address import endpoint
from labchat.tap.tls import GOODBYE_S

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

BACKLOG = 512
REUSE = int(os.name == "posix")
"""So that connections of the port that exist do not count; on Windows it means something else."""


class Door:
    """Listening sockets that can be shut and opened again, on one port.

    Args:
        arrives: makes the protocol of each client.
        tls: terminates TLS of the clients.
        problem: told, in a sentence, when it can be opened no more.
    """

    def __init__(
        self,
        arrives: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
        problem: Callable[[str], None],
    ) -> None:
        self._arrives = arrives
        self._tls = tls
        self._problem = problem
        self._servers: list[asyncio.Server] = []
        self._ends: list[tuple[int, Any]] = []
        self._places: list[socket.socket] = []
        self._wanted = True
        self._moving: asyncio.Task[None] | None = None
        self.address: tuple[str, int] | None = None

    async def open(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one. Raises PortInUse, TapError."""
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                self._arrives,
                host,
                port,
                backlog=BACKLOG,
                ssl=self._tls,
                ssl_shutdown_timeout=GOODBYE_S if self._tls else None,
            )
        except OSError as error:
            where = endpoint((host, port))
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"Somebody else listens on {where} already.") from error
            raise TapError(f"The tap cannot listen on {where}: {error.strerror}.") from error
        self._servers = [server]
        self.address = server.sockets[0].getsockname()[:2]

    def shut(self, shut: bool) -> None:
        """Refuse everybody from now on, or let them in again; of the loop's thread."""
        self._wanted = not shut
        if self._moving is None or self._moving.done():
            self._moving = asyncio.get_running_loop().create_task(self._move())

    async def close(self) -> None:
        """Listen no longer, and give the port back."""
        self.address = None
        if self._moving is not None:
            self._moving.cancel()
            with suppress(asyncio.CancelledError):
                await self._moving
        await self._close_servers()
        for place in self._places:
            place.close()
        self._places = []

    async def _move(self) -> None:
        """Until it stands as it should."""
        try:
            while self._wanted != bool(self._servers):
                if self._servers:
                    await self._shut()
                else:
                    await self._open_again()
        except OSError as error:
            self._problem(f"The tap lets nobody in any more: {error.strerror or error}")

    async def _shut(self) -> None:
        listening = [sock for server in self._servers for sock in server.sockets]
        self._ends = [(sock.family, sock.getsockname()) for sock in listening]
        await self._close_servers()
        self._take_places()

    async def _close_servers(self) -> None:
        """Accept nobody more, wait until those accepted are heard of, and close.

        Python 3.11 forgets, and leaks, a connection that it has accepted and not yet told of.
        """
        loop = asyncio.get_running_loop()
        servers, self._servers = self._servers, []
        for sock in [sock for server in servers for sock in server.sockets]:
            with suppress(NotImplementedError):  # Windows
                loop.remove_reader(sock.fileno())
        for _ in range(2):
            await asyncio.sleep(0)
        for server in servers:
            server.close()

    def _take_places(self) -> None:
        for family, name in self._ends[len(self._places) :]:
            self._places.append(_placed(family, name))

    async def _open_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._take_places()
        for place in self._places:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, REUSE)
            server = await loop.create_server(
                self._arrives,
                sock=place,
                backlog=BACKLOG,
                ssl=self._tls,
                ssl_shutdown_timeout=GOODBYE_S if self._tls else None,
            )
            self._servers.append(server)
        self._places = []


def _placed(family: int, name: Any) -> socket.socket:
    """A socket bound where another one listened, where nobody else can be bound then."""
    place = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, REUSE)
    place.bind(name)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return place
