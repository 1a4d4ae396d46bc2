"""What every test may use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from playwright._impl._driver import compute_driver_executable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

settings.register_profile(
    "whatever the load",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("whatever the load")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where a test leaves what a person should look at: screenshots, logs."""
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """``tool("tshark")`` is its path; without it the test is skipped, and in CI fails."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def node() -> str:
    """A Node.js: the system's, else the one that Playwright brings."""
    return shutil.which("node") or compute_driver_executable()[0]


def nothing_is_skipped_in_ci(report: Any) -> None:
    """A skip in CI is a failure: a missing browser must not look like a passed test."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        where, line, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{where}:{line}: {reason}, and CI skips nothing"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    nothing_is_skipped_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    nothing_is_skipped_in_ci(report)
    return report
