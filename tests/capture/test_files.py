from __future__ import annotations

import gc
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import labchat
from labchat.capture import files, packets, pcapng
from labchat.errors import CaptureCutOff, CaptureError, NotACapture

if TYPE_CHECKING:
    from labchat.capture.capture import Capture

DATA = Path(__file__).parent.parent / "data"
RECORDINGS = sorted(path for path in DATA.iterdir() if path.suffix in (".pcap", ".pcapng", ".har"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_every_recording_opens_whole(path: Path) -> None:
    capture = labchat.open(path)
    assert len(capture) > 8
    assert all(connection.kind for connection in capture.connections)
    assert not [row for row in capture.rows() if row.kind in ("undissected", "gap")]
    assert not [row for row in capture.rows() if row.violations]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (
            b"hello, world",
            "neither pcapng, nor pcap, nor HAR (it begins with the bytes 68 65 6c 6c)",
        ),
        (b"\x89PNG\r\n\x1a\n", "is not a capture"),
        (b"{}", "is JSON, but not HAR"),
        (b'{"log": {"entries": 7}}', "is JSON, but not HAR"),
        (b"{ not json", "is not a capture: it begins like JSON"),
        (b"[1, 2]", "is not a capture"),
    ],
)
def test_what_is_no_capture_is_told_in_a_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(NotACapture) as caught:
        files.open(path)
    assert str(caught.value).startswith(f"{path} ")
    assert sentence in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotACapture, match="cannot be read: No such file"):
        files.open(tmp_path / "nothing")
    with pytest.raises(NotACapture, match="cannot be read: Is a directory"):
        files.open(tmp_path)


@pytest.mark.parametrize("name", ["curl.pcap", "nginx.pcapng", "chromium-playwright.har"])
def test_a_file_cut_off_gives_what_it_holds(tmp_path: Path, name: str) -> None:
    whole = (DATA / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) * 3 // 4])
    loaded = files.load(path)
    assert 0 < len(loaded.capture) < len(files.open(DATA / name))
    assert isinstance(loaded.problem, CaptureCutOff)
    assert str(loaded.problem).startswith(f"{path} is not whole: it")
    assert any("is not whole" in note.text for note in loaded.capture.annotations)
    with pytest.warns(UserWarning, match="is not whole"):
        files.open(path)


def test_a_file_that_ends_in_its_header(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"\xd4\xc3\xb2\xa1\2\0")
    loaded = files.load(path)
    assert len(loaded.capture) == 0
    assert "ends inside its header" in str(loaded.problem)


def test_a_capture_without_packets_is_empty_but_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"\xd4\xc3\xb2\xa1" + struct.pack("<HHiIII", 2, 4, 0, 0, 65535, 1))
    capture = files.open(path)
    assert (len(capture), capture.started_at) == (0, None)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    record = struct.pack("<IIII", 1, 0, len(arp), len(arp)) + arp
    path = tmp_path / "x.pcap"
    head = b"\xd4\xc3\xb2\xa1" + struct.pack("<HHiIII", 2, 4, 0, 0, 65535, 1)
    path.write_bytes(head + record * 3)
    notes = [note.text for note in files.open(path).annotations]
    assert notes == ["Left out: 3 × packet that is not IP."]


def test_a_late_start_is_said(tmp_path: Path) -> None:
    whole = (DATA / "node-sll.pcap").read_bytes()
    at, seen = 24, 0
    while seen < 8:
        at += 16 + struct.unpack_from("<I", whole, at + 8)[0]
        seen += 1
    path = tmp_path / "late.pcap"
    path.write_bytes(whole[:24] + whole[at:])
    capture = files.open(path)
    assert capture.connections[0].late
    assert "begins in mid-connection" in capture.annotations[0].text
    assert {row.kind.value for row in capture.rows()} == {"frame"}
    port = labchat.open(DATA / "node-sll.pcap").connections[0].client
    assert capture.connections[0].client == port


