"""The instrument in front of an app of one's own, as a notebook shows it."""

from __future__ import annotations

import pytest

import labchat
from labchat.capture import files
from labchat.capture.capture import Chunk
from labchat.lab import front as shown
from labchat.lab import views
from labchat.tap.front import Front
from labchat.wire.fields import Direction

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def tap():
    with labchat.tap("127.0.0.1:9") as made:
        yield made
    shown._panels.pop(made, None)


def test_a_cell_that_ends_with_it_shows_its_panel(tap, tmp_path) -> None:
    bundle = tap._repr_mimebundle_(include=None, exclude=None)
    panel = shown.panel(tap)
    assert bundle[VIEW]["model_id"] == panel.model_id
    assert shown.panel(tap) is panel, "a second cell shows the same one"
    assert panel.lab.url == f"http://127.0.0.1:{tap.address[1]}"
    assert panel.stepper.may_reconnect is False
    tap.gate.hold()
    panel.follow()
    assert panel.hold_button.description == "Continue"
    tap.faults.latency(40)
    panel.follow()
    assert panel.faults_button.description == "Faults: 40 ms"
    number = tap.capture.open(0, client="a:1", server="b:2")
    tap.capture.append(number, Chunk(0, Direction.C2S, 0, b"GET / HTTP/1.1\r\n\r\n"))
    assert len(files.open(panel.lab.save(tmp_path / "own.pcapng"))) == 1
    tap.stop()
    assert panel.lab.url == ""


def test_without_widgets_it_is_plain_text(tap, monkeypatch) -> None:
    def missing(name: str, *args, **kwargs):
        raise ModuleNotFoundError(name="ipywidgets")

    monkeypatch.setattr(views.importlib, "import_module", missing)
    assert shown.bundle(tap) is None


def test_nobody_need_know_how_to_show_it(tap, monkeypatch) -> None:
    monkeypatch.setattr(labchat.tap, "_shows", [])
    assert tap._repr_mimebundle_() is None
    assert isinstance(tap, Front)
