"""A real Chromium and a real JupyterLab, one of each for all browser tests of a process.

Everything here is asynchronous and lives in one event loop for the whole run, and so does every
test in this folder: write ``async def``, no marker is needed. A test may thus start a Tornado
server in its own process and drive it with a page.

::

    async def test_it(open_notebook):
        lab = await open_notebook("00_start.ipynb")          # opened, all cells run, kernel idle
        await lab.page.locator(".lc-send").first.click()
        assert lab.console_errors == []
        await lab.screenshot("start-light")                  # artifacts/start-light.png
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import nbformat
import pytest
import pytest_asyncio
from nbformat import NotebookNode
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

HERE = Path(__file__).parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PATIENCE = 60_000
"""Milliseconds for anything to come about; only what never does is a failure."""

expect.set_options(timeout=PATIENCE)

JUPYTERS_OWN = re.compile(r"status of 500 .*/api/(kernels|sessions)\?\d+\)$")
"""What jupyter_server answers when it is asked for its kernels while it starts one: such a kernel
has no ``last_activity`` yet. JupyterLab asks again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives the browser, from the session's own loop."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(600))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember how the test went, so that its fixtures can leave a screenshot of a failure."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The one browser; take a context or a page of your own from it."""
    async with async_playwright() as playwright:
        path = _find_chromium(playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


def _find_chromium(playwrights_own: str) -> str:
    """The one named by LABCHAT_CHROMIUM, the system's, or Playwright's own."""
    named = os.environ.get("LABCHAT_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), playwrights_own)
    if not Path(found).exists():
        pytest.skip(f"there is no Chromium at {found}; make setup installs one")
    return found


@dataclass
class BrowserPages:
    """Pages of one test, each in a context of its own, with what their consoles complained of."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    async def open(self, **context: Any) -> tuple[Page, list[str]]:
        """A new empty page and the list its console errors go to."""
        settings = {"viewport": {"width": 1280, "height": 900}, **context}
        self.contexts.append(await self.browser.new_context(**settings))
        self.contexts[-1].set_default_timeout(PATIENCE)
        page = await self.contexts[-1].new_page()
        errors: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            said = f"{message.text} ({message.location.get('url', '')})"
            if message.type == "error" and not JUPYTERS_OWN.search(said):
                errors.append(said)

        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
        return page, errors


@pytest_asyncio.fixture(loop_scope="session")
async def pages(
    chromium: Browser, request: pytest.FixtureRequest, artifacts: Path
) -> AsyncIterator[BrowserPages]:
    """``page, errors = await pages.open()``; closed after the test, photographed if it failed."""
    opened = BrowserPages(chromium)
    yield opened
    for number, context in enumerate(opened.contexts):
        if request.node.stash.get(FAILED, False):
            name = "".join(c if c.isalnum() else "-" for c in request.node.name)
            for page in context.pages:
                await page.screenshot(path=artifacts / f"FAILED-{name}-{number}.png")
        await context.close()


@dataclass(frozen=True)
class JupyterLab:
    """A running JupyterLab: ``url`` has no trailing slash, ``folder`` is what it serves."""

    url: str
    folder: Path
    log: Path


def _private(home: Path) -> dict[str, str]:
    """An environment in which nothing of the user's own Jupyter is seen or changed."""
    places = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "XDG_CACHE_HOME": home / "cache",
        "MPLCONFIGDIR": home / "matplotlib",
    }
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    labconfig = home / "config" / "labconfig"
    labconfig.mkdir()
    (labconfig / "page_config.json").write_text(json.dumps(quiet))
    return {**os.environ, **{name: str(place) for name, place in places.items()}}


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Ask until it answers; a server that ended, or is not up in 120 s, fails with its log."""
    for _ in range(1200):
        try:
            process.wait(0.1)
            break
        except subprocess.TimeoutExpired:
            told = re.search(r"http://127\.0\.0\.1:\d+(?=/lab)", log.read_text())
        if told and _answers(f"{told[0]}/api/status"):
            return told[0]
    pytest.fail(f"JupyterLab did not come up:\n{log.read_text()[-4000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def jupyterlab(
    root: Path, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JupyterLab]:
    """JupyterLab without a token on loopback, serving a copy of the notebooks."""
    home = tmp_path_factory.mktemp("jupyterlab")
    folder = home / "notebooks"
    shutil.copytree(root / "notebooks", folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    log = artifacts / f"jupyterlab-{os.environ.get('PYTEST_XDIST_WORKER', '0')}.log"
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--ServerApp.port_retries=0",
        "--ServerApp.token=",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
    ]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=_private(home),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield JupyterLab(_address(process, log), folder, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class OpenNotebook:
    """A notebook open in JupyterLab, in a page of its own."""

    page: Page
    console_errors: list[str]
    path: str
    artifacts: Path

    async def ready(self) -> None:
        """Wait for the cells to be drawn and the kernel to be connected and idle."""
        await self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        await self.idle()

    async def idle(self) -> None:
        """Wait for the kernel to have nothing to do."""
        await self.page.wait_for_function(
            """() => {
                const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
                const kernel = context?.session?.kernel;
                return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
            }"""
        )

    async def run_all(self, *, allow_errors: bool = False) -> None:
        """Run all cells and wait until the last is done; a cell's exception fails the test."""
        await self.command("notebook:run-all-cells")
        await self.idle()
        errors = await self.cell_errors()
        assert allow_errors or not errors, "\n".join(errors)

    async def cell_errors(self) -> list[str]:
        """Every exception that a cell shows, as "ename: evalue"."""
        found: list[str] = await self.page.evaluate(
            """() => {
                const model = window.jupyterapp.shell.currentWidget.content.model;
                const outputs = Array.from(model.cells).flatMap((cell) => {
                    const all = cell.outputs ?? {length: 0};
                    return Array.from({length: all.length}, (_, i) => all.get(i).toJSON());
                });
                return outputs.filter((output) => output.output_type === 'error')
                    .map((output) => `${output.ename}: ${output.evalue}`);
            }"""
        )
        return found

    async def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute one of JupyterLab's commands and wait for it."""
        await self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments or {}],
        )

    async def execute(self, code: str) -> None:
        """Run code in the kernel without a cell and wait until it is done."""
        await self.page.evaluate(
            """async code => {
                const { sessionContext } = window.jupyterapp.shell.currentWidget;
                await sessionContext.session.kernel.requestExecute({code}).done;
            }""",
            code,
        )

    async def theme(self, name: Literal["light", "dark"]) -> None:
        """Switch JupyterLab's theme and wait until the page wears it, uncovered."""
        await self.command("apputils:change-theme", {"theme": THEMES[name]})
        await self.page.wait_for_function(
            "wanted => document.body.dataset.jpThemeName === wanted", arg=THEMES[name]
        )
        await self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    async def restart_kernel(self) -> None:
        """Restart the kernel without a dialogue and wait until it is idle again."""
        await self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        )
        await self.idle()

    async def screenshot(self, name: str, *, of: str | None = None) -> Path:
        """Leave ``artifacts/<name>.png``: the page, or the first element that ``of`` selects."""
        path = self.artifacts / f"{name}.png"
        if of is None:
            await self.page.screenshot(path=path)
        else:
            await self.page.locator(of).first.screenshot(path=path)
        return path

    async def close(self) -> None:
        """Shut the kernel down, so that it does not compute beside the next test."""
        await self.page.evaluate(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext.shutdown()"
        )


