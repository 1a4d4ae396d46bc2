"""High contrast and reduced motion: what the system asks for is what it gets."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_notebook

SAMPLE = """
from labchat.widgets import *
from labchat.widgets.sample import NAMES, sample
capture = sample()
"""


async def test_forced_colors_keep_lines_and_motion_is_none(open_notebook) -> None:
    cells = [SAMPLE, "Ladder(capture, names=NAMES, selected=11)",
             "Inspector(capture, names=NAMES, selected=11)"]  # fmt: skip
    lab = await open_notebook(
        new_notebook(cells=[new_code_cell(cell) for cell in cells]), viewport=(1360, 1200)
    )
    page = lab.page
    await page.locator(".lc-ruler-row").first.wait_for()
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    style = "(one, name) => getComputedStyle(one, name.pseudo ?? null)[name.key]"
    masked = page.locator(".lc-byte.lc-f-mask").first
    line = await masked.evaluate(style, {"pseudo": "::after", "key": "borderBottomStyle"})
    assert line == "dashed"
    chosen = page.locator(".lc-list [aria-selected='true']")
    assert await chosen.evaluate(style, {"key": "outlineStyle"}) == "solid"
    button = page.locator(".lc-button").first
    assert await button.evaluate(style, {"key": "transitionDuration"}) == "0s"
    await lab.screenshot("widgets-forced-colors", of=".lc-inspector")
    await lab.screenshot("widgets-forced-colors-ladder", of=".lc-ladder")
