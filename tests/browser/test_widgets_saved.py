"""Two views, a kernel that is gone, a reopened notebook, a page without any kernel."""

from __future__ import annotations

import json
import re

from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook

from labchat.widgets.assets import ROOT

SAMPLE = """
from labchat.widgets.inspector import Inspector
from labchat.widgets.sample import NAMES, sample
inspector = Inspector(sample(), names=NAMES, selected=11)
"""


SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
"""Toggles the setting for all notebooks."""


def notebook(*cells: str):
    return new_notebook(cells=[new_code_cell(cell) for cell in cells])


def executed():
    """A notebook with one inspector, run without a front end, as CI does it."""
    made = notebook(SAMPLE, "inspector")
    NotebookClient(made, timeout=60, store_widget_state=True).execute()
    return made


async def test_two_views_of_one_widget_select_together(open_notebook) -> None:
    lab = await open_notebook(notebook(SAMPLE, "inspector", "inspector"), viewport=(1360, 1500))
    page = lab.page
    lists = page.locator(".lc-list")
    await lists.nth(1).locator("[data-n='12']").click()
    chosen = lists.nth(0).locator("[aria-selected='true']")
    await chosen.and_(page.locator("[data-n='12']")).wait_for()
    ids = await page.locator(".lc-inspector [id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids)), "no id is used twice"
    assert lab.console_errors == []


async def look_at(page, n: str) -> None:
    await page.locator(f".lc-line[data-n='{n}']").click()
    await page.locator(".lc-title h3").get_by_text(n).wait_for()


async def test_a_restarted_kernel_is_said_and_the_record_stays(open_notebook) -> None:
    lab = await open_notebook(notebook(SAMPLE, "inspector"), viewport=(1360, 1000))
    page = lab.page
    for n in ("13", "11"):
        await look_at(page, n)
    await lab.restart_kernel()
    notice = page.locator(".lc-notice")
    await notice.get_by_text("The kernel is gone").wait_for()
    await look_at(page, "13")
    await lab.screenshot("widgets-kernel-gone", of=".lc-inspector")


async def test_a_reopened_notebook_shows_its_last_state_and_says_so(open_notebook) -> None:
    first = await open_notebook(notebook(SAMPLE, "inspector"), viewport=(1360, 1000))
    await first.page.locator(".lc-ruler-row").first.wait_for()
    await first.command(SAVE_STATE)
    await first.command("docmanager:save")
    await first.command(SAVE_STATE)
    await first.close()
    lab = await open_notebook(first.path, run=False, viewport=(1360, 1000))
    page = lab.page
    await page.locator(".lc-line[data-n='11'][aria-selected='true']").wait_for()
    await page.locator(".lc-ruler-row").first.wait_for()
    await page.locator(".lc-notice").get_by_text("Not live").wait_for()
    await lab.screenshot("widgets-reopened", of=".lc-inspector")


STATIC = """
<!doctype html><meta charset="utf-8"><body data-jp-theme-light="true"><div id="here"></div>
<script type="module">
import definition from "./inspector.mjs";
const state = STATE;
const model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes() {},
  on() {}, off() {}, send() {}, widget_manager: {},
};
const widget = definition();
await widget.initialize({ model });
widget.render({ model, el: document.getElementById("here") });
</script>
"""


async def test_a_static_page_works_without_network(pages, artifacts, tmp_path) -> None:
    """What nbconvert embeds is enough to draw the widget, with no kernel and no request."""
    html, _ = HTMLExporter().from_notebook_node(executed())
    found = re.search(r'widget-state\+json">\s*(\{.*?\})\s*</script>', html, re.DOTALL)
    assert found is not None
    models = json.loads(found[1])["state"].values()
    state = next(each["state"] for each in models if "saved" in each["state"])
    (tmp_path / "inspector.mjs").write_text(state.pop("_esm"))
    style = f"<style>{state.pop('_css')}</style>"
    page, errors = await pages.open(viewport={"width": 1000, "height": 760})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    inline = STATIC.replace("STATE", json.dumps(state).replace("</", "<\\/")) + style
    script = (tmp_path / "inspector.mjs").read_text()
    inline = inline.replace(
        'import definition from "./inspector.mjs";',
        script.replace("export default ", "const definition = ").replace("</", "<\\/"),
    )
    await page.set_content(inline)
    await page.locator(".lc-line[data-n='11'][aria-selected='true']").wait_for()
    await page.locator(".lc-notice").get_by_text("Not live").wait_for()
    assert await page.locator(".lc-ruler-row").count() == 3
    await page.screenshot(path=artifacts / "widgets-static.png")
    assert asked == []
    assert errors == []
    assert not list(ROOT.rglob("node_modules")), "the front end has no dependencies"
