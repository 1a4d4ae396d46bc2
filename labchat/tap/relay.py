"""The tap itself: a TCP relay that records what passes and changes nothing it is not told to.

Transparent to the byte and to the ends: half-close, reset and back-pressure pass through. What a
connection can hold is bounded: asyncio's 64 KiB of write buffer and one read (256 KiB) each way,
which may keep a block of 1 MiB; under faults or at the gate 4 MiB more. Beside them up to 64 MiB
are ready for what comes next, once much has come (:mod:`labchat.tap.arena`).
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from labchat.capture.model import End
from labchat.errors import TapError
from labchat.tap.address import endpoint
from labchat.tap.door import Door
from labchat.tap.faults.control import Faults
from labchat.tap.gate import Gate
from labchat.tap.line import Line
from labchat.tap.tls import GOODBYE_S
from labchat.tap.works import Works

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    from labchat.tap.faults.actions import Cut
    from labchat.tap.leg import Leg
    from labchat.tap.sink import Sink

CONNECTING = "connecting"
"""Reason to read nothing from a client: there is nobody yet to carry it to."""


class Relay:
    """Listens, connects each client on to the target, records both ways into a sink.

    The record holds what each receiver gets, when it leaves the tap; what a sender sent and nobody
    got is a gap in it, what the tap did an annotation.

    Args:
        target: host and port connections go on to; an IPv6 host without brackets.
        sink: told of every connection, chunk and end; must return at once and not raise (a
            :class:`~labchat.tap.sink.Tee` sees to that). One that has ``events()``, as a Capture,
            lets units be held on connections under way.
        clock: nanoseconds, monotonic.
        faults, gate: what acts on the traffic; made here, idle, when left out.
        label: whose a connection is, from its client address "host:port"; None if unknown.
        connect_timeout: seconds the target has to accept.
        tls: terminates TLS of the clients.
        target_tls: TLS to the target, which is checked against the target's host name.
    """

    def __init__(
        self,
        target: tuple[str, int],
        sink: Sink,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        faults: Faults | None = None,
        gate: Gate | None = None,
        label: Callable[[str], str | None] | None = None,
        connect_timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
        target_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.target = target
        self.faults = Faults(clock=clock) if faults is None else faults
        self.gate = Gate(clock) if gate is None else gate
        self._works = Works(sink, clock, self.faults, self.gate, self._accepted)
        self._label = label
        self._connect_timeout = connect_timeout
        self._target_tls = target_tls
        self._door = Door(self._client_leg, tls, self._tell)
        self._turn: asyncio.TimerHandle | None = None
        self._leave_faults: Callable[[], None] | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port the relay listens on. Raises TapError when it does not listen."""
        if self._door.address is None:
            raise TapError("The tap does not listen yet; start it first.")
        return self._door.address

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises PortInUse, TapError."""
        await self._door.open(host, port)
        self._works.start()
        self._leave_faults = self.faults.subscribe(partial(self._works.soon, self._mind_the_door))
        self._mind_the_door()

    async def stop(self, grace: float = 1.0) -> None:
        """Stop listening, end every connection, and wait until all are gone.

        Each peer gets what was written to it and FIN; one that does not take it within
        ``grace`` seconds gets RST. Calling it again does nothing.
        """
        if self._leave_faults is not None:
            self._leave_faults()
            self._leave_faults = None
        if self._turn is not None:
            self._turn.cancel()
        await self._door.close()
        self._works.stopped = True
        connecting = tuple(self._connecting)
        for task in connecting:
            task.cancel()
        await asyncio.gather(*connecting, return_exceptions=True)
        for line in tuple(self._works.lines.values()):
            line.close()
        try:
            await asyncio.wait_for(self._works.quiet.wait(), grace)
        except TimeoutError:
            for line in tuple(self._works.lines.values()):
                line.reset()
            await self._works.quiet.wait()
        self._works.stop()

    def cut(self, how: Cut, connections: Collection[int] | None = None) -> None:
        """End these connections now, or all there are, by FIN, RST or silence; any thread."""
        self._works.cut(how, connections)

    def name(self, connection: int, label: str) -> None:
        """Say whose a connection is, so that rules with this label act on it; any thread."""
        self._works.name(connection, label)

    def _mind_the_door(self) -> None:
        """Shut while everybody is refused; look again when that will change."""
        now = self._works.clock()
        if self._turn is not None:
            self._turn.cancel()
        if self._leave_faults is not None:
            self._door.shut(self.faults.refuses_all(now))
            due = self.faults.next_turn(now)
            self._turn = None if due is None else self._works.call_at(due, self._mind_the_door)

    def _tell(self, text: str) -> None:
        self._works.sink.annotate(self._works.clock(), text)

    def _client_leg(self) -> Leg:
        return Line(self._works).client

    def _accepted(self, line: Line) -> None:
        who = line.client.address("peername")
        label = self._label(who) if self._label else None
        works = self._works
        number = works.sink.open(
            works.clock(), client=who, server=endpoint(self.target), label=label
        )
        works.lines[number] = line
        line.client.brake(CONNECTING)
        line.opened(number, label)
        if not self.faults.admits(number, label):
            works.sink.annotate(works.clock(), "The tap refused the connection", connection=number)
            line.server.end(End.LOCAL)
            line.client.reset()
            return
        task = asyncio.get_running_loop().create_task(self._connect(line))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, line: Line) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                await loop.create_connection(
                    lambda: line.server,
                    *self.target,
                    ssl=self._target_tls,
                    ssl_shutdown_timeout=GOODBYE_S if self._target_tls else None,
                )
        except OSError as error:
            self._unreachable(line, error)
            return
        if line.client.gone:
            line.server.close()
        line.client.release(CONNECTING)

    def _unreachable(self, line: Line, error: OSError) -> None:
        why = error.strerror or str(error) or f"no answer within {self._connect_timeout:g} s"
        text = f"The target {endpoint(self.target)} cannot be reached: {why}."
        works = self._works
        works.sink.annotate(works.clock(), text, connection=line.number)
        line.server.end(End.LOCAL)
        line.client.reset()
