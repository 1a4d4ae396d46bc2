"""The inspector and the ladder in a real JupyterLab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from nbformat.v4 import new_code_cell, new_notebook
from playwright.async_api import expect

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = """
from labchat.widgets.inspector import Inspector
from labchat.widgets.ladder import Ladder
from labchat.widgets.linking import link
from labchat.widgets.sample import NAMES, sample
capture = sample()
trace = [{"at_ns": 4813200000, "event": "insert", "id": "msg-7c1e0d42", "seq": None},
         {"at_ns": 4814870000, "event": "commit", "id": "msg-7c1e0d42", "seq": 42}]
ladder = Ladder(capture, names=NAMES, trace=trace, selected=11)
inspector = Inspector(capture, names=NAMES, selected=11)
link(ladder, inspector)
"""


def notebook(*cells: str):
    return new_notebook(cells=[new_code_cell(cell) for cell in cells])


async def axe_violations(page, selector: str) -> list[str]:
    """What axe finds under ``selector``, as "rule: element"."""
    if not await page.evaluate("typeof axe !== 'undefined'"):
        await page.add_script_tag(path=AXE_FILE_PATH)
    found = await page.evaluate(
        "selector => axe.run(selector, {rules: {region: {enabled: false}}})", selector
    )
    return [
        f"{rule['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


async def test_inspector_and_ladder_in_both_themes(open_notebook) -> None:
    lab = await open_notebook(
        notebook(SAMPLE, "ladder", "inspector"), viewport=(1360, 1300), theme="light"
    )
    page = lab.page
    await page.locator(".lc-inspector .lc-line[data-n='11']").wait_for()
    await page.locator(".lc-detail .lc-ruler-row").first.wait_for()
    for theme in ("light", "dark"):
        await lab.theme(theme)
        await lab.screenshot(f"widgets-inspector-{theme}", of=".lc-inspector")
        await lab.screenshot(f"widgets-ladder-{theme}", of=".lc-ladder")
        assert await axe_violations(page, ".lc-inspector") == []
        assert await axe_violations(page, ".lc-ladder") == []
    grid = page.locator(".lc-inspector .lc-list")
    kept = await grid.evaluate(
        """async grid => {
            const frame = () => new Promise(requestAnimationFrame);
            grid.scrollTop = 75;
            await frame(); await frame();
            const widget = grid.closest('.lc-inspector');
            widget.style.display = 'none';
            await frame(); await frame();
            widget.style.display = '';
            await frame(); await frame(); await frame();
            return grid.scrollTop;
        }"""
    )
    assert kept == 75, "a tab that comes back shows what it showed"
    assert lab.console_errors == []


MOVED = """
async ([scroller, how]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const node = document.querySelector(scroller), cell = node.closest('.jp-OutputArea-child');
    const [parent, next] = [cell.parentNode, cell.nextSibling];
    node.scrollTop = 60;
    await frame(); await frame();
    if (how === 'hidden') cell.style.display = 'none';
    if (how === 'detached' || how === 'moved') cell.remove();
    if (how === 'squeezed') node.closest('.lc').style.setProperty('--lc-height', '4000px');
    if (how !== 'moved') { await frame(); await frame(); }
    cell.style.display = '';
    if (!cell.parentNode) parent.insertBefore(cell, next);
    node.closest('.lc').style.setProperty('--lc-height', '300px');
    for (let left = 600; left > 0 && node.scrollTop !== 60; left -= 1) await frame();
    await frame(); await frame(); await frame(); await frame();
    return node.scrollTop;
}
"""


async def test_what_is_read_stays_where_it_is(open_notebook) -> None:
    """A cell that is hidden, taken out of the page and put back, or squeezed; another theme."""
    lab = await open_notebook(notebook(SAMPLE, "ladder", "inspector"), viewport=(1360, 900))
    await lab.page.locator(".lc-detail .lc-ruler-row").first.wait_for()
    await lab.page.evaluate(
        """async () => {
            for (const each of document.querySelectorAll('.lc-ladder, .lc-inspector'))
                each.style.setProperty('--lc-height', '300px');
            await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        }"""
    )
    for scroller in (".lc-list", ".lc-ladder-list", ".lc-detail"):
        for how in ("hidden", "detached", "moved", "squeezed"):
            assert (how, await lab.page.evaluate(MOVED, [scroller, how])) == (how, 60), scroller
    for theme in ("dark", "light"):
        await lab.theme(theme)
    for scroller in (".lc-list", ".lc-ladder-list", ".lc-detail"):
        await expect(lab.page.locator(scroller)).to_have_js_property("scrollTop", 60)
    missed = "removeChild"  # JupyterLab may look for the cell just while it is out of the page
    assert [error for error in lab.console_errors if missed not in error] == []


RESIZED = """
piece => {
    const picked = piece.offsetWidth;
    piece.classList.remove('lc-picked');
    const plain = piece.offsetWidth;
    piece.classList.add('lc-picked');
    return picked !== plain;
}
"""
"""Whether a piece of the ruler has another size when it is picked."""


async def answer_again(lab) -> None:
    """The kernel answers once more for the unit shown, with another title to be told apart."""
    await lab.execute(
        """
