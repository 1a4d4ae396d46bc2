"""The browser tests' own footing: JupyterLab runs cells, tells of errors, changes its theme."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_notebook


async def test_cells_run_and_their_widgets_are_drawn(open_notebook) -> None:
    code = "import ipywidgets\nipywidgets.Button(description='press me')"
    lab = await open_notebook(new_notebook(cells=[new_code_cell(code)]))
    await lab.page.get_by_role("button", name="press me").wait_for()
    assert lab.console_errors == []


async def test_a_cell_that_fails_fails_the_test(open_notebook) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        await open_notebook(new_notebook(cells=[new_code_cell("1 / 0")]))


async def test_console_errors_are_heard(open_notebook) -> None:
    lab = await open_notebook(new_notebook(), run=False)
    async with lab.page.expect_console_message(lambda message: message.text == "heard"):
        await lab.page.evaluate("console.error('heard')")
    assert ["heard" in error for error in lab.console_errors] == [True]


async def test_the_theme_switches(open_notebook) -> None:
    lab = await open_notebook(new_notebook(cells=[new_code_cell("1")]), theme="dark")
    assert await lab.page.evaluate("document.body.dataset.jpThemeLight") == "false"
    await lab.theme("light")
    assert await lab.page.evaluate("document.body.dataset.jpThemeLight") == "true"
