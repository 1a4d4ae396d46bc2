"""The first notebook as a newcomer meets it: run all, chat, catch the frame, read its bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator

PANEL = ".lc-panel"


@pytest_asyncio.fixture(loop_scope="session")
async def start(open_notebook) -> AsyncIterator[object]:
    lab = await open_notebook("00_start.ipynb", viewport=(1240, 1500))
    await lab.page.locator(PANEL).scroll_into_view_if_needed()
    yield lab


def chat_of(panel: Locator, name: str) -> Locator:
    return panel.locator(".lc-chat", has=panel.page.get_by_role("heading", name=name, exact=True))


async def test_a_newcomer_sends_hello_and_reads_its_bits(start) -> None:
    page = start.page
    panel = page.locator(PANEL)
    alice, bob = chat_of(panel, "Alice"), chat_of(panel, "Bob")
    await expect(alice.get_by_role("status").first).to_contain_text("connected")

    await alice.locator("textarea").fill("Hello")
    await alice.locator("textarea").press("Enter")
    await expect(bob.locator(".lc-posts")).to_contain_text("Hello")
    await expect(alice.locator(".lc-posts li").last).to_contain_text("stored")

    units = panel.get_by_role("grid", name="Units on the wire")
    sent = units.locator(".lc-line", has_text="message “Hello”").first
    await sent.click()
    detail = panel.locator(".lc-detail")
    await expect(detail).to_contain_text("TEXT frame")
    for name in ("FIN", "opcode", "MASK", "Payload len", "Extended payload length", "Masking-key"):
        await expect(detail.locator(".lc-fields")).to_contain_text(name)
    await expect(detail).to_contain_text('"text": "Hello"')

    byte = detail.locator("[aria-label^='byte 4, hex']").first
    await byte.hover()
    await expect(byte).to_have_attribute("aria-label", re.compile("Masking-key"))
    await start.screenshot("start-light")
    await start.screenshot("start-panel-light", of=PANEL)
    await start.theme("dark")
    await start.screenshot("start-panel-dark", of=PANEL)
    assert start.console_errors == []


@pytest.mark.parametrize("kind", ["request", "response"])
async def test_both_handshakes_and_the_post_are_listed(start, kind: str) -> None:
    summaries = {"request": "POST /api/messages", "response": "101 Switching Protocols"}
    units = start.page.get_by_role("grid", name="Units on the wire")
    await units.locator(".lc-line[data-n]").first.wait_for()
    await units.press("Home" if kind == "response" else "End")
    await expect(units.locator(".lc-line", has_text=summaries[kind]).first).to_be_visible()


async def test_a_wide_notebook_puts_the_chats_beside_the_ladder(open_notebook) -> None:
    """Leaves the README's pictures: artifacts/lab-light.png and lab-dark.png."""
    start = await open_notebook("00_start.ipynb", viewport=(1180, 2100))
    await start.command("application:toggle-left-area")
    panel = start.page.locator(PANEL)
    alice, bob = chat_of(panel, "Alice"), chat_of(panel, "Bob")
    for name, text in (("Alice", "Good morning"), ("Bob", "Hi Alice, shall we look at a frame?")):
        field = chat_of(panel, name).locator("textarea")
        await field.fill(text)
        await field.press("Enter")
        await expect(bob.locator(".lc-posts")).to_contain_text(text)
    units = panel.get_by_role("grid", name="Units on the wire")
    await units.locator(".lc-line", has_text="message “Good morning”").first.click()
    await expect(panel.locator(".lc-detail")).to_contain_text("TEXT frame")
    boxes = [await each.bounding_box() for each in (alice, panel.locator(".lc-ladder"), bob)]
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(lefts)
    assert len({round(box["y"]) // 50 for box in boxes if box}) == 1
    for theme in ("light", "dark"):
        await start.theme(theme)
        await start.screenshot(f"lab-{theme}", of=PANEL)
    assert start.console_errors == []
