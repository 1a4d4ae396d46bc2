"""Under which conditions a table was measured: it goes with every table and under every chart."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

Conditions = dict[str, Any]


def conditions(**more: Any) -> Conditions:
    """What holds for a whole run: versions, machine, where each process ran; and ``more``."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "tornado": version("tornado"),
        "websockets": version("websockets"),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "server": "a process of its own",
        "tap and clients": "the measuring process",
        **more,
    }


def cpu() -> str:
    """The processor's model, as the system names it."""
    path = Path("/proc/cpuinfo")
    if sys.platform == "linux" and path.exists():
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def caption(given: Conditions) -> str:
    """One line for under a chart."""
    told = [f"{word} {given[name]}" for name, word in _TOLD.items() if name in given]
    told.append(f"{given['cores']} cores")
    return ", ".join(told) + f"; {given['started_at'][:10]}"


_TOLD = {
    "clock": "clock:",
    "python": "Python",
    "tornado": "Tornado",
    "rtt_ms": "RTT",
    "nodelay": "TCP_NODELAY",
    "clients": "clients:",
    "seed": "seed",
    "repetitions": "repetitions:",
}
