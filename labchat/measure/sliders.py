"""A day of bytes, with a slider for each choice the text leaves unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labchat.measure.layers import per_day
from labchat.measure.plots import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets
    import pandas as pd
    from matplotlib.figure import Figure

BYTES = {"MB": 1e6, "MiB": 2**20}
"""Unit to how many bytes it is."""


def day(
    sizes: pd.DataFrame,
    *,
    messages_per_s: float = 0.5,
    interval_s: float = 0.5,
    responses: bool = True,
    tcp_ip: bool = True,
    unit: str = "MB",
) -> Figure:
    """The chart that the sliders draw: bytes a day, by way and layer.

    Args:
        sizes: of :func:`labchat.measure.layers.measured`.
        messages_per_s: how often somebody writes.
        interval_s: between two polls, seconds.
        responses: count the server's bytes.
        tcp_ip: count estimated TCP/IP headers.
        unit: "MB" (10^6 bytes) or "MiB" (2^20 bytes).
    """
    table = per_day(
        sizes,
        messages_per_s=messages_per_s,
        interval_s=interval_s,
        responses=responses,
        tcp_ip=tcp_ip,
    )
    return layers(table, unit=unit)


def words(
    sizes: pd.DataFrame,
    *,
    responses: bool = True,
    tcp_ip: bool = True,
    unit: str = "MB",
    **often: float,
) -> str:
    """The same in one sentence: what polling takes, what a WebSocket takes, and what that saves.

    Args:
        sizes: of :func:`labchat.measure.layers.measured`.
        responses: count the server's bytes.
        tcp_ip: count estimated TCP/IP headers.
        unit: "MB" (10^6 bytes) or "MiB" (2^20 bytes).
        often: ``messages_per_s`` and ``interval_s``, as for :func:`day`.
    """
    days = per_day(sizes, responses=responses, tcp_ip=tcp_ip, **often)["total"]
    polling, websocket = float(days["polling"]), float(days["WebSocket"])
    saved = 1 - websocket / polling if polling else 0.0
    size = BYTES[unit]
    return (
        f"Polling takes {polling / size:,.1f} {unit} a day, a WebSocket "
        f"{websocket / size:,.1f} {unit}: it saves {saved:.1%}."
    )


def controls() -> dict[str, ipywidgets.Widget]:
    """One control for each choice of :func:`day`, by its name."""
    import ipywidgets as w

    wide: dict[str, Any] = {
        "style": {"description_width": "9em"},
        "layout": {"width": "36em", "max_width": "100%"},
        "continuous_update": False,
    }
    plain = {"description_width": "9em"}
    return {
        "messages_per_s": w.FloatSlider(
            0.5, min=0, max=5, step=0.05, description="messages/s", readout_format=".2f", **wide
        ),
        "interval_s": w.FloatSlider(
            0.5, min=0.1, max=10, step=0.1, description="polling interval, s", **wide
        ),
        "responses": w.Checkbox(True, description="count responses", style=plain),
        "tcp_ip": w.Checkbox(True, description="count TCP/IP headers", style=plain),
        "unit": w.ToggleButtons(
            options=["MB", "MiB"], description="unit", style={**plain, "button_width": "6em"}
        ),
    }


def bandwidth(sizes: pd.DataFrame) -> ipywidgets.Widget:
    """The chart and the words of :func:`day`, below its controls; made anew when one is moved."""
    import ipywidgets as w
    from IPython.display import display

    choices = controls()

    show: Callable[[Any], None] = display
    said = w.HTML()

    def draw(**chosen: Any) -> None:
        said.value = f"<b>{words(sizes, **chosen)}</b>"
        show(day(sizes, **chosen))

    drawn = w.interactive_output(draw, choices)
    return w.VBox([*choices.values(), said, drawn])
