"""Every Autobahn case against our ``/echo`` and Tornado's, through kosoku.

``python -m benchmarks.conformance [--quick]``; quick leaves out 9.*, 12.* and 13.*. What counts is
how many cases FAILED and how many were NON-STRICT, closing behaviour included.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from labchat.cli.bench import show
from labchat.measure.bench.processes import module, process
from labchat.measure.bench.row import Must, Row, missing

TORNADO = Path(__file__).parent / "peers" / "conformance" / "tornado_echo.py"
NONE = Must(most=0, of="ours")
SUITE = "import sys; from kosoku._cli import main; sys.exit(main())"
SLOW = ("-x", "9.*", "-x", "12.*", "-x", "13.*")


def run(*, quick: bool) -> list[Row]:
    """How many cases failed, and how many were non-strict."""
    words = {"FAILED": "Autobahn cases failed", "NON-STRICT": "Autobahn cases non-strict"}
    if importlib.util.find_spec("kosoku") is None:
        why = "kosoku, which runs the cases, is not installed"
        return [missing(name, "cases", "tornado", must=NONE, why=why) for name in words.values()]
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        options = ("--port", "0", "--db", f"{folder}/chat.db", "--compression", "--heartbeat", "0")
        ours, _ = stack.enter_context(process(*module("labchat", "serve", *options)))
        theirs, _ = stack.enter_context(process(sys.executable, str(TORNADO)))
        found = {port: cases(port, Path(folder, str(port)), quick) for port in (ours, theirs)}
    count = f"of {len(found[ours])}"
    return [
        Row(
            name,
            "cases",
            ours=len(unfit(found[ours], verdict)),
            peer="tornado",
            theirs=len(unfit(found[theirs], verdict)),
            must=NONE,
            note=" ".join([count, *unfit(found[ours], verdict)[:8]]),
        )
        for verdict, name in words.items()
    ]


def cases(port: int, report: Path, quick: bool) -> dict[str, set[str]]:
    """What became of each case: its verdicts on behaviour and on closing."""
    command = [sys.executable, "-c", SUITE, f"ws://127.0.0.1:{port}/echo", "-o", str(report)]
    command += ["-p", "2", *(SLOW if quick else ())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    index = report / "index.json"
    if not index.exists():
        raise SystemExit(f"kosoku ended with {done.returncode}: {done.stdout}{done.stderr}")
    (found,) = json.loads(index.read_text()).values()
    return {name: {case["behavior"], case["behaviorClose"]} for name, case in found.items()}


def unfit(found: dict[str, set[str]], verdict: str) -> list[str]:
    """The cases with this verdict, FAILED counting first."""
    worse = {"NON-STRICT": "FAILED"}.get(verdict)
    return [name for name, said in found.items() if verdict in said and worse not in said]


if __name__ == "__main__":
    show(run(quick="--quick" in sys.argv))
