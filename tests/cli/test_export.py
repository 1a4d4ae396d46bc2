from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import labchat

DATA = Path(__file__).parent.parent / "data"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from labchat.cli import main; main()", "export", *words]
    env = os.environ | {"COLUMNS": "300", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, env=env, timeout=50, check=False
    )


def test_har(tmp_path: Path) -> None:
    out = tmp_path / "x.har"
    done = run(DATA / "chromium.pcapng", "--to", "har", "-o", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}: {out.stat().st_size:,} bytes of har\n"
    entries = json.loads(out.read_text("utf-8"))["log"]["entries"]
    assert [entry["request"]["method"] for entry in entries] == ["GET", "GET", "GET", "POST"]
    assert len(entries[2]["_webSocketMessages"]) == 4


def test_pcapng(tmp_path: Path) -> None:
    out = tmp_path / "x.pcapng"
    assert run(DATA / "python-ipv6-nano.pcap", "--to", "pcapng", "-o", out).returncode == 0
    before, after = labchat.open(DATA / "python-ipv6-nano.pcap"), labchat.open(out)
    assert [row.at_ns for row in after.rows()] == [row.at_ns for row in before.rows()]


@pytest.mark.parametrize("table", ["units", "frames", "messages", "requests", "violations"])
@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables(tmp_path: Path, table: str, to: str) -> None:
    from labchat.cli.export import Format, write

    capture = labchat.open(DATA / "chromium.pcapng")
    write(capture, Format(to), tmp_path / "x", table)
    read = pd.read_csv if to == "csv" else pd.read_parquet
    assert list(read(tmp_path / "x").columns) == list(getattr(capture, table).columns)


def test_units_are_the_table_unless_told(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    assert run(DATA / "curl.pcap", "--to", "csv", "-o", out).returncode == 0
    assert len(pd.read_csv(out)) == 17


def test_the_file_itself_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes((DATA / "curl.pcap").read_bytes())
    done = run(path, "--to", "pcapng", "-o", path)
    assert done.returncode == 2
    assert "is the file that is read" in done.stderr
    assert path.read_bytes() == (DATA / "curl.pcap").read_bytes()


def test_a_file_cut_off_is_exported_as_far_as_it_goes(tmp_path: Path) -> None:
    path, out = tmp_path / "cut.pcap", tmp_path / "x.csv"
    path.write_bytes((DATA / "curl.pcap").read_bytes()[:-300])
    done = run(path, "--to", "csv", "-o", out)
    assert done.returncode == 2
    assert "is not whole" in done.stderr
    assert len(pd.read_csv(out)) >= 15


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((DATA / "README.md", "--to", "har", "-o", "/dev/null"), "is not a capture"),
        ((DATA / "curl.pcap", "--to", "har", "-o", "/no/where"), "/no/where cannot be written"),
        ((DATA / "curl.pcap", "--to", "xml", "-o", "x"), "'xml' is not one of"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(words: tuple[str | Path, ...], sentence: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
