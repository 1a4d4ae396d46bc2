"""The legs of one message's way, all on one clock: send, tap in, insert, commit, tap out, receive.

The tap's times come from the capture, the database's from the server's own stamps, both ends' from
the sample. ``CLOCK_MONOTONIC`` is one clock for all processes of a machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labchat.capture.capture import Capture
    from labchat.capture.model import Row

LEGS = ("tap_in_ms", "insert_ms", "commit_ms", "tap_out_ms")
"""Milliseconds since the send call at which each was reached; NaN where it was not seen."""


class Tracker:
    """Finds where messages were at the tap, reading each unit of a capture once.

    A message leaves the tap when the receiver's copy does: the one on the newest connection that is
    not its sender's, since a server may hand it back to the sender and on to an audience as well.
    """

    def __init__(self, capture: Capture, start: int = 1) -> None:
        self._capture = capture
        self._next = start
        self._in: dict[str, tuple[int, int]] = {}
        self._out: dict[str, dict[int, int]] = {}

    def read(self, ids: Iterable[str]) -> None:
        """Look for these ids in the units that came since the last call."""
        wanted = {post_id.encode(): post_id for post_id in ids}
        rows = self._capture.rows(self._next)
        self._next += len(rows)
        for row in rows:
            data = self._said(row.n)
            for needle, post_id in wanted.items():
                if needle in data and b'"ack"' not in data:
                    self._note(post_id, row)

    def _said(self, n: int) -> bytes:
        captured = self._capture.unit(n)
        return captured.message.payload if captured.message else captured.unit.data

    def _note(self, post_id: str, row: Row) -> None:
        """Keep where and when a message, or a copy of it, was seen first."""
        at_ns = row.end_ns + self._capture.epoch_ns
        if row.direction is Direction.C2S:
            self._in.setdefault(post_id, (row.connection, at_ns))
        else:
            self._out.setdefault(post_id, {}).setdefault(row.connection, at_ns)

    def _left(self, post_id: str) -> int | None:
        """When the receiver's copy was at the tap."""
        copies = dict(self._out.get(post_id, {}))
        copies.pop(self._in[post_id][0] if post_id in self._in else 0, None)
        return copies[max(copies)] if copies else None

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
            "tap_in_ms": self._in[post_id][1] if post_id in self._in else None,
            "insert_ms": stamps.get("insert"),
            "commit_ms": stamps.get("commit"),
            "tap_out_ms": self._left(post_id),
        }
        return {
            name: float("nan") if when is None else (when - sent_ns) / 1e6
            for name, when in at.items()
        }
