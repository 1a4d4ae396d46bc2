"""The Autobahn cases against ``/echo``, through kosoku: nothing FAILED, nothing NON-STRICT.

Sections 1 to 10 take about 8 s, the quick slice of 12 and 13 (permessage-deflate) about 15 s, the
slow slice (large messages) about 30 s.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import pytest

pytestmark = pytest.mark.conformance

FINE = {"OK", "INFORMATIONAL"}
GROUPS = [f"12.{group}" for group in range(1, 6)] + [f"13.{group}" for group in range(1, 8)]
QUICK = [f"{group}.{case}" for group in GROUPS for case in (2, 4)] + ["12.1.11", "13.3.11"]
SLOW = ["12.1.10", "12.5.9", "13.3.9", "13.5.18"]


@asynccontextmanager
async def echo_server(tmp_path):
    """``labchat serve`` as a process of its own; gives the address of its echo."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "labchat",
            "serve",
            "--port",
            "0",
            "--db",
            str(tmp_path / "chat.db"),
        ),
        "--exit-with-parent",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    ready = (await process.stdout.readline()).decode()
    assert ready.startswith("labchat: serving on http://127.0.0.1:")
    try:
        yield ready.split()[-1].replace("http", "ws", 1) + "/echo"
    finally:
        process.terminate()
        assert await process.wait() == 0


async def judge(tmp_path, *choice):
    """Run the chosen cases; returns {case: (behaviour, close behaviour)}."""
    report = tmp_path / "report"
    async with echo_server(tmp_path) as address:
        suite = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "import sys; from kosoku._cli import main; sys.exit(main())"),
            *(address, "-p", "2", "-o", str(report), *choice),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            told, _ = await suite.communicate()
        finally:
            if suite.returncode is None:
                suite.kill()
                await suite.wait()
    assert (report / "index.json").exists(), told.decode()
    (cases,) = json.loads((report / "index.json").read_text()).values()
    return {name: (case["behavior"], case["behaviorClose"]) for name, case in cases.items()}


def unfit(verdicts):
    return {name: verdict for name, verdict in verdicts.items() if not FINE.issuperset(verdict)}


async def test_framing_text_closing_limits(tmp_path):
    verdicts = await judge(tmp_path, "-x", "12.*", "-x", "13.*")
    assert len(verdicts) == 301
    assert unfit(verdicts) == {}


async def test_permessage_deflate(tmp_path):
    verdicts = await judge(tmp_path, *(word for case in QUICK for word in ("-i", case)))
    assert len(verdicts) == len(QUICK)
    assert unfit(verdicts) == {}


@pytest.mark.slow
async def test_permessage_deflate_of_large_messages(tmp_path):
    verdicts = await judge(tmp_path, *(word for case in SLOW for word in ("-i", case)))
    assert len(verdicts) == len(SLOW)
    assert unfit(verdicts) == {}
