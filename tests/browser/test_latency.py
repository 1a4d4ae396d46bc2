"""The rolling chart of latencies over a running lab: dots come with the posts and can be picked."""

from __future__ import annotations

from axe_playwright_python.base import AXE_FILE_PATH
from nbformat.v4 import new_code_cell, new_notebook
from playwright.async_api import expect

LAB = """
import labchat
from labchat.widgets import link
lab = labchat.start()
chart, inspector = lab.latency(), lab.inspector()
link(chart, inspector)
chart
"""
TALK = """
for n in range(40):
    lab.alice.say(f"number {n}", to=lab.bob).result()
"""


async def test_dots_come_with_the_posts_and_can_be_picked(open_notebook) -> None:
    cells = [LAB, TALK, "inspector"]
    lab = await open_notebook(
        new_notebook(cells=[new_code_cell(cell) for cell in cells]), viewport=(1000, 1200)
    )
    page = lab.page
    chart = page.locator(".lc-latency").first
    for came_of_it in ("delivered", "stored"):
        dots = chart.locator(f".lc-plot .lc-plot-{came_of_it} .lc-plot-dot")
        await expect(dots).to_have_count(40)
    await chart.locator(".lc-plot-box").focus()
    await page.keyboard.press("End")
    await chart.locator(".lc-plot-picked", has_text="ms").wait_for()
    picked = int((await chart.locator(".lc-plot-picked").inner_text()).split()[1].rstrip(":"))
    row = page.locator(f".lc-list [data-n='{picked}'][aria-selected='true']")
    await row.wait_for(state="attached")
    dots = chart.locator(".lc-plot .lc-plot-dot")
    clicked = await dots.first.bounding_box()
    await dots.first.click(force=True)
    await chart.locator(".lc-plot-picked").filter(has_not_text=f"unit {picked}:").wait_for()
    ring = await chart.locator(".lc-plot-chosen").bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - clicked["x"] - clicked["width"] / 2) < 24
    await page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    await page.add_script_tag(path=AXE_FILE_PATH)
    for theme in ("light", "dark"):
        await lab.theme(theme)
        await page.locator("#jupyterlab-splash").wait_for(state="detached")
        await lab.screenshot(f"latency-{theme}", of=".lc-latency")
        found = await chart.evaluate("one => axe.run(one, {elementRef: false})")
        assert [f"{theme}: {rule['id']}, {rule['nodes']}" for rule in found["violations"]] == []
    assert lab.console_errors == []
