"""The widgets' Python side, without a front end: messages in, messages and traits out."""

from __future__ import annotations

import pytest

from labchat.capture import pcapng
from labchat.capture.capture import Capture, Chunk
from labchat.errors import NotACapture
from labchat.tap.faults.actions import Cut
from labchat.tap.faults.control import Faults
from labchat.tap.faults.latency import Latency
from labchat.widgets.base import PAGE
from labchat.widgets.compare import Compare
from labchat.widgets.fault_bar import FaultBar, summary
from labchat.widgets.handshake import Handshake
from labchat.widgets.inspector import Inspector
from labchat.widgets.ladder import KEPT, Ladder
from labchat.widgets.linking import link
from labchat.widgets.sample import NAMES
from labchat.widgets.show import direction_of, show
from labchat.wire.fields import Direction
from labchat.wire.frames import build


class Ear:
    """Hears what a widget sends, in place of a front end; its bridge beats only when told."""

    def __init__(self, widget) -> None:
        self.widget = widget
        self.heard: list[dict[str, object]] = []
        widget.bridge.close()
        widget.send = lambda content, buffers=None: self.heard.append(content)

    def say(self, **content: object) -> list[dict[str, object]]:
        """A message from the front end; what the widget answers until it has nothing more."""
        before = len(self.heard)
        self.widget._handle_custom_msg(content, [])
        self.beat()
        return self.heard[before:]

    def beat(self) -> list[dict[str, object]]:
        before = len(self.heard)
        while True:
            now = len(self.heard)
            self.widget._update()
            if len(self.heard) == now:
                return self.heard[before:]


@pytest.fixture
def inspector(capture):
    widget = Inspector(capture, names=NAMES, selected=11)
    yield widget
    widget.close()


def kinds(messages) -> list[str]:
    return [str(message["type"]) for message in messages]


def test_nothing_is_sent_before_somebody_listens(inspector) -> None:
    ear = Ear(inspector)
    assert ear.beat() == []
    answers = ear.say(type="ready")
    assert kinds(answers)[0] == "rows"
    assert answers[0] | {"rows": []} == {"type": "rows", "seq": 1, "total": 30, "rows": []}
    opened = [message["detail"]["n"] for message in answers if message["type"] == "detail"]
    assert opened[0] == 11, "the selected unit first"
    assert sorted(set(opened)) == list(range(1, 31)), "and all others of a small capture ahead"


def test_rows_and_details_on_request(inspector) -> None:
    ear = Ear(inspector)
    ear.say(type="ready")
    (batch,) = ear.say(type="need", start=3, stop=5)
    assert (batch["seq"], [row[0] for row in batch["rows"]]) == (None, [3, 4])
    (answer,) = ear.say(type="detail", n=13)
    assert answer["detail"]["title"] == "HTTP request"
    assert ear.say(type="detail", n=999) == []
    assert ear.say(type="detail", n="x") == []
    assert ear.say(type="nonsense") == []


def test_long_units_travel_in_pages(inspector) -> None:
    ear = Ear(inspector)
    (answer,) = ear.say(type="bytes", n=28, offset=PAGE)
    assert bytes.fromhex(answer["hex"]) == inspector.capture.unit(28).unit.data[PAGE : 2 * PAGE]
    assert ear.say(type="bytes", n=999, offset=0) == []
    assert ear.say(type="bytes", n=1, offset=-1) == []


def test_a_selection_is_answered_with_its_detail(inspector) -> None:
    ear = Ear(inspector)
    ear.say(type="ready")
    inspector.selected = 14
    assert [message["detail"]["n"] for message in ear.beat()] == [14]
    assert inspector.saved["details"][0]["n"] == 14
    inspector.selected = 0
    assert ear.beat() == []


def test_a_live_capture_is_followed_and_saved_at_rest() -> None:
    now = [0.0]
    capture = Capture()
    connection = capture.open(0, client="a:1", server="b:2")
    inspector = Inspector(capture, clock=lambda: now[0])
    ear = Ear(inspector)
    assert kinds(ear.say(type="ready")) == ["rows"]
    for n in range(3):
        capture.append(connection, Chunk(n, Direction.S2C, 7 * n, build(1, b"Hello")))
        answers = ear.beat()
        assert [message["total"] for message in answers if message["type"] == "rows"] == [n + 1]
    assert inspector.saved["total"] == 3
    assert inspector.connections[0]["letter"] == "1"
    capture.label(connection, "Alice")
    ear.beat()
    assert inspector.connections[0]["letter"] == "A"
    inspector.close()


def test_details_are_kept_up_to_a_bound() -> None:
    inspector = show(build(9, b"x") * 600)
    for n in range(1, 601):
        inspector.detail(n)
    assert inspector.detail(600) is inspector.detail(600)
    assert len(inspector._details) == 500
    with pytest.raises(IndexError):
        inspector.detail(601)
    assert repr(inspector) == "Inspector()"
    inspector.close()


