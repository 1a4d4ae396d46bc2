"""What a lab shows, and what it says where it cannot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from labchat.errors import LabError, MissingExtra
from labchat.lab import Lab
from labchat.lab.views import widgets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        lab.alice.say("Hello", to=lab.bob).result()
        lab.bob.hears("Hello").result()
        yield lab


def test_each_view_is_made_and_says_what_it_is(lab: Lab) -> None:
    views = [lab.panel(), lab.chat("user-2"), lab.inspector(), lab.ladder(), lab.stepper()]
    views.append(lab.latency())
    views += [lab.handshake(1), lab.compare(12, 13), lab.stepper(faults=False)]
    for view in views:
        assert " at 0x" not in repr(view)
        view.close()


def test_an_inspector_opens_at_a_unit_of_choice(lab: Lab) -> None:
    before = len(lab.capture)
    opened = [lab.inspector(), lab.inspector(3), lab.inspector(-1)]
    first, third, newest = (view.selected for view in opened)
    assert (first, third) == (0, 3)
    assert before <= newest <= len(lab.capture)
    for view in opened:
        view.close()


def test_the_stepper_has_the_faults_above_it_unless_told_not_to(lab: Lab) -> None:
    both = lab.stepper()
    both.fault_bar.latency.value = 40
    assert lab.faults.describe() == "latency 40 ms"
    both.fault_bar.latency.value = 0
    both.close()
    alone = lab.stepper(faults=False)
    assert type(alone).__name__ == "Stepper"
    alone.close()


def test_a_chat_may_be_with_a_user_of_choice(lab: Lab) -> None:
    assert repr(lab.chat("user-1", peer="user-2")) == "ChatPanel(Alice with Bob)"
    with pytest.raises(LabError, match="no user 'user-7'"):
        lab.chat("user-1", peer="user-7")


def test_what_is_not_there_yet_is_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="no connection 99 yet"):
        lab.handshake(99)
    with pytest.raises(LabError, match="units so far"):
        lab.compare(9999)


def test_a_capture_is_saved_and_opens_again(lab: Lab, tmp_path: Path) -> None:
    import labchat

    before = len(lab.capture)
    path = lab.save(tmp_path / "lab.pcapng")
    assert before <= len(labchat.open(path)) <= len(lab.capture)


def test_a_kernel_without_the_extra_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("labchat.widgets")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtra, match=r"pip install 'labchat\[lab\]'"):
        widgets("inspector")


def test_our_own_mistakes_are_not_taken_for_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"labchat\.widgets\.nonsense"):
        widgets("nonsense")
