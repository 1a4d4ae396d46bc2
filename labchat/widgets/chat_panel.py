"""The chat panel: one user's conversation, how far each post got, and how the link fares."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from labchat.chat.session import Link, Transport
from labchat.errors import ChatError, LabchatError, LabError
from labchat.widgets import assets, chat_view
from labchat.widgets.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labchat.chat.session import ChatSource


class ChatPanel(anywidget.AnyWidget):
    """Bubbles, typing line and field of one user's chat with one other.

    Every button has its twin here: :meth:`post`, :meth:`retry`, :meth:`edit`,
    :meth:`go_offline`, :meth:`go_online`, :meth:`type`.

    Args:
        source: the user's client.
        peer: the other user's id, at first.
        names: what people call the users, such as ``{"user-1": "Alice"}``.
        height: pixels.

    Attributes:
        peer: with whom the conversation on screen is; set it to turn to another.
        head: name, badge, banner, typing line (see :func:`labchat.widgets.chat_view.head`).
        posts: the newest posts of the conversation, oldest first; kept with the notebook.
        earlier: how many posts come before those.
        selected_post: id of the chosen bubble, or ""; link it to the units that carried it.
        transport: "websocket", "post" or "both"; on which path posts go out.
        offline: whether the user went offline; set it to leave and to come back.
    """

    _esm = assets.esm("chat_panel")
    _css = assets.css()

    peer = traitlets.Unicode().tag(sync=True)
    head = traitlets.Dict().tag(sync=True)
    posts: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    earlier = traitlets.Int(0).tag(sync=True)
    selected_post = traitlets.Unicode("").tag(sync=True)
    transport = traitlets.Enum([each.value for each in Transport], "both").tag(sync=True)
    offline = traitlets.Bool(default_value=False).tag(sync=True)
    height = traitlets.Int(360).tag(sync=True)

    def __init__(
        self,
        source: ChatSource,
        *,
        peer: str,
        names: Mapping[str, str] | None = None,
        height: int = 360,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._names = dict(names or {})
        self._wall = wall
        self._drawn = chat_view.DRAWN
        self._whole: set[str] = set()
        self._edited: set[str] = set()
        self._following: int | None = None
        self._unsubscribe: Callable[[], None] = _nothing
        self.bridge = Bridge(self._update)
        super().__init__(peer=peer, height=height)
        self._update()
        self._unsubscribe = source.subscribe(self.bridge.changed)
        self.bridge.changed()
        self.on_msg(self._on_message)
        self.observe(self._on_peer, "peer")

    def __repr__(self) -> str:
        return f"ChatPanel({self.head['name']} with {self.head['peer']})"

    # What a person does.

    def post(self, text: str) -> str:
        """Write to the peer; returns the post's id.

        Raises:
            InvalidEvent: nothing is written.
            TooLong: the outbox is full.
        """
        return self._source.post(text, self.peer)

    def type(self) -> None:
        """Be seen typing."""
        self._source.type_to(self.peer)

    def retry(self, post_id: str) -> None:
        """Put a failed post back into the outbox."""
        self._source.retry(post_id)

    def edit(self, post_id: str) -> str:
        """Take a failed post off the panel; returns its text, to be written anew.

        Raises:
            ChatError: there is no failed post of that id.
        """
        for bubble in self._source.snapshot().bubbles:
            if bubble.id == post_id and chat_view.actions(bubble):
                self._edited.add(post_id)
                self.bridge.changed()
                return bubble.text
        raise ChatError(f"no failed post has the id {post_id!r}")

    def go_offline(self) -> None:
        """Close the connection and stay away."""
        self._source.go_offline()

    def go_online(self) -> None:
        """Connect now, whatever the countdown says."""
        self._source.go_online()

    def show_earlier(self) -> None:
        """Draw more of what came before."""
        self._drawn += chat_view.DRAWN
        self.bridge.changed()

    def show_whole(self, post_id: str) -> None:
        """Draw all of a long text."""
        self._whole.add(post_id)
        self.bridge.changed()

    def controls(self) -> ipywidgets.HBox:
        """What the panel's line of controls does, as plain ipywidgets, linked: for elsewhere."""
        paths = ipywidgets.ToggleButtons(
            options=[("WebSocket", "websocket"), ("POST", "post"), ("Both", "both")],
            value=self.transport,
            style={"button_width": "84px"},
            tooltips=[
                "Over the open connection",
                "One request for each post",
                "Over both under one id, as in the text",
            ],
        )
        away = ipywidgets.ToggleButton(value=self.offline, description="Offline")
        away.layout.width = "84px"
        traitlets.link((self, "transport"), (paths, "value"))
        traitlets.link((self, "offline"), (away, "value"))
        return ipywidgets.HBox([paths, away])

    def close(self) -> None:
        """Stop following the chat and close the front end's views. Twice is fine."""
        unsubscribe, self._unsubscribe = self._unsubscribe, _nothing
        with contextlib.suppress(LabError):  # the lab may have stopped before
            unsubscribe()
        self.bridge.close()
        super().close()

    # What the source says.

    def _update(self) -> None:
        """Shape the snapshot into the traits; only what differs travels."""
        try:
            snapshot = self._source.snapshot()
        except LabError as error:
            self.head = {**self.head, **chat_view.gone(str(error))}
            return
        names, peer = self._names, self.peer
        said = chat_view.conversation(snapshot, peer=peer, hidden=self._edited)
        drawn = said[-self._drawn :]
        head = chat_view.head(snapshot, peer=peer, names=names, now_ms=self._wall() * 1000)
        self._following = threading.get_ident()
        with self.hold_sync():
            self.head = head
            self.posts = chat_view.rows(drawn, snapshot, names=names, whole=self._whole)
            self.earlier = len(said) - len(drawn)
            self.transport = snapshot.transport.value
            self.offline = snapshot.link is Link.OFFLINE
        self._following = None

    @property
    def _commanded(self) -> bool:
        """Whether a trait changes because somebody wants it, not because the source says so."""
        return self._following != threading.get_ident()

    # What the front end says.

    def _on_peer(self, _change: object) -> None:
        self._drawn = chat_view.DRAWN
        self.bridge.changed()

    @traitlets.observe("transport")
    def _on_transport(self, change: Mapping[str, Any]) -> None:
        if self._commanded:
            self._source.set_transport(Transport(change["new"]))

    @traitlets.observe("offline")
    def _on_offline(self, change: Mapping[str, Any]) -> None:
        if not self._commanded:
            return
        if change["new"]:
            self.go_offline()
        else:
            self.go_online()

    def _on_message(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        handler = _HANDLERS.get(str(content.get("type")))
        if handler is not None:
            handler(self, content)


def _nothing() -> None:
    """Follow nothing."""


def _ready(panel: ChatPanel, _content: dict[str, object]) -> None:
    panel.send({"type": "live"})


def _post(panel: ChatPanel, content: dict[str, object]) -> None:
    try:
        post_id = panel.post(_text(content, "text"))
    except LabchatError as error:
        panel.send({"type": "refused", "n": content.get("n"), "reason": str(error)})
    else:
        panel.send({"type": "posted", "n": content.get("n"), "id": post_id})


def _edit(panel: ChatPanel, content: dict[str, object]) -> None:
    panel.send({"type": "draft", "text": panel.edit(_text(content, "id"))})


def _whole(panel: ChatPanel, content: dict[str, object]) -> None:
    panel.show_whole(_text(content, "id"))


def _text(content: dict[str, object], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""


_HANDLERS: dict[str, Callable[[ChatPanel, dict[str, object]], None]] = {
    "ready": _ready,
    "post": _post,
    "edit": _edit,
    "whole": _whole,
    "type": lambda panel, _: panel.type(),
    "retry": lambda panel, content: panel.retry(_text(content, "id")),
    "online": lambda panel, _: panel.go_online(),
    "earlier": lambda panel, _: panel.show_earlier(),
}
