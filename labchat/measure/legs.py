"""The legs of one message's way, all on one clock: send, tap in, insert, commit, tap out, receive.

The tap's times come from the capture, the database's from the server's own stamps, both ends' from
the sample. ``CLOCK_MONOTONIC`` is one clock for all processes of a machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labchat.capture.capture import Capture

LEGS = ("tap_in_ms", "insert_ms", "commit_ms", "tap_out_ms")
"""Milliseconds since the send call at which each was reached; NaN where it was not seen."""


class Tracker:
    """Finds where messages were at the tap, reading each unit of a capture once."""

    def __init__(self, capture: Capture, start: int = 1) -> None:
        self._capture = capture
        self._next = start
        self._in: dict[str, int] = {}
        self._out: dict[str, int] = {}

    def read(self, ids: Iterable[str]) -> None:
        """Look for these ids in the units that came since the last call."""
        wanted = {post_id.encode(): post_id for post_id in ids}
        rows = self._capture.rows(self._next)
        self._next += len(rows)
        for row in rows:
            data = self._said(row.n)
            for needle, post_id in wanted.items():
                if needle in data and b'"ack"' not in data:
                    self._note(post_id, row.direction.value, row.end_ns + self._capture.epoch_ns)

    def _said(self, n: int) -> bytes:
        captured = self._capture.unit(n)
        return captured.message.payload if captured.message else captured.unit.data

    def _note(self, post_id: str, direction: str, at_ns: int) -> None:
        if direction == "c2s":
            self._in.setdefault(post_id, at_ns)
        else:
            self._out[post_id] = at_ns

    def legs(
        self, post_id: str, sent_ns: int, trace: Iterable[Mapping[str, Any]]
    ) -> dict[str, float]:
        """The legs of one message, in ms since ``sent_ns``.

        Args:
            post_id: the message's id.
            sent_ns: the send call, on the monotonic clock.
            trace: the server's stamps, ``{"at_ns", "event", "id"}``.
        """
        stamps = {row["event"]: row["at_ns"] for row in trace if row["id"] == post_id}
        at = {
            "tap_in_ms": self._in.get(post_id),
            "insert_ms": stamps.get("insert"),
            "commit_ms": stamps.get("commit"),
            "tap_out_ms": self._out.get(post_id),
        }
        return {
            name: float("nan") if when is None else (when - sent_ns) / 1e6
            for name, when in at.items()
        }
