"""The instrument in front of an app of your own, on a thread of its own.

>>> import labchat.tap
>>> with labchat.tap("localhost:8000") as tap:
...     tap.faults.latency(100, 20)
...     print(tap.faults.describe())
latency 100 ms ± 20 ms (uniform)
"""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Self

from labchat.capture.capture import Capture
from labchat.errors import LabchatError
from labchat.tap import bundle, tls
from labchat.tap.address import endpoint, parse
from labchat.tap.faults.actions import Cut
from labchat.tap.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine
    from pathlib import Path

    from labchat.tap.faults.control import Faults
    from labchat.tap.gate import Gate

PATIENCE_S = 10.0
"""Seconds that starting and stopping may take."""


class Front:
    """A relay with its capture, faults and gate; may be used from any thread.

    Args:
        target: the app, "localhost:8000", or "https://localhost:8443" to speak TLS to it.
        listen: where clients connect instead; a free port of loopback by default.
        target_ca: a CA to trust for the target beside the system's, PEM.

    Attributes:
        capture: what crosses, live.
        relay: the relay itself; its coroutines belong to this object's thread.

    Raises:
        SettingsError: an address has no meaning.
    """

    def __init__(
        self, target: str, *, listen: str = "127.0.0.1:0", target_ca: Path | None = None
    ) -> None:
        self._listen = parse(listen)
        app = parse(target)
        self.capture = Capture(epoch_ns=monotonic_ns(), started_at=datetime.now(UTC))
        self.relay = Relay(
            (app.host, app.port),
            self.capture,
            target_tls=tls.to_target(target_ca) if app.tls else None,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        if self._loop is None:
            return f"<labchat.tap, stopped, of {endpoint(self.relay.target)}>"
        where = f"{endpoint(self.relay.address)} -> {endpoint(self.relay.target)}"
        return f"<labchat.tap {where}, {len(self.capture)} units>"

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, Any] | None:
        """What a notebook shows at the end of a cell (called by IPython)."""
        return bundle(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect. Raises TapError when it is stopped."""
        return self.relay.address

    @property
    def faults(self) -> Faults:
        """What breaks the traffic."""
        return self.relay.faults

    @property
    def gate(self) -> Gate:
        """What holds it."""
        return self.relay.gate

    def cut(self, how: str, connections: Collection[int] | None = None) -> None:
        """End these connections now, or all, by "fin", "rst" or "silence"."""
        self.relay.cut(Cut(how), connections)

    def start(self) -> Self:
        """Listen. Raises PortInUse, TapError."""
        if self._loop is not None:
            return self
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="labchat-tap", daemon=True
        )
        self._thread.start()
        try:
            self._do(self.relay.start(self._listen.host, self._listen.port))
        except LabchatError:
            self._end()
            raise
        return self

    def stop(self) -> None:
        """End all connections and listen no longer; the capture stays. Twice is fine."""
        if self._loop is not None:
            self._do(self.relay.stop())
            self._end()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def _end(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None
