"""``labchat user`` and ``labchat backup``: what they print, and how they end."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from labchat.cli import make_app
from labchat.errors import SettingsError


@pytest.fixture
def run(tmp_path):
    """Run a command on a database of its own; gives the exit code and the output."""

    def run(*words):
        result = CliRunner().invoke(make_app(), [*words, "--db", str(tmp_path / "chat.db")])
        if isinstance(result.exception, SettingsError):
            raise result.exception
        return result.exit_code, result.output.strip()

    return run


def test_a_user_comes_and_goes(run):
    code, token = run("user", "add", "alice")
    assert (code, len(token)) == (0, 43)
    assert run("user", "list") == (0, "alice")
    assert run("user", "remove", "alice") == (0, "")
    assert run("user", "remove", "alice") == (1, "labchat: alice has no token.")
    assert run("user", "list") == (0, "")


def test_a_backup_says_what_it_copied(run, tmp_path):
    run("user", "add", "alice")
    code, told = run("backup", str(tmp_path / "copy.db"))
    assert code == 0
    assert told.startswith("labchat: 0 messages copied to ")
    with pytest.raises(SettingsError, match="exists already"):
        run("backup", str(tmp_path / "copy.db"))
