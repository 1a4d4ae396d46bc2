"""The stepper: units queue at the gate; step, continue, drop or edit them, and see the answer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.errors import SettingsError
from labchat.tap.parts import is_body_of
from labchat.widgets import assets
from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.widgets.stepped import Stepped
from labchat.widgets.view_models import editing
from labchat.widgets.view_models import stepper as model
from labchat.widgets.view_models.edits import Edit
from labchat.widgets.view_models.peers import peers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labchat.capture.capture import Capture
    from labchat.tap.gate import Gate
    from labchat.tap.held import Held
    from labchat.widgets.view_models.detail import RuleView


class Stepper(Following, anywidget.AnyWidget):
    """Buttons Step, Continue, Drop, Edit and Hold around a gate; each has a Python twin there.

    Args:
        gate: what holds the units.
        capture: where answers appear that are not held; None: only held ones are shown.
        names: names for connection labels, such as ``{"user-1": "Alice"}``.
        reconnect: called by "Connect again", which is offered after a close; None: not offered.
        rsv_allowed: reserved bits that an extension gives a meaning (RSV1 is 4).
    """

    _esm = assets.esm("stepper")
    _css = assets.css()

    view: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    plan = traitlets.Any(None).tag(sync=True)
    answer = traitlets.Any(None).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    may_reconnect = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        gate: Gate,
        *,
        capture: Capture | None = None,
        names: Mapping[str, str] | None = None,
        reconnect: Callable[[], None] | None = None,
        rsv_allowed: int | None = 0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.gate = gate
        self._capture = capture
        self._names = dict(names or {})
        self._reconnect = reconnect
        self._rsv_allowed = rsv_allowed
        self._clock = clock
        self._edits: dict[int, Edit] = {}
        self._editing = 0
        self._stepped: Stepped | None = None
        self._refused = 0
        self._acting = threading.RLock()  # what a hand does and what is drawn, one at a time
        super().__init__(may_reconnect=reconnect is not None)
        self.bridge = Bridge(self._update)
        self.on_msg(self._on_message)
        self._update()
        self.on_close(gate.subscribe(self.bridge.changed), self.bridge.close)
        if capture is not None:
            self.on_close(capture.subscribe(self.bridge.changed))

    def step(self) -> None:
        """Let the next unit pass, as it was edited; then wait for the peer's answer."""
        with self._acting:
            held = self.gate.view.next
            if held is None:
                return
            broken = self._apply(held)
            count = len(self._capture) if self._capture is not None else 0
            self._stepped = Stepped(held, broken, count, self._clock())
            self.answer = None
            self.gate.step(held.id)
            self._stop_editing(held.id)

    def cont(self) -> None:
        """Let everything that waits go on, edits included."""
        with self._acting:
            for held in self.gate.view.held:
                if held.id in self._edits:
                    self._apply(held)
            self._stop_editing(self._editing)
            self.gate.cont()

    def drop(self) -> None:
        """Let the next unit never go on."""
        self.gate.drop()

    def hold(self) -> None:
        """Hold everything from now on."""
        self.gate.hold()

    def edit(self, id: int = 0, **change: str | bool | int | None) -> None:
        """Open a held unit (the next one without ``id``) for editing, and change it.

        Args:
            id: of the held unit.
            change: ``text``, ``fin``, ``rsv1``, ``mask``; ``length``, to declare another than the
                true one, and ``form``, the bits it is written in: 7, 16 or 64; ``asIs``, to leave
                the head of this body as it is.
        """
        with self._acting:
            held = self._held(id)
            if held is None:
                return
            self._editing = held.id
            if change:
                self._edits[held.id] = Edit.of(change)
            self._show_plan()

    def __repr__(self) -> str:
        return "Stepper()"

    def _apply(self, held: Held) -> list[RuleView]:
        """Make the edit of ``held`` real, and of its body, if it is a head; the rules it breaks."""
        edit = self._edits.pop(held.id, None)
        broken: list[RuleView] = []
        if edit is not None:
            plan = editing.plan(held, edit, rsv_allowed=self._rsv_allowed)
            broken = plan["violations"]
            if not plan["error"]:
                self._make(held, edit)
        body = self._body(held)
        if body is not None and body.id in self._edits:
            self._make(body, self._edits.pop(body.id))
        return broken

    def _make(self, held: Held, edit: Edit) -> None:
        """The gate makes the head of an edited body right, if it still waits and may follow."""
        data = editing.edited(held, edit)
        if held.kind == "body" and not edit.as_is:
            self.gate.edit(held.id, payload=data)
        else:
            self.gate.edit(held.id, data=data)

    def _body(self, head: Held) -> Held | None:
        found = (each for each in self.gate.view.held if is_body_of(each, head))
        return next(found, None)

    def _head(self, body: Held) -> Held | None:
        found = (each for each in self.gate.view.held if is_body_of(body, each))
        return next(found, None)

    def _told_length(self, head: Held) -> int | None:
        """What the Content-Length of ``head`` will be made to say, when its body was edited."""
        body = self._body(head)
        edit = self._edits.get(body.id) if body is not None else None
        if body is None or edit is None or edit.as_is:
            return None
        return len(editing.edited(body, edit))

    def _held(self, number: int) -> Held | None:
        view = self.gate.view
        if not number:
            return view.next
        return next((each for each in view.held if each.id == number), None)

    def _show_plan(self) -> None:
        held = self._held(self._editing) if self._editing else None
        if held is None:
            self._editing, self.plan = 0, None
            return
        edit = self._edits.get(held.id, Edit())
        self.plan = dict(
            editing.plan(
                held,
                edit,
                rsv_allowed=self._rsv_allowed,
                other=self._head(held),
                length=self._told_length(held),
            )
        )

    def _stop_editing(self, number: int) -> None:
        with self._acting:
            self._edits.pop(number, None)
            if self._editing == number:
                self._editing, self.plan = 0, None

    def _on_message(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        act = content.get("act")
        if act in ("step", "drop") and not self._is_next(content.get("id")):
            return
        try:
            self._do(str(act), content)
            self.problem = ""
        except SettingsError as error:
            self.problem = str(error)
        self.bridge.changed()

    def _is_next(self, number: object) -> bool:
        """Whether a click on a unit comes in time; what arrived behind it since does not matter."""
        first = self.gate.view.next
        return first is not None and first.id == number

    def _do(self, act: str, content: dict[str, object]) -> None:
        plain = {"step": self.step, "cont": self.cont, "drop": self.drop, "hold": self.hold}
        if act in plain:
            plain[act]()
        elif act == "edit":
            number = content.get("id")
            change = content.get("change")
            clean = change if isinstance(change, dict) else {}
            self.edit(number if isinstance(number, int) else 0, **clean)
        elif act == "stop-editing":
            self._stop_editing(self._editing)
        elif act == "reconnect" and self._reconnect is not None:
            self.answer = None
            self._connect_again()

    def _connect_again(self) -> None:
        """What the refused connection still has to say goes on, so that nobody waits behind it."""
        if self._refused:
            self.gate.release(self._refused)
            self._refused = 0
        if self._reconnect is not None:
            self._reconnect()

    def _update(self) -> None:
        names = {}
        if self._capture is not None:
            connections = self._capture.connections
            found = peers(connections, self._names)
            names = {number: peer.name for number, peer in found.items()}
            names |= model.returning(connections, self._names)
        self.view = dict(model.view(self.gate.view, names, self._clock()))
        with self._acting:
            if self._editing:
                self._show_plan()
            self._look_for_answer()

    def _look_for_answer(self) -> None:
        stepped = self._stepped
        found = stepped.answer(self.gate, self._capture) if stepped is not None else None
        if found is not None and (self.answer is None or found["bad"]):
            self.answer = dict(found)
        if stepped is not None and self.answer is not None and self.answer["bad"]:
            self._stepped, self._refused = None, stepped.held.connection
