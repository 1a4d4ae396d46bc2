"""What a capture is to a notebook: tables as attributes, and a picture of itself.

Mixed into :class:`~labchat.capture.capture.Capture`. pandas is imported when a table is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pandas as pd

    from labchat.capture.capture import Capture


class View:
    """Tables and the rich display; the columns are told in :mod:`labchat.capture.tables`."""

    @property
    def units(self) -> pd.DataFrame:
        """One row a unit."""
        from labchat.capture import tables

        return tables.units(cast("Capture", self))

    @property
    def frames(self) -> pd.DataFrame:
        """One row a WebSocket frame."""
        from labchat.capture import tables

        return tables.frames(cast("Capture", self))

    @property
    def messages(self) -> pd.DataFrame:
        """One row a WebSocket message."""
        from labchat.capture import tables

        return tables.messages(cast("Capture", self))

    @property
    def requests(self) -> pd.DataFrame:
        """One row an HTTP request with its response."""
        from labchat.capture import tables

        return tables.requests(cast("Capture", self))

    @property
    def violations(self) -> pd.DataFrame:
        """One row a broken rule; dissects every unit."""
        from labchat.capture import tables

        return tables.violations(cast("Capture", self))

    def __repr__(self) -> str:
        from labchat.capture import show

        return show.text(cast("Capture", self))

    def _repr_html_(self) -> str:
        from labchat.capture import show

        return show.html(cast("Capture", self))
