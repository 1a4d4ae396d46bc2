"""The API keeps to its description: schemathesis asks what it likes, for half a minute at most."""

from __future__ import annotations

import asyncio
import sys

import msgspec
import pytest

from labchat.server.app import routes
from labchat.server.clock import SystemClock
from labchat.server.openapi import describe
from labchat.server.settings import Settings, guarded

REJECTIONS = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 429, 503]
"""
"""A text over its maxLength is a 413 here, which schemathesis does not count by itself."""


@pytest.mark.slow
async def test_schemathesis_finds_no_fault(house, tmp_path):
    server = await house(limits={"wait": 1.0, "text": 1000}, clock=SystemClock())
    for number in range(5):
        await server.post(f"m{number}")
    (tmp_path / "schemathesis.toml").write_text(REJECTIONS)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"),
        f"{server.server.url}/api/openapi.json",
        *("--checks", "all", "--exclude-path", "/api/events", "--workers", "1", "--no-color"),
        *("--exclude-checks", "unsupported_method,positive_data_acceptance"),
        *("--suppress-health-check", "too_slow"),
        *("--max-examples", "25", "--max-time", "20", "--seed", "1", "--no-shrink"),
        *("--generation-database", "none", "--phases", "examples,coverage,fuzzing"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


@pytest.mark.parametrize("settings", [Settings(), guarded()])
def test_every_route_is_described(settings):
    paths = {route[0] for route in routes(settings) if route[0].startswith(("/api", "/metrics"))}
    assert paths == set(describe(settings)["paths"])


def test_401_is_told_where_tokens_are_asked_for():
    history = [
        describe(settings)["paths"]["/api/messages"]["get"] for settings in (Settings(), guarded())
    ]
    assert "401" not in history[0]["responses"]
    assert "401" in history[1]["responses"]


async def test_the_document_is_served(house):
    server = await house()
    document = (await server.http.get("/api/openapi.json")).json()
    assert document == msgspec.json.decode(msgspec.json.encode(describe(server.hub.settings)))
    assert document["openapi"] == "3.1.0"