def test_a_comment_of_somebody_else_is_an_annotation(tmp_path: Path) -> None:
    from labchat.capture import blocks, headers

    way = headers.ends("10.0.0.1:50000", "10.0.0.2:80")
    data = headers.segment(way, seq=1, ack=1, flags=headers.ACK, data=b"GET / HTTP/1.1\r\n\r\n")
    path = tmp_path / "x.pcapng"
    path.write_bytes(
        blocks.section(application="test", comments=[])
        + blocks.interface(name="lo")
        + blocks.packet(5, data, ["look here"])
    )
    notes = [(note.text, note.connection) for note in files.open(path).annotations]
    assert ("look here", 1) in notes


def test_remarks_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    from labchat.capture import blocks, headers

    way = headers.ends("10.0.0.1:50000", "10.0.0.2:80")
    said = ["labchat label, connection 9: Eve", "labchat end, connection 9, c2s: local"]
    path = tmp_path / "x.pcapng"
    path.write_bytes(
        blocks.section(application="test", comments=[])
        + blocks.interface(name="lo")
        + blocks.packet(5, headers.note(way, "x"), said)
    )
    assert files.open(path).annotations == []


def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path) -> None:
    files.open(DATA / "curl.pcap")
    assert gc.isenabled()
    gc.disable()
    try:
        files.open(DATA / "curl.pcap")
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("step", [1, 1000])
def test_of_many_connections_the_silent_ones_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    from labchat.capture import blocks, headers, remarks

    monkeypatch.setattr(packets, "MAX_SILENT", 2)
    monkeypatch.setattr(packets, "STEP", step)
    made = blocks.section(application="test", comments=[]) + blocks.interface(name="lo")
    for port in range(1, 8):
        way = headers.ends(f"10.0.0.1:{port}", "10.0.0.2:80")
        syn = headers.segment(way, seq=0, ack=0, flags=headers.SYN)
        made += blocks.packet(port, syn, [remarks.label(port, f"port {port}")])
        if port in (2, 5):
            data = headers.segment(way, seq=1, ack=0, flags=headers.ACK, data=b"GET")
            made += blocks.packet(port, data)
        if port == 6:
            end = headers.segment(way, seq=9, ack=0, flags=headers.ACK | headers.FIN)
            made += blocks.packet(port, end)
    path = tmp_path / "scan.pcapng"
    path.write_bytes(made)
    capture = files.open(path)
    told = [(one.label, one.opened_ns, one.client) for one in capture.connections]
    assert told == [(f"port {n}", n - 1, f"10.0.0.1:{n}") for n in (1, 2, 5, 6)]
    assert capture.annotations[-1].text == "Left out: 3 × connection on which nothing was said."


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize("path", RECORDINGS[:-1], ids=lambda path: path.name)
def test_a_file_in_steps_is_as_in_one(
    path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = files.open(path)
    monkeypatch.setattr(packets, "STEP", step)
    steps = files.open(path)
    assert steps.rows() == whole.rows()
    assert list(steps.events()) == list(whole.events())
    assert steps.annotations == whole.annotations
    assert steps.connections == whole.connections


def mutate(data: st.DataObject, whole: bytes) -> bytes:
    """A file damaged in a few places, and perhaps cut."""
    made = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(made) - 1))
        made[at : at + 1] = data.draw(st.binary(max_size=4))
        if not made:
            break
    return bytes(made[: data.draw(st.integers(0, len(made)))])


def use(capture: Capture) -> None:
    """Everything a reader does with a capture."""
    for row in capture.rows():
        captured = capture.unit(row.n)
        assert sum(leaf.span.bits for field in captured.unit.fields for leaf in field.leaves()) == (
            8 * len(captured.unit.data)
        )
    for _ in pcapng.encode(capture):
        pass


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_files_raise_nothing_but_capture_errors(
    tmp_path: Path, path: Path, data: st.DataObject
) -> None:
    """Costs about two seconds a recording."""
    damaged = tmp_path / "damaged"
    damaged.write_bytes(mutate(data, path.read_bytes()))
    try:
        loaded = files.load(damaged)
    except CaptureError:
        return
    use(loaded.capture)
    labchat_units = loaded.capture.units
    assert len(labchat_units) == len(loaded.capture)
