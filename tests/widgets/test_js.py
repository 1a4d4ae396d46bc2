"""The front end's pure functions, under ``node --test``."""

from __future__ import annotations

import subprocess
from pathlib import Path

TESTS = sorted((Path(__file__).parent.parent / "js").glob("*.test.*js"))


def test_pure_functions_of_the_front_end(node: str) -> None:
    assert TESTS
    done = subprocess.run(
        [node, "--test", *map(str, TESTS)], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
