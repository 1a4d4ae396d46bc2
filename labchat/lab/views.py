"""What a lab shows: each method makes one widget; without the ``lab`` extra it says what to do."""

from __future__ import annotations

import importlib
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labchat.errors import LabError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Collection

    import ipywidgets

    from labchat.capture.capture import Capture
    from labchat.lab.users import User
    from labchat.tap.relay import Relay
    from labchat.widgets.chat_panel import ChatPanel
    from labchat.widgets.compare import Compare
    from labchat.widgets.handshake import Handshake
    from labchat.widgets.inspector import Inspector
    from labchat.widgets.ladder import Ladder
    from labchat.widgets.latency import Latency
    from labchat.widgets.stepper import Stepper
    from labchat.widgets.stepping import Stepping


_TOP_HEIGHT = 400
"""Pixels of the ladder, and so of the chats beside it."""


def widgets(module: str) -> Any:
    """The module ``labchat.widgets.<module>``.

    Raises:
        MissingExtra: ipywidgets or anywidget is not installed in this kernel.
    """
    try:
        return importlib.import_module(f"labchat.widgets.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("labchat"):
            raise
        raise MissingExtra(
            f"this kernel has no {error.name}, which the panels are made of; "
            "install it with: pip install 'labchat[lab]'"
        ) from error


class Views:
    """The widgets of one lab; a unit selected in one is marked in all of them."""

    capture: Capture
    users: dict[str, User]
    names: dict[str, str]
    trace: list[dict[str, Any]]
    relay: Relay

    def __init__(self) -> None:
        self._ladders: weakref.WeakSet[Ladder] = weakref.WeakSet()
        self._committed: set[str] = set()
        self._stamped = threading.Condition()

    def panel(self) -> ipywidgets.Box:
        """Both chats, the ladder between them, and the inspector below."""
        left, right = list(self.users)[:2]
        box: ipywidgets.Box = widgets("panel").panel(
            lab=self,
            left=self.chat(left, height=_TOP_HEIGHT),
            ladder=self.ladder(),
            right=self.chat(right, height=_TOP_HEIGHT),
            inspector=self.inspector(),
        )
        return box

    def chat(self, user: str, peer: str | None = None, *, height: int = 360) -> ChatPanel:
        """The chat panel of one user.

        Args:
            user: a user id of this lab, such as "user-1".
            peer: whom to write to; the first other user when None.
            height: pixels.

        Raises:
            LabError: this lab has no such user.
        """
        source = self._user(user)
        others = [each for each in self.users if each != user]
        peer = self._user(peer).id if peer is not None else others[0]
        panel: ChatPanel = widgets("chat_panel").ChatPanel(
            source, peer=peer, names=self.names, height=height
        )
        return panel

    def _user(self, user: str) -> User:
        if user not in self.users:
            known = ", ".join(self.users)
            raise LabError(f"this lab has no user {user!r}; it has {known}")
        return self.users[user]

    def inspector(self, unit: int = 0) -> Inspector:
        """Every unit that crosses the tap, and each of its bytes by name.

        Args:
            unit: number of the one that is open at first; -1 is the newest, 0 none.
        """
        first = len(self.capture) if unit == -1 else unit
        inspector: Inspector = widgets("inspector").Inspector(
            self.capture, names=self.names, selected=first
        )
        return inspector

    def ladder(self) -> Ladder:
        """Who sent what to whom, and what the database did."""
        ladder: Ladder = widgets("ladder").Ladder(
            self.capture, names=self.names, trace=tuple(self.trace)
        )
        self._ladders.add(ladder)
        return ladder

    def latency(self) -> Latency:
        """A rolling minute of what posts took, in ms at the tap; live while the chat goes on."""
        latency: Latency = widgets("latency").Latency(self.capture)
        return latency

    def handshake(self, connection: int = 1) -> Handshake:
        """How a connection became a WebSocket: both sides, the accept value, every MUST.

        Args:
            connection: its number, from 1.

        Raises:
            LabError: there is no such connection yet.
        """
        try:
            widget: Handshake = widgets("handshake").Handshake(
                self.capture, connection, names=self.names
            )
        except IndexError:
            known = len(self.capture.connections)
            raise LabError(f"no connection {connection} yet; there are {known}") from None
        return widget

    def compare(self, *units: int) -> Compare:
        """Units to one scale, with the answers they got: a frame and a POST, say.

        Raises:
            LabError: there is no such unit yet.
        """
        try:
            widget: Compare = widgets("compare").Compare(self.capture, *units)
        except IndexError:
            raise LabError(f"there are {len(self.capture)} units so far, from 1") from None
        return widget

    def stepper(self, *, faults: bool = True) -> Stepping | Stepper:
        """The gate with what waits at it, and a place to change it.

        Args:
            faults: show the fault bar above it.
        """
        stepper: Stepper = widgets("stepper").Stepper(
            self.relay.gate, capture=self.capture, names=self.names, reconnect=self.reconnect
        )
        if not faults:
            return stepper
        bar = widgets("fault_bar").FaultBar(self.relay.faults, self.relay.cut)
        both: Stepping = widgets("stepping").Stepping(bar, stepper)
        return both

    def reconnect(self) -> None:
        """Connect the users again who have lost their connection, or are just losing it."""
        for user in self.users.values():
            user.come_back()

    def save(self, path: str | Path) -> Path:
        """Write the capture to a pcapng file, which Wireshark opens too; returns its path."""
        from labchat.capture import pcapng

        pcapng.write(self.capture, path)
        return Path(path)

    def stamps(self, ids: Collection[str], *, timeout: float = 30.0) -> list[dict[str, Any]]:
        """The rows of ``trace`` about these posts, once all of them are committed.

        The server tells them beside the traffic: an answer may be here before its rows.

        Raises:
            LabError: after ``timeout`` seconds one of them was not committed.
        """
        wanted = set(ids)
        with self._stamped:
            if not self._stamped.wait_for(lambda: wanted <= self._committed, timeout):
                raise LabError(f"a post was not committed within {timeout:g} s")
            return [row for row in self.trace if row["id"] in wanted]

    def _traced(self, row: dict[str, Any]) -> None:
        """Keep what the server's store did, and show it in the ladders."""
        with self._stamped:
            self.trace.append(row)
            if row["event"] == "commit":
                self._committed.add(row["id"])
            self._stamped.notify_all()
        for ladder in tuple(self._ladders):
            ladder.add_trace([row])
