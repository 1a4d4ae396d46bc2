"""Notebooks under test: what of nbval's ways depends on speed or luck, done otherwise.

The ports of a kernel are drawn, given back, and taken by the kernel a second later, unless somebody
else was given one of them meanwhile: another kernel, a server, a tap. So kernels are reached by
files. And nbval lays each message of a kernel out in lines for a log that nobody keeps: with a
widget's state in it that takes so long that a busy machine never comes to the message that matters.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Where nbval runs, kernels have their sockets in a folder that goes with the run."""
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    import nbval.kernel

    folder = TemporaryDirectory(prefix="kernels-")
    config.add_cleanup(folder.cleanup)
    names, manager = count(), nbval.kernel.KernelManager

    def by_files(**settings: object) -> object:
        return manager(transport="ipc", ip=str(Path(folder.name, f"{next(names)}")), **settings)

    nbval.kernel.KernelManager = by_files
    nbval.kernel.pformat = lambda message: message  # logging makes it text, if it is kept at all
