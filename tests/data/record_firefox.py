"""Record ``firefox.har``: what Firefox's network panel saves of a visit to ``record_server.mjs``.

``python tests/data/record_firefox.py FOLDER``: the folder holds ``node_modules/ws``. Firefox is
driven by its own Marionette protocol (a length, a colon, JSON), since that reaches the panel.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MARIONETTE = 2899

OPEN = """
const { require } = ChromeUtils.importESModule(
  "resource://devtools/shared/loader/Loader.sys.mjs");
const { gDevTools } = require("devtools/client/framework/devtools");
const browser = Services.wm.getMostRecentWindow("navigator:browser");
const tab = browser.gBrowser.selectedTab;
browser.recorded = await gDevTools.showToolboxForTab(tab, { toolId: "netmonitor" });
"""
PAGE = """
const socket = new WebSocket(location.origin.replace("http", "ws") + "/ws");
const echo = async (data) => {
  const came = new Promise((done) => { socket.onmessage = done; });
  socket.send(data);
  await came;
};
await new Promise((done) => { socket.onopen = done; });
await echo("Hello");
await echo("größer");
await echo(new Uint8Array([0, 1, 2, 255]));
socket.close(1000, "bye");
await new Promise((done) => { socket.onclose = done; });
const headers = { "Content-Type": "application/json" };
await (await fetch("/echo", { method: "POST", headers, body: '{"text":"Hello"}' })).text();
await (await fetch("/chunked")).text();
await (await fetch("/events")).text();
await new Promise((done) => setTimeout(done, 1000));
"""
SAVE = """
const { recorded } = Services.wm.getMostRecentWindow("navigator:browser");
return JSON.stringify({ log: await recorded.getHARFromNetMonitor() }, null, 2);
"""


class Marionette:
    """A connection to Firefox."""

    def __init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", MARIONETTE), timeout=60)
        self._file = self._socket.makefile("rb")
        self._answer()

    def call(self, command: str, **parameters: Any) -> Any:
        data = json.dumps([0, 1, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._answer()
        if error:
            raise RuntimeError(error)
        return result

    def run(self, context: str, script: str) -> Any:
        """Run an async script in the page ("content") or in Firefox itself ("chrome")."""
        self.call("Marionette:SetContext", value=context)
        script = f"(async () => {{{script}}})().then(arguments[0], (e) => arguments[0](`${{e}}`))"
        given = {"script": script, "args": [], "newSandbox": False}
        return self.call("WebDriver:ExecuteAsyncScript", **given)["value"]

    def _answer(self) -> Any:
        digits = b""
        while (byte := self._file.read(1)) != b":":
            digits += byte
        return json.loads(self._file.read(int(digits)))


def record(port: int) -> str:
    firefox = Marionette()
    firefox.call("WebDriver:NewSession", capabilities={})
    print(firefox.run("chrome", OPEN))
    firefox.call("Marionette:SetContext", value="content")
    firefox.call("WebDriver:Navigate", url=f"http://127.0.0.1:{port}/")
    print(firefox.run("content", PAGE))
    return str(firefox.run("chrome", SAVE))


def main(node_home: Path) -> None:
    script = shutil.copy(HERE / "record_server.mjs", node_home)
    server = subprocess.Popen(["node", script], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as profile:
        (Path(profile) / "user.js").write_text(f'user_pref("marionette.port", {MARIONETTE});\n')
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", profile]
        command += ["--marionette", "--remote-allow-system-access", "about:blank"]
        pipe = subprocess.PIPE
        browser = subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        try:
            assert browser.stdout is not None
            next(line for line in browser.stdout if "Listening on port" in line)
            saved = record(int(server.stdout.readline()))
        finally:
            for process in (browser, server):
                process.terminate()
                process.wait(20)
    (HERE / "firefox.har").write_text(saved + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
