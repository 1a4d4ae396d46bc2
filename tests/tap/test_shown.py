from __future__ import annotations

from labchat.capture.model import Chunk, End
from labchat.tap.shown import Shown
from labchat.wire import frames
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


def test_each_unit_is_told_as_it_passes():
    told = []
    shown = Shown(told.append)
    number = shown.open(shown.epoch_ns, client="a", server="b")
    ask = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
    at = shown.epoch_ns + 1_500_000
    shown.append(number, Chunk(at, C2S, 0, ask[:5]))
    assert told == []
    shown.append(number, Chunk(at, C2S, 5, ask[5:]))
    shown.annotate(at, "The tap did something")
    shown.end(number, C2S, at, End.FIN)
    assert told == [
        "       1.500 ms    1 → request      30 B  GET /api",
        "       1.500 ms      · The tap did something",
        "       1.500 ms    1 → FIN",
    ]
    assert len(shown) == 1


def test_broken_rules_are_counted():
    told = []
    shown = Shown(told.append)
    number = shown.open(shown.epoch_ns, client="a", server="b")
    shown.append(number, Chunk(shown.epoch_ns, S2C, 0, frames.build(3, b"x")))
    shown.end(number, S2C, shown.epoch_ns, End.RST)
    assert told[-1].endswith("← RST")
    assert len(told) == 2
