"""The contract as it is written down names every code there is."""

from __future__ import annotations

import pytest

from labchat.chat.events import CLIENT_TYPES, SERVER_TYPES, ErrorCode
from labchat.server.app import routes
from labchat.server.reader import Code
from labchat.server.settings import Settings


@pytest.fixture(scope="module")
def contract(root):
    return (root / "docs" / "contract.md").read_text()


@pytest.mark.parametrize("word", [*ErrorCode, *sorted(CLIENT_TYPES | SERVER_TYPES)])
def test_every_event_and_error_code_is_written_down(contract, word):
    assert f"| `{word}` |" in contract


@pytest.mark.parametrize("code", list(Code))
def test_every_close_code_is_written_down(contract, code):
    assert f"| {code.value} |" in contract


def test_every_path_is_written_down(contract):
    for path, *_ in routes(Settings()):
        if path.startswith(("/api", "/metrics", "/ws")):
            assert path in contract
