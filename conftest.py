"""Notebooks under test: their kernels are reached by files, not by TCP ports.

The ports of a kernel are drawn, given back, and taken by the kernel a second later, unless somebody
else was given one of them meanwhile: another kernel, a server, a tap.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Where nbval runs, its kernels get sockets in a folder that goes with the run."""
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    import nbval.kernel

    folder = TemporaryDirectory(prefix="kernels-")
    config.add_cleanup(folder.cleanup)
    names, manager = count(), nbval.kernel.KernelManager

    def by_files(**settings: object) -> object:
        return manager(transport="ipc", ip=str(Path(folder.name, f"{next(names)}")), **settings)

    nbval.kernel.KernelManager = by_files
