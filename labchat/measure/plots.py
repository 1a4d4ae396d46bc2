"""Charts, one function a question: units on every axis, the conditions below, one look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labchat.measure.delivery import METHODS
from labchat.measure.look import (
    HUES,
    INK,
    LAYER_HUES,
    LAYER_WORDS,
    captioned,
    figure_of,
    in_order,
    label,
    legend,
    plain_log,
    series,
)
from labchat.measure.stats import samples_needed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_TIMELINE_MS: dict[str, float] = {
    "frame sent": 25,
    "server and Bob have it": 50,
    "stored": 500,
    "response": 600,
}
"""The text's own figure, T=0 to T=600 ms."""


def distribution(table: pd.DataFrame, *, by: str = "method", column: str = "delay_ms") -> Figure:
    """How long do messages take? Left every sample (ECDF), right the tail by percentile.

    Args:
        table: raw samples of an experiment.
        by: the factor that tells the lines apart.
        column: "delay_ms" or "answer_ms" (milliseconds).

    Raises:
        KeyError: the table has no such column.

    A line of percentiles ends where the samples no longer carry it; where they carry no more than
    the median, there is no right side.
    """
    groups = {
        value: np.sort(table.loc[table[by] == value, column].dropna().to_numpy(float))
        for value in in_order(table[by].unique())
    }
    carried = {value: _carried(data) for value, data in groups.items()}
    tailed = any(len(quantiles) > 1 for quantiles in carried.values())
    figure, (left, *right) = figure_of(f"{_what(column)}, by {by}", columns=1 + tailed)
    for value, look in series(groups).items():
        data, quantiles = groups[value], np.array(carried[value])
        share = np.arange(1, data.size + 1) / max(1, data.size)
        left.plot(data, share, label=label(value, by), **look)
        for axes in right:
            axes.plot(1 / (1 - quantiles), np.quantile(data, quantiles), marker=".", **look)
    left.set(xscale="log", xlabel=f"{_what(column)} (ms)", ylabel="share of messages")
    plain_log(left.xaxis)
    _tail(left, right)
    figure.legend(fontsize=8, frameon=False, labelcolor=INK, loc="outside right upper")
    return captioned(figure, table)


def _carried(data: np.ndarray) -> list[float]:
    """The percentiles, as shares, for which there are samples enough."""
    return [q for q in _SPECTRUM if samples_needed(q) <= data.size]


def _tail(left: Axes, right: list[Axes]) -> None:
    """The scale of the percentiles, or a word on why there are none."""
    for axes in right:
        axes.set(xscale="log", yscale="log", xlabel="percentile", ylabel="ms")
        axes.set_xticks([2, 10, 100, 1000], ["50", "90", "99", "99.9"])
        plain_log(axes.yaxis)
    if not right:
        left.annotate(
            "too few samples for percentiles",
            (0.99, 0.02),
            xycoords="axes fraction",
            ha="right",
            fontsize=8,
            color=INK,
        )


_SPECTRUM = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)


def _what(column: str) -> str:
    return {"delay_ms": "send to receive", "answer_ms": "send to answer"}.get(column, column)


def against_rtt(table: pd.DataFrame, *, column: str = "answer_ms") -> Figure:
    """Is it the protocol or the distance? Medians against RTT, with lines for k round trips.

    Args:
        table: raw samples with ``method``, ``rtt_ms`` and ``column``, in milliseconds.
        column: "answer_ms" or "delay_ms".

    Raises:
        KeyError: the table has no such column.
    """
    figure, (axes,) = figure_of(f"{_what(column)} against the round trip time")
    medians = table.groupby(["method", "rtt_ms"])[column].median().unstack(0)
    rtts = np.array([0, medians.index.max()], dtype=float)
    for k in (0.5, 1, 2):
        axes.plot(rtts, k * rtts, color=INK, linewidth=0.8, alpha=0.6)
        axes.annotate(
            f"{k:g} RTT",
            (rtts[1], k * rtts[1]),
            color=INK,
            fontsize=8,
            xytext=(4, 0),
            textcoords="offset points",
        )
    for method, look in series(in_order(medians.columns)).items():
        axes.plot(
            medians.index, medians[method], marker="o", markersize=4, label=label(method), **look
        )
    axes.set(xlabel="emulated RTT (ms)", ylabel=f"median, {_what(column)} (ms)")
    legend(axes)
    return captioned(figure, table)


