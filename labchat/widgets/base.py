"""What the widgets that watch a capture share: rows in batches, details on request, a saved state.

Only synced traits are kept with a notebook, so ``saved`` holds a bounded snapshot for reopened
notebooks and static pages; live rows travel as messages, at most twenty a second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.widgets.view_models.detail import Detail, detail
from labchat.widgets.view_models.feed import Feed
from labchat.widgets.view_models.peers import Peer, as_json, peers
from labchat.widgets.view_models.rows import lines
from labchat.widgets.view_models.saved import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from labchat.capture.capture import Capture

SAVE_EVERY = 2.0
"""Seconds between two refreshes of ``saved`` while traffic flows; it is refreshed at rest too."""

AHEAD = 40
"""Details sent without being asked for, of the newest units: they open while the kernel is busy."""

FEW = 6
"""So many new units get their details at once; while more come, their rows have to do."""

PAGE = 4096
"""Bytes of a long unit that a front end asks for at a time."""


class CaptureWidget(Following, anywidget.AnyWidget):
    """A widget that shows units of a capture.

    Attributes:
        selected: number of the selected unit, 0 for none; link it to select in several widgets.
        field: index of the picked leaf field of that unit, -1 for none.
        connections: who is at the other end of each connection.
        saved: what a page without a kernel shows.
        height: pixels.
    """

    selected = traitlets.Int(0).tag(sync=True)
    field = traitlets.Int(-1).tag(sync=True)
    connections: traitlets.List[dict[str, str | int]] = traitlets.List().tag(sync=True)
    saved: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(640).tag(sync=True)

    def __init__(
        self,
        capture: Capture,
        *,
        names: Mapping[str, str] | None = None,
        selected: int = 0,
        height: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capture = capture
        self._names = dict(names or {})
        self._clock = clock
        self._feed = Feed()
        self._peers: dict[int, Peer] = {}
        self._details: OrderedDict[int, Detail] = OrderedDict()
        self._ahead = 0
        self._asked: list[int] = []
        self._saved_at = float("-inf")
        self._saved_total = -1
        traits = {} if height is None else {"height": height}
        super().__init__(selected=selected, **traits)
        self.bridge = Bridge(self._update)
        self.on_msg(self._on_message)
        self._refresh_peers()
        self._save(len(capture))
        self.on_close(capture.subscribe(self.bridge.changed), self.bridge.close)

    @property
    def capture(self) -> Capture:
        """What is shown."""
        return self._capture

    def detail(self, n: int) -> Detail:
        """Unit ``n`` as plain data: what the detail pane shows."""
        known = self._details.get(n)
        if known is not None:
            return known
        captured = self._capture.unit(n)
        found = detail(captured, self._peer(captured.row.connection))
        self._details[n] = found
        while len(self._details) > 500:
            self._details.popitem(last=False)
        return found

    following_browser = False
    """True while a change that the front end made is taken over."""

    def set_state(self, sync_data: dict[str, object]) -> None:
        """Take over what the front end changed (called by ipywidgets)."""
        self.following_browser = True
        try:
            super().set_state(sync_data)
        finally:
            self.following_browser = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _peer(self, number: int) -> Peer:
        if number not in self._peers:
            self._refresh_peers()
        return self._peers[number]

    def _refresh_peers(self) -> None:
        found = peers(self._capture.connections, self._names)
        if found != self._peers:
            self._peers = found
            self._details.clear()
            self.connections = as_json(found)

    def _on_message(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        handler = {
            "ready": self._on_ready,
            "need": self._on_need,
            "detail": self._on_detail,
            "bytes": self._on_bytes,
        }.get(str(content.get("type")))
        if handler is not None:
            handler(content)
            self.bridge.changed()

    def _on_ready(self, _content: dict[str, object]) -> None:
        self._feed.start(len(self._capture))
        self._ahead = max(0, len(self._capture) - AHEAD)
        if self.selected:
            self._asked.append(self.selected)

    def _on_need(self, content: dict[str, object]) -> None:
        self._feed.want(_int(content, "start"), _int(content, "stop"))

    def _on_detail(self, content: dict[str, object]) -> None:
        self._asked.append(_int(content, "n"))

    def _on_bytes(self, content: dict[str, object]) -> None:
        n, offset = _int(content, "n"), _int(content, "offset")
        if 0 < n <= len(self._capture) and offset >= 0:
            data = self._capture.unit(n).unit.data[offset : offset + PAGE]
            self.send({"type": "bytes", "n": n, "offset": offset, "hex": data.hex()})

    def _update(self) -> None:
        """One beat: peers, one batch of rows, some details, the snapshot when it is time."""
        total = len(self._capture)
        self._refresh_peers()
        news = self._send_rows(total)
        more = news | self._send_details(total, ahead=not news)
        more |= self._save_when_due(total, busy=more)
        if more:
            self.bridge.changed()

    def _send_rows(self, total: int) -> bool:
        batch = self._feed.take(total)
        if batch is None:
            return False
        rows = lines(self._capture, batch.start, batch.stop)
        self.send({"type": "rows", "seq": batch.seq, "total": total, "rows": rows})
        return True

    def _send_details(self, total: int, *, ahead: bool) -> bool:
        """What was asked for; and, ``ahead`` of any question, the newest while traffic rests."""
        if not self._feed.ready:
            return False
        asked, self._asked = self._asked, []
        fresh: Iterable[int] = ()
        if ahead or total - self._ahead <= FEW:
            fresh = range(max(self._ahead, total - AHEAD) + 1, total + 1)
            self._ahead = total
        for n in dict.fromkeys([*asked, *fresh]):
            if 0 < n <= total:
                self.send({"type": "detail", "detail": self.detail(n)})
        return bool(asked)

    def _save_when_due(self, total: int, *, busy: bool) -> bool:
        if total == self._saved_total:
            return False
        if busy and self._clock() - self._saved_at < SAVE_EVERY:
            return True
        self._save(total)
        return False

    def _save(self, total: int) -> None:
        self._saved_at = self._clock()
        self._saved_total = total
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.saved = {**snapshot(self._capture, total, self.selected, self.detail, at)}

    @traitlets.observe("selected")
    def _on_selected(self, _change: object) -> None:
        self._saved_total = -1
        if hasattr(self, "bridge"):
            if self.selected:
                self._asked.append(self.selected)
            self.bridge.changed()


def _int(content: dict[str, object], key: str) -> int:
    value = content.get(key)
    return value if isinstance(value, int) else 0
