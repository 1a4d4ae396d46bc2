"""What ``mkdocs`` needs to know of this repository: pages outside ``docs/``, and links to them.

The files stay as they are read in the repository, where their links lead from file to file; here
a link to a file that has a page leads to the page, and any other keeps its words alone.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File
from nbconvert import MarkdownExporter

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
NOTEBOOKS = "Notebooks"
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`(?!\]))", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def notebooks() -> list[Path]:
    """The learner's notebooks; the instructor's stay apart."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def page_of(path: str) -> str | None:
    """The page of a file, or the place of an image; None if the site has none."""
    if path in PAGES:
        return PAGES[path]
    inside = PurePosixPath(path)
    if inside.parts[0] == "docs":
        return str(inside.relative_to("docs")) if (ROOT / path).is_file() else None
    if inside.suffix == ".ipynb" and ROOT / path in notebooks():
        return str(inside.with_suffix(".md"))
    return None


def file_of(page: str) -> str:
    """The file a page is made from."""
    for path, made in PAGES.items():
        if made == page:
            return path
    inside = PurePosixPath(page)
    if inside.parts[0] == "notebooks":
        return str(inside.with_suffix(".ipynb"))
    return f"docs/{page}"


def relink(text: str, page: str) -> str:
    """The text of a page with its links led to pages; code is left alone."""
    folder = str(PurePosixPath(file_of(page)).parent)

    def lead(found: re.Match[str]) -> str:
        picture, words, target, anchor = found.groups(default="")
        there = page_of(normpath(f"{folder}/{target}"))
        if there is None:
            return words
        return f"{picture}[{words}]({relpath(there, PurePosixPath(page).parent)}{anchor})"

    parts = CODE.split(text)
    return "".join(part if n % 2 else LINK.sub(lead, part) for n, part in enumerate(parts))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the notebooks where the navigation leaves room for them."""
    pages = [f"notebooks/{path.stem}.md" for path in notebooks()]
    for section in config.nav or []:
        for entries in section.values():
            if isinstance(entries, list):
                for entry in entries:
                    if NOTEBOOKS in entry:
                        entry[NOTEBOOKS] = pages
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in the pages that lie outside ``docs/``."""
    for path, page in PAGES.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    convert: Any = MarkdownExporter
    for notebook in notebooks():
        text, resources = convert().from_filename(str(notebook))
        files.append(File.generated(config, f"notebooks/{notebook.stem}.md", content=text))
        for name, data in resources["outputs"].items():
            files.append(File.generated(config, f"notebooks/{name}", content=data))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead the links of a page to pages."""
    return relink(markdown, page.file.src_uri)
