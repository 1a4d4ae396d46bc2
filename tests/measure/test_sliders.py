"""The sliders: each choice changes the chart, and the chart is drawn anew."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest

from labchat.measure import sliders
from labchat.measure.layers import LAYERS


@pytest.fixture
def sizes() -> pd.DataFrame:
    exchanges = ("poll", "sse event", "websocket handshake", "websocket delivery", "ping")
    index = pd.MultiIndex.from_tuples(
        list(product(exchanges, ("c2s", "s2c"))), names=["exchange", "direction"]
    )
    table = pd.DataFrame(1, index=index, columns=list(LAYERS)).astype("int64")
    table.attrs["conditions"] = {"cores": 2, "started_at": "2026-11-25T12:00:00"}
    return table


def polled(sizes: pd.DataFrame, **chosen: Any) -> float:
    """How long the chart's bars for polling are, all layers together."""
    axes = sliders.day(sizes, **chosen).axes[0]
    return sum(bars[0].get_width() for bars in axes.containers)


def test_the_chart_follows_each_choice(sizes: pd.DataFrame) -> None:
    whole = polled(sizes, messages_per_s=0.0)
    assert whole == pytest.approx(2 * 86_400 * 8 / 1e6)
    assert polled(sizes, messages_per_s=0.0, interval_s=1.0) == pytest.approx(whole / 2)
    assert polled(sizes, messages_per_s=0.0, responses=False) == pytest.approx(whole / 2)
    assert polled(sizes, messages_per_s=0.0, tcp_ip=False) == pytest.approx(whole * 3 / 4)
    assert polled(sizes, messages_per_s=0.0, unit="MiB") == pytest.approx(whole / 1.048576)
    assert polled(sizes, messages_per_s=1.0) > whole


def test_a_notebook_shows_the_chart_by_itself(sizes: pd.DataFrame) -> None:
    assert sliders.day(sizes)._repr_png_().startswith(b"\x89PNG")


def test_moving_a_slider_draws_anew(sizes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    day = sliders.day

    def noted(sizes: pd.DataFrame, **chosen: Any) -> Any:
        drawn.append(chosen["messages_per_s"])
        return day(sizes, **chosen)

    monkeypatch.setattr(sliders, "day", noted)
    box = sliders.bandwidth(sizes)
    said = box.children[-2]
    before = said.value
    box.children[0].value = 2.0
    assert drawn == [0.5, 2.0]
    assert said.value != before


def test_the_words_tell_what_the_chart_draws(sizes: pd.DataFrame) -> None:
    idle = sliders.words(sizes, messages_per_s=0.0, interval_s=0.5, tcp_ip=False)
    assert idle == "Polling takes 1.0 MB a day, a WebSocket 0.0 MB: it saves 98.3%."
    assert "MiB a day" in sliders.words(sizes, messages_per_s=1.0, unit="MiB")
