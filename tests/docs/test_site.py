"""The documentation builds without a warning, and nothing in it is loaded from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NAMES_ONLY = {"canonical", "prev", "next", "alternate"}
ELSEWHERE = re.compile(r"^(?:[a-z]+:)?//")
IN_STYLE = re.compile(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)")


class Loaded(HTMLParser):
    """What a page makes the browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADS and given.get("rel") not in NAMES_ONLY:
            self.addresses.append(given.get(LOADS[tag]) or "")


def loaded(page: str) -> list[str]:
    parser = Loaded()
    parser.feed(page)
    return parser.addresses


def site_module(name: str, root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "elsewhere"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ('<img src="http://example.org/x.png">', True),
        ('<link rel="canonical" href="https://example.org/">', False),
        ('<a href="https://example.org/">there</a><img src="images/lab.png">', False),
    ],
)
def test_what_is_loaded_from_elsewhere_is_seen(page: str, elsewhere: bool) -> None:
    assert any(ELSEWHERE.match(address) for address in loaded(page)) is elsewhere


def test_a_link_leads_to_a_page_or_keeps_its_words(root: Path) -> None:
    relink = site_module("docs_site", root).relink
    text = (
        "![lab](docs/images/lab-light.png) [start](notebooks/00_start.ipynb) "
        "[class](docs/deploy.md#binder) [licence](LICENSE) [RFC](https://www.rfc-editor.org/)"
    )
    assert relink(text, "index.md") == (
        "![lab](images/lab-light.png) [start](notebooks/00_start.md) "
        "[class](deploy.md#binder) licence [RFC](https://www.rfc-editor.org/)"
    )
    assert relink("[1](../notebooks/00_start.ipynb)", "course.md") == "[1](notebooks/00_start.md)"
    assert relink("[2](01_handshake.ipynb)", "notebooks/00_start.md") == "[2](01_handshake.md)"
    code = "```python\nrows[0](x.md)\n```\nand `rows[0](LICENSE)`"
    assert relink(code, "index.md") == code


def test_docstrings_become_markdown(root: Path) -> None:
    as_markdown = site_module("docs_docstrings", root).as_markdown
    assert as_markdown("A tree.\n\n::\n\n    x\n\nSee :class:`Frame`::\n\n    y") == (
        "A tree.\n\n\n\n    x\n\nSee `Frame`:\n\n    y"
    )
    assert as_markdown(">>> f(1)   # doctest: +SKIP\n2\n\nMore.") == (
        "```pycon\n>>> f(1)\n2\n```\n\nMore."
    )


@pytest.mark.slow
class TestSite:
    """One strict build: about ten seconds."""

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("site")
        build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
        quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        done = subprocess.run(
            build,
            cwd=root,
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return folder

    def test_nothing_is_loaded_from_elsewhere(self, site: Path) -> None:
        pages = {path: loaded(path.read_text()) for path in site.rglob("*.html")}
        assert all(pages.values()), "each page loads its style at least"
        assert [
            f"{path.relative_to(site)}: {address}"
            for path, addresses in pages.items()
            for address in addresses
            if ELSEWHERE.match(address)
        ] == []
        styles = [path.read_text() for path in site.rglob("*.css")]
        assert styles
        assert [found for style in styles for found in IN_STYLE.findall(style)] == []

    def test_what_is_loaded_is_there(self, site: Path) -> None:
        missing = [
            f"{path.relative_to(site)}: {address}"
            for path in site.rglob("*.html")
            for address in loaded(path.read_text())
            if path.name != "404.html"
            and not address.startswith("data:")
            and not (path.parent / address).exists()
        ]
        assert [each for each in missing if not each.endswith(": ")] == []

    def test_every_notebook_has_its_page(self, root: Path, site: Path) -> None:
        wanted = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
        assert {path.stem for path in (site / "notebooks").glob("*.html")} == wanted
        index = (site / "index.html").read_text()
        assert [name for name in wanted if f'href="notebooks/{name}.html"' not in index] == []

    @pytest.mark.parametrize(
        ("page", "name"),
        [
            ("labchat", "labchat.start"),
            ("labchat", "labchat.open"),
            ("labchat", "labchat.errors.NotACapture"),
            ("lab", "labchat.lab.lab.Lab"),
            ("capture", "labchat.capture.capture.Capture.rows"),
            ("tap", "labchat.tap.relay.Relay"),
            ("client", "labchat.client.connect"),
            ("measure", "labchat.lab.experiments.claims"),
            ("widgets", "labchat.widgets.Inspector"),
        ],
    )
    def test_the_api_comes_from_the_docstrings(self, site: Path, page: str, name: str) -> None:
        assert f'id="{name}"' in (site / "api" / f"{page}.html").read_text()
