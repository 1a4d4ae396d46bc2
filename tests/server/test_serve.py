"""``labchat serve`` as a process: the ready line, signals, exit codes, readable errors."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
import websockets


async def spawn(*arguments, stdin=asyncio.subprocess.DEVNULL):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "labchat", "serve", *map(str, arguments)),
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def served(tmp_path, *arguments, **options):
    """A server process and its address."""
    db = tmp_path / "chat.db"
    process = await spawn("--port", 0, "--db", db, *arguments, **options)
    try:
        ready = (await process.stdout.readline()).decode()
        assert ready.startswith("labchat: serving on http://127.0.0.1:")
        assert ready.endswith("\n")
        yield process, ready.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def post(url, post_id):
    said = {"text": "Hello", "senderId": "alice", "receiverId": "bob", "id": post_id}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=50) as http:
        return await http.post("/api/messages", json=said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_says_goodbye_and_exits_with_0(tmp_path, number):
    async with served(tmp_path) as (process, url):
        async with websockets.connect(url.replace("http", "ws")) as socket_:
            process.send_signal(number)
            with pytest.raises(websockets.ConnectionClosed):
                await socket_.recv()
            assert socket_.close_code == 1001
        out, err = await process.communicate()
        assert (process.returncode, out, err) == (0, b"", b"")


async def test_what_was_acknowledged_survives_kill_9(tmp_path):
    async with served(tmp_path) as (process, url):
        assert (await post(url, "m1")).status_code == 200
        process.kill()
    async with served(tmp_path) as (_, url), httpx.AsyncClient(base_url=url, timeout=50) as http:
        assert [one["id"] for one in (await http.get("/api/messages")).json()] == ["m1"]


async def test_the_trace_tells_each_step(tmp_path):
    async with served(tmp_path, "--trace") as (process, url):
        await post(url, "m1")
        steps = [json.loads(await process.stdout.readline()) for _ in range(2)]
    assert [(step["event"], step["id"], step["seq"]) for step in steps] == [
        ("insert", "m1", 1),
        ("commit", "m1", 1),
    ]
    assert 0 < steps[0]["at_ns"] <= steps[1]["at_ns"]


async def test_the_access_log_goes_to_stderr(tmp_path):
    async with served(tmp_path, "--access-log") as (process, url):
        await post(url, "m1")
        line = json.loads(await process.stderr.readline())
    assert (line["method"], line["path"], line["status"]) == ("POST", "/api/messages", 200)


async def test_it_ends_with_its_parent(tmp_path):
    pipe = asyncio.subprocess.PIPE
    async with served(tmp_path, "--exit-with-parent", stdin=pipe) as (process, _):
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 50) == 0


async def refused(*arguments):
    process = await spawn(*arguments)
    out, err = await asyncio.wait_for(process.communicate(), 50)
    assert out == b""
    assert b"Traceback" not in err
    return process.returncode, " ".join(err.decode().split())


async def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = await refused("--port", port, "--db", tmp_path / "chat.db")
    assert code == 1
    assert f"Port {port} on 127.0.0.1 is in use" in words
    assert not (tmp_path / "chat.db").exists()


async def test_a_database_that_cannot_be_written(tmp_path):
    code, words = await refused("--port", 0, "--db", tmp_path / "no" / "chat.db")
    assert code == 1
    assert "cannot be used" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "0.0.0.0"), "needs --auth token"),
        (("--routing", "shout"), "routing is broadcast or direct"),
        (("--port", "70000"), "There is no port 70000"),
        (("--tls-cert", "x.pem"), "both a certificate and its key"),
        (("--nonsense",), "--nonsense"),
    ],
)
async def test_settings_without_meaning(arguments, words):
    code, told = await refused(*arguments)
    assert code == 2
    assert words in told
