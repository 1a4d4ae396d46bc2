"""The front ends' pure functions, under ``node --test``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "js").glob("*.test.*js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_javascript(node: str, script: Path) -> None:
    done = subprocess.run(
        [node, "--test", script], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
