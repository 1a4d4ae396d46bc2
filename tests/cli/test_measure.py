"""``labchat measure``: what there is, and wrong words said."""

from __future__ import annotations

from pathlib import Path

import pytest

from labchat.cli.measure import measure
from labchat.errors import SettingsError


def test_without_a_name_it_tells_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    measure(None)
    assert "delivery     How long does one message take" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ("[", "no JSON object of lists"),
        ("[1]", "no JSON object of lists"),
        ('{"rtt_ms": 5}', "no JSON object of lists"),
        ('{"colour": [1]}', "delivery has no factor colour"),
    ],
)
def test_wrong_levels_are_said(levels: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        measure("delivery", levels=levels)


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"neither \.csv nor \.parquet"):
        measure("delivery", out=Path("x.txt"))