def test_the_ladder_takes_what_the_store_did(capture) -> None:
    ladder = Ladder(capture, names=NAMES, trace=[{"at_ns": 10, "event": "insert"}])
    assert ladder.trace == [(0.0, "insert", 0)]
    ear = Ear(ladder)
    ladder.add_trace({"at_ns": n, "event": "commit", "seq": n} for n in range(KEPT))
    ear.beat()
    assert len(ladder.trace) == KEPT
    assert ladder.trace[-1][2] == KEPT - 1
    ladder.close()


def test_widgets_linked_in_python_select_together(capture) -> None:
    widgets = [Ladder(capture), Inspector(capture), Handshake(capture), Compare(capture, 11, 13)]
    link(*widgets)
    widgets[1].selected = 5
    assert [widget.selected for widget in widgets] == [5, 5, 5, 5]
    widgets[0].set_state({"selected": 7})
    assert [widget.selected for widget in widgets] == [7, 5, 5, 5], "the browser links by itself"
    for widget in widgets:
        widget.close()


# -- show -----------------------------------------------------------------------------------


def test_show_takes_captures_files_and_bytes(capture, tmp_path) -> None:
    assert show(capture).capture is capture
    path = tmp_path / "sample.pcapng"
    pcapng.write(capture, path)
    assert len(show(str(path)).capture) == len(capture)
    assert show(bytearray(build(1, b"Hello"))).detail(1)["message"]["text"] == "Hello"
    assert show(b"").selected == 0
    with pytest.raises(NotACapture):
        show(tmp_path / "nothing")
    with pytest.raises(TypeError, match="not int"):
        show(7)


@pytest.mark.parametrize(
    ("data", "way"),
    [
        (b"GET / HTTP/1.1", "c2s"),
        (b"HTTP/1.1 200", "s2c"),
        (b"\x81\x85abcd", "c2s"),
        (b"\x81\x05Hello", "s2c"),
        (b"\x81", "s2c"),
    ],
)
def test_bytes_speak_of_their_direction(data, way) -> None:
    assert direction_of(data) == way


# -- handshake and compare ------------------------------------------------------------------


def test_a_handshake_waits_for_its_answer_and_derives_any_key() -> None:
    capture = Capture()
    connection = capture.open(0, client="a:1", server="b:2")
    widget = Handshake(capture)
    widget.bridge.close()
    assert widget.view["request"]["n"] == 0
    asked = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    capture.append(connection, Chunk(0, Direction.C2S, 0, asked))
    widget._update()
    assert widget.view["request"]["n"] == 1
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    capture.append(connection, Chunk(9, Direction.S2C, 0, answer))
    widget._update()
    assert widget.view["response"]["n"] == 2
    widget.own_key = "x3JJHMbDL1EzLkh9GBhXDw=="
    assert widget.own["accept"] == "HSmrc0sMlYUkAGmm5OPpG2HaGWk="
    widget.own_key = " "
    assert widget.own == {}
    assert repr(widget) == "Handshake(1)"
    capture.append(connection, Chunk(10, Direction.S2C, len(answer), build(1, b"x")))
    widget.close()
    with pytest.raises(IndexError, match="no connection 9"):
        Handshake(capture, 9)


def test_compare_names_its_units(capture) -> None:
    assert repr(Compare(capture, 11, 13)) == "Compare(11, 13)"
    with pytest.raises(IndexError):
        Compare(capture, 99)


# -- faults ---------------------------------------------------------------------------------


def test_the_fault_bar_sets_and_follows_faults() -> None:
    faults = Faults()
    cuts: list[Cut] = []
    bar = FaultBar(faults, cuts.append)
    bar.bridge.close()
    assert summary(faults) == "Faults: none"
    bar.latency.value = 40
    bar.jitter.value = 10
    bar.direction.value = "to server"
    (rule,) = [each.rule for each in faults.rules]
    assert rule.fault == Latency(delay_ms=40, jitter_ms=10)
    assert rule.direction is Direction.C2S
    assert summary(faults).startswith("Faults: 40 ms")
    bar.offline.value = True
    assert "offline" in summary(faults)
    faults.clear()
    faults.latency(5, direction=Direction.S2C)
    bar.follow()
    assert (bar.latency.value, bar.direction.value, bar.offline.value) == (5, "to client", False)
    assert len(faults.rules) == 1, "following is no change"
    faults.clear()
    bar.follow()
    assert bar.latency.value == 0
    for button in bar.cuts:
        button.click()
    assert cuts == [Cut.FIN, Cut.RST, Cut.SILENCE]
    assert FaultBar(faults).cuts == []
    assert repr(bar) == "FaultBar()"
    bar.close()
