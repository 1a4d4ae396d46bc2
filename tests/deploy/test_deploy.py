"""``deploy/``: its files name files that are there, and its scripts do what the containers need."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

DEPLOY = Path(__file__).parents[2] / "deploy"
SCRIPTS = sorted(DEPLOY.glob("*.sh"))


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """A container's environment in a folder: this Python first on the path, a home, loopback."""
    for folder in ("bin", "home", "data"):
        (tmp_path / folder).mkdir()
    keep = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE")}
    path = [str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        **keep,
        "PATH": os.pathsep.join(path),
        "HOME": str(tmp_path / "home"),
        "LABCHAT_DATA": str(tmp_path / "data"),
        "LABCHAT_HUB_DATA": str(tmp_path / "data"),
        "LABCHAT_HOST": "127.0.0.1",
        "LABCHAT_PORT": "0",
    }


def run(world: dict[str, str], script: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / script, *words],
        env=world,
        cwd=world["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def started(world: dict[str, str], says: str, *words: str) -> Iterator[re.Match[str]]:
    """``entry.sh WORDS`` until the block ends; the first thing it says that matches."""
    process = subprocess.Popen(
        [DEPLOY / "entry.sh", *words],
        env=world,
        cwd=world["HOME"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        heard = []
        for line in process.stdout:
            heard.append(line)
            if found := re.search(says, line):
                yield found
                break
        else:
            raise AssertionError("it ended:\n" + "".join(heard))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=50)


def stand_in(world: dict[str, str], program: str) -> Path:
    """A program that writes down its words and the environment; its last line is the words."""
    record = Path(world["HOME"], f"{program}.txt")
    path = Path(world["PATH"].split(os.pathsep)[0], program)
    path.write_text(f'#!/bin/sh\nenv >{record}\nfor word; do echo "$word" >>{record}; done\n')
    path.chmod(0o755)
    return record


def tokens(world: dict[str, str]) -> dict[str, str]:
    path = Path(world["LABCHAT_DATA"], "tokens.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = csv.DictReader(path.read_text().splitlines())
    return {row["userId"]: row["token"] for row in rows}


@pytest.fixture
def login() -> ModuleType:
    spec = importlib.util.spec_from_file_location("class_login", DEPLOY / "class_login.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_class_is_served_from_its_roster(world: dict[str, str], login: ModuleType) -> None:
    roster = Path(world["LABCHAT_DATA"], "roster.csv")
    roster.write_text("userId,name\nada,Ada\nbob b,Bob\n")
    with started(world, r"serving on (http://\S+)", "serve") as ready:
        known = tokens(world)
        healthy = run(world, "entry.sh", "health", ready[1])
        assert (healthy.returncode, healthy.stdout) == (0, '{"status":"ready"}\n')
        assert login.is_known(ready[1], "ada", known["ada"])
        assert login.is_known(ready[1], "bob b", known["bob b"])
        assert not login.is_known(ready[1], "ada", known["bob b"])
        assert not login.is_known(ready[1], "ada", "guessed")
        assert not login.is_known(ready[1], "ada", "")
        assert not login.is_known(ready[1], "ada", "ä\r\nX: y")
        assert not login.is_known(ready[1], "", known["ada"])
    assert run(world, "health.sh", ready[1]).returncode != 0
    roster.write_text("userId\nada\ncy\n")
    with started(world, r"serving on (http://\S+)", "serve") as ready:
        assert {**tokens(world), "cy": ""} == {**known, "cy": ""}
        assert login.is_known(ready[1], "ada", known["ada"])
        assert login.is_known(ready[1], "cy", tokens(world)["cy"])


def test_without_a_good_roster_nothing_is_served(world: dict[str, str]) -> None:
    assert "Cannot read" in run(world, "serve.sh").stderr
    Path(world["LABCHAT_DATA"], "roster.csv").write_text("userId\nada\nada\n")
    refused = run(world, "serve.sh")
    assert refused.returncode == 2
    assert "line 3: ada again" in refused.stderr


@pytest.mark.slow
def test_alone_it_opens_jupyterlab_on_a_copy_of_the_notebooks(world: dict[str, str]) -> None:
    says = r"(http://127\.0\.0\.1:\d+)/lab\S*\?token=(\w+)"
    words = ("--port=0", "--allow-root")
    with started(world, says, "notebooks", *words) as ready:
        patient = httpx.HTTPTransport(retries=6)  # it prints its address before it listens
        with httpx.Client(transport=patient, headers={"Authorization": f"token {ready[2]}"}) as it:
            listed = it.get(f"{ready[1]}/api/contents", timeout=50).json()["content"]
    assert {"00_start.ipynb", "data"} <= {entry["name"] for entry in listed}
    assert Path(world["HOME"], "labchat-notebooks", "00_start.ipynb").is_file()


def test_under_jupyterhub_it_becomes_a_learners_server(world: dict[str, str]) -> None:
    record = stand_in(world, "jupyterhub-singleuser")
    done = run({**world, "JUPYTERHUB_SERVICE_URL": "http://:8888"}, "entry.sh")
    assert done.returncode == 0, done.stderr
    folder = Path(world["HOME"], "labchat-notebooks")
    said = record.read_text().splitlines()
    assert said[-2:] == [
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.default_url=/lab/tree/00_start.ipynb",
    ]
    (config,) = (line.split("=", 1)[1] for line in said if line.startswith("JUPYTER_CONFIG_PATH="))
    assert Path(config, "labconfig", "page_config.json").is_file()
    assert (folder / "00_start.ipynb").is_file()
    assert not (folder / "instructor").exists()
    assert (DEPLOY.parent / "notebooks" / "instructor").is_dir()


def test_a_task_that_is_none_is_refused(world: dict[str, str]) -> None:
    refused = run(world, "entry.sh", "dance")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "dance is none of notebooks, serve, health" in refused.stderr


def test_the_hub_keeps_one_key_that_nobody_else_reads(world: dict[str, str]) -> None:
    record, key = stand_in(world, "jupyterhub"), Path(world["LABCHAT_HUB_DATA"], "crypt_key")
    for _ in range(2):
        assert run(world, "hub.sh", "--debug").returncode == 0
        assert f"JUPYTERHUB_CRYPT_KEY={key.read_text().strip()}\n" in record.read_text()
        said = record.read_text().splitlines()[-3:]
        assert said == ["--config", str(DEPLOY / "jupyterhub_config.py"), "--debug"]
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_hub_is_installed_step_by_step(world: dict[str, str]) -> None:
    """Debian, npm and pip are stood in for: what they are asked is what counts."""
    records = [stand_in(world, name) for name in ("apt-get", "npm", "python3", "rm")]
    assert run(world, "install_hub.sh", "jupyterhub==6.1.1").returncode == 0
    apt, npm, python, removed = (record.read_text().splitlines() for record in records)
    assert apt[-2:] == ["nodejs", "npm"]
    assert npm[-1].startswith("configurable-http-proxy@")
    assert python[-1] == "jupyterhub==6.1.1"
    assert removed[-1].startswith("/var/lib/apt/lists")


@pytest.mark.slow
def test_the_lab_is_installed_as_a_wheel(world: dict[str, str], root: Path, tmp_path: Path) -> None:
    """Offline: hatchling is here, and what labchat needs is here too."""
    site = tmp_path / "site"
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    done = run({**world, **offline, **quiet, "PIP_TARGET": str(site)}, "install.sh", str(root))
    assert done.returncode == 0, done.stderr
    assert (site / "labchat" / "notebooks" / "00_start.ipynb").is_file()
    (metadata,) = site.glob("labchat-*.dist-info/direct_url.json")
    assert ".whl" in metadata.read_text()


def dockerfile() -> list[list[str]]:
    """Its instructions as words."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def test_the_dockerfile_runs_scripts_that_are_there_and_not_as_root() -> None:
    known = {"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"}
    steps = dockerfile()
    assert {step[0] for step in steps} == known
    text = (DEPLOY / "Dockerfile").read_text()
    called = set(re.findall(r"/src/deploy/(\S+?)[\"\s]", text))
    assert called == {"install.sh", "entry.sh", "install_hub.sh", "hub.sh"}
    assert [name for name in called if not os.access(DEPLOY / name, os.X_OK)] == []
    hub = steps.index(["FROM", "python:3.13-slim", "AS", "hub"])
    assert ["USER", "learner"] in steps[:hub]


def test_hub_and_notebooks_have_the_same_jupyterhub() -> None:
    versions = re.findall(r"jupyterhub==(\S+)", (DEPLOY / "Dockerfile").read_text())
    assert len(versions) == 2
    assert len(set(versions)) == 1


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    return loaded


def test_compose_builds_what_the_dockerfile_has(compose: dict[str, Any], root: Path) -> None:
    stages = {step[3] for step in dockerfile() if step[0] == "FROM"}
    for service in compose["services"].values():
        context = (DEPLOY / service["build"]["context"]).resolve()
        assert context == root
        assert (context / service["build"]["dockerfile"]).is_file()
        assert service["build"]["target"] in stages


def test_compose_is_open_on_this_machine_alone(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_and_scripts_agree(compose: dict[str, Any]) -> None:
    chat, hub = compose["services"]["chat"], compose["services"]["hub"]
    assert chat["command"] == ["serve"]
    (_, check) = chat["healthcheck"]["test"]
    assert os.access(DEPLOY / Path(check).name, os.X_OK)
    assert hub["environment"]["LABCHAT_IMAGE"] == chat["image"]
    assert hub["environment"]["LABCHAT_NETWORK"] == compose["networks"]["default"]["name"]
    told = {*chat["environment"], *hub["environment"]}
    read = "".join(path.read_text() for path in (*SCRIPTS, DEPLOY / "jupyterhub_config.py"))
    assert [name for name in told if name not in read] == []
    named = {mount.split(":")[0] for each in (chat, hub) for mount in each["volumes"]}
    assert {name for name in named if "/" not in name} == set(compose["volumes"])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_a_shells_and_may_be_run(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize("module", sorted(DEPLOY.glob("*.py")), ids=lambda path: path.name)
def test_every_module_compiles(module: Path) -> None:
    compile(module.read_text(), str(module), "exec")
