"""What posts took: the view model over made-up times, and the widget that shows it."""

from __future__ import annotations

import json

import pytest

from labchat.capture.capture import Capture, Chunk
from labchat.widgets.latency import Latency
from labchat.widgets.sample import _Script, sample
from labchat.widgets.view_models.latency import KEPT, OPEN, Latencies, LatencyView
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


def read(capture: Capture) -> LatencyView:
    model = Latencies()
    while model.read(capture, 7):
        pass
    return model.view()


def chat() -> _Script:
    """Two users whose WebSockets are open."""
    script = _Script()
    script.open_chat("user-1", 1.0)
    script.open_chat("user-2", 2.0)
    return script


def said(script: _Script, post_id: str, ms: float, *, ack: float, heard: float) -> None:
    script.event(1, C2S, ms, {"type": "message", "id": post_id, "text": "Hello"})
    script.event(2, S2C, ms + heard, {"type": "message", "data": {"id": post_id}})
    script.event(1, S2C, ms + ack, {"type": "ack", "id": post_id, "seq": 1})


def test_all_that_comes_of_the_samples_post() -> None:
    view = read(sample())
    found = {each["key"]: each["points"] for each in view["series"]}
    assert found["delivered"] == [(12, 4.8127, 0.41)]
    assert found["stored"][0][2] == pytest.approx(2.8, abs=0.001)
    assert found["answered"][0][2] == pytest.approx(2.08, abs=0.001)
    assert (view["low"], view["high"]) == (0.1, 10)
    assert (view["start"], view["stop"]) == (4.5, 5), "no more room than is needed"
    assert view["ticks"] == [(0.1, "0.1 ms"), (1, "1 ms"), (10, "10 ms")]
    assert "sent to a receiver: median needs 2 samples, 1 sample" in view["said"]


def test_an_empty_capture_says_so() -> None:
    view = Latencies().view()
    assert view["series"] == []
    assert view["said"] == "No post has crossed the tap yet."
    assert view["stop"] > view["start"]


def test_a_senders_own_copy_is_no_delivery_and_each_receiver_is_one() -> None:
    script = chat()
    script.open_chat("user-3", 3.0)
    script.event(1, C2S, 10.0, {"type": "message", "id": "a"})
    for connection in (1, 2, 3):
        event = {"type": "message", "data": {"id": "a"}}
        script.event(connection, S2C, 10.0 + connection, event)
    (delivered,) = read(script.capture)["series"]
    assert [ms for _, _, ms in delivered["points"]] == [2, 3]


def test_what_is_no_post_or_not_asked_for_is_passed_over() -> None:
    script = chat()
    for event in (
        {"type": "message", "id": 7},
        {"type": "message", "text": "no id"},
        {"type": "typing", "id": "b"},
    ):
        script.event(1, C2S, 10.0, event)
    for event in (
        {"type": "ack", "id": "unknown"},
        {"type": "message", "data": "none"},
        {"type": "presence", "id": "a"},
    ):
        script.event(1, S2C, 11.0, event)
    script.frame(1, S2C, 12.0, b"no JSON")
    script.frame(1, S2C, 12.5, b"[1]")
    script.event(1, C2S, 13.0, {"type": "message", "id": "a"})
    script.event(1, S2C, 14.0, {"type": "error", "id": "a"})
    assert read(script.capture)["series"] == []


