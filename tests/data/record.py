"""Records the captures in this folder anew; README.md says what each one holds.

Needs root, tcpdump, dumpcap, tshark, curl, nginx, chromium, node with ``ws`` in NODE_PATH's place
(``npm install ws`` in the folder given), and playwright. Everything stays on loopback::

    python tests/data/record.py FOLDER_WITH_NODE_MODULES
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
NODE_HOME = Path(sys.argv[1])

NGINX = """
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{front};
    location / {{
      proxy_pass http://127.0.0.1:{back};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }}
  }}
}}
"""

PAGE = """async (url) => {
  const socket = new WebSocket(url);
  await new Promise((done) => { socket.onopen = done; });
  const echoed = new Promise((done) => { socket.onmessage = done; });
  socket.send(JSON.stringify({ type: "message", text: "Hello from Chromium" }));
  await echoed;
  const again = new Promise((done) => { socket.onmessage = done; });
  socket.send(new Uint8Array([1, 2, 3]));
  await again;
  const closed = new Promise((done) => { socket.onclose = done; });
  socket.close(1000, "bye");
  await closed;
  const sent = { method: "POST", body: JSON.stringify({ text: "posted" }) };
  return await (await fetch("/echo", sent)).text();
}"""


@contextmanager
def program(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A program that is asked to stop when the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


@contextmanager
def server(host: str = "127.0.0.1", *words: str) -> Iterator[int]:
    """The Node server's port."""
    script = shutil.copy(HERE / "record_server.mjs", NODE_HOME)
    with program("node", str(script), host, *words) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def recorder(*command: str) -> Iterator[None]:
    """tcpdump or dumpcap, from its first word that it listens until a little after the block."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "listening on" in line or line.startswith("File:"):
            break
    subprocess.run(["sleep", "1"], check=True)
    try:
        yield
    finally:
        subprocess.run(["sleep", "1.5"], check=True)
        process.send_signal(signal.SIGINT)
        process.wait(10)


def tcpdump(name: str, *options: str) -> list[str]:
    return ["tcpdump", "-U", "-Z", "root", "-w", str(HERE / name), *options]


def dumpcap(name: str, *options: str) -> list[str]:
    return ["dumpcap", "-w", str(HERE / name), *options]


def curl(port: int) -> None:
    """One connection, five requests; then one over HTTP/1.0."""
    base = f"http://127.0.0.1:{port}"
    posted = ["--next", "-s", "-d", '{"text":"Hello"}', f"{base}/echo"]
    subprocess.run(
        [
            *("curl", "-s"),
            *(f"{base}/{path}" for path in ("", "chunked", "events", "missing")),
            *posted,
            *("--next", "-s", "-I", f"{base}/"),
        ],
        check=True,
    )
    subprocess.run(["curl", "-s", "-0", f"{base}/chunked"], check=True)


def node(url: str, *words: str) -> None:
    script = shutil.copy(HERE / "record_client.mjs", NODE_HOME)
    subprocess.run(["node", str(script), url, *words], check=True, timeout=20)


def chromium(port: int, har: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context(record_har_path=har, record_har_content="embed")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        print(page.evaluate(PAGE, f"ws://127.0.0.1:{port}/ws"))
        context.close()
        browser.close()


async def python_websockets() -> None:
    """websockets at both ends, over IPv6, with permessage-deflate and fragments."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    async with (
        serve(echo, "::1", PYTHON_PORT),
        connect(f"ws://[::1]:{PYTHON_PORT}/", proxy=None) as socket,
    ):
        for message in ("Hello", "Hello", b"\0\1\2", "x" * 70_000):
            await socket.send(message)
            await socket.recv()
        await socket.send(iter(["in ", "three ", "parts"]))
        await socket.recv()
        await (await socket.ping(b"ping"))


PYTHON_PORT = 38_765
FRONT = 38_080


def without_machine(path: Path) -> None:
    """Blank the recording machine's hardware and system in a little-endian pcapng file."""
    data = bytearray(path.read_bytes())
    at = 0
    while at < len(data):
        kind, total = struct.unpack_from("<II", data, at)
        wanted, start = {0x0A0D0D0A: ((2, 3), 24), 1: ((12,), 16)}.get(kind, ((), total))
        option = at + start
        while option < at + total - 4:
            code, length = struct.unpack_from("<HH", data, option)
            if code in wanted:
                data[option + 4 : option + 4 + length] = b"-" * length
            option += 4 + length + (-length & 3)
        at += total
    path.write_bytes(data)


def main() -> None:
    with server() as port, recorder(*tcpdump("curl.pcap", "-i", "lo", f"port {port}")):
        curl(port)
    with server() as port, recorder(*dumpcap("chromium.pcapng", "-i", "lo", "-f", f"port {port}")):
        chromium(port, HERE / "chromium-playwright.har")
    with (
        server("127.0.0.1", "deflate") as port,
        recorder(*tcpdump("node-sll2.pcap", "-i", "any", "-y", "LINUX_SLL2", f"port {port}")),
    ):
        node(f"ws://127.0.0.1:{port}/ws", "deflate")
    with (
        server() as port,
        recorder(*tcpdump("node-sll.pcap", "-i", "any", "-y", "LINUX_SLL", f"port {port}")),
    ):
        node(f"ws://127.0.0.1:{port}/ws")
    nano = ["-i", "lo", "--time-stamp-precision=nano", f"port {PYTHON_PORT}"]
    with recorder(*tcpdump("python-ipv6-nano.pcap", *nano)):
        asyncio.run(python_websockets())
    with tempfile.TemporaryDirectory() as folder, server() as port:
        settings = Path(folder) / "nginx.conf"
        settings.write_text(NGINX.format(folder=folder, front=FRONT, back=port))
        both = f"port {port} or port {FRONT}"
        with (
            program("nginx", "-c", str(settings), "-p", folder),
            recorder(*dumpcap("nginx.pcapng", "-i", "lo", "-f", both)),
        ):
            node(f"ws://127.0.0.1:{FRONT}/ws")
            curl(FRONT)
    for name in ("chromium.pcapng", "nginx.pcapng"):
        without_machine(HERE / name)
    for path in HERE.glob("*.pcap*"):
        path.chmod(0o644)


if __name__ == "__main__":
    main()
