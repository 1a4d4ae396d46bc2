from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from labchat.capture import pcapng
from labchat.capture.capture import Capture
from labchat.capture.model import Chunk
from labchat.cli import tree
from labchat.wire import frames
from labchat.wire.fields import Direction

DATA = Path(__file__).parent.parent / "data"


def run(*words: str | Path, columns: int = 100) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from labchat.cli import main; main()", "dissect", *words]
    env = os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, env=env, timeout=50, check=False
    )


def test_a_tree_with_the_hex_beside_it() -> None:
    done = run(DATA / "chromium.pcapng", "--unit", "7")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0].startswith('#7 → c2s frame {"type":"message","text":"Hello from Chromium"}')
    assert any(line.startswith("  FIN") and line.endswith("1·······") for line in lines)
    assert any("Masking-key" in line and "d1 05 2f 4c" in line for line in lines)
    assert any(line.startswith("  message") for line in lines)


def test_one_json_object_a_line() -> None:
    done = run(DATA / "node-sll2.pcap", "--json")
    units = [json.loads(line) for line in done.stdout.splitlines()]
    assert [unit["n"] for unit in units] == list(range(1, 21))
    assert [unit["text"] for unit in units if unit["kind"] == "frame"][:2] == [
        "Hello",
        "Grüße, 世界",
    ]


def test_one_connection_only() -> None:
    done = run(DATA / "nginx.pcapng", "--json", "--connection", "2")
    assert {json.loads(line)["connection"] for line in done.stdout.splitlines()} == {2}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--unit", "99"], "There is no unit 99: the capture has 20."),
        (["--unit", "0"], "There is no unit 0: the capture has 20."),
        (["--connection", "2"], "There is no connection 2: the capture has 1."),
    ],
)
def test_what_is_not_there_is_told(words: list[str], sentence: str) -> None:
    done = run(DATA / "node-sll.pcap", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""


def test_remarks_stand_where_they_belong(tmp_path: Path) -> None:
    capture = Capture()
    capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2")
    capture.append(1, Chunk(1, Direction.C2S, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    capture.annotate(1, "held by hand", unit=1)
    capture.annotate(1, "of all")
    pcapng.write(capture, tmp_path / "x.pcapng")
    lines = run(tmp_path / "x.pcapng").stdout.splitlines()
    assert lines[0].strip() == "✎ of all"
    assert lines[1].startswith("#1 ")
    assert lines[-2].strip() == "✎ held by hand"


def test_long_values_of_fields_are_cut() -> None:
    assert "… 50 characters more" in shown(b"HTTP/1.1 204 " + b"x" * 250 + b"\r\n\r\n")


def test_a_file_that_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a capture")
    done = run(path, columns=400)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"labchat: {path} is not a capture")
    assert done.stderr.count("\n") == 1


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    done = run(path, "--json", columns=400)
    assert (done.returncode, done.stderr) == (2, f"labchat: {path} is empty.\n")


def test_a_file_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes((DATA / "curl.pcap").read_bytes()[:-300])
    done = run(path, "--json", columns=400)
    assert done.returncode == 2
    assert "is not whole: it is cut off inside the record at byte" in done.stderr
    assert len(done.stdout.splitlines()) >= 15
    assert "✎" in run(path).stdout


def test_a_capture_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "nothing.pcap"
    path.write_bytes((DATA / "curl.pcap").read_bytes()[:24])
    done = run(path)
    assert done.returncode == 0
    assert "No units" in done.stdout


def shown(*data: bytes, width: int = 100, note: str | None = None) -> str:
    capture = Capture()
    capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2", label="Eve\x1b[2J")
    for offset, part in enumerate(data):
        capture.append(1, Chunk(1, Direction.S2C, sum(map(len, data[:offset])), part))
    console = Console(width=width, record=True, file=io.StringIO())
    for row in capture.rows():
        captured = capture.unit(row.n)
        console.print(tree.heading(captured, capture.connections[0].label))
        console.print(tree.tree(captured, width))
    if note:
        console.print(tree.annotation(note))
    return console.export_text()


def test_what_a_peer_sends_is_never_obeyed_by_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x9b2J\u202e"
    text = shown(frames.build(1, evil.encode()), note=evil)
    assert not set(evil) & set(text) - set("]0;owned2J")
    assert "␛]0;owned␇�2J�" in text


def test_long_payloads_are_cut_and_counted() -> None:
    text = shown(frames.build(1, b"x" * 500))
    assert "300 characters more" in text
    assert "… 468 bytes more" in text
    assert "… 436 bytes more" in shown(frames.build(1, b"x" * 500), width=140)


def test_binary_messages_are_shown_as_bytes() -> None:
    assert "b'\\x00\\x01'" in shown(frames.build(2, b"\0\1"))


def test_broken_rules_are_shown_with_their_section() -> None:
    text = shown(frames.build(8, b"\x03\xed"))
    assert "✗ rule" in text
    assert "§7.4.1" in text
