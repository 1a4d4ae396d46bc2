"""``labchat lab``: which folder, which notebook, which command line; and a wheel that works."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from jupyterlab.labapp import LabApp
from typer.testing import CliRunner

from labchat.cli import lab, make_app
from labchat.cli.tutorials import RECORD, copy_tutorials
from labchat.errors import LabError, MissingExtra, PortInUse, SettingsError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "packaged"
    (folder / "data").mkdir(parents=True)
    (folder / "00_start.ipynb").write_text("start, first edition")
    (folder / "01_handshake.ipynb").write_text("handshake, first edition")
    (folder / "data" / "capture.pcapng").write_bytes(b"\x0a\x0d\x0d\x0a")
    (folder / ".gitkeep").write_text("")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "mine"


def test_the_tutorials_are_copied_with_their_data(source: Path, target: Path) -> None:
    assert copy_tutorials(source, target) == []
    copied = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert copied == {RECORD, "00_start.ipynb", "01_handshake.ipynb", "data/capture.pcapng"}


def test_a_newer_edition_replaces_what_the_learner_did_not_touch(
    source: Path, target: Path
) -> None:
    copy_tutorials(source, target)
    (source / "00_start.ipynb").write_text("start, second edition")
    assert copy_tutorials(source, target) == []
    assert (target / "00_start.ipynb").read_text() == "start, second edition"


def test_what_the_learner_changed_is_never_overwritten(source: Path, target: Path) -> None:
    copy_tutorials(source, target)
    (target / "00_start.ipynb").write_text("mine")
    assert copy_tutorials(source, target) == []
    for edition in ("second", "third"):
        (source / "00_start.ipynb").write_text(f"start, {edition} edition")
        assert copy_tutorials(source, target) == ["00_start.ipynb"]
        assert (target / "00_start.ipynb").read_text() == "mine"


def test_a_file_labchat_did_not_put_there_stays(source: Path, target: Path) -> None:
    target.mkdir()
    (target / "00_start.ipynb").write_text("mine, from before")
    assert copy_tutorials(source, target) == ["00_start.ipynb"]
    assert (target / "00_start.ipynb").read_text() == "mine, from before"
    assert (target / "01_handshake.ipynb").exists()


@pytest.mark.parametrize("spoilt", ["", "{", "[1]"])
def test_a_spoilt_record_costs_nobody_his_work(source: Path, target: Path, spoilt: str) -> None:
    copy_tutorials(source, target)
    (target / RECORD).write_text(spoilt)
    (target / "00_start.ipynb").write_text("mine")
    assert copy_tutorials(source, target) == ["00_start.ipynb"]
    assert (target / "00_start.ipynb").read_text() == "mine"


@pytest.mark.parametrize("wanted", ["01_handshake.ipynb", "01_handshake", "01", "1"])
def test_a_notebook_is_found_by_name_or_number(source: Path, wanted: str) -> None:
    assert lab.find_notebook(source, wanted) == "01_handshake.ipynb"


def test_an_unknown_notebook_is_answered_with_those_there_are(source: Path) -> None:
    with pytest.raises(SettingsError, match=r"no notebook 7; .*00_start\.ipynb, 01_handshake"):
        lab.find_notebook(source, "7")


def test_from_a_checkout_its_own_notebooks_are_opened(root: Path) -> None:
    assert lab.tutorials_folder(None) == root / "notebooks"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match=r"cannot put the tutorials into .*file.*--dir"):
        lab.tutorials_folder(tmp_path / "file" / "below")


def test_a_taken_port_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} already"):
            lab.require_free(port)
    lab.require_free(port)


@pytest.mark.parametrize("port", [70000, -1])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match=f"no port {port}"):
        lab.require_free(port)


def test_without_the_lab_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "NEEDED", ("jupyterlab", "no_such_library"))
    with pytest.raises(MissingExtra, match=r"needs no_such_library.*pip install 'labchat\[lab\]'"):
        lab.require_lab_extra()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root here")
@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_for_root(
    monkeypatch: pytest.MonkeyPatch, user: int, allowed: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    arguments = lab.jupyter_arguments(Path("/n"), "00_start.ipynb", None)
    assert ("--allow-root" in arguments) is allowed


def test_the_command_launches_jupyterlab(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: Path
) -> None:
    launched: list[list[str]] = []
    monkeypatch.setattr(LabApp, "launch_instance", launched.append)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")
    command = ["lab", "0", "--port", "0", "--no-browser", "--dir", str(tmp_path / "mine")]
    result = CliRunner().invoke(make_app(), command)
    assert result.exit_code == 0, result.output
    assert f"--ServerApp.root_dir={tmp_path / 'mine'}" in launched[0]
    assert "--LabApp.default_url=/lab/tree/00_start.ipynb" in launched[0]
    assert "--no-browser" in launched[0]
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[1:] == ["theirs"]
    first = Path(os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    page = json.loads((first / "labconfig" / "page_config.json").read_text())
    assert page["disabledExtensions"] == {"@jupyterlab/apputils-extension:announcements": True}


@pytest.mark.slow
class TestWheel:
    """What ``pip install labchat`` gives, in a folder of its own, far from the checkout."""

    @pytest.fixture(scope="class")
    @classmethod
    def installed(cls, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("wheel")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, root]
        subprocess.run([*pip, *build], check=True, stdin=subprocess.DEVNULL)
        (wheel,) = folder.glob("labchat-*.whl")
        place = ["install", "--no-deps", "--no-index", "--target", folder / "site", wheel]
        subprocess.run([*pip, *place], check=True, stdin=subprocess.DEVNULL)
        return folder / "site"

    def test_it_contains_all_that_the_package_holds(self, root: Path, installed: Path) -> None:
        passing = {"__pycache__", ".ipynb_checkpoints"}
        found = [path for room in ("labchat", "notebooks") for path in (root / room).rglob("*")]
        paths = [
            path.relative_to(root)
            for path in found
            if path.is_file() and passing.isdisjoint(path.parts) and path.name != ".gitkeep"
        ]
        there = [Path("labchat", p) if p.parts[0] == "notebooks" else p for p in paths]
        assert [str(path) for path in there if not (installed / path).exists()] == []
        assert any(path.suffix == ".ipynb" for path in there)
        assert any(path.suffix == ".js" for path in there)

    def test_the_lab_opens_from_it(self, installed: Path, tmp_path: Path) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(installed),
            "HOME": str(tmp_path),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        }
        command = [sys.executable, "-m", "labchat", "lab", "--no-browser", "--port", "0"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            url, token = self.address(process)
            patient = httpx.HTTPTransport(retries=6)  # it prints its address before it listens
            with httpx.Client(transport=patient, headers={"Authorization": f"token {token}"}) as it:
                listed = it.get(f"{url}/api/contents", timeout=50).json()["content"]
            names = {entry["name"] for entry in listed}
        finally:
            process.terminate()
            process.communicate(timeout=50)
        assert "00_start.ipynb" in names
        assert names <= {path.name for path in (tmp_path / "labchat-notebooks").iterdir()}

    @staticmethod
    def address(process: subprocess.Popen[str]) -> tuple[str, str]:
        """The URL and the token JupyterLab prints when it is up."""
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\S*\?token=(\w+)", line):
                return found[1], found[2]
        raise AssertionError("JupyterLab ended:\n" + "".join(said))
