"""A crowd in virtual time, with the client's own delays."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from labchat.chat.backoff import fixed
from labchat.measure import crowd


def test_the_texts_policy_keeps_the_crowd_in_step() -> None:
    table = crowd.arrivals(("text",), clients=50, down_s=10)
    assert table.loc[table["text"] > 0, "text"].to_dict() == {1: 50, 3: 50, 7: 50, 15: 50}


def test_the_texts_policy_gives_up_after_31_seconds() -> None:
    attempts = crowd.attempts("text", clients=5, down_s=60)
    row = crowd.summary(attempts).loc["text"]
    assert row["gave_up"] == 5
    assert attempts["at_s"].max() == 31
    assert math.isnan(row["all_back_s"])


def test_jitter_spreads_the_crowd() -> None:
    both = pd.concat([crowd.attempts(name, down_s=20) for name in ("exponential", "full-jitter")])
    later = both[both["at_s"] >= 10]
    peaks = crowd.summary(later)["peak_per_s"]
    assert peaks["full-jitter"] < peaks["exponential"] / 2


def test_everybody_comes_back_with_a_policy_that_never_gives_up() -> None:
    row = crowd.summary(crowd.attempts("decorrelated", clients=20, down_s=40)).loc["decorrelated"]
    assert row["connected"] == 20
    assert row["gave_up"] == 0
    assert row["all_back_s"] >= 40


def test_the_same_seed_gives_the_same_crowd() -> None:
    once = crowd.attempts("full-jitter", clients=10, seed=5)
    assert once.equals(crowd.attempts("full-jitter", clients=10, seed=5))
    assert not once.equals(crowd.attempts("full-jitter", clients=10, seed=6))


def test_a_policy_of_ones_own_and_the_columns_types() -> None:
    table = crowd.attempts(fixed(2.0, 2.0), clients=1, down_s=4)
    assert table["at_s"].tolist() == [2.0, 4.0]
    assert table["connected"].tolist() == [False, True]
    assert table.dtypes.astype(str).to_dict() == {
        "policy": "category",
        "client": "int64",
        "attempt": "int64",
        "at_s": "float64",
        "connected": "bool",
    }


def test_an_empty_crowd_is_an_empty_table() -> None:
    assert len(crowd.attempts("text", clients=0)) == 0
    assert crowd.arrivals(("text",), clients=0)["text"].sum() == 0


def test_an_unknown_policy_is_said() -> None:
    with pytest.raises(Exception, match="full-jitter"):
        crowd.attempts("hope")