answer = inspector.detail(11)
answer["sizes"] = "again"
inspector.send({"type": "detail", "detail": answer})
"""
    )
    await lab.page.locator(".lc-title .lc-meta", has_text="again").wait_for()


async def test_a_keyboard_is_enough(open_notebook) -> None:
    lab = await open_notebook(notebook(SAMPLE, "ladder", "inspector"), viewport=(1360, 1300))
    page = lab.page
    grid = page.locator(".lc-inspector .lc-list")
    title = page.locator(".lc-detail .lc-title h3")
    await page.locator(".lc-detail .lc-ruler-row").first.wait_for()
    cells = await page.locator(".jp-Notebook .jp-CodeCell").count()

    await grid.focus()
    await page.keyboard.press("ArrowDown")
    await page.wait_for_function("document.querySelector('.lc-title h3').textContent === '12'")
    chosen = page.locator(".lc-ladder [aria-selected='true']")
    await page.wait_for_function(
        "document.querySelector('.lc-ladder [aria-selected=true]')?.dataset.n === '12'"
    )
    await expect(chosen).to_have_attribute("aria-label", re.compile("Hello"))

    for key in ("d", "d", "ArrowUp"):
        await page.keyboard.press(key)
    await page.wait_for_function("document.querySelector('.lc-title h3').textContent === '11'")
    assert await page.locator(".jp-Notebook .jp-CodeCell").count() == cells, "no shortcut fired"

    await page.keyboard.press("Enter")
    await page.keyboard.press("End")
    focused = page.locator(".lc-fields [data-row]:focus")
    await expect(focused).to_contain_text("Payload Data")
    await page.keyboard.press("ArrowUp")
    await expect(focused).to_contain_text("Masking-key")
    picked = page.locator(".lc-bytes .lc-picked")
    await expect(picked).to_have_text(["37", "fa", "21", "3d"])
    assert await page.locator(".lc-piece.lc-picked").first.evaluate(RESIZED) is False
    await answer_again(lab)
    await expect(focused, "drawn anew under the keyboard").to_contain_text("Masking-key")

    await picked.first.click()
    byte = page.locator(".lc-bytes [data-byte]:focus")
    await expect(byte).to_have_attribute("aria-label", "byte 4, hex 37, Masking-key")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(byte).to_have_attribute("aria-label", "byte 8, hex 4c, Payload Data")
    await page.keyboard.press("Control+Home")
    first = re.compile("FIN · RSV1 · RSV2 · RSV3 · opcode$")
    await expect(byte).to_have_attribute("aria-label", first)

    await grid.focus()
    await page.keyboard.press("/")
    await page.keyboard.type("ping <-")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Home")
    await page.wait_for_function("document.querySelector('.lc-title h3').textContent === '16'")
    await expect(grid).to_have_attribute("aria-rowcount", "3")
    await expect(title).to_have_text("16")
    assert lab.console_errors == []


LIVE = """
import threading
from labchat.capture.capture import Capture, Chunk
from labchat.wire.fields import Direction
from labchat.wire.frames import build
from labchat.widgets.inspector import Inspector
live = Capture()
link = live.open(0, client="127.0.0.1:5000", server="127.0.0.1:80", label="Alice")
offset = 0
def feed(data, ms):
    global offset
    live.append(link, Chunk(int(ms * 1e6), Direction.C2S, offset, data))
    offset += len(data)
