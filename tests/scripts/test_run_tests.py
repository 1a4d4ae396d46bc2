"""The runner: a failing part is told, the others run all the same, and the sum is right."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SUITE = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


@pytest.fixture
def runner(script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    module = script("run_tests")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ARTIFACTS", tmp_path / "artifacts")
    return module


def part(runner: Any, name: str, code: str, *, tests: bool = False) -> Any:
    return runner.Part(name, [sys.executable, "-c", code], tests)


def leaves(*numbers: int) -> str:
    """Code that leaves the JUnit file of ``second``."""
    return f"open('artifacts/second.xml', 'w').write({SUITE.format(*numbers)!r})"


def test_all_parts_run_and_the_sum_stands_last(
    runner: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = [
        part(runner, "first", "raise SystemExit(3)"),
        part(runner, "second", leaves(10, 1, 2, 3), tests=True),
    ]
    assert runner.main(iter(parts)) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "4 passed, 3 failed, 3 skipped"
    assert "FAILED (3)" in lines[-3]
    assert lines[-2].endswith("ok")


def test_it_succeeds_only_if_every_part_does(runner: Any) -> None:
    assert runner.main(iter([part(runner, "second", leaves(2, 0, 0, 0), tests=True)])) == 0


def test_old_results_do_not_count(runner: Any, capfd: pytest.CaptureFixture[str]) -> None:
    runner.ARTIFACTS.mkdir()
    (runner.ARTIFACTS / "second.xml").write_text(SUITE.format(9, 0, 0, 0))
    assert runner.main(iter([part(runner, "second", "raise SystemExit(4)", tests=True)])) == 1
    assert capfd.readouterr().out.splitlines()[-1] == "0 passed, 0 failed, 0 skipped"


def test_the_whole_run_holds_the_gates(runner: Any) -> None:
    commands = {one.name: " ".join(one.command) for one in runner.everything()}
    assert "--fail-under=100" in commands["pure rooms"]
    for room in ("wire", "capture", "chat"):
        assert f"labchat/{room}/*" in commands["pure rooms"]
    assert "--fail-under=90" in commands["all rooms"]
    assert {"format", "lint", "types", "imports", "tests", "notebooks", "browser"} <= set(commands)
