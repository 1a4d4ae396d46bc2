"""The chat panel in JupyterLab, in real Chromium: two users, their states, keyboard, two views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
from axe_playwright_python.async_playwright import Axe
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.async_api import Locator, Page, expect

from labchat.chat.session import Bubble, Delivery, Link, Snapshot
from labchat.widgets.chat_panel import ChatPanel

if TYPE_CHECKING:
    from pathlib import Path

START = """
import ipywidgets, labchat
lab = labchat.start(port=0)
alice, bob = lab.chat("user-1"), lab.chat("user-2")
"""
SHOW = """
ipywidgets.HBox([alice, bob])
"""


def notebook(*cells: str) -> Any:
    return new_notebook(cells=[new_code_cell(cell.strip()) for cell in cells])


def panel(page: Page, name: str) -> Locator:
    return page.locator(".lc-chat").filter(has=page.get_by_role("heading", name=name, exact=True))


def field(chat: Locator) -> Locator:
    return chat.get_by_role("textbox")


async def say(chat: Locator, text: str) -> None:
    await field(chat).fill(text)
    await field(chat).press("Enter")


async def test_two_panels_chat_and_what_fails_can_be_edited(open_notebook: Any) -> None:
    lab = await open_notebook(notebook(START, SHOW))
    alice, bob = panel(lab.page, "Alice"), panel(lab.page, "Bob")
    await expect(alice.locator(".lc-badge")).to_have_text("connected")
    await field(alice).press_sequentially("Hello")
    await expect(bob.get_by_text("Alice is typing")).to_be_visible()
    await field(alice).press("Shift+Enter")
    await field(alice).press_sequentially("<script>window.hurt = 1</script>")
    await field(alice).press("Enter")
    text = "Hello\n<script>window.hurt = 1</script>"
    await expect(bob.locator(".lc-bubble")).to_have_text([text])
    await expect(alice.locator(".lc-post-meta")).to_have_text("stored 1")
    await say(bob, "Hi Alice")
    await expect(alice.locator(".lc-bubble")).to_have_text([text, "Hi Alice"])
    assert await lab.page.evaluate("window.hurt") is None
    await say(alice, "x" * 20_000)
    last = alice.locator(".lc-post").last
    await expect(last).to_have_attribute("data-delivery", "failed")
    await alice.get_by_role("button", name="Edit").click()
    await expect(field(alice)).to_have_value("x" * 20_000)
    await expect(alice.locator(".lc-post")).to_have_count(2)
    await say(alice, "short")
    await expect(last).to_have_attribute("data-delivery", "stored")
    await expect(bob.locator(".lc-bubble")).to_have_text([text, "Hi Alice", "short"])
    assert lab.console_errors == []


async def test_going_offline_and_coming_back(open_notebook: Any) -> None:
    controls = "ipywidgets.VBox([alice, alice.controls(), bob])"
    lab = await open_notebook(notebook(START, controls))
    alice, bob = panel(lab.page, "Alice"), panel(lab.page, "Bob")
    await lab.page.get_by_role("button", name="Offline").click()
    await expect(alice.locator(".lc-badge")).to_have_text("offline")
    await say(alice, "written offline")
    await expect(alice.locator(".lc-post")).to_have_attribute("data-delivery", "pending")
    await expect(alice.locator(".lc-post-meta")).to_have_text("waits for the connection")
    await alice.get_by_role("button", name="Connect").click()
    await expect(alice.locator(".lc-post")).to_have_attribute("data-delivery", "stored")
    await expect(bob.locator(".lc-bubble")).to_have_text(["written offline"])
    await expect(alice.locator(".lc-banner")).to_be_hidden()
    await lab.page.get_by_role("button", name="POST", exact=True).click()
    await say(alice, "by POST")
    await expect(alice.locator('[data-delivery="stored"]')).to_have_count(2)
    assert lab.console_errors == []


async def test_the_panel_itself_switches_path_and_network_by_keyboard(open_notebook: Any) -> None:
    lab = await open_notebook(notebook(START, "ipywidgets.VBox([alice, bob])"))
    alice, bob = panel(lab.page, "Alice"), panel(lab.page, "Bob")
    path, away = alice.get_by_label("post by"), alice.get_by_role("switch", name="offline")
    await expect(path).to_have_value("both")
    await path.select_option("POST")
    await say(alice, "by POST")
    await expect(alice.locator('[data-delivery="stored"]')).to_have_count(1)
    await path.select_option("WebSocket")
    await say(alice, "by WebSocket")
    await expect(bob.locator(".lc-bubble").last).to_have_text("by WebSocket")
    await path.focus()
    await lab.page.keyboard.press("Tab")
    await expect(away).to_be_focused()
    await lab.page.keyboard.press("Space")
    await expect(alice.locator(".lc-badge")).to_have_text("offline")
    await expect(away).to_be_checked()
    await lab.page.keyboard.press("Space")
    await expect(alice.locator(".lc-badge")).to_have_text("connected")
    await expect(path).to_have_value("websocket")
    assert lab.console_errors == []


async def test_two_views_of_one_panel_by_keyboard_alone(open_notebook: Any) -> None:
    lab = await open_notebook(notebook(START, "alice", "alice"))
    views = panel(lab.page, "Alice")
    await expect(views).to_have_count(2)
    first, second = views.first, views.last
    await expect(field(second)).to_be_enabled()
    await field(second).focus()
    for text in ("one", "two", "three"):
        await lab.page.keyboard.type(text)
        await lab.page.keyboard.press("Enter")
    await expect(first.locator(".lc-bubble")).to_have_text(["one", "two", "three"])
    await expect(second.locator('[data-delivery="stored"]')).to_have_count(3)
    posts = second.locator(".lc-post")
    await lab.page.keyboard.press("Shift+Tab")
    await expect(posts.nth(2)).to_be_focused()
    await lab.page.keyboard.press("ArrowUp")
    await lab.page.keyboard.press("Enter")
    await expect(first.locator(".lc-post").nth(1)).to_have_attribute("aria-current", "true")
    await lab.page.keyboard.press("Home")
    await expect(posts.nth(0)).to_be_focused()
    await lab.page.keyboard.press("Tab")
    await expect(field(second)).to_be_focused()
    assert lab.console_errors == []


async def test_a_kernel_that_is_busy_and_one_that_is_gone(
    open_notebook: Any, tmp_path: Path
) -> None:
    free = tmp_path / "free"
    lab = await open_notebook(notebook(START, "alice"))
    alice = panel(lab.page, "Alice")
    await expect(alice.locator(".lc-badge")).to_have_text("connected")
    await lab.page.evaluate(
        """code => {
            window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
                .requestExecute({code});
        }""",
        f"import os, threading\nwhile not os.path.exists({str(free)!r}):\n"
        "    threading.Event().wait(0.05)",
    )
    await say(alice, "are you busy?")
    await expect(alice.locator(".lc-post-meta")).to_have_text("waits for the kernel")
    free.touch()
    await expect(alice.locator(".lc-post")).to_have_attribute("data-delivery", "stored")
    await expect(alice.locator(".lc-post")).to_have_count(1)
    await lab.restart_kernel()
    await expect(alice.locator(".lc-notice")).to_contain_text("The kernel is gone")
    await expect(alice.locator(".lc-bubble")).to_have_text(["are you busy?"])
    await expect(field(alice)).to_be_disabled()


STATES = """
import ipywidgets
from labchat.chat.session import Bubble, Delivery, Link, Snapshot
from labchat.widgets.chat_panel import ChatPanel

