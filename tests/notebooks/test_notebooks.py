"""No false green: a notebook that fails anywhere, even behind its own back, fails under nbval."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

NOTEBOOKS = sorted(
    path
    for path in (Path(__file__).parent.parent.parent / "notebooks").rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_lab_ends_with_a_check_that_raises(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    if any("labchat.start(" in source for source in code):
        assert "lab.raise_if_failed()" in code[-1]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_no_cell_is_kept_from_the_tests(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    assert [cell.source for cell in cells if "nbval-skip" in cell.metadata.get("tags", [])] == []


@pytest.mark.notebook
def test_nbval_sees_cells_that_fail(root: Path, tmp_path: Path) -> None:
    good, bad = "assert 1 + 1 == 2", "assert 1 + 1 == 3"
    late = "import asyncio\nawait asyncio.sleep(0)\nraise OSError"
    notebook = new_notebook(cells=[new_code_cell(code) for code in (good, bad, late)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "made.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(root / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "nbval.plugin", "--nbval-lax"]
    run = subprocess.run(
        [*command, "made.ipynb"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 failed, 1 passed" in run.stdout
    assert run.returncode == 1
