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


def test_a_class_comes_from_a_roster(run, tmp_path):
    roster, out = tmp_path / "class.csv", tmp_path / "tokens.csv"
    roster.write_text("userId,name\nada,Ada\nbob,Bob\n")
    code, told = run("user", "add", "--roster", str(roster))
    assert code == 0
    head, ada, bob, summary = told.splitlines()
    assert head == "userId,name,token"
    assert (ada[:8], len(ada), bob[:8]) == ("ada,Ada,", 51, "bob,Bob,")
    assert summary == "labchat: 2 new, 0 had a token and keep it."
    roster.write_text("userId\nada\nbob\ncy\n")
    again = run("user", "add", "--roster", str(roster), "--out", str(out))
    assert again == (0, "labchat: 1 new, 2 had a token and keep it.")
    assert out.read_text().startswith("userId,name,token\ncy,,")
    assert run("user", "list") == (0, "ada\nbob\ncy")


def test_a_bad_roster_adds_nobody(run, tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("userId\nada\n \n")
    with pytest.raises(SettingsError, match=r"line 3: no userId\. Nobody was added"):
        run("user", "add", "--roster", str(roster))
    assert run("user", "list") == (0, "")


@pytest.mark.parametrize("words", [[], ["ada", "--roster", "class.csv"], ["ada", "--out", "t"]])
def test_a_user_or_a_roster_and_nothing_else(run, words):
    code, told = run("user", "add", *words)
    assert code == 2
    assert "--roster" in told
