"""The whole lab in one place: header, chats beside the ladder, the inspector below."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import ipywidgets

from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.widgets.fault_bar import FaultBar, summary
from labchat.widgets.linking import link
from labchat.widgets.posts import PostFinder
from labchat.widgets.stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from labchat.capture.capture import Capture
    from labchat.tap.faults.actions import Cut
    from labchat.tap.faults.control import Faults
    from labchat.tap.gate import Gate
    from labchat.widgets.chat_panel import ChatPanel
    from labchat.widgets.inspector import Inspector
    from labchat.widgets.ladder import Ladder


class Tap(Protocol):
    """What a panel does with a lab's tap."""

    faults: Faults
    gate: Gate

    def cut(self, how: Cut, connections: Collection[int] | None = None) -> None:
        """End connections now."""
        ...


class Lab(Protocol):
    """What a panel needs of a lab."""

    capture: Capture
    names: dict[str, str]

    @property
    def url(self) -> str:
        """Where clients connect."""
        ...

    @property
    def relay(self) -> Tap:
        """The tap."""
        ...

    @property
    def reconnect(self) -> Callable[[], None] | None:
        """Connects the users again who have lost their connection; None: it has none."""
        ...

    def save(self, path: str | Path) -> Path:
        """Write the capture to a file."""
        ...


class Panel(Following, ipywidgets.VBox):
    """Header with Hold, Faults and Save capture; chats, ladder, stepper when held, inspector.

    Without chats and ladder it is the tap in front of an app of one's own.
    """

    def __init__(
        self, lab: Lab, chats: Sequence[ChatPanel], ladder: Ladder | None, inspector: Inspector
    ) -> None:
        self.lab = lab
        self.ladder = ladder
        self.inspector = inspector
        gate, faults = lab.relay.gate, lab.relay.faults
        self.stepper = Stepper(gate, capture=lab.capture, names=lab.names, reconnect=lab.reconnect)
        self.fault_bar = FaultBar(faults, lab.relay.cut)
        self.hold_button = ipywidgets.Button(description="Hold", icon="pause")
        self.faults_button = ipywidgets.Button(description=summary(faults))
        self.save_button = ipywidgets.Button(description="Save capture", icon="download")
        self.said = ipywidgets.Label("")
        self.hold_button.on_click(lambda _button: self.hold_or_go_on())
        self.faults_button.on_click(lambda _button: self.show_faults())
        self.save_button.on_click(lambda _button: self.save())
        top = [] if ladder is None else [self._top(chats, ladder)]
        super().__init__(children=[self._head(), *top, self.stepper, inspector])
        for name in ("lc", "lc-panel"):
            self.add_class(name)
        self._show(self.fault_bar, visible=False)
        if ladder is not None:
            link(ladder, inspector)
        self.posts = PostFinder(lab.capture, chats, inspector)
        self.bridge = Bridge(self.follow)
        changed = self.bridge.changed
        self.on_close(gate.subscribe(changed), faults.subscribe(changed), self.bridge.close)
        self.follow()

    def follow(self) -> None:
        """Let the buttons say what the tap does now."""
        view = self.lab.relay.gate.view
        holding = view.paused or bool(view.held)
        self.hold_button.description = "Continue" if holding else "Hold"
        self.hold_button.icon = "play" if holding else "pause"
        self.faults_button.description = summary(self.lab.relay.faults)
        self._show(self.stepper, visible=holding)

    def hold_or_go_on(self) -> None:
        """What the Hold button does."""
        view = self.lab.relay.gate.view
        if view.paused or view.held:
            self.stepper.cont()
        else:
            self.lab.relay.gate.hold()

    def show_faults(self) -> None:
        """What the Faults button does: show the fault bar, or put it away."""
        self._show(self.fault_bar, visible=self.fault_bar.layout.display == "none")

    def save(self) -> Path:
        """What the Save capture button does; returns the file."""
        path = self.lab.save(Path(f"labchat-{datetime.now(UTC):%Y%m%d-%H%M%S}.pcapng"))
        self.said.value = f"Saved {path.name}, which opens in Wireshark and in labchat.show()"
        return path

    def __repr__(self) -> str:
        return "Panel()"

    def _head(self) -> ipywidgets.Box:
        title = ipywidgets.Label("labchat")
        title.add_class("lc-panel-title")
        where = ipywidgets.Label(urlsplit(self.lab.url).netloc)
        for quiet in (where, self.said):
            quiet.add_class("lc-panel-quiet")
        buttons = ipywidgets.HBox([self.hold_button, self.faults_button, self.save_button])
        buttons.add_class("lc-panel-buttons")
        line = ipywidgets.HBox([title, where, self.said, buttons])
        line.add_class("lc-panel-line")
        head = ipywidgets.VBox([line, self.fault_bar])
        head.add_class("lc-panel-head")
        return head

    @staticmethod
    def _top(chats: Sequence[ChatPanel], ladder: Ladder) -> ipywidgets.Box:
        first, *others = chats
        top = ipywidgets.Box([first, ladder, *others])
        top.add_class("lc-panel-top")
        return top

    @staticmethod
    def _show(widget: ipywidgets.DOMWidget, *, visible: bool) -> None:
        widget.layout.display = None if visible else "none"


def panel(
    *,
    lab: Lab,
    left: ChatPanel,
    ladder: Ladder,
    right: ChatPanel,
    inspector: Inspector,
    others: Sequence[ChatPanel] = (),
) -> Panel:
    """Compose the widgets of ``lab``; a unit selected in one is marked in all of them."""
    return Panel(lab, [left, right, *others], ladder, inspector)
