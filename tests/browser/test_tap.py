"""labchat.tap(…) at the end of a cell, in front of an app of one's own."""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_code_cell, new_notebook
from playwright.async_api import expect

APP = """
import http.client, http.server, threading, labchat
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"hi")
    def log_message(self, *words): pass
app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()
tap = labchat.tap(f"127.0.0.1:{app.server_port}")
tap
"""
ASK = """
def ask(path):
    client = http.client.HTTPConnection(*tap.address)
    client.request("GET", path)
    client.getresponse().read()
ask("/first")
tap.gate.hold()
threading.Thread(target=ask, args=["/second"]).start()
"""


async def test_an_own_app_is_watched_held_and_stepped(open_notebook: Any) -> None:
    cells = [new_code_cell(APP), new_code_cell(ASK)]
    lab = await open_notebook(new_notebook(cells=cells), viewport=(1360, 1300))
    panel = lab.page.locator(".lc-panel")
    lines = panel.locator(".lc-inspector .lc-line")
    await expect(lines.filter(has_text="GET /first")).to_be_visible()
    await expect(lines.filter(has_text="200 OK")).to_be_visible()
    await expect(panel.locator(".lc-unit-card", has_text="GET /second")).to_be_visible()
    await lab.screenshot("tap-light", of=".lc-panel")
    await panel.locator(".lc-stepper").get_by_role("button", name="Continue").click()
    await expect(lines.filter(has_text="GET /second")).to_be_visible()
    assert lab.console_errors == []
