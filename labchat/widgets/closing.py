"""Widgets that follow something stop doing so when closed, once, however far they were built."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Following:
    """Mixed in before a widget class: what :meth:`on_close` was given runs when it is closed.

    ipywidgets closes a widget again when it is collected, even one whose making failed.
    """

    _undoings: tuple[Callable[[], None], ...] = ()

    def on_close(self, *undoings: Callable[[], None]) -> None:
        """Run these when the widget is closed."""
        self._undoings += undoings

    def close(self) -> None:
        """Stop following, and close the front end's views."""
        undoings, self._undoings = self._undoings, ()
        for undo in undoings:
            undo()
        closing = getattr(super(), "close", None)
        if closing is not None:
            closing()
