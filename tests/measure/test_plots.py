"""Every chart can be drawn from its table, with units, conditions and no background."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from labchat.measure import crowd, plots
from labchat.measure.conditions import conditions
from labchat.measure.layers import LAYERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@pytest.fixture
def samples() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [
        {"method": method, "rtt_ms": rtt, "delay_ms": rtt / 2 + noise, "answer_ms": rtt + noise}
        for method in ("websocket", "post", "poll-100", "poll-500")
        for rtt in (0, 100)
        for noise in rng.exponential(3, 60)
    ]
    table = pd.DataFrame(rows)
    for column, at in {"tap_in_ms": 0.1, "insert_ms": 0.3, "commit_ms": 0.8}.items():
        table[column] = at
    table.attrs["conditions"] = conditions(seed=1, nodelay=True)
    return table


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    figure.savefig(io.BytesIO(), format="png")
    return " | ".join(found)


@pytest.mark.parametrize(
    ("draw", "wanted"),
    [
        (plots.distribution, ["send to receive (ms)", "share of messages", "percentile"]),
        (plots.against_rtt, ["emulated RTT (ms)", "1 RTT", "2 RTT", "POST, kept connection"]),
        (plots.against_interval, ["interval (ms)", "half the interval"]),
        (plots.timeline, ["the text", "COMMIT", "stored"]),
    ],
)
def test_a_chart_names_its_axes_and_conditions(samples: pd.DataFrame, draw, wanted) -> None:
    figure = draw(samples)
    told = words(figure)
    assert all(word in told for word in wanted), told
    assert "TCP_NODELAY True" in told
    assert figure.get_facecolor()[3] == 0


def test_a_logarithmic_axis_says_plain_numbers(samples: pd.DataFrame) -> None:
    figure = plots.timeline(samples)
    assert "ms since the send call" in words(figure)
    ticks = {tick.get_text() for tick in figure.axes[0].get_xticklabels()}
    assert {"0.1", "1", "10", "100"} <= ticks


def test_a_switch_is_on_or_off(samples: pd.DataFrame) -> None:
    assert "nodelay on" in words(plots.distribution(samples.assign(nodelay=True), by="nodelay"))


def test_percentiles_end_where_the_samples_do(samples: pd.DataFrame) -> None:
    few = samples[samples["rtt_ms"] == 0].groupby("method").head(5)
    assert "too few samples" in words(plots.distribution(few))
    right = plots.distribution(samples).axes[1]
    assert max(line.get_xdata()[-1] for line in right.lines) == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(("unit", "total"), [("MB", "10.5 MB"), ("MiB", "10 MiB")])
def test_bytes_by_layer_tell_mb_from_mib(unit: str, total: str) -> None:
    table = pd.DataFrame({layer: [2.5 * 2**20] for layer in LAYERS}, index=["polling"])
    assert total in words(plots.layers(table, unit=unit))


def test_the_crowd_comes_back_in_lines() -> None:
    told = words(plots.arrivals(crowd.arrivals(clients=5), down_s=10))
    assert all(word in told for word in ("full-jitter", "server is back", "clock: virtual"))
