from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labchat.widgets.sample import NAMES, sample
from labchat.widgets.view_models.peers import Peer, peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.capture import Capture

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def capture() -> Capture:
    """The sample: see labchat/widgets/sample.py for what its units are."""
    return sample()


@pytest.fixture
def clients(capture: Capture) -> dict[int, Peer]:
    """The sample's peers, by connection."""
    return peers(capture.connections, NAMES)


@pytest.fixture
def golden() -> Callable[[str, object], None]:
    """``golden("name", value)``: as in golden/name.json, which UPDATE_GOLDEN=1 writes."""

    def check(name: str, value: object) -> None:
        path = GOLDEN / f"{name}.json"
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        assert json.loads(text) == json.loads(path.read_text("utf-8")), (
            f"{path.name} differs; look at the change, then run again with UPDATE_GOLDEN=1"
        )

    return check
