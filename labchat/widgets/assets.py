"""One ESM text and one CSS text per widget, joined from ordinary files; no build step.

A widget's front end is ``js/<widget>.js`` (and ``.css``); what widgets share lives in
``js/shared/``. Relative imports do not resolve inside the Blob module a widget becomes, so
:func:`esm` wraps each module into a function and binds its exports by name. The same files load
unchanged in a browser or under ``node --test``.

Modules keep to a small part of the syntax, checked here: ``import { a, b as c } from "./x.js";``,
``export function``, ``export class``, ``export const``, and one ``export default`` in a widget.
Styles are one sheet, the same for every widget: a page holds one copy for each kind of widget on
it, and copies of different length would undo each other's cascade.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent / "js"
FIRST = ("shared/tokens.css", "shared/base.css")
"""Style sheets that the others build on."""

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"(\.[^"]+)";[ \t]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+(\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


class BadModule(ValueError):
    """A module uses syntax that the joiner does not know."""


@cache
def esm(widget: str, root: Path = ROOT) -> str:
    """The whole front end of ``widget`` as one ES module.

    Raises:
        BadModule: unknown import or export syntax, or modules that import each other in a ring.
        FileNotFoundError: no such module.
    """
    entry = root / f"{widget}.js"
    joined = [_wrapped(path, root) for path in modules(widget, root)]
    return "\n".join([*joined, f"export default {_name(entry, root)}.default;", ""])


@cache
def css(root: Path = ROOT) -> str:
    """The style sheet of all widgets: :data:`FIRST`, what is shared, then each widget's own."""
    shared, own = sorted(root.glob("shared/*.css")), sorted(root.glob("*.css"))
    wanted = dict.fromkeys([*(root / name for name in FIRST), *shared, *own])
    return "\n".join(path.read_text("utf-8") for path in wanted)


def modules(widget: str, root: Path = ROOT) -> tuple[Path, ...]:
    """The files behind ``widget``, each after those it imports."""
    done: dict[Path, None] = {}
    _visit(root / f"{widget}.js", done, ())
    return tuple(done)


def _visit(path: Path, done: dict[Path, None], above: tuple[Path, ...]) -> None:
    if path in above:
        raise BadModule(f"{path.name} imports itself by way of {above[-1].name}")
    if path in done:
        return
    for imported in _imports(path):
        _visit(imported, done, (*above, path))
    done[path] = None


def _imports(path: Path) -> Iterator[Path]:
    for match in _IMPORT.finditer(path.read_text("utf-8")):
        yield (path.parent / match[2]).resolve()


def _wrapped(path: Path, root: Path) -> str:
    source = path.read_text("utf-8")
    exported = [match[2] for match in _EXPORT.finditer(source)]
    body = _IMPORT.sub(lambda match: _binding(match, path, root), source)
    body = _EXPORT.sub(r"\1 \2", body)
    body, defaults = _DEFAULT.subn("const $default = ", body)
    if left := _LEFT_OVER.search(body):
        raise BadModule(f"{path.name}: cannot join this line: {left[0]}")
    names = ", ".join(exported + (["default: $default"] if defaults else []))
    return f"const {_name(path, root)} = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def _binding(match: re.Match[str], path: Path, root: Path) -> str:
    target = _name((path.parent / match[2]).resolve(), root)
    names = re.sub(r"\s+as\s+", ": ", " ".join(match[1].split()))
    return f"const {{ {names} }} = {target};"


def _name(path: Path, root: Path) -> str:
    relative = path.resolve().relative_to(root.resolve()).with_suffix("")
    return "$" + re.sub(r"\W", "_", relative.as_posix())
