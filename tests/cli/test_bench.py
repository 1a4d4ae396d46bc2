"""``labchat bench``: a table for people, objects for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from labchat.cli import make_app
from labchat.measure.bench import local
from labchat.measure.bench.row import Must, compare, missing


@pytest.fixture(autouse=True)
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts themselves are tested in tests/measure/bench."""
    rows = [
        compare("work", "ops/s", [3.0], peer="one", theirs=[1.0], must=Must(least=2)),
        compare("work", "ops/s", [3.0], peer="two", theirs=[6.0], must=Must(least=2)),
        missing("work", "ops/s", "three"),
    ]
    monkeypatch.setattr(local, "PARTS", {"work": lambda *, quick: rows if quick else []})


def test_a_table_with_what_must_be_and_what_is_missing() -> None:
    done = CliRunner().invoke(make_app(), ["bench", "--quick"], env={"COLUMNS": "160"})
    assert done.exit_code == 0
    lines = done.output.splitlines()
    met, missed, gone = (next(x for x in lines if name in x) for name in ("one", "two", "three"))
    assert met.rstrip().endswith("≥ 2 ×     yes")
    assert missed.rstrip().endswith("no")
    assert "missing: not installed" in gone
    assert "cores" in done.output


def test_an_object_a_row() -> None:
    done = CliRunner().invoke(make_app(), ["bench", "--quick", "--json"])
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (first["met"], second["met"], third["met"]) == (True, False, None)
    assert first["must"] == {"least": 2, "most": None, "of": "ratio"}
