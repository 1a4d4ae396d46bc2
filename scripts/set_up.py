"""Set labchat up: ``python3 scripts/set_up.py [lab|docs|dev|browser|tools|peers|lock]...``.

Runs under the system's Python, before anything is installed, so it uses the standard library
alone. Each step looks first and acts only if something is missing; a stamp in ``.venv`` named
after the contents of ``pyproject.toml`` and ``constraints.txt`` lets a second run pass at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
OLDEST = (3, 11)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVER_STARTS = """
import subprocess, playwright._impl._driver as driver
subprocess.run([driver.compute_driver_executable()[0], "--version"], check=True)
"""
TOOLS = {"tshark": "tshark"}  # program: Debian package
PEERS = {"node": "nodejs", "npm": "npm"}


def main(steps: list[str]) -> None:
    """Take the named steps in turn."""
    if sys.version_info < OLDEST:
        stop(f"labchat needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    for step in steps:
        STEPS[step]()


def lab() -> None:
    """What a learner needs; a development set-up holds it too."""
    if not stamp("dev").exists():
        install("lab")


def docs() -> None:
    """What builds the documentation; a development set-up holds it too."""
    if not stamp("dev").exists():
        install("docs")


def dev() -> None:
    """What the tests and the linters need."""
    install("dev")


def install(extra: str) -> None:
    """Put labchat and one extra into ``.venv``, in exactly the versions of constraints.txt."""
    if stamp(extra).exists() and works(PYTHON, "import pip, tornado"):
        return
    make_venv()
    say(f"installing labchat[{extra}] into .venv (the first time takes a minute or two)")
    pip("install", "--quiet", "--editable", f".[{extra}]", "--constraint", "constraints.txt")
    for old in VENV.glob(f".{extra}-*"):
        old.unlink()
    stamp(extra).touch()


def make_venv() -> None:
    """A ``.venv`` whose pip works; one that a move or an upgrade broke is made anew."""
    if works(PYTHON, "import pip"):
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        get_ensurepip()
    say("making .venv")
    run(sys.executable, "-m", "venv", "--clear", str(VENV))


def get_ensurepip() -> None:
    """Debian keeps half of Python's venv in a package of its own."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not can_apt():
        stop(
            "This Python cannot make virtual environments: its ensurepip is missing. "
            f"On Debian or Ubuntu: sudo apt install {package}. Then run make again."
        )
    apt_install(package)
    if not works(Path(sys.executable), "import ensurepip, venv"):
        stop(
            f"{package} is installed, but {sys.executable} still cannot make virtual environments. "
            "Name another Python: make PYTHON=/usr/bin/python3 ..."
        )


def browser() -> None:
    """A Chromium for the browser tests: one that is here, Debian's, or Playwright's own."""
    there = {"chromium": find_chromium(), "libatomic1": works(PYTHON, DRIVER_STARTS)}
    missing = [package for package, found in there.items() if not found]
    if missing and can_apt():
        apt_install(*missing)
    elif "chromium" in missing:
        say("installing Playwright's Chromium")
        run(str(PYTHON), "-m", "playwright", "install", "chromium")
    if missing and not works(PYTHON, DRIVER_STARTS):
        stop(
            "Playwright's own Node.js, which drives the browser, does not start here. "
            "On Debian or Ubuntu: sudo apt install libatomic1. Then run make again."
        )
    if missing and not find_chromium():
        stop("There is no Chromium here. Install one, or name it: LABCHAT_CHROMIUM=/path/to/it")


def find_chromium() -> bool:
    """The same places in the same order as tests/browser/conftest.py."""
    if os.environ.get("LABCHAT_CHROMIUM") or any(map(shutil.which, CHROMIUM_NAMES)):
        return True
    return works(
        PYTHON,
        "import pathlib, playwright.sync_api as p\n"
        "with p.sync_playwright() as it: assert pathlib.Path(it.chromium.executable_path).exists()",
    )


def tools() -> None:
    """The outside programs that the oracle tests compare with."""
    get(TOOLS, "the tests that compare with it will be skipped (in CI they fail)")


def peers() -> None:
    """What the benchmarks' peers run on."""
    get(PEERS, "its peers cannot be measured")


def get(programs: dict[str, str], without: str) -> None:
    """Install what is missing of these programs, or say what it means to do without."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing and can_apt():
        apt_install(*(programs[name] for name in missing))
    for name in missing:
        if not shutil.which(name):
            say(f"no {name} here: {without}")


def lock() -> None:
    """Resolve pyproject.toml anew, for the oldest Python it allows, and write the versions down."""
    import tomllib

    make_venv()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = {line for lines in [project["dependencies"], *extras] for line in lines}
    asked = sorted(line for line in wanted if not line.startswith("labchat["))
    oldest = ".".join(map(str, (*OLDEST, 0)))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        found = ("--dry-run", "--ignore-installed", "--report", str(report), "--target", folder)
        pip("install", "--quiet", *found, "--python-version", oldest, "--only-binary=:all:", *asked)
        chosen = [one["metadata"] for one in json.loads(report.read_text())["install"]]
    pins = sorted((f"{one['name']}=={one['version']}" for one in chosen), key=str.lower)
    head = f"# Exact versions, all of which run on Python {oldest} too. Written by: make lock"
    (ROOT / "constraints.txt").write_text("\n".join([head, *pins, ""]))


def stamp(extra: str) -> Path:
    """The file whose presence says that this extra is installed as the two files ask."""
    wanted = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        wanted.update((ROOT / name).read_bytes())
    return VENV / f".{extra}-{wanted.hexdigest()[:16]}"


def can_apt() -> bool:
    """Whether Debian packages can be installed without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install Debian packages; another apt at work is waited for."""
    say(f"installing {', '.join(packages)} with apt")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=240", "-o", "Dpkg::Use-Pty=0")
    run(*apt, "update")
    run(*apt, "install", "-y", "--no-install-recommends", *packages)


def pip(*arguments: str) -> None:
    """Run the environment's own pip."""
    run(str(PYTHON), "-m", "pip", *arguments)


def works(python: Path, code: str) -> bool:
    """Whether this Python is there and runs ``code``."""
    try:
        return (
            subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0
        )
    except OSError:
        return False


def run(*command: str) -> None:
    """Run a command in the repository; its failure ends the set-up and is named."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        stop(f"set-up failed (exit code {done.returncode}) at: {' '.join(command)}")


def say(sentence: str) -> None:
    """Tell what is going on."""
    print(f"labchat: {sentence}", flush=True)


def stop(sentence: str) -> None:
    """End with one readable sentence."""
    sys.exit(f"labchat: {sentence}")


STEPS = {
    "lab": lab,
    "docs": docs,
    "dev": dev,
    "browser": browser,
    "tools": tools,
    "peers": peers,
    "lock": lock,
}

if __name__ == "__main__":
    main(sys.argv[1:])
