"""``labchat demo``: the whole path of one message, in a terminal."""

from __future__ import annotations

from typer.testing import CliRunner

from labchat.cli import make_app


def test_one_message_is_shown_on_both_paths() -> None:
    shown = CliRunner().invoke(make_app(), ["demo"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0, shown.output
    assert "Bob has it, and SQLite has it, as number 1." in shown.output
    for said in ("101 Switching Protocols", "Masking-key", "POST /api/messages", "200 OK"):
        assert said in shown.output