Opener = Callable[..., Awaitable[OpenNotebook]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_notebook(
    pages: BrowserPages, jupyterlab: JupyterLab, artifacts: Path
) -> AsyncIterator[Opener]:
    """Open a notebook of the repository by name, or one built with ``nbformat``.

    ``await open_notebook(notebook, run=True, theme="light", viewport=(1280, 900))``.
    """
    opened: list[OpenNotebook] = []

    async def open_it(
        notebook: str | NotebookNode,
        *,
        run: bool = True,
        theme: Literal["light", "dark"] = "light",
        viewport: tuple[int, int] = (1280, 900),
    ) -> OpenNotebook:
        path = _copy(notebook, jupyterlab.folder)
        width, height = viewport
        page, errors = await pages.open(viewport={"width": width, "height": height})
        it = OpenNotebook(page, errors, path, artifacts)
        await page.goto(f"{jupyterlab.url}/lab/workspaces/{uuid4().hex}/tree/{path}?reset")
        opened.append(it)
        await it.ready()
        await it.theme(theme)
        if run:
            await it.run_all()
        return it

    yield open_it
    for it in opened:
        await it.close()


def _copy(notebook: str | NotebookNode, folder: Path) -> str:
    """A copy for this test alone: what one test saves, another must not see."""
    path = f"{uuid4().hex[:8]}-{notebook if isinstance(notebook, str) else 'made.ipynb'}"
    if isinstance(notebook, str):
        shutil.copyfile(folder / notebook, folder / path)
    else:
        notebook.metadata.setdefault("kernelspec", KERNEL)
        nbformat.write(notebook, folder / path)
    return path