def against_interval(table: pd.DataFrame) -> Figure:
    """What does polling add? Delays against the interval; on average half of it is the wait.

    Args:
        table: raw samples with ``method`` and ``delay_ms`` (milliseconds).

    Raises:
        KeyError: the table has no such column.
    """
    figure, (axes,) = figure_of("delivery delay against the polling interval")
    intervals = {name: each.interval_s * 1000 for name, each in METHODS.items() if each.interval_s}
    polled = table[table["method"].isin(list(intervals))]
    at = polled["method"].map(intervals).astype(float)
    jitter = np.random.default_rng(1).uniform(0.95, 1.05, len(polled))
    axes.scatter(
        at * jitter, polled["delay_ms"], s=12, color=HUES[0], alpha=0.5, label="one message"
    )
    limits = np.array([min(intervals.values()), max(intervals.values())])
    axes.plot(limits, limits / 2, color=INK, label="half the interval")
    axes.plot(limits, limits, color=INK, linestyle="--", label="the whole interval")
    axes.set(xscale="log", yscale="log", xlabel="interval (ms)", ylabel="send to receive (ms)")
    plain_log(axes.xaxis)
    plain_log(axes.yaxis)
    legend(axes)
    return captioned(figure, table)


def timeline(table: pd.DataFrame) -> Figure:
    """Where does the time of one message go? Its legs, below the text's own figure.

    Args:
        table: raw samples with legs, all in milliseconds since the send call; those it lacks are
            left out.
    """
    figure, (axes,) = figure_of("one message, measured, against the text's T=0 … 600 ms")
    names = {
        "tap_in_ms": "at the tap",
        "insert_ms": "INSERT",
        "commit_ms": "COMMIT",
        "tap_out_ms": "leaves the tap",
        "delay_ms": "Bob has it",
        "answer_ms": "answered",
    }
    medians = {word: table[column].median() for column, word in names.items() if column in table}
    told: tuple[tuple[str, dict[str, float]], ...] = (
        ("the text", TEXT_TIMELINE_MS),
        ("measured", medians),
    )
    for row, (who, points) in enumerate(told):
        axes.hlines(row, 0.05, max(points.values()), color=INK, linewidth=0.8)
        axes.scatter(list(points.values()), [row] * len(points), color=HUES[row], zorder=3)
        axes.annotate(who, (0.05, row), xytext=(0, 12), textcoords="offset points", color=INK)
        _name_points(axes, row, points)
    axes.set(
        xscale="log", ylim=(-0.7, 1.7), yticks=[], xlabel="ms since the send call (logarithmic)"
    )
    plain_log(axes.xaxis)
    axes.spines["left"].set_visible(False)
    return captioned(figure, table)


def _name_points(axes: Axes, row: int, points: dict[str, float]) -> None:
    """Names above and below in turn, near and far in turn, so that they do not touch."""
    for i, (word, at) in enumerate(sorted(points.items(), key=lambda point: point[1])):
        axes.annotate(
            f"{word}\n{at:.3g} ms",
            (at, row),
            xytext=(0, (-28, 10, -54, 36)[i % 4]),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )


def layers(table: pd.DataFrame, *, unit: str = "MB") -> Figure:
    """What crosses the wire in a day? Bytes by layer, stacked, one bar a way.

    Args:
        table: of :func:`labchat.measure.layers.per_day`.
        unit: "MB" (10^6 bytes) or "MiB" (2^20 bytes).

    Raises:
        KeyError: the unit is neither.
    """
    divisor = {"MB": 1e6, "MiB": 2**20}[unit]
    figure, (axes,) = figure_of("a day of bytes, by layer", height=3.4)
    left = np.zeros(len(table))
    for name, hue in LAYER_HUES.items():
        width = table[name].to_numpy(float) / divisor
        axes.barh(
            [str(way) for way in table.index], width, left=left, color=hue, label=LAYER_WORDS[name]
        )
        left += width
    for row, total in enumerate(left):
        axes.annotate(
            f"{total:.3g} {unit}",
            (total, row),
            xytext=(4, -3),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    axes.invert_yaxis()
    axes.set(xlabel=unit)
    axes.margins(x=0.12)
    legend(axes, loc="lower right")
    return captioned(figure, table)


def arrivals(table: pd.DataFrame, *, down_s: float | None = None) -> Figure:
    """How does a crowd come back? Attempts per second, one line a policy.

    Args:
        table: of :func:`labchat.measure.crowd.arrivals`.
        down_s: until when the server was down, marked in the chart.
    """
    figure, (axes,) = figure_of("reconnect attempts per second")
    for policy, look in series(table.columns).items():
        axes.step(table.index, table[policy], where="post", label=str(policy), **look)
    if down_s is not None:
        axes.axvline(down_s, color=INK, linewidth=0.8)
        axes.annotate(
            "server is back",
            (down_s, table.to_numpy().max()),
            xytext=(4, 0),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    axes.set(xlabel="seconds since the server went down", ylabel="attempts in a second")
    legend(axes)
    return captioned(figure, table)
