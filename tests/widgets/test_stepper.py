"""The stepper and the panel over a real gate, without a front end and without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labchat.capture.capture import Capture, Chunk
from labchat.capture.model import Connection, End
from labchat.tap.faults.actions import Piece
from labchat.tap.faults.control import Faults
from labchat.tap.gate import Gate
from labchat.tap.held import Held, Timer
from labchat.tap.holding import Pass
from labchat.widgets.panel import panel
from labchat.widgets.sample import NAMES
from labchat.widgets.stepper import Stepper
from labchat.widgets.view_models import editing
from labchat.widgets.view_models import stepper as model
from labchat.widgets.view_models.edits import Edit
from labchat.wire.fields import Direction
from labchat.wire.frames import build, dissect
from labchat.wire.http1 import dissect_request, dissect_response

C2S, S2C = Direction.C2S, Direction.S2C
KEY = bytes.fromhex("37fa213d")
HELLO = b'{"type": "message", "text": "Hello"}'


def frame(payload: bytes, way: Direction = C2S, opcode: int = 1, **how) -> Piece:
    """A whole frame as the tap offers it."""
    data = build(opcode, payload, mask=KEY if way is C2S else None, **how)
    return piece(data, way, "frame", dissect(data, role=way))


def piece(data: bytes, way: Direction, kind: str, unit) -> Piece:
    return Piece(way, data, kind=kind, unit=unit)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock) -> Gate:
    made = Gate(clock)
    made.hold()
    return made


@pytest.fixture
def stepper(gate, capture, clock):
    again: list[str] = []
    widget = Stepper(
        gate, capture=capture, names=NAMES, reconnect=lambda: again.append("x"), clock=clock
    )
    widget.bridge.close()
    widget.again = again
    yield widget
    widget.close()


def say(widget: Stepper, **content: object) -> None:
    """A message from the front end, and the beat that follows."""
    widget._handle_custom_msg(content, [])
    widget._update()


# -- the view -------------------------------------------------------------------------------


def test_units_queue_on_their_own_side(gate, clock, golden) -> None:
    gate.know(Timer(name="Alice gives up", direction=C2S, after_s=5))
    gate.offer(1, frame(HELLO))
    clock.now += 2_400_000_000
    gate.offer(1, frame(b"hb", S2C, 9), label="user-1")
    gate.offer(2, frame((1002).to_bytes(2, "big") + b"no", S2C, 8))
    gate.offer(
        3,
        piece(
            b"GET / HTTP/1.1\r\n\r\n", C2S, "request", dissect_request(b"GET / HTTP/1.1\r\n\r\n")
        ),
    )
    gate.offer(3, piece(b"\x16\x03", C2S, "", None))
    gate.offer(3, frame(b"\x00", opcode=9))
    gate.offer(3, frame(b"plain"))
    gate.offer(3, Piece(C2S, b""))
    golden("stepper", model.view(gate.view, {1: "Alice", 2: "Bob"}, clock.now))


def test_an_empty_gate(gate) -> None:
    view = model.view(gate.view, {}, 0)
    assert (view["held"], view["next"], view["since"], view["timers"]) == (0, 0, 0.0, [])


# -- edits ----------------------------------------------------------------------------------


def held(gate: Gate, made: Piece):
    gate.offer(1, made)
    return gate.view.held[-1]


def test_an_edit_shows_its_bytes_and_the_rules_it_breaks(gate, golden) -> None:
    one = held(gate, frame(HELLO))
    edit = Edit(text=HELLO.decode().replace("Hello", "Hello, world"), rsv1=True)
    golden("stepper-plan", editing.plan(one, edit, rsv_allowed=0))


@pytest.mark.parametrize(
    ("edit", "bits"),
    [
        (Edit(), ("1", "0", "1")),
        (Edit(fin=False), ("0", "0", "1")),
        (Edit(mask=False), ("1", "0", "0")),
        (Edit(fin=True, rsv1=False, mask=True), ("1", "0", "1")),
    ],
)
def test_bits_are_switched_one_by_one(gate, edit, bits) -> None:
    one = held(gate, frame(HELLO))
    plan = editing.plan(one, edit, rsv_allowed=0)
    assert tuple(str(bit["value"]) for bit in plan["bits"]) == bits
    assert plan["text"] == HELLO.decode()
    assert (plan["changed"] == []) == (edit in (Edit(), Edit(fin=True, rsv1=False, mask=True)))


def test_rsv1_can_be_taken_back(gate) -> None:
    one = held(gate, frame(b"x", rsv=4))
    assert editing.plan(one, Edit(rsv1=False), rsv_allowed=0)["bits"][1] == {
        "name": "RSV1", "value": 0, "was": 1,
    }  # fmt: skip


def test_a_length_set_by_hand_says_what_it_does(gate) -> None:
    one = held(gate, frame(b"Hello"))
    plan = editing.plan(one, Edit(), rsv_allowed=0)
    assert plan["length"] == {"declared": 5, "form": 7, "true": 5, "byHand": False}
    more = editing.plan(one, Edit(length=9), rsv_allowed=0)
    assert more["length"] == {"declared": 9, "form": 7, "true": 5, "byHand": True}
    assert bytes.fromhex(more["hex"]) == build(1, b"Hello", mask=KEY, declared_length=9)
    assert [rule["rule"] for rule in more["violations"]] == [
        "Payload len says 9 bytes, 5 follow: the server waits for 4 more before the frame ends"
    ]
    assert more["changed"] == [1]
    back = held(gate, frame(b"Hello", S2C))
    less = editing.plan(back, Edit(length=3, form=16), rsv_allowed=0)
    (told,) = less["violations"]
    assert told["rule"].endswith("5 follow: the client reads the last 2 as the next frame")
    assert (told["start"], told["stop"], less["size"]) == (9, 32, 9)
    long = editing.plan(one, Edit(text="x" * 300, length=3), rsv_allowed=0)
    assert long["length"]["true"] == 300
    assert len(long["violations"]) == 1


def test_a_length_in_the_wrong_form(gate) -> None:
    one = held(gate, frame(b"Hello"))
    plan = editing.plan(one, Edit(length=5, form=64), rsv_allowed=0)
    assert plan["length"] == {"declared": 5, "form": 64, "true": 5, "byHand": True}
    wide = editing.plan(one, Edit(form=64), rsv_allowed=0)
    assert [rule["section"] for rule in wide["violations"]] == ["RFC 6455 §5.2"]
    never = editing.plan(one, Edit(length=300, form=7), rsv_allowed=0)
    assert "does not fit" in never["error"]
    narrow = editing.plan(one, Edit(text="x" * 300, form=7), rsv_allowed=0)
    assert "does not fit" in narrow["error"]
    assert narrow["violations"] == []


def test_a_change_far_behind_is_shown_with_what_is_around_it(gate) -> None:
    one = held(gate, frame(b"x" * 300))
    plan = editing.plan(one, Edit(text="x" * 200 + "y" * 100), rsv_allowed=0)
    start = 8 + 200
    assert plan["at"] == start // 16 * 16 - 16
    assert plan["changed"][0] == start - plan["at"]
    assert len(bytes.fromhex(plan["hex"])) == editing.SHOWN
    assert [(f["name"], f["start"]) for f in plan["fields"]] == [("Payload Data", 0)]


def test_http_messages_are_edited_by_their_body(gate) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    one = held(gate, piece(raw, C2S, "request", dissect_request(raw)))
    plan = editing.plan(one, Edit(text="hello"), rsv_allowed=None)
    assert bytes.fromhex(plan["hex"]).endswith(b"Content-Length: 5\r\n\r\nhello")
    assert (plan["bits"], plan["text"], plan["textWas"]) == ([], "hello", "hi")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    other = held(gate, piece(answer, S2C, "response", dissect_response(answer)))
    assert editing.plan(other, Edit(text="x"), rsv_allowed=None)["size"] == len(answer) - 1


def test_what_cannot_be_edited_as_text_says_so(gate) -> None:
    raw = held(gate, piece(b"\x16\x03", C2S, "", None))
    plan = editing.plan(raw, Edit(text="x"), rsv_allowed=None)
    assert "edit its bytes" in plan["error"]
    assert (plan["text"], plan["fields"]) == (None, [])
    binary = held(gate, frame(b"\xff\xfe", opcode=2))
    assert editing.plan(binary, Edit(), rsv_allowed=None)["text"] is None
    event = held(gate, piece(b"data: x\n\n", S2C, "response", None))
    assert editing.plan(event, Edit(), rsv_allowed=None)["text"] is None


def test_head_and_body_of_a_message_are_told_apart(gate) -> None:
    gate.hold(apart=True)
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    one = piece(raw, C2S, "request", dissect_request(raw))
    held(gate, replace(one, summary="POST /"))
    cards = model.view(gate.view, {}, 0)["c2s"]["cards"]
    assert [(card["kind"], card["bytes"]) for card in cards] == [("HTTP", 47), ("HTTP", 2)]
    assert [card["summary"] for card in cards] == ["head of POST /", "body of POST /"]
    plan = editing.plan(gate.view.held[0], Edit(), rsv_allowed=0)
    lines = "POST / HTTP/1.1\nHost: x\nContent-Length: 2\n\n"
    assert (plan["text"], plan["title"]) == (lines, "HTTP request head, held")
    assert "Content-Length follows" in plan["told"]


POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


def apart(gate, data: bytes = POST) -> tuple[Held, Held]:
    """A request that waits as head and body."""
    gate.hold(apart=True)
    gate.offer(1, piece(data, C2S, "request", dissect_request(data)))
    head, body = gate.view.held[-2:]
    return head, body


def gone(gate) -> bytes:
    """What has gone on since the last time."""
    return b"".join(each.piece.data for each in gate.take() if isinstance(each, Pass))


def test_an_edited_body_makes_its_head_right(gate, stepper) -> None:
    head, body = apart(gate)
    say(stepper, act="edit", id=body.id, change={"text": "hello"})
    assert (stepper.plan["follows"], stepper.plan["told"]) == (True, "")
    say(stepper, act="edit", id=head.id, change={})
    assert b"Content-Length: 5" in bytes.fromhex(stepper.plan["hex"])
    say(stepper, act="step", id=1)
    say(stepper, act="step", id=2)
    assert gone(gate) == POST.replace(b": 2", b": 5").replace(b"hi", b"hello")


def test_a_head_may_be_left_as_it_is(gate, stepper) -> None:
    _, body = apart(gate)
    say(stepper, act="edit", id=body.id, change={"text": "hello", "asIs": True})
    assert stepper.plan["follows"] is False
    say(stepper, act="step", id=1)
    say(stepper, act="step", id=2)
    assert gone(gate) == POST.replace(b"hi", b"hello")


def test_a_head_is_edited_by_its_lines(gate, stepper) -> None:
    head, body = apart(gate)
    text = "PUT / HTTP/1.1\nHost: y\nContent-Length: 2\n\n"
    say(stepper, act="edit", id=head.id, change={"text": text})
    say(stepper, act="edit", id=body.id, change={"text": "hello"})
    say(stepper, act="cont")
    lines = b"PUT / HTTP/1.1\r\nHost: y\r\nContent-Length: 5\r\n\r\n"
    assert gone(gate) == lines + b"hello"


def test_a_body_whose_head_has_gone_says_so(gate, stepper) -> None:
    _, body = apart(gate)
    say(stepper, act="step", id=1)
    say(stepper, act="edit", id=body.id, change={"text": "hello"})
    assert stepper.plan["follows"] is None
    assert "that 2 bytes follow can no longer be changed" in stepper.plan["told"]
    say(stepper, act="step", id=2)
    assert gone(gate) == POST.replace(b"hi", b"hello")


def test_a_body_with_lines_of_its_own_is_not_edited_as_text(gate) -> None:
    chunked = (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    _, body = apart(gate, chunked)
    assert editing.plan(body, Edit(), rsv_allowed=0)["text"] is None


def test_connecting_again_waits_behind_nobody(gate, clock) -> None:
    again: list[str] = []
    capture = Capture()
    for n, label in enumerate(("user-1", "user-2"), 1):
        capture.open(n, client=f"a:{n}", server="s:1", label=label)
        capture.append(n, Chunk(n, C2S, 0, build(1, b"hi", mask=KEY)))
    widget = Stepper(
        gate, capture=capture, names=NAMES, reconnect=lambda: again.append("x"), clock=clock
    )
    widget.bridge.close()
    gate.offer(1, frame(HELLO))
    widget.step()
    clock.now += 1
    gate.offer(1, frame((1002).to_bytes(2, "big"), S2C, opcode=8))
    widget._update()
    assert widget.answer["title"] == "close 1002, protocol error"
    gone(gate)
    say(widget, act="reconnect")
    assert again == ["x"]
    assert gone(gate) == build(8, (1002).to_bytes(2, "big"))
    gate.offer(1, frame((1002).to_bytes(2, "big"), opcode=8))
    assert not gate.view.held, "its end is held up by nothing"
    for way in Direction:
        capture.end(1, way, clock.now, End.FIN)
    capture.open(clock.now, client="a:3", server="s:1")
    gate.forget(1)
    gate.offer(3, piece(POST, C2S, "request", dissect_request(POST)))
    widget._update()
    assert widget.view["c2s"]["title"] == "Alice again? → server"
    widget.close()


def test_a_newcomer_is_named_only_when_one_client_is_lost() -> None:
    def connection(number: int, label: str | None, *, over: bool, kind: str = "websocket"):
        ended = dict.fromkeys(Direction, (1, End.FIN)) if over else {}
        return Connection(number, "a:1", "s:1", label, 0, ended, kind)

    lost = connection(1, "user-1", over=True)
    back = connection(3, None, over=False, kind="")
    assert model.returning([lost, back], NAMES) == {3: "Alice again?"}
    assert model.returning([lost, back, connection(2, "user-2", over=True)], NAMES) == {}
    assert model.returning([lost, back, connection(4, "user-1", over=False)], NAMES) == {}
    others = connection(5, None, over=True), connection(6, "user-2", over=True, kind="http")
    assert model.returning([lost, *others], NAMES) == {}


def test_an_edit_from_a_front_end_is_read_with_care() -> None:
    assert Edit.of({"text": "a", "fin": 0, "rsv1": True, "mask": "odd"}) == Edit(
        "a", fin=False, rsv1=True, mask=None
    )
    assert Edit.of({"text": 7}) == Edit()
    assert Edit.of({"length": 9, "form": 16}) == Edit(length=9, form=16)
    odd = {"length": -1, "form": 8}, {"length": True, "form": "16"}, {"length": 2.5, "form": None}
    assert [Edit.of(each) for each in odd] == [Edit()] * 3


@pytest.mark.parametrize(
    ("unit", "title", "bad"),
    [
        (dissect(build(8, (1002).to_bytes(2, "big"))), "close 1002, protocol error", True),
        (dissect(build(8, (1000).to_bytes(2, "big"))), "close 1000, normal closure", False),
        (dissect(build(8, b"\x0f\xa1")), "close 4001, a code of the application", True),
        (dissect(build(1, b'{"type": "ack", "id": "m", "seq": 1}')), "TEXT ack, seq 1", False),
        (dissect(build(1, b'{"type": "error", "code": "bad"}')), "TEXT error bad", True),
        (dissect(build(10, b"hb")), "PONG", False),
        (dissect_response(b"HTTP/1.1 409 Conflict\r\n\r\n"), "409 Conflict", True),
        (dissect_response(b"HTTP/1.1 200 OK\r\n\r\n"), "200 OK", False),
    ],
)  # fmt: skip
def test_an_answer_in_words(unit, title, bad) -> None:
    told = model.answer(unit, "where", [])
    assert (told["title"], told["bad"], told["where"]) == (title, bad, "where")
    assert model.answer(None, "", []) is None


# -- the widget -----------------------------------------------------------------------------


def test_hold_edit_step_and_see_the_answer(gate, stepper, clock) -> None:
    gate.offer(1, frame(HELLO))
    stepper._update()
    assert stepper.view["next"] == 1
    say(stepper, act="edit", id=1, change={})
    assert stepper.plan["bits"][1] == {"name": "RSV1", "value": 0, "was": 0}
    say(stepper, act="edit", id=1, change={"rsv1": True, "text": "Hi"})
    assert stepper.plan["violations"]
    say(stepper, act="step", id=1)
    (passed,) = [effect.piece for effect in gate.take() if hasattr(effect, "piece")]
    assert passed.data == build(1, b"Hi", mask=KEY, rsv=4)
    assert (stepper.plan, stepper.answer) == (None, None)

    clock.now += 300_000
    gate.offer(1, frame(b'{"type": "typing-update"}', S2C))
    stepper._update()
    assert stepper.answer["title"] == "TEXT typing-update"
    gate.offer(1, frame((1002).to_bytes(2, "big"), S2C, 8))
    stepper._update()
    assert stepper.answer["title"] == "close 1002, protocol error"
    assert stepper.answer["where"] == "held as 3, reached the tap 0.30 ms after the step"
    assert stepper.answer["violations"][0]["section"] == "RFC 6455 §5.2"
    say(stepper, act="reconnect")
    assert stepper.again == ["x"]
    assert stepper.answer is None


def test_an_answer_that_is_not_held_is_found_in_the_capture(clock) -> None:
    gate, capture = Gate(clock), Capture(epoch_ns=clock.now)
    gate.hold()
    capture.open(clock.now, client="a:1", server="b:2")
    stepper = Stepper(gate, capture=capture, clock=clock)
    stepper.bridge.close()
    gate.offer(1, frame(b"x"))
    stepper.step()
    pong = build(10, b"x")
    capture.append(1, Chunk(clock.now + 1_000_000, S2C, 0, pong))
    stepper._update()
    assert stepper.answer["where"] == "unit 1, passed the tap 1.00 ms after the step"
    stepper.close()


def test_the_buttons_do_what_the_gate_does(gate, stepper) -> None:
    stepper.step()
    gate.offer(1, frame(HELLO))
    gate.offer(1, frame(b"two"))
    say(stepper, act="drop", id=1)
    assert [each.id for each in gate.view.held] == [2]
    say(stepper, act="edit", id=99, change={"fin": False})
    assert stepper.plan is None
    say(stepper, act="edit", change="odd")
    assert stepper.plan["id"] == 2
    say(stepper, act="stop-editing")
    assert stepper.plan is None
    say(stepper, act="edit", id=2, change={"text": "edited"})
    say(stepper, act="cont")
    assert not gate.view.paused
    data = [effect.piece.data for effect in gate.take() if hasattr(effect, "piece")]
    assert build(1, b"edited", mask=KEY) in data
    say(stepper, act="hold")
    assert gate.view.paused
    say(stepper, act="nonsense")
    assert repr(stepper) == "Stepper()"


def test_a_stale_click_does_nothing(gate, stepper) -> None:
    gate.offer(1, frame(HELLO))
    gate.offer(1, frame(b"two"))
    say(stepper, act="step", id=1)
    say(stepper, act="step", id=1)
    say(stepper, act="drop", id=1)
    assert [each.id for each in gate.view.held] == [2]


def test_a_click_counts_whatever_arrived_since_behind_the_unit(gate, stepper) -> None:
    gate.offer(1, frame(HELLO))
    stepper._update()
    seen = stepper.view["next"]
    gate.offer(1, frame(b"two"))
    say(stepper, act="step", id=seen)
    assert [each.id for each in gate.view.held] == [2]


def test_what_cannot_be_done_is_said(gate, stepper) -> None:
    gate.offer(1, piece(b"\x16\x03", C2S, "", None))
    stepper.edit(1, text="x")
    assert stepper.plan["error"]
    gate.offer(1, frame(HELLO))
    stepper._do = lambda act, content: gate.step(2)
    say(stepper, act="step", id=1)
    assert "waits behind" in stepper.problem


def test_an_edited_unit_that_went_on_closes_its_editor(gate, stepper) -> None:
    gate.offer(1, frame(HELLO))
    stepper.edit()
    gate.step()
    stepper._update()
    assert stepper.plan is None


# -- the panel ------------------------------------------------------------------------------


class Tap:
    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.faults = Faults()
        self.cuts: list[object] = []

    def cut(self, how, connections=None) -> None:
        self.cuts.append(how)


class LabTwin:
    """What a panel needs of a lab."""

    url = "http://127.0.0.1:3000"
    names = NAMES

    def __init__(self, capture: Capture, gate: Gate) -> None:
        self.capture = capture
        self.relay = Tap(gate)
        self.saved: list[object] = []

    def reconnect(self):
        self.again = True

    def save(self, path):
        self.saved.append(path)
        return path


class Chat:
    """A chat panel's selection, on a plain box."""


