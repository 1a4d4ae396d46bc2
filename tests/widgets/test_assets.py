from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from labchat.widgets import assets

if TYPE_CHECKING:
    from pathlib import Path

SHARED = sorted(path.name for path in (assets.ROOT / "shared").glob("*.js"))
TINTED = ["c2s", "s2c", "bit", "len", "mask", "payload", "text", "control", "ok", "warn", "fail"]
PLAIN = ["paper", "ink", "line", "quiet", "edge", "hover", "sunk", "focus"]


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_css", ".css")
        if not path.suffix:
            path = path.with_suffix(".js")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def run(node: str, text: str, tmp_path: Path) -> str:
    module = tmp_path / "joined.mjs"
    module.write_text(text + "\n", "utf-8")
    script = f'import d from "{module.as_uri()}"; console.log(JSON.stringify(d.answer()));'
    return evaluate(node, script)


def evaluate(node: str, script: str) -> str:
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_joined_modules_keep_their_own_scopes_and_bind_by_name(node: str, tmp_path: Path) -> None:
    root = write(
        tmp_path,
        shared__one="const secret = 1;\nexport function f() {\n  return secret;\n}\n",
        shared__two='import { f as first } from "./one.js";\n'
        "const secret = 40;\nexport const f = () => secret + first();\n",
        widget='import {\n  f,\n} from "./shared/two.js";\n'
        'import { f as g } from "./shared/one.js";\n'
        "export default { answer: () => [f(), g()] };\n",
    )
    assert run(node, assets.esm("widget", root), tmp_path) == "[41,1]"


def test_every_widget_wears_the_same_sheet_in_the_same_order(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        shared__alpha_css=".alpha {}",
        shared__tokens_css=".tokens {}",
        shared__base_css=".base {}",
        widget_css=".widget {}",
    )
    assert assets.css(root).split("\n") == [".tokens {}", ".base {}", ".alpha {}", ".widget {}"]


@pytest.mark.parametrize(
    "line", ['import x from "./shared/a.js";', "export { x };", 'import "d3";', "export let x = 1;"]
)
def test_syntax_the_joiner_does_not_know_is_refused(line: str, tmp_path: Path) -> None:
    root = write(tmp_path, bad=f"{line}\nexport default {{}};\n", shared__a="export const x = 1;\n")
    with pytest.raises(assets.BadModule, match=r"bad\.js: cannot join"):
        assets.esm("bad", root)


def test_a_ring_of_imports_is_refused(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        shared__a='import { b } from "./b.js";\nexport const a = 1;\n',
        shared__b='import { a } from "./a.js";\nexport const b = 1;\n',
        widget='import { a } from "./shared/a.js";\nexport default { a };\n',
    )
    with pytest.raises(assets.BadModule, match="imports itself"):
        assets.esm("widget", root)


@pytest.mark.parametrize("name", SHARED)
def test_shared_modules_load_unchanged_and_ask_for_no_network(name: str, node: str) -> None:
    path = assets.ROOT / "shared" / name
    evaluate(node, f'import "{path.as_uri()}";')
    source = path.read_text("utf-8")
    assert "innerHTML" not in source
    assert "import(" not in source
    assert "fetch(" not in source


def test_every_token_of_the_design_is_defined() -> None:
    css = (assets.ROOT / "shared/tokens.css").read_text("utf-8")
    for token in TINTED:
        assert f"--lc-{token}:" in css
        assert f"--lc-{token}-tint:" in css
    for token in PLAIN:
        assert f"--lc-{token}:" in css
