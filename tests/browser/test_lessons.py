"""What a learner moves and sees: the sliders of the bandwidth chart."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_notebook
from playwright.async_api import expect

SLIDERS = """
from itertools import product
import pandas as pd
from labchat.measure import sliders
from labchat.measure.layers import LAYERS
exchanges = ("poll", "sse event", "websocket handshake", "websocket delivery", "ping")
index = pd.MultiIndex.from_tuples(
    product(exchanges, ("c2s", "s2c")), names=["exchange", "direction"]
)
sliders.bandwidth(pd.DataFrame(100, index=index, columns=list(LAYERS)))
"""


async def test_a_moved_slider_changes_the_number_and_the_chart(open_notebook) -> None:
    lab = await open_notebook(new_notebook(cells=[new_code_cell(SLIDERS)]))
    said = lab.page.locator(".jp-OutputArea b", has_text="Polling takes")
    chart = lab.page.locator(".jp-OutputArea img")
    await chart.wait_for()
    await expect(said).to_contain_text("Polling takes 172.8 MB a day, a WebSocket 36.9 MB")
    drawn = await chart.get_attribute("src")
    await lab.page.locator(".noUi-handle").first.focus()
    await lab.page.keyboard.press("ArrowRight")
    await said.filter(has_text="a WebSocket 40.3 MB").wait_for()
    await lab.page.wait_for_function(
        "old => (document.querySelector('.jp-OutputArea img')?.src ?? old) !== old", arg=drawn
    )
    assert lab.console_errors == []
