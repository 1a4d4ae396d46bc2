"""The handshake inspector: request and response face to face, the key's way to the accept value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.widgets import assets
from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.widgets.view_models.handshake import derived, handshake_view
from labchat.widgets.view_models.peers import peers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.capture.capture import Capture


class Handshake(Following, anywidget.AnyWidget):
    """How one connection became a WebSocket, or why it did not.

    Args:
        capture: where it is recorded.
        connection: its number, from 1.
        names: names for the capture's connection labels.

    Attributes:
        selected: 0, or the unit whose heading was pressed; link it with an inspector.
        own_key: a key of the learner's own, whose accept value is derived as well.

    Raises:
        IndexError: the capture has no such connection.
    """

    _esm = assets.esm("handshake")
    _css = assets.css()

    view: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    own_key = traitlets.Unicode("").tag(sync=True)
    own: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, capture: Capture, connection: int = 1, *, names: Mapping[str, str] | None = None
    ) -> None:
        self._capture = capture
        self._connection = connection
        self._names = dict(names or {})
        super().__init__()
        self.bridge = Bridge(self._update)
        self._update()
        self.on_close(capture.subscribe(self._changed), self.bridge.close)

    def __repr__(self) -> str:
        return f"Handshake({self._connection})"

    def _changed(self) -> None:
        if not self._whole:
            self.bridge.changed()

    def _update(self) -> None:
        found = peers(self._capture.connections, self._names)
        if self._connection not in found:
            raise IndexError(f"no connection {self._connection}: there are {len(found)}")
        view = handshake_view(self._capture, self._connection, found[self._connection])
        self._whole = bool(view["response"]["n"])
        self.view = {**view}

    _whole = False
    """Both halves have been seen: nothing can change any more."""

    @traitlets.observe("own_key")
    def _derive(self, _change: object) -> None:
        self.own = {**derived(self.own_key)} if self.own_key.strip() else {}
