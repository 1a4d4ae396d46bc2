from __future__ import annotations

import shutil

import pytest
from playwright._impl._driver import compute_driver_executable


@pytest.fixture(scope="session")
def node() -> str:
    """A Node.js: the system's, else the one that Playwright brings."""
    return shutil.which("node") or compute_driver_executable()[0]
