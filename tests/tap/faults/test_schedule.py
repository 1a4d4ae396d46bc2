from __future__ import annotations

import json

import pytest

from labchat.errors import SettingsError
from labchat.tap.faults import Cut, Distribution, Latency, Offline, Rule, Schedule, Units
from labchat.tap.faults import schedule as schedules
from labchat.tap.faults.text import bandwidth, duration_ms, latency, loss
from labchat.wire.fields import Direction

EXAMPLE = """
{"$schema": "schedule.schema.json", "seed": 7, "rules": [
  {"fault": {"type": "offline"}, "at_s": 2, "for_s": 5},
  {"fault": {"type": "latency", "delay_ms": 300}, "direction": "c2s",
   "units": {"kind": "frame", "every": 3}},
  {"fault": {"type": "drop", "by": "rst"}, "at_s": 30, "connections": [1]}
]}
"""


def test_a_schedule_is_data():
    read = schedules.loads(EXAMPLE)
    assert read.seed == 7
    assert read.rules[0] == Rule(fault=Offline(), at_s=2, for_s=5)
    assert read.rules[1] == Rule(
        fault=Latency(delay_ms=300),
        direction=Direction.C2S,
        units=Units(kind="frame", every=3),
    )
    assert read.rules[2].fault.by is Cut.RST
    assert schedules.loads(schedules.dumps(read)) == read


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "is not JSON"),
        ("[]", "Expected `object`, got `array`"),
        ('{"rule": []}', "unknown field `rule`"),
        ('{"rules": [{"fault": {"type": "latenc"}}]}', r"rules\[0\].fault.type: .*latenc"),
        (
            '{"rules": [{"fault": {"type": "latency", "delay_ms": "x"}}]}',
            r"rules\[0\].fault.delay_ms: Expected `float`",
        ),
        (
            '{"rules": [{"fault": {"type": "latency", "delay_ms": -1}}]}',
            r"rules\[0\].fault.delay_ms: Expected `float` >= 0",
        ),
        ('{"rules": [{"fault": {"type": "offline", "x": 1}}]}', r"rules\[0\].fault: .*`x`"),
        ('{"rules": [{"fault": {"type": "swallow"}}]}', r"rules\[0\]: .*say which"),
        (
            '{"rules": [{"fault": {"type": "offline"}, "units": {"where": "f()"}}]}',
            r"rules\[0\].units: where: .*character 1",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, place, tmp_path):
    with pytest.raises(SettingsError, match=place):
        schedules.loads(text)
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=f"faults.json: .*{place}"):
        schedules.load(file)


def test_a_message_without_a_place_is_kept():
    assert schedules._place("Something else") == "Something else."


def test_files(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text(EXAMPLE)
    assert schedules.load(file) == schedules.loads(EXAMPLE)
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        schedules.load(tmp_path / "none.json")


def test_the_shipped_schema_is_what_the_types_say():
    """After a change: write ``make_schema()`` into the file, two spaces, not ASCII only."""
    text = json.dumps(schedules.make_schema(), indent=2, ensure_ascii=False) + "\n"
    assert schedules.shipped_schema() == text


def test_every_fault_and_every_number_in_the_schema_is_told_of():
    defs = schedules.make_schema()["$defs"]
    faults = {name for name in defs if "type" in defs[name].get("required", ())}
    assert len(faults) == 12
    for name, each in defs.items():
        assert each.get("description"), name
        for key, value in each.get("properties", {}).items():
            if value.get("type") in {"number", "integer"}:
                assert value.get("description"), f"{name}.{key}"


def test_a_schedule_may_be_empty():
    assert schedules.loads("{}") == Schedule()


@pytest.mark.parametrize(
    ("text", "ms"),
    [("100ms", 100), ("1.5 s", 1500), ("2min", 120_000), ("500us", 0.5), ("500µs", 0.5)],
)
def test_durations(text, ms):
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "100", "ms", "-1ms", "1h", "1 2ms"])
def test_no_durations(text):
    with pytest.raises(SettingsError, match="is no duration"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("100ms", Latency(delay_ms=100)),
        ("100ms±20ms", Latency(delay_ms=100, jitter_ms=20)),
        ("100ms+-20ms", Latency(delay_ms=100, jitter_ms=20)),
        ("0.1s +/- 20ms", Latency(delay_ms=100, jitter_ms=20)),
        (
            "100ms±20ms normal",
            Latency(delay_ms=100, jitter_ms=20, distribution=Distribution.NORMAL),
        ),
    ],
)
def test_latencies(text, fault):
    assert latency(text) == fault


def test_no_latencies():
    with pytest.raises(SettingsError, match="none of uniform, normal, exponential, pareto"):
        latency("100ms±20ms gauss")
    with pytest.raises(SettingsError, match="is no duration"):
        latency("100ms±")


def test_bandwidths_and_losses():
    assert bandwidth("16kB/s").bytes_per_s == 16_000
    assert bandwidth("1 Mbit/s").bytes_per_s == 125_000
    assert loss("2.5%").rate == 0.025
    for wrong in ("16", "0kB/s", "x/s"):
        with pytest.raises(SettingsError, match="is no bandwidth"):
            bandwidth(wrong)
    for wrong in ("2", "101%"):
        with pytest.raises(SettingsError, match="is no share"):
            loss(wrong)
