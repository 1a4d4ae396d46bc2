"""The chat page at ``/``, driven in real Chromium against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, WebSocketRoute, expect

from labchat.capture.capture import Capture
from labchat.server.admin import add_user
from labchat.server.serve import Running, running
from labchat.server.settings import Limits, Settings, guarded
from labchat.tap.faults.actions import Cut
from labchat.tap.relay import Relay
from tests.browser.nginx import NGINX, behind_nginx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

EXPECTED = ("net::ERR_CONNECTION_REFUSED", "net::ERR_INTERNET_DISCONNECTED")
"""What Chromium logs by itself of requests to a server that is not there."""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(port=0, db=tmp_path / "chat.db", typing=60)) as one:
        yield one


class Chats:
    """Opens the page for users, each in a browser context of their own."""

    def __init__(self, pages: Any) -> None:
        self._pages = pages
        self._errors: list[list[str]] = []

    async def open(self, url: str, user: str, script: str = "", **context: Any) -> Page:
        size = {"viewport": {"width": 1000, "height": 640}}
        page, errors = await self._pages.open(**{**size, **context})
        self._errors.append(errors)
        await page.add_init_script(script)
        await page.goto(f"{url}/?user={user}")
        await expect(badge(page)).to_have_text("connected")
        return page

    def complaints(self, *expected: str) -> list[str]:
        """Console errors of all pages, but for those that contain something expected."""
        said = [error for errors in self._errors for error in errors]
        return [error for error in said if not any(each in error for each in expected)]


@pytest.fixture
def chats(pages: Any) -> Chats:
    return Chats(pages)


def badge(page: Page) -> Any:
    return page.locator(".lc-badge")


def posts(page: Page) -> Any:
    return page.locator(".lc-post")


def bubbles(page: Page) -> Any:
    return page.locator(".lc-bubble")


def field(page: Page) -> Any:
    return page.get_by_role("textbox", name="Message to")


async def say(page: Page, text: str) -> None:
    await field(page).fill(text)
    await field(page).press("Enter")


async def scroll(log: Any, top: int) -> None:
    """As a person does, whose scroll is heard before the next drawing."""
    await log.evaluate(
        "(log, top) => { log.scrollTop = top; log.dispatchEvent(new Event('scroll')); }", top
    )


PATIENT = """
const timeout = window.setTimeout;
window.setTimeout = (f, ms) => timeout(f, ms < 1000 ? ms : 3_600_000);
"""
"""A page whose waits of a second and more do not end: what it shows of one can be looked at."""


async def stored(url: str) -> list[str]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        return [post["text"] for post in (await http.get("/api/messages")).json()]


async def test_two_users_chat_and_see_each_other_type(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    bob = await chats.open(server.url, "user-2")
    await field(alice).press_sequentially("Hello")
    await expect(bob.get_by_text("Alice is typing")).to_be_visible()
    await field(alice).press("Enter")
    await expect(bubbles(bob)).to_have_text(["Hello"])
    await expect(bob.get_by_text("Alice is typing")).to_be_hidden()
    await expect(posts(alice).locator(".lc-post-meta")).to_have_text("stored 1")
    await field(bob).press_sequentially("Hi")
    await field(bob).press("Shift+Enter")
    await field(bob).press_sequentially("Alice")
    await field(bob).press("Enter")
    await expect(bubbles(alice)).to_have_text(["Hello", "Hi\nAlice"])
    await expect(bob.locator('[data-delivery="stored"]')).to_have_count(1)
    assert await stored(server.url) == ["Hello", "Hi\nAlice"]
    assert chats.complaints() == []


async def test_a_post_takes_both_paths_under_one_id(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    async with alice.expect_request("**/api/messages") as posted:
        await say(alice, "Hello")
    body = (await posted.value).post_data_json
    assert {**body, "id": "?", "createdAt": "?"} == {
        "text": "Hello",
        "senderId": "user-1",
        "receiverId": "user-2",
        "id": "?",
        "createdAt": "?",
    }
    await expect(posts(alice)).to_have_attribute("data-post", body["id"])
    await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
    assert await stored(server.url) == ["Hello"]


async def test_what_is_written_offline_arrives_once_and_in_order(
    server: Running, chats: Chats
) -> None:
    alice = await chats.open(server.url, "user-1")
    bob = await chats.open(server.url, "user-2")
    await say(alice, "one")
    await expect(bubbles(bob)).to_have_text(["one"])
    await alice.context.set_offline(True)
    await expect(badge(alice)).to_have_text("offline")
    await say(alice, "two")
    await say(alice, "three")
    await say(bob, "meanwhile")
    await expect(posts(bob).last).to_have_attribute("data-delivery", "stored")
    await expect(posts(alice).nth(1).locator(".lc-post-meta")).to_have_text(
        "waits for the connection"
    )
    await alice.context.set_offline(False)
    await expect(badge(alice)).to_have_text("connected")
    whole = ["one", "meanwhile", "two", "three"]
    await expect(bubbles(bob)).to_have_text(whole)
    await expect(bubbles(alice)).to_have_text(whole)
    await expect(alice.locator('[data-delivery="stored"]')).to_have_count(3)
    assert await stored(server.url) == whole
    assert chats.complaints(*EXPECTED) == []


async def test_a_server_that_comes_back_gets_what_waited(tmp_path: Path, chats: Chats) -> None:
    db = tmp_path / "chat.db"
    async with running(Settings(port=0, db=db)) as first:
        alice = await chats.open(first.url, "user-1", script=PATIENT)
        bob = await chats.open(first.url, "user-2")
        await alice.get_by_text("Connection", exact=True).click()
        await alice.get_by_label("1, 2, 4, 8, 16 s, as in the text").check()
        await say(alice, "before")
        await expect(bubbles(bob)).to_have_text(["before"])
    await expect(badge(alice)).to_contain_text("reconnecting in")
    await expect(alice.locator(".lc-banner")).to_contain_text("Attempt 1 of 5")
    await expect(alice.locator(".lc-attempts .full")).to_have_count(1)
    await say(alice, "while it was down")
    async with running(Settings(port=first.port, db=db)) as second:
        await alice.get_by_role("button", name="Try now").click()
        await expect(badge(alice)).to_have_text("connected")
        await expect(alice.locator(".lc-banner")).to_be_hidden()
        await expect(bubbles(alice)).to_have_text(["before", "while it was down"])
        await expect(alice.locator('[data-delivery="stored"]')).to_have_count(2)
        await expect(bubbles(bob)).to_have_text(["before", "while it was down"])
        assert await stored(second.url) == ["before", "while it was down"]
    assert chats.complaints(*EXPECTED) == []


async def test_what_only_the_post_path_carried_is_heard_once_the_websocket_is_back(
    server: Running, chats: Chats
) -> None:
    blocked: list[bool] = []

    def meet(socket: WebSocketRoute) -> Any:
        return socket.close() if blocked else socket.connect_to_server() and None

    alice = await chats.open(server.url, "user-1", script=PATIENT)
    bob = await chats.open(server.url, "user-2")
    await alice.route_web_socket(re.compile("/ws$"), meet)
    await alice.reload()
    await expect(badge(alice)).to_have_text("connected")
    await alice.get_by_text("Connection", exact=True).click()
    await alice.get_by_label("1, 2, 4, 8, 16 s, as in the text").check()
    blocked.append(True)
    await alice.get_by_role("button", name="Go offline").click()
    await alice.get_by_role("button", name="Go online").click()
    await expect(badge(alice)).to_contain_text("reconnecting")
    await say(alice, "by POST alone")
    await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
    await expect(bubbles(bob)).to_have_count(0)
    blocked.clear()
    await alice.get_by_role("button", name="Try now").click()
    await expect(badge(alice)).to_have_text("connected")
    await expect(bubbles(bob)).to_have_text(["by POST alone"])
    assert await stored(server.url) == ["by POST alone"]


async def test_cuts_lose_nothing_double_nothing_and_keep_the_order(
    server: Running, chats: Chats
) -> None:
    tap = Relay((server.host, server.port), Capture())
    await tap.start()
    try:
        host, port = tap.address
        alice = await chats.open(f"http://{host}:{port}", "user-1")
        bob = await chats.open(f"http://{host}:{port}", "user-2")
        texts = [f"post {n}" for n in range(40)]
        for n, text in enumerate(texts):
            await say(alice, text)
            if n % 8 == 4:
                tap.cut(Cut.RST)
        await expect(alice.locator('[data-delivery="stored"]')).to_have_count(40)
        await expect(bubbles(bob)).to_have_text(texts)
        await expect(bubbles(alice)).to_have_text(texts)
        assert await stored(server.url) == texts
    finally:
        await tap.stop()


async def test_what_a_reload_interrupts_is_not_lost(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    await alice.get_by_text("Connection", exact=True).click()
    await alice.get_by_role("button", name="Go offline").click()
    await expect(alice.locator(".lc-banner")).to_contain_text("You went offline.")
    await say(alice, "kept")
    await alice.reload()
    await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
    await expect(bubbles(alice)).to_have_text(["kept"])
    assert await stored(server.url) == ["kept"]
    kept = "Object.keys(localStorage).filter((key) => key.includes(':post:')).length"
    await alice.wait_for_function(f"{kept} === 0")


async def test_hostile_text_stays_text(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    bob = await chats.open(server.url, "<b>eve</b>")
    hostile = '<script>window.hurt = 1</script><img src=x onerror="window.hurt = 1">'
    await bob.get_by_role("button", name="Alice").click()
    await say(bob, hostile)
    await alice.get_by_role("button", name="<b>eve</b>").click()
    await expect(bubbles(alice)).to_have_text([hostile])
    await expect(bubbles(bob)).to_have_text([hostile])
    for page in (alice, bob):
        assert await page.evaluate("window.hurt") is None
        assert await page.locator(".page script, .page img, .page b").count() == 0
    assert chats.complaints() == []


async def test_posts_elsewhere_are_counted_and_found(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    zoe = await chats.open(server.url, "zoe")
    await zoe.get_by_role("button", name="Alice").click()
    await say(zoe, "psst")
    row = alice.locator('[data-peer="zoe"]')
    await expect(row).to_contain_text("1 new")
    await expect(row).to_contain_text("here")
    await expect(alice).to_have_title(re.compile(r"^\(1\) "))
    await row.focus()
    await row.press("ArrowUp")
    await expect(alice.locator('[data-peer="user-2"]')).to_be_focused()
    await alice.keyboard.press("ArrowDown")
    await alice.keyboard.press("Enter")
    await expect(bubbles(alice)).to_have_text(["psst"])
    await expect(row).not_to_contain_text("new")


async def test_a_broadcast_is_overheard_and_says_so(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    eve = await chats.open(server.url, "eve")
    await say(alice, "for Bob only")
    await eve.get_by_role("button", name="Alice").click()
    await expect(posts(eve)).to_contain_text("to Bob, not to you")


async def test_what_is_too_long_can_be_edited(tmp_path: Path, chats: Chats) -> None:
    settings = Settings(port=0, db=tmp_path / "chat.db", limits=Limits(text=10))
    async with running(settings) as server:
        alice = await chats.open(server.url, "user-1")
        await say(alice, "far too long for this")
        await expect(posts(alice)).to_have_attribute("data-delivery", "failed")
        await expect(posts(alice)).to_contain_text("10 characters")
        await alice.get_by_role("button", name="Edit").click()
        await expect(field(alice)).to_have_value("far too long for this")
        await expect(field(alice)).to_be_focused()
        await say(alice, "shorter")
        await expect(bubbles(alice)).to_have_text(["shorter"])
        await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
        assert await stored(server.url) == ["shorter"]


async def test_history_and_long_texts(server: Running, chats: Chats) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        for n in range(410):
            text = "x" * 5000 if n == 409 else f"post {n}"
            post = {"text": text, "senderId": "user-2", "receiverId": "user-1", "id": f"m{n}"}
            assert (await http.post("/api/messages", json=post)).status_code == 200
    alice = await chats.open(server.url, "user-1")
    await expect(posts(alice)).to_have_count(200)
    await expect(posts(alice).last).to_be_in_viewport()
    await alice.get_by_role("button", name="Show all 5\u2009000 characters").click()
    await expect(bubbles(alice).last).to_have_text("x" * 5000)
    earlier = alice.get_by_role("button", name="Earlier posts, show")
    await earlier.click()
    await expect(posts(alice)).to_have_count(400)
    await expect(bubbles(alice).nth(190)).to_have_text("post 200")
    await expect(posts(alice).nth(200)).to_be_in_viewport()
    await earlier.click()
    await expect(posts(alice)).to_have_count(410)
    await expect(bubbles(alice).first).to_have_text("post 0")
    await expect(alice.get_by_role("button", name="earlier posts")).to_be_hidden()


async def test_news_does_not_move_what_is_read(server: Running, chats: Chats) -> None:
    alice = await chats.open(server.url, "user-1")
    bob = await chats.open(server.url, "user-2")
    for n in range(20):
        await say(bob, f"line {n}")
    await expect(posts(alice)).to_have_count(20)
    log = alice.get_by_role("log")
    await scroll(log, 100)
    await say(bob, "news")
    await alice.get_by_role("button", name="1 new").wait_for()
    assert await log.evaluate("log => log.scrollTop") == 100
    await alice.get_by_role("button", name="1 new").click()
    await expect(posts(alice).last).to_be_in_viewport()


async def test_who_is_it_is_asked_and_remembered(server: Running, pages: Any) -> None:
    page, errors = await pages.open()
    await page.goto(server.url)
    await page.get_by_role("button", name="Alice").focus()
    await page.keyboard.press("Enter")
    await expect(badge(page)).to_have_text("connected")
    await expect(field(page)).to_be_focused()
    await page.goto(server.url)
    await expect(page.locator(".page-me")).to_contain_text("You are Alice")
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("Another user id").fill("zoe")
    await page.keyboard.press("Enter")
    await expect(page.locator(".page-me")).to_contain_text("You are zoe")
    await expect(page).to_have_url(re.compile(r"\?user=zoe$"))
    assert errors == []


async def test_a_server_with_tokens_asks_for_one(tmp_path: Path, pages: Any) -> None:
    db = tmp_path / "chat.db"
    tokens = {user: add_user(db, user) for user in ("user-1", "user-2")}
    async with running(replace(guarded(), port=0, db=db)) as server:
        alice, errors = await pages.open()
        await alice.goto(f"{server.url}/?user=user-1")
        await expect(badge(alice)).to_have_text("refused")
        await expect(alice.locator(".lc-banner")).to_contain_text("wants a token")
        token = alice.get_by_role("textbox", name="Token")
        await token.fill("wrong")
        await token.press("Enter")
        await expect(alice.locator(".lc-banner")).to_contain_text("is not known")
        await expect(badge(alice)).to_have_text("refused")
        await token.fill(tokens["user-1"])
        await token.press("Enter")
        await expect(badge(alice)).to_have_text("connected")
        await expect(token).to_be_hidden()
        await say(alice, "in confidence")
        await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
        await alice.reload()
        await expect(bubbles(alice)).to_have_text(["in confidence"])
        assert tokens["user-1"] not in alice.url
        assert errors == []


async def test_a_page_on_another_origin_is_refused(server: Running, pages: Any) -> None:
    async with other_origin() as url:
        page, _ = await pages.open()
        await page.goto(url)
        chat = server.url.replace("http", "ws")
        outcome = await page.evaluate(
            """url => new Promise((resolve) => {
                const socket = new WebSocket(url);
                socket.onopen = () => resolve('open');
                socket.onclose = ({code}) => resolve(code);
            })""",
            f"{chat}/ws",
        )
        assert outcome == 1006
        read = "url => fetch(url).then(() => 'read', () => 'refused')"
        assert await page.evaluate(read, f"{server.url}/api/messages") == "refused"


@pytest.mark.parametrize("proxy", ["ours", *(["nginx"] if NGINX else [])])
async def test_it_works_behind_a_path_prefix(
    server: Running, chats: Chats, tmp_path: Path, proxy: str
) -> None:
    behind = partial(behind_nginx, folder=tmp_path) if proxy == "nginx" else behind_prefix
    async with behind(server.port, prefix="/user/ada/proxy/3000") as url:
        await talk_through(url, server, chats)


async def test_it_works_behind_jupyter_server_proxy(
    server: Running, chats: Chats, jupyterlab: Any
) -> None:
    await talk_through(f"{jupyterlab.url}/proxy/{server.port}", server, chats)


async def talk_through(url: str, server: Running, chats: Chats) -> None:
    alice = await chats.open(url, "user-1")
    bob = await chats.open(server.url, "user-2")
    await say(alice, "through the proxy")
    await expect(bubbles(bob)).to_have_text(["through the proxy"])
    await expect(posts(alice)).to_have_attribute("data-delivery", "stored")
    await say(bob, "and back")
    await expect(bubbles(alice)).to_have_text(["through the proxy", "and back"])
    assert chats.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_used_by_all_and_looks_right(
    scheme: str, tmp_path: Path, chats: Chats, artifacts: Path
) -> None:
    settings = Settings(port=0, db=tmp_path / "chat.db", limits=Limits(text=200), typing=60)
    async with running(settings) as server:
        alice = await chats.open(server.url, "user-1", script=PATIENT, color_scheme=scheme)
        bob = await chats.open(server.url, "user-2", color_scheme=scheme)
        await say(alice, "Are you there?")
        await expect(bubbles(bob)).to_have_count(1)
        await say(bob, "Yes, hi. Shall we look at the frames?")
        await expect(bubbles(alice)).to_have_count(2)
        await say(alice, "A note that is far too long. " * 8)
        await expect(alice.locator('[data-delivery="failed"]')).to_have_count(1)
        await field(bob).press_sequentially("I")
        await expect(alice.get_by_text("Bob is typing")).to_be_visible()
        await look(alice, artifacts / f"page-connected-{scheme}.png")
        await bob.context.set_offline(True)
        await expect(badge(bob)).to_have_text("offline")
        await say(bob, "And this?")
        await bob.get_by_text("Connection", exact=True).click()
        await look(bob, artifacts / f"page-offline-{scheme}.png")
        await bob.context.set_offline(False)
        await alice.get_by_text("Connection", exact=True).click()
        await alice.get_by_label("1, 2, 4, 8, 16 s, as in the text").check()
    await expect(badge(alice)).to_contain_text("reconnecting in")
    await alice.set_viewport_size({"width": 380, "height": 680})
    await alice.get_by_text("Connection", exact=True).click()
    await look(alice, artifacts / f"page-narrow-{scheme}.png")
    assert await alice.evaluate("document.documentElement.scrollWidth") <= 380
    await alice.get_by_role("button", name="Change").click()
    await look(alice, artifacts / f"page-door-{scheme}.png")


async def look(page: Page, path: Path) -> None:
    """Leave a picture, and hold the page to axe's rules."""
    await page.screenshot(path=path)
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@contextlib.asynccontextmanager
async def listening(answer: Callable[..., Any]) -> AsyncIterator[str]:
    """A TCP server on loopback; its address as an HTTP URL."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def other_origin() -> AsyncIterator[str]:
    """A web server with one empty page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with listening(answer) as url:
        yield url


@contextlib.asynccontextmanager
async def behind_prefix(port: int, prefix: str) -> AsyncIterator[str]:
    """A small reverse proxy that serves ``port`` under ``prefix``, as nginx does.

    One request a connection, so that rewriting the first request line is enough.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, rest = head.split(b" ", 2)
        if not target.startswith(prefix.encode() + b"/"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        if b"upgrade: websocket" not in head.lower():
            rest = rest.replace(b"Connection: keep-alive", b"Connection: close")
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        up_writer.write(b" ".join([method, target.removeprefix(prefix.encode()), rest]))
        async with asyncio.TaskGroup() as pipes:
            pipes.create_task(pipe(reader, up_writer))
            pipes.create_task(pipe(up_reader, writer))

    async with listening(answer) as url:
        yield url + prefix


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until either end is gone."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
