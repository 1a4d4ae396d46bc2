"""The server as a process of its own: it can be killed, and it dies with the kernel.

The child watches its standard input and exits when that ends, so that not even ``kill -9`` of
the kernel leaves a process or a port behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from labchat.errors import PortInUse, ServerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_READY = re.compile(r"labchat: serving on (https?)://(.+):(\d+)\s*$")
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_STDERR_LINES = 40


class ServerProcess:
    """``labchat serve`` as a child process.

    Attributes:
        address: (host, port) it listens on, once started.
        trace: what its store did, newest last: ``{"at_ns", "event", "id", "seq"}``.
    """

    def __init__(
        self,
        database: Path,
        *,
        options: Sequence[str] = (),
        traced: Callable[[dict[str, Any]], None] = lambda row: None,
    ) -> None:
        self._database = database
        self._options = tuple(options)
        self._traced = traced
        self._told = False
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self.address: tuple[str, int] = ("127.0.0.1", 0)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    @property
    def died(self) -> bool:
        """Whether it ended without having been told to."""
        return self._process is not None and not self._told and self.pid is None

    @property
    def last_words(self) -> str:
        """The end of what it printed on stderr."""
        return "".join(self._stderr).strip()

    async def start(self, port: int = 0) -> None:
        """Start the process and wait until it accepts connections.

        Raises:
            ServerFailed: it ended, or did not come up in 30 s; says what it printed.
        """
        command = [sys.executable, "-m", "labchat", "serve", "--port", str(port)]
        command += ["--db", str(self._database), "--trace", "--exit-with-parent", *self._options]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe
        )
        loop = asyncio.get_running_loop()
        self._told = False
        self._readers = [loop.create_task(self._read_stderr(self._process))]
        try:
            await asyncio.wait_for(self._wait_ready(self._process), _START_SECONDS)
        except (ServerFailed, TimeoutError) as error:
            await self.kill()
            raise _failure("".join(self._stderr) or str(error)) from None
        self._readers.append(loop.create_task(self._read_stdout(self._process)))

    async def _wait_ready(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            if match := _READY.match(line):
                self.address = (match[2], int(match[3]))
                return
        raise ServerFailed("the server ended before it was ready")

    async def _read_stdout(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                self._traced(json.loads(line))

    async def _read_stderr(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self._stderr.append(line.decode(errors="replace"))

    async def ended(self) -> None:
        """Return once the process has ended, whoever ended it."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, so that connections close with 1001; SIGKILL when that takes too long."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL: what a crash looks like from outside."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        self._told = True
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers = []


def _failure(printed: str) -> ServerFailed | PortInUse:
    """The error that fits what the server printed before it ended."""
    sentence = printed.strip().removeprefix("labchat:").strip() or "the server did not start"
    if "in use" in sentence:
        return PortInUse(sentence)
    return ServerFailed(sentence)