AT = "2026-11-25T09:29:00Z"
TOO_LONG = "too long: 65 536 at most"

class Still:
    "A chat that stands still, so that each state can be looked at."
    def __init__(self, **fields):
        self.seen = Snapshot(user="user-2", **fields)
    def snapshot(self):
        return self.seen
    def subscribe(self, changed):
        return lambda: None

def mine(n, text, delivery, **fields):
    return Bubble(f"m{n}", text, "user-2", "user-1", AT, delivery, **fields)

hi = mine(2, "Yes, hi", Delivery.STORED, seq=43)
chats = [
    Still(link=Link.CONNECTED, typing=("user-1",), bubbles=(
        Bubble("m1", "Are you there?", "user-1", "user-2", AT, Delivery.RECEIVED),
        hi, mine(3, "Shall we look at the frames?", Delivery.SENT),
        mine(4, "I will switch the fault on", Delivery.PENDING))),
    Still(link=Link.RECONNECTING, attempt=3, max_attempts=5, next_attempt_in=4, bubbles=(
        hi, mine(5, "Did this arrive?", Delivery.PENDING), mine(6, "And this?", Delivery.PENDING))),
    Still(link=Link.OFFLINE, detail="5 attempts failed. Nothing stored is lost.", bubbles=(
        hi, mine(7, "A note of 70 000 characters", Delivery.FAILED, reason=TOO_LONG),
        mine(8, "Hello again", Delivery.FAILED))),
]
names = {"user-1": "Alice", "user-2": "Bob"}
panels = [ChatPanel(chat, peer="user-1", names=names) for chat in chats]
panels[0].selected_post = "m2"
panels.append(ChatPanel(Still(link=Link.CONNECTED, peers=("user-1", "user-3")), peer="user-1"))
ipywidgets.HBox(panels)
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_state_can_be_used_by_all_and_looks_right(
    theme: str, open_notebook: Any, artifacts: Path
) -> None:
    lab = await open_notebook(notebook(STATES), theme=theme, viewport=(1500, 900))
    await expect(lab.page.locator(".lc-chat")).to_have_count(4)
    await lab.screenshot(f"chat-panel-{theme}", of=".jp-OutputArea-output")
    await lab.page.set_viewport_size({"width": 1180, "height": 700})
    await lab.screenshot(f"chat-panel-narrow-{theme}", of=".jp-OutputArea-output")
    for chat in await lab.page.locator(".lc-chat").all():
        assert await chat.evaluate("chat => chat.scrollWidth <= chat.clientWidth")
    await lab.page.get_by_label("Conversation with").last.select_option("user-3")
    await expect(lab.page.get_by_role("textbox", name="user-2 to user-3")).to_be_visible()
    results = await Axe().run(lab.page, context=".lc-chat")
    assert results.violations_count == 0, results.generate_report()
    assert lab.console_errors == []


