"""Run every check there is, one part after another: ``python scripts/run_tests.py [all|fast]``.

A part that fails does not keep the next from running: the last lines say how each one went.
The conformance suite has the two cores to itself; the rest is shared out over both, notebooks and
browser tests each with a server and a browser of their own a side.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
PURE = ["wire/*", "capture/*", "chat/*", "tap/faults/*", "tap/gate*", "widgets/view_models*"]
PATIENT = "--override-ini=timeout=600"
SLOW = "browser or conformance or notebook or oracle or slow"


@dataclass(frozen=True)
class Part:
    """One command of the run; ``tests`` says that it is pytest's and leaves a JUnit file."""

    name: str
    command: list[str]
    tests: bool = False


def module(name: str, *arguments: str) -> list[str]:
    """A module of this environment as a command."""
    return [sys.executable, "-m", name, *arguments]


def pytest(name: str, *arguments: str, coverage: bool = True) -> Part:
    """A part that is a pytest run; what it covers is added to the other parts'."""
    junit, slowest = f"--junit-xml={ARTIFACTS / name}.xml", ("--durations=8", "--durations-min=4")
    run = ["pytest", "-q", junit, *slowest, *arguments]
    return Part(name, module("coverage", "run", "-m", *run) if coverage else module(*run), True)


def static() -> Iterator[Part]:
    """What can be said without running anything."""
    yield Part("format", module("ruff", "format", "--check", "--quiet"))
    yield Part("lint", module("ruff", "check", "--quiet"))
    yield Part("types", module("mypy"))
    yield Part("script types", module("mypy", "scripts"))
    yield Part("imports", [str(Path(sys.executable).with_name("lint-imports"))])


def fast() -> Iterator[Part]:
    """Static checks, then the tests that answer while one waits."""
    yield from static()
    yield pytest("fast", "-n2", "-m", f"not ({SLOW})", "tests", coverage=False)


def everything() -> Iterator[Part]:
    """What CI holds the repository to."""
    yield from static()
    yield Part("erase", module("coverage", "erase"))
    yield pytest("tests", "-n2", "-m", "not browser and not conformance", "tests")
    suite = ("-m", "conformance", PATIENT, "tests/conformance")
    yield pytest("conformance", *suite, coverage=False)
    both = ("-n2", "--dist=loadfile")
    yield pytest(
        "notebooks", *both, "--nbval-lax", "--nbval-cell-timeout=240", PATIENT, "notebooks"
    )
    yield pytest("browser", "-n2", "--dist=worksteal", "tests/browser", coverage=False)
    yield Part("combine", module("coverage", "combine", "--quiet"))
    pure = ",".join(f"labchat/{room}" for room in PURE)
    yield Part("pure rooms", module("coverage", "report", f"--include={pure}", "--fail-under=100"))
    yield Part("all rooms", module("coverage", "report", "--fail-under=90"))


def main(parts: Iterator[Part]) -> int:
    """Run the parts, then say how each went and how many tests passed."""
    ARTIFACTS.mkdir(exist_ok=True)
    for old in ARTIFACTS.glob("*.xml"):
        old.unlink()
    verdicts: list[str] = []
    tests: list[str] = []
    failed = False
    for part in parts:
        print(f"\n── {part.name}", flush=True)
        started = time.monotonic()
        code = subprocess.run(part.command, cwd=ROOT, env=environment(), check=False).returncode
        verdict = "ok" if code == 0 else f"FAILED ({code})"
        verdicts.append(f"  {part.name:<14}{time.monotonic() - started:7.1f} s  {verdict}")
        tests += [part.name] if part.tests else []
        failed = failed or code != 0
    print("\n── how it went", *verdicts, summary(tests), sep="\n")
    return int(failed)


def environment() -> dict[str, str]:
    """One coverage file for all processes; and a learner of their own: solutions do all tasks."""
    ours = {"COVERAGE_FILE": str(ROOT / ".coverage"), "LABCHAT_HOME": str(ARTIFACTS / "learner")}
    return {**os.environ, **ours}


def summary(names: list[str]) -> str:
    """The tests of all parts, in one line of the usual form."""
    total = failed = skipped = 0
    for path in (ARTIFACTS / f"{name}.xml" for name in names):
        if path.exists():
            for suite in ET.parse(path).iter("testsuite"):
                total += int(suite.get("tests", 0))
                failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                skipped += int(suite.get("skipped", 0))
    return f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped"


if __name__ == "__main__":
    sys.exit(main({"all": everything, "fast": fast}[(sys.argv[1:] or ["all"])[0]]()))
