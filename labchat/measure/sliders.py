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


def controls() -> dict[str, ipywidgets.Widget]:
    """One control for each choice of :func:`day`, by its name."""
    import ipywidgets as w

    wide: dict[str, Any] = {"style": {"description_width": "9em"}, "continuous_update": False}
    return {
        "messages_per_s": w.FloatSlider(
            0.5, min=0, max=5, step=0.05, description="messages/s", readout_format=".2f", **wide
        ),
        "interval_s": w.FloatSlider(
            0.5, min=0.1, max=10, step=0.1, description="polling interval, s", **wide
        ),
        "responses": w.Checkbox(True, description="count responses"),
        "tcp_ip": w.Checkbox(True, description="count TCP/IP headers"),
        "unit": w.ToggleButtons(options=["MB", "MiB"], description="unit"),
    }


def bandwidth(sizes: pd.DataFrame) -> ipywidgets.Widget:
    """The chart of :func:`day` below its controls; it is drawn anew when one is moved."""
    import ipywidgets as w
    from IPython.display import display

    choices = controls()

    show: Callable[[Any], None] = display

    def draw(**chosen: Any) -> None:
        show(day(sizes, **chosen))

    drawn = w.interactive_output(draw, choices)
    return w.VBox([*choices.values(), drawn])
