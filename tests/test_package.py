"""What a notebook finds at the top of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import labchat


@pytest.mark.parametrize("name", labchat.__all__)
def test_each_name_is_there_when_it_is_first_used(name: str) -> None:
    program = f"import labchat; assert callable(labchat.{name}), labchat.{name}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_the_package_alone_is_quick_and_light() -> None:
    program = "import sys, labchat; print([m for m in ('pandas', 'tornado') if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout == "[]\n"


def test_an_unknown_name_is_said_and_the_known_are_listed() -> None:
    with pytest.raises(AttributeError, match="'labchat' has no attribute 'nonsense'"):
        labchat.nonsense  # noqa: B018 - the access is what is tested
    assert set(labchat.__all__) <= set(dir(labchat))
