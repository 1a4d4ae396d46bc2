"""Every target beside its peers, in one run and one table.

``python -m benchmarks.run [--quick] [--only decode,relay] [--json FILE] [--results]``

Rounds are interleaved, so that a slow minute of the machine falls on all alike; medians are shown,
and of each ratio its range over the rounds. A peer that is not here is named as missing. The
figures go to artifacts/bench.json too; ``--results`` writes benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import conformance, decode, files, inspector, relay, server
from labchat.cli.bench import show
from labchat.measure.bench.row import Row, machine, markdown

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
PARTS: dict[str, Callable[..., list[Row]]] = {
    "decode": decode.run,
    "server": server.run,
    "relay": relay.run,
    "inspector": inspector.run,
    "conformance": conformance.run,
    "files": files.run,
}
RESULTS = """# Results of the last run

Measured on {day} by `make bench{quick}`: {machine}; {load}. Medians of interleaved rounds, each
ratio (ours to the peer's) with its range over the rounds; everything on loopback, TCP_NODELAY set.
Absolute figures are of that machine; the ratios are what is held to.

{table}
{verdict}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds; wider ranges")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by comma")
    parser.add_argument("--json", type=Path, default=HERE.parent / "artifacts" / "bench.json")
    parser.add_argument("--results", action="store_true", help="write benchmarks/RESULTS.md")
    chosen = parser.parse_args()
    names = chosen.only.split(",")
    if unknown := set(names) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    load = loaded()
    rows = [row for name in names for row in part(name, quick=chosen.quick)]
    show(rows)
    print(verdict(rows))
    write_json(chosen.json, rows, load)
    if chosen.results:
        (HERE / "RESULTS.md").write_text(page(rows, load, quick=chosen.quick), "utf-8")
    return 1 if any(row.met is False for row in rows) else 0


def part(name: str, *, quick: bool) -> list[Row]:
    began = time.monotonic()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    rows = PARTS[name](quick=quick)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def loaded() -> str:
    """What else the machine had to do when it began."""
    return f"load average {os.getloadavg()[0]:.1f} at the start"


def verdict(rows: list[Row]) -> str:
    """In one sentence: how many targets were met, which were missed, which not measured."""
    judged = [row for row in rows if row.must is not None]
    met = sum(row.met is True for row in judged)
    told = [f"{met} of {len(judged)} targets met"]
    for word, value in (("missed", False), ("not measured", None)):
        if names := [row.target for row in judged if row.met is value]:
            told.append(f"{word}: {'; '.join(names)}")
    return ". ".join(told) + "."


def write_json(path: Path, rows: list[Row], load: str) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    result = {"at": at, "machine": machine(), "load": load, "rows": [row.as_json() for row in rows]}
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


def page(rows: list[Row], load: str, *, quick: bool) -> str:
    return RESULTS.format(
        day=f"{datetime.now(UTC):%d %B %Y}".lstrip("0"),
        quick=" --quick" if quick else "",
        machine=machine(),
        load=load,
        table=markdown(rows),
        verdict=verdict(rows),
    )


if __name__ == "__main__":
    raise SystemExit(main())
