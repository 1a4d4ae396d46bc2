"""A hundred thousand units: first paint, scrolling, memory. What is measured is printed.

Times are held to their bounds in ``benchmarks/inspector.py``; here they decide nothing.
"""

from __future__ import annotations

import time

import pytest
from nbformat.v4 import new_code_cell, new_notebook

MANY = """
import time
from labchat.capture.capture import Capture, Chunk
from labchat.widgets.inspector import Inspector
from labchat.wire.fields import Direction
from labchat.wire.frames import build
many = Capture()
link = many.open(0, client="127.0.0.1:5000", server="127.0.0.1:80", label="Alice")
many.append(link, Chunk(0, Direction.C2S, 0, b"GET / HTTP/1.1\\r\\nHost: x\\r\\n"
    b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n"))
many.append(link, Chunk(0, Direction.S2C, 0, b"HTTP/1.1 101 Switching Protocols\\r\\n"
    b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\\r\\n\\r\\n"))
offset = 0
stream = many.stream(link, Direction.C2S)
offset = len(stream)
for i in range(99_998):
    data = build(1, b'{"type": "message", "text": "number %d"}' % i, mask=b"\\x37\\xfa\\x21\\x3d")
    many.append(link, Chunk(1_000 * i, Direction.C2S, offset, data))
    offset += len(data)
len(many)
"""

SCROLL = """
async () => {
    const grid = document.querySelector('.lc-list');
    const times = [];
    let last = performance.now();
    for (let i = 0; i < 120; i += 1) {
        grid.scrollTop = (grid.scrollHeight * ((i * 37) % 120)) / 120 + i * 40;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - last);
        last = now;
    }
    times.sort((a, b) => a - b);
    const blank = [...document.querySelectorAll('.lc-rows > .lc-line')].length;
    return {p50: times[60], p95: times[114], worst: times[119], lines: blank};
}
"""


@pytest.mark.slow
async def test_a_hundred_thousand_units(open_notebook, capsys) -> None:
    cells = [new_code_cell(MANY), new_code_cell("big = Inspector(many)")]
    lab = await open_notebook(new_notebook(cells=cells), viewport=(1360, 1000))
    page = lab.page
    await page.evaluate(
        """() => { window.painted = new Promise(done => {
            const look = () => document.querySelector('.lc-line[data-n="100000"]')
                ? done(performance.now()) : requestAnimationFrame(look);
            look();
        }); }"""
    )
    await lab.command("notebook:insert-cell-below")
    await page.evaluate(
        """() => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCell.model.sharedModel.setSource('big');
        }"""
    )
    start = await page.evaluate("performance.now()")
    await lab.command("notebook:run-cell")
    first_paint = await page.evaluate("window.painted") - start

    begun = time.monotonic()
    await page.wait_for_function(
        "document.querySelector('.lc-foot').textContent.endsWith('bytes')", timeout=120_000
    )
    all_rows = time.monotonic() - begun
    frames = await page.evaluate(SCROLL)
    client = await page.context.new_cdp_session(page)
    await client.send("HeapProfiler.collectGarbage")
    heap = await page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    with capsys.disabled():
        print(
            f"\n100,000 units: first paint {first_paint:.0f} ms, all rows {all_rows:.1f} s, "
            f"scroll frames p50 {frames['p50']:.1f} p95 {frames['p95']:.1f} "
            f"worst {frames['worst']:.1f} ms, page heap {heap:.0f} MB"
        )
    assert frames["lines"] < 80, "only what is seen is in the page"
    assert lab.console_errors == []