@pytest.fixture
def whole(capture, clock):
    import ipywidgets
    import traitlets

    from labchat.widgets.inspector import Inspector
    from labchat.widgets.ladder import Ladder

    class ChatTwin(ipywidgets.Box):
        selected_post = traitlets.Unicode("")

    lab = LabTwin(capture, Gate(clock))
    made = panel(
        lab=lab,
        left=ChatTwin(),
        ladder=Ladder(capture, names=NAMES),
        right=ChatTwin(),
        inspector=Inspector(capture, names=NAMES),
    )
    for part in (made, made.stepper, made.fault_bar, made.ladder, made.inspector):
        part.bridge.close()
    yield made
    made.close()


def test_the_panels_buttons(whole) -> None:
    gate = whole.lab.relay.gate
    assert whole.stepper.layout.display == "none"
    whole.hold_button.click()
    whole.follow()
    assert gate.view.paused
    assert (whole.hold_button.description, whole.stepper.layout.display) == ("Continue", None)
    whole.hold_button.click()
    whole.follow()
    assert not gate.view.paused
    assert whole.hold_button.description == "Hold"
    whole.faults_button.click()
    assert whole.fault_bar.layout.display is None
    whole.faults_button.click()
    assert whole.fault_bar.layout.display == "none"
    whole.lab.relay.faults.latency(40)
    whole.follow()
    assert whole.faults_button.description == "Faults: 40 ms"
    whole.save_button.click()
    (path,) = whole.lab.saved
    assert path.name in whole.said.value
    assert repr(whole) == "Panel()"
    say(whole.stepper, act="reconnect")
    assert whole.lab.again


def test_a_bubble_and_its_units_lead_to_each_other(whole) -> None:
    left, right = whole.posts._chats
    left.selected_post = "msg-7c1e0d42"
    assert whole.inspector.selected == whole.ladder.selected == 11
    assert right.selected_post == "msg-7c1e0d42"
    whole.inspector.selected = 13
    assert left.selected_post == "msg-7c1e0d42"
    assert whole.inspector.selected == 13, "another unit of the same post stays selected"
    whole.ladder.selected = 16
    assert left.selected_post == ""
    left.selected_post = "msg-unknown"
    assert whole.inspector.selected == 16
    whole.inspector.selected = 0
    assert left.selected_post == "msg-unknown"
