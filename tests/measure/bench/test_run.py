"""``python -m benchmarks.run``: its parts load; its page tells what was met and what was not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from benchmarks import run
from labchat.measure.bench.row import Must, compare, missing
rows = [
    compare("fast", "ops/s", [3.0, 4.0], peer="one", theirs=[1.0, 1.0], must=Must(least=2)),
    compare("slow", "ops/s", [1.0], peer="one", theirs=[1.0], must=Must(least=2)),
    missing("unknown", "ops/s", "two", must=Must(least=2), why="no two here"),
]
run.PARTS = {"made": lambda *, quick: rows, "never": None}
run.HERE = Path(sys.argv[1])
sys.argv[1:] = ["--quick", "--only", "made", "--results", "--json", sys.argv[1] + "/bench.json"]
sys.exit(run.main())
"""


def test_a_run_writes_its_page_and_its_json(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    sentence = "1 of 3 targets met. missed: slow. not measured: unknown."
    assert sentence in done.stdout
    page = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert sentence in page
    assert "| unknown |  | two: missing: no two here |  | ≥ 2 × | not measured |" in page
    assert "GiB of memory" in page
    result = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert [row["met"] for row in result["rows"]] == [True, False, None]


def test_a_part_there_is_not(root: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.run", "--only", "luck"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no part luck; there are decode, server" in done.stderr
