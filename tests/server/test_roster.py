"""A class as CSV: what is read, what is refused and where, and what becomes of the tokens."""

from __future__ import annotations

import csv
import stat

import pytest

from labchat.errors import SettingsError
from labchat.server import admin
from labchat.server.auth import digest
from labchat.server.roster import Member, append_tokens, read_roster
from labchat.server.store import connect


@pytest.fixture
def roster(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "class.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "userId,name\nada,Ada\nbob,\n",
        "userId;name\r\nada;Ada\r\nbob;\r\n",
        '\ufeffname,userId,group\n"Ada",ada,1\n,bob,2\n',
        "userId,name\n ada , Ada \n\nbob\n",
    ],
)
def test_a_roster_is_read_as_spreadsheets_write_it(roster, text):
    assert read_roster(roster(text)) == [Member("ada", "Ada"), Member("bob")]


def test_every_bad_row_is_named_with_its_line(roster):
    text = f"userId,name\nada,Ada\n,Nobody\nada,Again\n{'x' * 129},Long\nb\x07b,Bell\nc,C,more\n"
    with pytest.raises(SettingsError) as refused:
        read_roster(roster(text))
    for told in (
        "line 3: no userId",
        "line 4: ada again, who is in line 2",
        "line 5: a userId of more than 128 characters",
        "line 6: a userId with a character that cannot be seen",
        "line 7: more cells than columns",
        "Nobody was added",
    ):
        assert told in str(refused.value)
    assert "line 2:" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "no column userId"), ("name\nAda\n", "no column userId"), ("userId\n\xe4\n", "UTF-8")],
)
def test_a_file_that_is_no_roster_is_refused(roster, text, told):
    with pytest.raises(SettingsError, match=told):
        read_roster(roster(text, "latin-1"))


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path, roster):
    with pytest.raises(SettingsError, match=r"Cannot read .*none\.csv"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(SettingsError, match="is not a CSV file"):
        read_roster(roster("userId\n" + "x" * 200_000))
    with pytest.raises(SettingsError, match="Cannot write"):
        append_tokens(tmp_path / "no" / "folder.csv", [])


def test_who_has_a_token_keeps_it_and_the_tokens_are_the_users_own(tmp_path):
    db, out = tmp_path / "chat.db", tmp_path / "tokens.csv"
    out.write_text("")
    out.chmod(0o644)

    def hand_out(tokens):
        append_tokens(out, tokens)

    assert admin.add_members(db, [Member("ada", "Ada, Countess"), Member("bob")], hand_out) == 2
    assert admin.add_members(db, [Member("bob"), Member("cy")], hand_out) == 1
    assert admin.add_members(db, [Member("bob"), Member("cy")], hand_out) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["userId"], row["name"]) for row in rows] == [
        ("ada", "Ada, Countess"),
        ("bob", ""),
        ("cy", ""),
    ]
    connection = connect(db)
    stored = dict(connection.execute("SELECT user_id, token_hash FROM users"))
    connection.close()
    assert {row["userId"]: digest(row["token"]) for row in rows} == stored


def test_tokens_that_cannot_be_handed_out_do_not_count(tmp_path):
    def refuse(tokens):
        append_tokens(tmp_path / "no" / "folder.csv", tokens)

    with pytest.raises(SettingsError, match="Cannot write"):
        admin.add_members(tmp_path / "chat.db", [Member("ada")], refuse)
    assert admin.list_users(tmp_path / "chat.db") == []