async def test_a_reopened_notebook_shows_what_was_said_and_that_it_is_not_live(
    open_notebook: Any,
) -> None:
    lab = await open_notebook(kept(), run=False)
    await lab.page.evaluate(
        """() => {
            const { cells } = window.jupyterapp.shell.currentWidget.content.model;
            for (const cell of cells) cell.trusted = true;
        }"""
    )
    chat = lab.page.locator(".lc-chat")
    await expect(chat.locator(".lc-bubble")).to_have_text(["Hello"])
    await expect(chat.locator(".lc-notice")).to_contain_text("Not live")
    await expect(field(chat)).to_be_disabled()
    await expect(chat.locator(".lc-badge")).to_be_hidden()
    assert lab.console_errors == []


class Still:
    """A chat that stands still."""

    def snapshot(self) -> Snapshot:
        bubble = Bubble("m1", "Hello", "user-1", "user-2", "now", Delivery.STORED, seq=1)
        return Snapshot(user="user-1", link=Link.CONNECTED, bubbles=(bubble,))

    def subscribe(self, _changed: Any) -> Any:
        return lambda: None


def kept() -> Any:
    """A notebook that was saved with a panel in it."""
    panel = ChatPanel(Still(), peer="user-2")
    view = {"model_id": panel.model_id, "version_major": 2, "version_minor": 0}
    data = {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(panel)}
    made = notebook("panel")
    made.cells[0].outputs = [new_output("display_data", data=data)]
    state = ipywidgets.Widget.get_manager_state(widgets=[panel, panel.layout])
    made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    panel.close()
    return made
