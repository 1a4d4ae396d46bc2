"""How every chart looks: colours, lines, axes, and the conditions below.

The colours are told apart by the colour-blind (and lines by their style as well), and read on a
light and on a dark page: figures have no background of their own.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from labchat.measure.conditions import caption
from labchat.measure.delivery import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

INK = "#808080"
"""Axes and words: 4.0:1 on white, 5.3:1 on black."""
HUES = (
    "#3b82d6",
    "#c8641b",
    "#1f9e89",
    "#a06ad6",
    "#b58a00",
    "#d64f8a",
    "#6b7686",
    "#5aa02c",
    "#c2474f",
)
STYLES = ("-", "--", "-.", ":")
LAYER_HUES = {"payload": "#6b7686", "framing": "#a06ad6", "headers": "#3b82d6", "tcp_ip": "#b58a00"}
LAYER_WORDS = {
    "payload": "payload",
    "framing": "framing",
    "headers": "headers",
    "tcp_ip": "TCP/IP (estimated)",
}
_DPI = 100

_LOOK: Any = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "font.size": 10,
    "legend.frameon": False,
    "grid.color": INK,
    "grid.alpha": 0.25,
}


class Chart(Figure):
    """A figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        data = BytesIO()
        self.savefig(data, format="png", dpi=_DPI)
        return data.getvalue()


def figure_of(title: str, *, height: float = 4.2, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure with its title, and its axes; ``height`` in inches."""
    with mpl.rc_context(_LOOK):
        figure = Chart(figsize=(8.6, height), layout="constrained")
        axes = list(np.ravel(figure.subplots(1, columns)))
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, color=INK)
    return figure, axes


def legend(axes: Axes, **place: Any) -> None:
    """The lines by name."""
    axes.legend(fontsize=8, frameon=False, labelcolor=INK, **place)


def captioned(figure: Figure, table: pd.DataFrame) -> Figure:
    """The figure, with the conditions of its table below."""
    given = table.attrs.get("conditions")
    words = caption(given) if given else "conditions not recorded"
    figure.supxlabel(words, x=0.01, ha="left", fontsize=8, color=INK)
    return figure


def series(values: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """A colour and a line style for each value, the same every time."""
    return {
        value: {"color": HUES[i % len(HUES)], "linestyle": STYLES[i % len(STYLES)]}
        for i, value in enumerate(values)
    }


def in_order(values: Iterable[Any]) -> list[Any]:
    """Methods as they are declared; anything else as it comes."""
    known = list(METHODS)
    return sorted(values, key=lambda value: known.index(value) if value in known else 0)


def label(value: Any, by: str = "method") -> str:
    """What a line is called: a method by its name, a switch as on or off."""
    if isinstance(value, bool | np.bool_):
        return f"{by} {'on' if value else 'off'}"
    return METHODS[value].label if value in METHODS else str(value)


def plain_log(axis: Axis) -> None:
    """A logarithmic axis that says 0.5, 1, 2 instead of powers of ten."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