feed(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
     b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n", 1)
live.append(link, Chunk(2, Direction.S2C, 0, b"HTTP/1.1 101 Switching Protocols\\r\\n"
     b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
     b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\\r\\n\\r\\n"))
def frames(count, start=0):
    for i in range(count):
        feed(build(1, b'{"type": "message", "text": "number %d"}' % (start + i),
                   mask=b"\\x37\\xfa\\x21\\x3d"), 10 + start + i)
live_inspector = Inspector(live)
"""


def until(path: Path) -> str:
    """Code that keeps the kernel busy until ``path`` is there."""
    wait = f"while not os.path.exists({str(path)!r}): threading.Event().wait(0.05)"
    return f"import os, threading\n{wait}\n"


async def test_live_traffic_never_moves_what_is_read(open_notebook, tmp_path) -> None:
    """Rows flow while a cell blocks the kernel; one who reads above gets a pill, not a jump."""
    more, done = tmp_path / "more", tmp_path / "done"
    block = f"frames(60)\n{until(more)}frames(12, 60)\n{until(done)}"
    lab = await open_notebook(notebook(LIVE, "live_inspector"), viewport=(1360, 1000))
    page = lab.page
    await page.locator(".lc-list-box").wait_for()
    await page.evaluate(
        """async code => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            window.running = kernel.requestExecute({code}).done;
        }""",
        block,
    )
    count = "document.querySelector('.lc-list').getAttribute('aria-rowcount')"
    await page.wait_for_function(f"{count} === '63'")
    assert (
        await page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
        )
        == "busy"
    ), "the rows came while the cell was still running"
    grid = page.locator(".lc-list")
    await page.locator(".lc-line[data-n='62']").wait_for()
    await page.locator(".lc-line[data-n='62']").click()
    await page.wait_for_function("document.querySelector('.lc-title h3')?.textContent === '62'")
    await grid.evaluate("grid => { grid.scrollTop = 0; grid.dispatchEvent(new Event('scroll')); }")
    more.touch()
    await page.wait_for_function(f"{count} === '75'")
    assert await grid.evaluate("grid => grid.scrollTop") == 0
    await expect(page.locator(".lc-pill")).to_have_text("12 new")
    done.touch()
    await page.locator(".lc-pill").click()
    await page.locator(".lc-line[data-n='74']").wait_for()
    assert lab.console_errors == []


@pytest.mark.parametrize(
    ("widget", "line"), [("Inspector(live)", ".lc-line"), ("Ladder(live)", ".lc-rung")]
)
async def test_a_press_holds_on_while_traffic_is_drawn(open_notebook, widget, line) -> None:
    """Also when the line moves away from under the pointer, as the newest are followed."""
    code = f"from labchat.widgets.ladder import Ladder\nframes(38)\n{widget}"
    lab = await open_notebook(notebook(LIVE, code), viewport=(1360, 1300))
    pressed = lab.page.locator(f"{line}[data-n='38']")
    await pressed.hover()
    await lab.page.mouse.down()
    await lab.execute("frames(3, 38)")
    await lab.page.locator(f"{line}[data-n='43']").wait_for()
    await lab.page.mouse.up()
    await expect(pressed).to_have_attribute("aria-selected", "true")
    assert lab.console_errors == []


LONG = """
from labchat.widgets.ladder import Ladder
frames(2600)
long = Ladder(live)
"""


async def test_the_ladder_loads_earlier_units_and_stays_where_one_reads(open_notebook) -> None:
    lab = await open_notebook(notebook(LIVE, LONG, "long"), viewport=(1360, 900))
    page = lab.page
    earlier = page.get_by_role("button", name="earlier units, load")
    await page.locator(".lc-rung[data-n='2602']").wait_for()
    await expect(earlier).to_have_text("602 earlier units, load")
    body = "document.querySelector('.lc-ladder-body').offsetHeight"
    await page.wait_for_function(f"{body} >= 2000 * 27")
    await page.locator(".lc-ladder-list").evaluate("list => { list.scrollTop = 5400; }")
    await page.locator(".lc-rung[data-n='803']").wait_for()
    where = """document.querySelector(".lc-rung[data-n='803']").getBoundingClientRect().y
        - document.querySelector('.lc-ladder-list').getBoundingClientRect().y"""
    before = await page.evaluate(where)
    await earlier.click()
    await page.wait_for_function(f"{body} >= 2602 * 27")
    await expect(earlier).to_be_hidden()
    assert await page.evaluate(where) == before
    await expect(page.locator(".lc-pill")).to_be_hidden()
    assert lab.console_errors == []
