"""``labchat claims``: as a table, as JSON, as a page; the claim put to the test needs no lab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from labchat.cli import make_app
from labchat.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def claims(*words: str) -> str:
    done = CliRunner().invoke(make_app(), ["claims", *words], env={"COLUMNS": "140"})
    if isinstance(done.exception, SettingsError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_table_with_claim_value_verdict_and_conditions() -> None:
    told = claims("backoff", "--quick")
    assert all(word in told for word in ("the text says", "measured", "false", "cores"))


def test_an_object_a_claim() -> None:
    (line,) = claims("backoff", "--quick", "--json").splitlines()
    row = json.loads(line)
    assert {"claim", "measured", "unit", "low", "high", "verdict", "why", "source"} <= set(row)
    assert row["verdict"] == "false"


def test_a_page(tmp_path: Path) -> None:
    page = tmp_path / "claims.html"
    claims("backoff", "--quick", "--html", str(page))
    assert '<strong class="false">false</strong>' in page.read_text("utf-8")


def test_a_claim_there_is_not() -> None:
    with pytest.raises(SettingsError, match="no claim luck"):
        claims("luck")
