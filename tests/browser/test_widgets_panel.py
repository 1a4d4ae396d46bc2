"""The whole panel over a running lab: it is laid out, it lives, and its parts select together."""

from __future__ import annotations

import re

from nbformat.v4 import new_code_cell, new_notebook
from playwright.async_api import expect

LAB = """
import labchat
lab = labchat.start(options=["--heartbeat", "0"])
panel = lab.panel()
panel
"""


PATIENT = """
from functools import partial
from labchat.client.settings import Settings
from labchat.lab import lab as labs
labs.connect = partial(labs.connect, settings=Settings(heartbeat=None))
"""
"""Clients that miss no pong while the gate holds all, however long the browser takes."""


async def say(page, panel: int, text: str) -> None:
    """Type into the field of the chat panel with this number, and press Enter."""
    field = page.locator(".lc-chat textarea").nth(panel)
    await field.click()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def step(stepper) -> None:
    """Press S, and wait until another unit is the next: what is pressed before that is stale."""
    first = stepper.locator(".lc-tools button").first
    before = await first.inner_text()
    await stepper.locator(".lc-tools").get_by_role("button", name="Edit").press("s")
    await expect(first).not_to_have_text(before, use_inner_text=True)


GATE = """
from labchat.tap.faults.actions import Piece
from labchat.tap.gate import Gate
from labchat.widgets.stepper import Stepper
from labchat.wire.fields import Direction
from labchat.wire.frames import build, dissect
gate = Gate()
gate.hold()
def offer(text):
    data = build(1, text, mask=b"1234")
    unit = dissect(data, role=Direction.C2S)
    gate.offer(1, Piece(Direction.C2S, data, kind="frame", opcode=1, unit=unit))
for text in (b"one", b"two"):
    offer(text)
Stepper(gate)
"""


async def test_what_arrives_at_the_gate_takes_no_press_no_key_and_no_text(open_notebook) -> None:
    lab = await open_notebook(new_notebook(cells=[new_code_cell(GATE)]))
    page = lab.page
    cards = page.locator(".lc-unit-card")
    text = page.get_by_label("Payload as text")
    await cards.nth(1).hover()
    await page.mouse.down()
    await lab.execute("offer(b'three')")
    await expect(cards).to_have_count(3)
    await page.mouse.up()
    await expect(text).to_have_value("two")
    await text.fill("two, and more")
    await cards.nth(0).click()
    await expect(text).to_have_value("one")
    await cards.nth(1).click()
    await expect(text).to_have_value("two, and more")
    await cards.nth(0).focus()
    for left in (2, 1, 0):
        await page.keyboard.press("s")
        await expect(cards).to_have_count(left)
    await lab.execute("offer(b'four')")
    await expect(cards).to_have_count(1)
    await page.keyboard.press("s")
    await expect(cards).to_have_count(0)
    assert lab.console_errors == []


async def test_the_panel_lives(open_notebook) -> None:
    lab = await open_notebook(
        new_notebook(cells=[new_code_cell(LAB)]), viewport=(1360, 1500), theme="light"
    )
    page = lab.page
    await page.locator(".lc-panel .lc-detail").wait_for()
    await page.locator(".lc-panel .lc-line[data-n='8']").wait_for()
    await say(page, 0, "Hello")
    row = page.locator(".lc-inspector .lc-line", has_text="message “Hello”").first
    await row.click()
    await page.locator(".lc-panel .lc-ruler-row").first.wait_for()
    await lab.screenshot("panel-light", of=".lc-panel")
    await lab.theme("dark")
    await lab.screenshot("panel-dark", of=".lc-panel")
    await page.set_viewport_size({"width": 1100, "height": 1500})
    await lab.screenshot("panel-narrow", of=".lc-panel")
    assert lab.console_errors == []


