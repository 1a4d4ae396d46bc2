"""The repository keeps its word: what its files say of each other is true."""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import os
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
import typer
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import labchat
from labchat.cli import make_app

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(
    path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(labchat.__path__, "labchat.")
    if not module.name.endswith("__main__")
)
STUDENTS = [path for path in NOTEBOOKS if path.parent.name != "instructor"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.+!]*)$")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


@pytest.fixture(scope="module")
def asked(project: dict[str, Any]) -> list[Requirement]:
    """Everything pyproject.toml asks for, in all extras together."""
    meta = project["project"]
    groups = [meta["dependencies"], *meta["optional-dependencies"].values()]
    found = [Requirement(line) for group in groups for line in group]
    return [one for one in found if one.name != "labchat"]


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = [line for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    matches = [PIN.match(line) for line in lines]
    assert all(matches), "constraints.txt holds exact versions and nothing else: no host, no path"
    return {canonicalize_name(match[1]): match[2] for match in matches if match}


def test_constraints_pin_what_pyproject_asks_for(
    asked: list[Requirement], pins: dict[str, str]
) -> None:
    loose = [str(one) for one in asked if pins.get(canonicalize_name(one.name)) is None]
    assert loose == []
    wrong = [str(one) for one in asked if pins[canonicalize_name(one.name)] not in one.specifier]
    assert wrong == []


def test_what_runs_is_what_the_constraints_say(pins: dict[str, str]) -> None:
    installed = {
        canonicalize_name(one.metadata["Name"]): one.version
        for one in importlib.metadata.distributions()
    }
    shared = pins.keys() & installed.keys()
    assert {name: installed[name] for name in shared} == {name: pins[name] for name in shared}


def test_the_conda_environment_agrees_with_pyproject(project: dict[str, Any]) -> None:
    meta = project["project"]
    wanted = [*meta["dependencies"], *meta["optional-dependencies"]["lab"]]
    only_on_pypi = [each for each in wanted if each.startswith("hdrhistogram")]
    *packages, pip = yaml.safe_load(read("environment.yml"))["dependencies"]
    on_conda = [each for each in wanted if each not in only_on_pypi]
    assert packages == [f"python{meta['requires-python']}", "pip", *on_conda]
    assert pip == {"pip": [*only_on_pypi, "-e .[lab]"]}


def test_ci_runs_make_test_and_nothing_else() -> None:
    steps = [line for line in read(".ci/run").splitlines() if line and line[0] != "#"]
    assert steps == ['cd "$(dirname "$0")/.." && exec make test']
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_readme_tells_of_every_command_and_of_no_other() -> None:
    program = typer.main.get_command(make_app())
    visible = {name for name, command in program.commands.items() if not command.hidden}
    assert set(re.findall(r"^\| `labchat ([\w-]+)", read("README.md"), re.M)) == visible


def test_there_are_notebooks() -> None:
    assert ROOT / "notebooks" / "00_start.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("notebook", STUDENTS, ids=lambda path: path.name)
def test_the_readme_lists_every_notebook(notebook: Path) -> None:
    assert f"({notebook.relative_to(ROOT).as_posix()})" in read("README.md")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_stored_without_outputs(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    dirty = [
        cell.source
        for cell in code
        if "keep-output" not in cell.metadata.get("tags", [])
        and (cell.outputs or cell.execution_count is not None)
    ]
    assert dirty == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_keep_no_widget_state_and_name_the_plain_kernel(notebook: Path) -> None:
    metadata = nbformat.read(notebook, as_version=4).metadata
    assert "widgets" not in metadata
    assert metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", read(page))
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_contributing_shows_every_room() -> None:
    rooms = {path.name for path in (ROOT / "labchat").iterdir() if path.is_dir()}
    told = set(re.findall(r"^\| `labchat/(\w+)`", read("CONTRIBUTING.md"), re.M))
    assert told == rooms - {"__pycache__"}


def test_the_changelog_tells_of_this_version(project: dict[str, Any]) -> None:
    assert f"\n## {project['project']['version']}" in read("CHANGELOG.md")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
