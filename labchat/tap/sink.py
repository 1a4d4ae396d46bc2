"""Where a relay's record goes: one sink, or several that do not hurt each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labchat.errors import LabchatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.model import Chunk, End
    from labchat.wire.fields import Direction


class Sink(Protocol):
    """What a relay tells of its connections; :class:`~labchat.capture.capture.Capture` is one.

    All times are ``monotonic_ns``. Every call must return at once.
    """

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        """A connection was accepted; returns the number by which it is spoken of from now on."""
        ...

    def append(self, connection: int, chunk: Chunk) -> None:
        """Bytes went on to their receiver."""
        ...

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        """Bytes the sender sent never went on to their receiver."""
        ...

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """Nothing more goes in this direction."""
        ...

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        """A sentence about what was done to the traffic, or went wrong with it.

        ``unit`` is its number, or a direction: the unit that has just gone that way.
        """
        ...

    def label(self, connection: int, name: str) -> None:
        """The connection belongs to somebody: "Alice"."""
        ...


class Tee:
    """One record for several sinks; the failure of one leaves the others alone.

    A sink that raises ``OSError`` (its disk is full) or a ``LabchatError`` gets nothing more. The
    others are told by an annotation, the person by ``on_problem``.
    """

    def __init__(self, *sinks: Sink, on_problem: Callable[[str], None] | None = None) -> None:
        self._sinks = dict(enumerate(sinks))
        self._numbers: dict[int, dict[int, int]] = {}
        self._opened = 0
        self._on_problem = on_problem

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        """Open the connection in every sink, each of which numbers it as it likes."""
        self._opened += 1
        numbers = self._numbers[self._opened] = {}

        def opened(place: int, sink: Sink) -> None:
            numbers[place] = sink.open(at_ns, client=client, server=server, label=label)

        self._each(at_ns, opened)
        return self._opened

    def append(self, connection: int, chunk: Chunk) -> None:
        """Bytes went on to their receiver."""
        numbers = self._numbers[connection]
        self._each(chunk.at_ns, lambda place, sink: sink.append(numbers[place], chunk))

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        """Bytes never went on to their receiver."""
        numbers = self._numbers[connection]
        self._each(at_ns, lambda place, sink: sink.gap(numbers[place], direction, at_ns, length))

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """Nothing more goes in this direction."""
        numbers = self._numbers[connection]
        self._each(at_ns, lambda place, sink: sink.end(numbers[place], direction, at_ns, how))

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        """A sentence for every sink."""
        numbers = {} if connection is None else self._numbers[connection]
        self._each(
            at_ns,
            lambda place, sink: sink.annotate(
                at_ns, text, connection=numbers.get(place), unit=unit
            ),
        )

    def label(self, connection: int, name: str) -> None:
        """The connection belongs to somebody."""
        numbers = self._numbers[connection]
        self._each(0, lambda place, sink: sink.label(numbers[place], name))

    def _each(self, at_ns: int, tell: Callable[[int, Sink], None]) -> None:
        for place, sink in tuple(self._sinks.items()):
            try:
                tell(place, sink)
            except (OSError, LabchatError) as error:
                del self._sinks[place]
                self._lost(sink, at_ns, error)

    def _lost(self, sink: Sink, at_ns: int, error: Exception) -> None:
        text = f"Recording to {sink!r} stopped: {error}. The traffic goes on."
        if self._on_problem is not None:
            self._on_problem(text)
        self.annotate(at_ns, text)
