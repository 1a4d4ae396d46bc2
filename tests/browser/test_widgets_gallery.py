"""Every widget in one notebook: axe finds nothing, the pictures go to one contact sheet."""

from __future__ import annotations

import base64

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from nbformat.v4 import new_code_cell, new_notebook

SETUP = """
import labchat
from labchat.capture.capture import Capture
from labchat.tap.faults.actions import Piece
from labchat.tap.faults.control import Faults
from labchat.tap.gate import Gate
from labchat.widgets import *
from labchat.widgets.sample import KEY, NAMES, sample
from labchat.wire.fields import Direction
from labchat.wire.frames import build, dissect
capture = sample()
trace = [{"at_ns": 4813200000, "event": "insert"}, {"at_ns": 4814870000, "event": "commit"}]
gate = Gate()
gate.hold()
def offer(connection, way, payload, opcode=1):
    data = build(opcode, payload, mask=KEY if way is Direction.C2S else None)
    unit = dissect(data, role=way)
    gate.offer(connection, Piece(way, data, kind="frame", opcode=opcode, unit=unit))
offer(1, Direction.C2S, capture.unit(11).unit.payload)
offer(1, Direction.C2S, capture.unit(9).unit.payload)
offer(1, Direction.S2C, b"heartbeat", 9)
offer(1, Direction.S2C, (1002).to_bytes(2, "big") + b"RSV1 set", 8)
stepper = Stepper(gate, capture=capture, names=NAMES)
stepper.edit(1, rsv1=True, text=capture.unit(11).unit.payload.decode().replace("Hello", "Hi"))
frame = build(1, b"Hello", mask=KEY)
def run():
    return Measured("6", "Two bytes of header and four of mask: 6.", frame, "The frame you sent")
options = ["2", "6", "14", "it depends on the text"]
question = "How many bytes of header does a 5-byte message need?"
lesson = LessonCard("Lesson 4", question, options, run)
done = LessonCard("Lesson 4", question, options, run)
done.predict("14")
done.run()
"""

WIDGETS = {
    "inspector-http": ("Inspector(capture, names=NAMES, selected=13)", ".lc-inspector"),
    "inspector-broken": ("Inspector(capture, names=NAMES, selected=29)", ".lc-inspector"),
    "inspector-compressed": ("Inspector(capture, names=NAMES, selected=27)", ".lc-inspector"),
    "inspector-empty": ("Inspector(Capture())", ".lc-inspector"),
    "show-bytes": ("labchat.show(frame)", ".lc-inspector"),
    "ladder": ("Ladder(capture, names=NAMES, trace=trace, selected=11)", ".lc-ladder"),
    "handshake": ("Handshake(capture, 1, names=NAMES)", ".lc-handshake"),
    "compare": ("Compare(capture, 11, 13)", ".lc-compare"),
    "stepper": ("stepper", ".lc-stepper"),
    "fault-bar": ("FaultBar(Faults(), print)", ".lc-fault-bar"),
    "lesson": ("lesson", ".lc-lesson"),
    "lesson-done": ("done", ".lc-lesson"),
    "runs": ("compare_runs({'first': capture, 'again': sample()}, names=NAMES)", ".lc-runs"),
}

AXE_LEFT_OUT = {"inspector-http", "inspector-compressed", "show-bytes", "ladder", "runs"}
"""Their parts are looked at elsewhere; axe is slow on thousands of bytes."""

AT_REST = """
async one => {
    const ends = (each) => each.effect.getComputedTiming().endTime < Infinity;
    const moving = one.getAnimations({subtree: true}).filter(ends);
    await Promise.allSettled(moving.map(({ finished }) => finished));
    for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
}
"""
"""Colours that still change from one theme to the other are neither's."""

SHEET = """<!doctype html><meta charset="utf-8"><title>labchat widgets</title>
<style>body {{ font: 13px sans-serif; display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }}
figure {{ margin: 0; }} img {{ max-width: 100%; border: 1px solid #bbb; }}</style>{figures}"""


async def axe_on(page, widget, theme: str) -> list[str]:
    """What axe finds in a widget, as "rule: element"; in the dark, only contrast can differ."""
    if not await page.evaluate("typeof axe !== 'undefined'"):
        await page.add_script_tag(path=AXE_FILE_PATH)
    options = {"runOnly": ["color-contrast"]} if theme == "dark" else {"elementRef": False}
    found = await widget.evaluate("(one, options) => axe.run(one, options)", options)
    return [
        f"{rule['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:300]})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.slow
async def test_every_widget_in_both_themes(open_notebook, artifacts) -> None:
    cells = [SETUP, *(code for code, _ in WIDGETS.values())]
    made = new_notebook(cells=[new_code_cell(code) for code in cells])
    lab = await open_notebook(made, viewport=(1240, 1000))
    page = lab.page
    problems: list[str] = []
    figures: list[str] = []
    for theme in ("light", "dark"):
        await lab.theme(theme)
        for index, (name, (_, selector)) in enumerate(WIDGETS.items(), 1):
            cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
            await cell.scroll_into_view_if_needed()
            widget = cell.locator(selector).first
            await widget.wait_for()
            await widget.scroll_into_view_if_needed()
            await widget.evaluate(AT_REST)
            path = artifacts / f"gallery-{name}-{theme}.png"
            await widget.screenshot(path=path)
            if name not in AXE_LEFT_OUT:
                problems += [f"{name}, {theme}: {it}" for it in await axe_on(page, widget, theme)]
            image = base64.b64encode(path.read_bytes()).decode()
            caption = f"<figcaption>{name}, {theme}</figcaption>"
            figures.append(f"<figure>{caption}<img src='data:image/png;base64,{image}'></figure>")
    (artifacts / "widgets.html").write_text(SHEET.format(figures="\n".join(figures)))
    assert problems == []
    assert lab.console_errors == []
