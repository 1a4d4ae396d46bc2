"""In CI nothing is skipped: a missing browser must not look like a passed test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SKIPPING = """
import pytest

def test_tool(tool):
    tool("no-such-program")

@pytest.mark.xfail(strict=True)
def test_known():
    raise ValueError
"""
SKIPPED_MODULE = """
import pytest

pytest.importorskip("no_such_module")
"""


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    shutil.copyfile(root / "tests" / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_it.py").write_text(SKIPPING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def outcome(folder: Path, ci: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", folder],
        cwd=folder,
        env={**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


def test_at_home_a_missing_program_skips(folder: Path) -> None:
    assert "1 skipped, 1 xfailed" in outcome(folder, "")


def test_in_ci_a_missing_program_fails(folder: Path) -> None:
    said = outcome(folder, "true")
    assert "1 failed, 1 xfailed" in said
    assert "no-such-program is not installed, and CI skips nothing" in said


def test_in_ci_a_module_that_skips_itself_fails(folder: Path) -> None:
    (folder / "test_it.py").write_text(SKIPPED_MODULE)
    assert "1 error" in outcome(folder, "true")
