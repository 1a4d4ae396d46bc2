"""Set-up on machines that lack things: it mends what it can and else says what to do."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Machine:
    """A machine on which every command succeeds and is written down."""

    def __init__(self, module: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.module = module
        self.ran: list[tuple[str, ...]] = []
        self.patch = monkeypatch
        monkeypatch.setattr(module, "ROOT", folder)
        monkeypatch.setattr(module, "VENV", folder / ".venv")
        monkeypatch.setattr(module, "run", lambda *command: self.ran.append(command))
        self.apt(False)
        self.has(True)
        (folder / ".venv").mkdir()
        (folder / "pyproject.toml").write_text("")
        (folder / "constraints.txt").write_text("")

    def apt(self, can: bool) -> None:
        self.patch.setattr(self.module, "can_apt", lambda: can)

    def has(self, every_program: bool) -> None:
        """Whether programs are found and whether Python code runs."""
        self.patch.setattr(shutil, "which", lambda name: f"/{name}" if every_program else None)
        self.patch.setattr(self.module, "works", lambda *_: every_program)


@pytest.fixture
def machine(script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(script("set_up"), monkeypatch, tmp_path)


def test_a_second_run_does_nothing(machine: Machine) -> None:
    machine.module.main(["dev", "browser", "tools"])
    assert len(machine.ran) == 1
    machine.module.main(["dev", "browser", "tools"])
    assert len(machine.ran) == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_installs_again(machine: Machine, name: str) -> None:
    machine.module.main(["dev"])
    (machine.module.ROOT / name).write_text("# changed")
    machine.module.main(["dev"])
    assert len(machine.ran) == 2
    assert len(list(machine.module.VENV.glob(".dev-*"))) == 1


def test_the_development_set_up_serves_a_learner_too(machine: Machine) -> None:
    machine.module.main(["dev", "lab", "docs"])
    assert len(machine.ran) == 1


def test_an_old_python_is_told_which_it_must_be(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is"):
        machine.module.main(["dev"])


def no_ensurepip(name: str) -> object | None:
    return None if name == "ensurepip" else object()


def test_without_ensurepip_root_on_debian_gets_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", no_ensurepip)
    monkeypatch.setattr(machine.module, "works", lambda _, code: code == "import ensurepip, venv")
    machine.apt(True)
    machine.module.main(["lab"])
    debian = f"python3.{sys.version_info.minor}-venv"
    assert any(command[-1] == debian for command in machine.ran)
    assert any(command[1:3] == ("-m", "venv") for command in machine.ran)


def test_without_ensurepip_others_are_told_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", no_ensurepip)
    machine.has(False)
    with pytest.raises(SystemExit, match=r"sudo apt install python3\.\d+-venv.*Then run make"):
        machine.module.main(["lab"])
    assert machine.ran == []


def test_a_python_whose_ensurepip_no_package_brings_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", no_ensurepip)
    machine.has(False)
    machine.apt(True)
    with pytest.raises(SystemExit, match=r"still cannot make.*make PYTHON="):
        machine.module.main(["lab"])


def test_debian_brings_its_chromium(machine: Machine) -> None:
    machine.has(False)
    machine.apt(True)
    with pytest.raises(SystemExit, match="sudo apt install libatomic1"):
        machine.module.main(["browser"])
    assert machine.ran[-1][-2:] == ("chromium", "libatomic1")
    assert "DPkg::Lock::Timeout=240" in machine.ran[-1]


def test_elsewhere_playwright_brings_its_own(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has(False)
    monkeypatch.setattr(
        machine.module, "works", lambda _, code: code == machine.module.DRIVER_STARTS
    )
    with pytest.raises(SystemExit, match="no Chromium here"):
        machine.module.main(["browser"])
    assert machine.ran[-1][1:] == ("-m", "playwright", "install", "chromium")


def test_missing_tools_are_installed_or_said(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.has(False)
    machine.module.main(["tools"])
    assert (
        "no tshark here: the tests that compare with it will be skipped" in capsys.readouterr()[0]
    )
    machine.apt(True)
    machine.module.main(["tools"])
    assert "tshark" in machine.ran[-1]


def test_a_step_that_fails_is_named(script: Any) -> None:
    with pytest.raises(SystemExit, match=r"set-up failed \(exit code 3\) at: .*sys\.exit\(3\)"):
        script("set_up").run(sys.executable, "-c", "import sys; sys.exit(3)")
