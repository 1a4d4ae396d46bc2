"""A hundred thousand units in the inspector, in a real browser.

``python -m benchmarks.inspector``. The work is that of tests/browser/test_widgets_scale.py, which
prints what it measured; here it becomes rows.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from labchat.cli.bench import show
from labchat.measure.bench.row import Must, Row, alone, missing

ROOT = Path(__file__).resolve().parent.parent
TEST = "tests/browser/test_widgets_scale.py"
SAID = re.compile(
    r"100,000 units: first paint (?P<paint>[\d.]+) ms, all rows (?P<rows>[\d.]+) s, "
    r"scroll frames p50 (?P<p50>[\d.]+) p95 (?P<p95>[\d.]+)"
)
PAINT = "inspector, 100,000 units: first paint"
SCROLL = "inspector, 100,000 units: scroll, p95 of a frame"
PAINT_MUST, SCROLL_MUST = Must(most=1000, of="ours"), Must(most=50, of="ours")


def run(*, quick: bool) -> list[Row]:
    """First paint, and what a frame of scrolling takes."""
    found = [one for _ in range(1 if quick else 3) if (one := once()) is not None]
    if not found:
        why = f"{TEST} did not run to its end here (is there a Chromium?)"
        return [
            missing(PAINT, "ms", "", must=PAINT_MUST, why=why),
            missing(SCROLL, "ms", "", must=SCROLL_MUST, why=why),
        ]
    return [
        alone(PAINT, "ms", [float(one["paint"]) for one in found], must=PAINT_MUST),
        alone(SCROLL, "ms", [float(one["p95"]) for one in found], must=SCROLL_MUST),
    ]


def once() -> re.Match[str] | None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return SAID.search(done.stdout)


if __name__ == "__main__":
    show(run(quick="--quick" in sys.argv))
