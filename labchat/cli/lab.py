"""``labchat lab``: open JupyterLab on the tutorials."""

from __future__ import annotations

import importlib.util
import os
import socket
from pathlib import Path
from typing import Annotated

import typer

import labchat
from labchat.cli.tutorials import copy_tutorials
from labchat.errors import LabError, MissingExtra, PortInUse, SettingsError

FIRST = "00_start.ipynb"
NEEDED = ("jupyterlab", "ipywidgets", "anywidget", "matplotlib")
CONFIG = Path(__file__).parent / "jupyter"
"""Jupyter settings of ours: no question about news on the first screen."""


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("lab")(lab)


def lab(
    notebook: Annotated[
        str, typer.Argument(help="The notebook to open: its name, or its number.")
    ] = FIRST,
    port: Annotated[
        int | None,
        typer.Option(help="Port for JupyterLab; 0 picks a free one. [default: 8888 or the next]"),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser window.")
    ] = True,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Where your copy of the tutorials lives."),
    ] = None,
) -> None:
    """Open JupyterLab on the tutorials.

    From a checkout it opens the checkout's own `notebooks/`. From an installed package it copies
    them to `~/labchat-notebooks` (or `--dir`) first; what you changed there is never overwritten.
    """
    require_lab_extra()
    require_free(port)
    folder = tutorials_folder(directory)
    start = find_notebook(folder, notebook)
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, [str(CONFIG), os.environ.get("JUPYTER_CONFIG_PATH")])
    )
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of the Python that runs labchat
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(jupyter_arguments(folder, start, port, browser=browser))


def require_lab_extra() -> None:
    """Raise MissingExtra unless JupyterLab and the widgets' libraries are installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"the lab needs {', '.join(missing)}, which this Python does not have. "
            "Install labchat with its lab extra: pip install 'labchat[lab]'"
        )


def require_free(port: int | None) -> None:
    """Raise PortInUse if the wanted port is taken, SettingsError if there is no such port."""
    if not port:
        return
    if not 0 < port < 65536:
        raise SettingsError(f"there is no port {port}: a port is 0 to 65535")
    try:
        with socket.create_server(("127.0.0.1", port)):
            return
    except PermissionError as error:
        raise SettingsError(f"port {port} is for the administrator; take one over 1023") from error
    except OSError as error:
        raise PortInUse(
            f"somebody listens on port {port} already. Leave --port out to take the next free one"
        ) from error


def tutorials_folder(directory: Path | None) -> Path:
    """The folder JupyterLab will serve, with the tutorials in it."""
    checkout = Path(labchat.__file__).parent.parent
    in_checkout = (checkout / "pyproject.toml").is_file()
    if in_checkout and directory is None:
        return checkout / "notebooks"
    packaged = (checkout if in_checkout else Path(labchat.__file__).parent) / "notebooks"
    target = (directory or Path("~/labchat-notebooks")).expanduser().resolve()
    try:
        kept = copy_tutorials(packaged, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LabError(
            f"cannot put the tutorials into {target}: {reason}. Name another place: "
            "labchat lab --dir FOLDER"
        ) from error
    for path in kept:
        typer.echo(
            f"labchat: kept your {path}; for labchat's newer one: labchat lab --dir NEW-FOLDER"
        )
    return target


def find_notebook(folder: Path, wanted: str) -> str:
    """A notebook's path below ``folder`` from its name or number; raises SettingsError."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.ipynb"))
    names = [name for name in names if ".ipynb_checkpoints" not in name]
    number = f"{wanted:0>2}_" if wanted.isdecimal() else None
    for name in names:
        stem = name.removesuffix(".ipynb")
        if wanted in {name, stem} or (number and name.startswith(number)):
            return name
    raise SettingsError(f"there is no notebook {wanted}; there are: {', '.join(names) or 'none'}")


def jupyter_arguments(
    folder: Path, notebook: str, port: int | None, *, browser: bool = True
) -> list[str]:
    """JupyterLab's command line for one notebook; its token stays on."""
    arguments = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{notebook}",
        "--LabApp.news_url=None",
    ]
    if port is not None:
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    return arguments
