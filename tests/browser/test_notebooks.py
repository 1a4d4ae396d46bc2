"""Every notebook as a student opens it: Run All in JupyterLab, no error, no console error."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = sorted(
    path.name for path in (Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb")
)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name != "00_start.ipynb"])
async def test_run_all(open_notebook, name: str) -> None:
    lab = await open_notebook(name, viewport=(1100, 1200))
    await lab.screenshot(f"notebook-{Path(name).stem}")
    assert lab.console_errors == []