def test_a_get_is_no_post_and_a_post_with_both_paths_counts_from_the_first() -> None:
    script = chat()
    number = script.connect("user-1", 9.0)
    script.send(number, C2S, 10.0, b"GET /api/messages HTTP/1.1\r\nHost: x\r\n\r\n")
    script.send(number, S2C, 12.0, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    script.event(1, C2S, 20.0, {"type": "message", "id": "a"})
    body = json.dumps({"id": "a"}).encode()
    head = b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    script.send(number, C2S, 21.0, head + body)
    script.event(2, S2C, 23.0, {"type": "message", "data": {"id": "a"}})
    (delivered,) = read(script.capture)["series"]
    assert delivered["points"][0][2] == 3


def test_only_the_last_fragment_begins_a_post() -> None:
    script = chat()
    script.frame(1, C2S, 10.0, b'{"type": "message", ', fin=False)
    script.frame(1, C2S, 15.0, b'"id": "a"}', opcode=0)
    script.event(1, S2C, 16.0, {"type": "ack", "id": "a"})
    (stored,) = read(script.capture)["series"]
    assert stored["points"][0][2] == 1


def test_a_percentile_is_told_once_the_samples_carry_it() -> None:
    script = chat()
    for n in range(100):
        said(script, f"m-{n}", 100.0 + 10 * n, ack=1 + n / 100, heard=0.5)
        if n == 98:
            few = read(script.capture)
    stored = next(each for each in few["series"] if each["key"] == "stored")
    assert (stored["p50"], stored["p95"], stored["count"]) == (
        "1.49 ms",
        "needs 100 samples",
        "99 samples",
    )
    stored = next(each for each in read(script.capture)["series"] if each["key"] == "stored")
    assert stored["p95"] == "1.94 ms"
    assert stored["line"][-1][1] == pytest.approx(1.92), "the median of the last 15"


def test_a_minute_rolls_and_the_scale_holds_all_of_it() -> None:
    script = chat()
    said(script, "old", 100.0, ack=0.01, heard=1)
    said(script, "new", 70_000.0, ack=2_500.0, heard=0.03)
    view = read(script.capture)
    assert view["start"] == pytest.approx(12.5)
    assert all(len(each["points"]) == 1 for each in view["series"])
    assert (view["low"], view["high"]) == (0.01, 10_000)
    assert view["ticks"][-2:] == [(1000, "1 s"), (10_000, "10 s")]


def test_a_slow_median_is_grouped() -> None:
    script = chat()
    for n in range(2):
        said(script, f"m-{n}", 100.0 + n, ack=12_000.0, heard=1)
    (stored,) = (one for one in read(script.capture)["series"] if one["key"] == "stored")
    assert stored["p50"] == "12\u202f000 ms"


def test_what_is_kept_is_bounded() -> None:
    script = chat()
    for n in range(KEPT + 5):
        said(script, f"m-{n}", 100.0 + n, ack=0.4, heard=0.2)
    view = read(script.capture)
    assert {len(each["points"]) for each in view["series"]} == {KEPT}
    assert {each["count"] for each in view["series"]} == {f"{KEPT + 5} samples"}
    for n in range(OPEN + 1):
        script.event(1, C2S, 9_000.0, {"type": "message", "id": f"open-{n}"})
    script.event(1, S2C, 9_001.0, {"type": "ack", "id": "open-0"})
    script.event(1, S2C, 9_002.0, {"type": "ack", "id": "open-1"})
    stored = next(each for each in read(script.capture)["series"] if each["key"] == "stored")
    assert stored["points"][-1][2] == 2


def test_the_widget_follows_the_capture_until_it_is_closed() -> None:
    script = chat()
    said(script, "a", 100.0, ack=1, heard=2)
    widget = Latency(script.capture)
    assert repr(widget) == "Latency()"
    assert len(widget.view["series"]) == 2
    said(script, "b", 200.0, ack=1, heard=2)
    widget.bridge.flush()
    widget._update()
    assert [len(each["points"]) for each in widget.view["series"]] == [2, 2]
    for n in range(100):
        script.send(1, S2C, 300.0 + n, b"\x8a\x00")
        said(script, f"m-{n}", 300.0 + n, ack=0.5, heard=0.2)
    widget._update()
    assert widget.bridge._due, "the rest comes with the next beat"
    widget.close()
    said(script, "c", 900.0, ack=1, heard=2)
    assert not widget.bridge._due


def test_answers_out_of_nowhere_are_passed_over() -> None:
    capture = Capture()
    number = capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2")
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    capture.append(number, Chunk(5, S2C, 0, data))
    assert read(capture)["series"] == []


def test_what_comes_at_the_same_moment_tells_no_time() -> None:
    script = chat()
    said(script, "a", 100.0, ack=0, heard=1)
    assert [each["key"] for each in read(script.capture)["series"]] == ["delivered"]


def test_a_widget_that_comes_late_has_read_all_of_it() -> None:
    script = chat()
    for n in range(100):
        said(script, f"m-{n}", 100.0 + n, ack=0.5, heard=0.2)
    widget = Latency(script.capture)
    assert len(widget.view["series"][0]["points"]) == 100
    widget.close()
