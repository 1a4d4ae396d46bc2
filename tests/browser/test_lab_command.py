"""``labchat lab`` as a newcomer meets it: one command, and the first notebook is open."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from playwright.async_api import expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture(loop_scope="session")
async def command(tmp_path: Path) -> AsyncIterator[Process]:
    """The running command, in a home where no Jupyter has been before."""
    home = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "labchat", "lab", "--no-browser", "--port", "0"),
        *("--dir", str(tmp_path / "tutorials")),
        env={**home, "HOME": str(tmp_path), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""},
        stdin=DEVNULL,
        stderr=PIPE,
    )
    yield process
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()


async def address(process: Process) -> str:
    """The address, with its token, that it tells a person to open."""
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", line):
            return found[0].decode()
    raise AssertionError("it ended without an address")


async def test_one_command_opens_the_first_notebook(
    command: Process, pages: Any, artifacts: Path
) -> None:
    url = await address(command)
    assert command.stderr is not None
    async with asyncio.TaskGroup() as aside:
        rest = aside.create_task(command.stderr.read())  # or its pipe fills up
        page, errors = await pages.open()
        await page.goto(url)
        await page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        await page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        await expect(page).to_have_title(re.compile("00_start"))
        assert await page.locator(".jp-Dialog, .Toastify__toast").count() == 0
        await page.screenshot(path=artifacts / "labchat-lab.png")
        assert errors == []
        rest.cancel()