async def test_hold_edit_step_and_the_answer(open_notebook) -> None:
    """A reserved bit is set at the gate, and the server fails the connection."""
    cells = [new_code_cell(PATIENT), new_code_cell(LAB)]
    lab = await open_notebook(new_notebook(cells=cells), viewport=(1360, 1700), theme="light")
    page = lab.page
    await page.locator(".lc-panel .lc-line[data-n='8']").wait_for()
    await page.locator(".lc-panel-buttons button", has_text="Hold").click()
    stepper = page.locator(".lc-stepper")
    await stepper.wait_for()
    await say(page, 0, "Hello")
    card = stepper.locator(".lc-unit-card", has_text="message “Hello”").first
    await card.click()
    await stepper.locator(".lc-switches [data-bit='rsv1']").click()
    await stepper.get_by_text("1 rule broken.").wait_for()
    await stepper.locator("textarea").fill(
        (await stepper.locator("textarea").input_value()).replace("Hello", "Hello, world")
    )
    await stepper.locator(".lc-boxed").nth(5).wait_for()
    length = stepper.get_by_label("Payload len")
    assert await length.is_hidden()
    await stepper.get_by_role("button", name="Set them by hand").click()
    await length.wait_for()
    true = int(await length.input_value())
    await length.fill(str(true + 4))
    await stepper.get_by_text("the server waits for 4 more before the frame ends").wait_for()
    await lab.screenshot("stepper-by-hand-light", of=".lc-stepper")
    await stepper.get_by_role("button", name="Let it follow the text").click()
    await stepper.get_by_text("1 rule broken.").wait_for()
    await lab.screenshot("stepper-edit-light", of=".lc-panel")
    await page.locator(".lc-panel-buttons button", has_text="Faults").click()
    await page.locator(".lc-fault-bar").wait_for()
    refused = stepper.locator(".lc-answer.lc-bad")
    ready = stepper.locator(".lc-tools button:enabled", has_text="Step").or_(refused).first
    await ready.wait_for()
    while not await refused.count():
        await step(stepper)
        await ready.wait_for()
    await stepper.locator(".lc-answer", has_text="close 1002").wait_for()
    await lab.screenshot("stepper-answer-light", of=".lc-panel")
    await lab.theme("dark")
    await lab.screenshot("stepper-answer-dark", of=".lc-stepper")
    await refused.get_by_role("button", name="Connect again").click()
    await stepper.locator(".lc-answer").wait_for(state="hidden")
    alice = page.locator(".lc-chat").first
    await alice.locator(".lc-badge", has_text="connecting").wait_for()
    await page.locator(".lc-held", has_text="the client gives up its").wait_for()
    assert lab.console_errors == []


STEPPER = """
import json
from threading import Thread
from urllib.request import Request, urlopen
import labchat
lab = labchat.start()
lab.hold(kind="request", path="/api/messages", apart=True)
lab.faults.latency(40, 10)
hello = {"text": "Hello", "senderId": "user-1", "receiverId": "user-2"}
fields = {"Content-Type": "application/json"}
post = Request(f"{lab.url}/api/messages", json.dumps(hello).encode(), fields)
Thread(target=urlopen, args=[post], daemon=True).start()
lab.stepper()
"""
"""A client that waits for its answer, however long the browser takes."""


async def test_the_stepper_under_its_faults_edits_a_body_and_its_head(open_notebook) -> None:
    """The body of a POST is edited at the gate: the head that still waits tells its new length."""
    lab = await open_notebook(
        new_notebook(cells=[new_code_cell(STEPPER)]), viewport=(1360, 1300), theme="light"
    )
    both = lab.page.locator(".lc-stepping")
    await both.locator(".lc-fault-bar").wait_for()
    body = both.locator(".lc-unit-card", has_text="body of POST")
    await body.click()
    text = both.locator("textarea")
    await expect(text).to_have_value(re.compile("Hello"))
    await text.fill((await text.input_value()).replace("Hello", "Hello, world"))
    await both.get_by_text("Content-Length follows by itself").wait_for()
    await lab.screenshot("stepper-body-light", of=".lc-stepping")
    await both.get_by_role("button", name="Leave it as it is").click()
    await both.get_by_text("The head stays as it is.").wait_for()
    await both.get_by_role("button", name="Let its Content-Length follow").click()
    await both.locator(".lc-unit-card", has_text="head of POST").click()
    await both.get_by_text("If the body is edited, Content-Length follows.").wait_for()
    await both.locator(".lc-boxed").first.wait_for()
    await lab.screenshot("stepper-head-light", of=".lc-stepping")
    await lab.theme("dark")
    await lab.screenshot("stepper-head-dark", of=".lc-stepping")
    for _ in range(2):
        await step(both)
    await both.get_by_text("201 Created").or_(both.get_by_text("200 OK")).first.wait_for()
    assert lab.console_errors == []
