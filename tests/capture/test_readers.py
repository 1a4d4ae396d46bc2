from __future__ import annotations

import io
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.capture import blocks, remarks, tape
from labchat.capture.pcap import LATEST_NS, PCAP_MAGICS, PcapReader
from labchat.capture.readers import PcapngReader
from labchat.capture.tape import Tape

Seen = list[tuple[int, int, bytes, tuple[str, ...]]]


def read_pcap(data: bytes) -> tuple[Seen, PcapReader]:
    file_tape = Tape(io.BytesIO(data))
    reader = PcapReader(file_tape)
    return [(at, link, bytes(b[i:j]), said) for at, link, b, i, j, said in reader], reader


def read_pcapng(data: bytes) -> tuple[Seen, PcapngReader]:
    reader = PcapngReader(Tape(io.BytesIO(data)))
    return [(at, link, bytes(b[i:j]), said) for at, link, b, i, j, said in reader], reader


def pcap(magic: bytes, *packets: tuple[int, int, bytes], linktype: int = 1) -> bytes:
    order, _ = PCAP_MAGICS[magic]
    made = magic + struct.pack(order + "HHiIII", 2, 4, 0, 0, 65535, linktype)
    for seconds, fraction, data in packets:
        made += struct.pack(order + "IIII", seconds, fraction, len(data), len(data)) + data
    return made


@pytest.mark.parametrize("magic", PCAP_MAGICS)
def test_pcap_in_both_orders_and_both_clocks(magic: bytes) -> None:
    unit = PCAP_MAGICS[magic][1]
    seen, reader = read_pcap(pcap(magic, (7, 5, b"one"), (8, 6, b""), linktype=113))
    assert seen == [
        (7_000_000_000 + 5 * unit, 113, b"one", ()),
        (8_000_000_000 + 6 * unit, 113, b"", ()),
    ]
    assert reader.problem is None


MAGIC = b"\xd4\xc3\xb2\xa1"


def test_a_pcap_cut_off_anywhere_gives_what_is_whole() -> None:
    whole = pcap(MAGIC, (1, 0, b"one"), (2, 0, b"second"))
    ends = [24, 24 + 16 + 3, len(whole)]
    for stop in range(4, len(whole)):
        seen, reader = read_pcap(whole[:stop])
        assert len(seen) == sum(end <= stop for end in ends[1:])
        assert (reader.problem is None) == (stop in ends), stop


def test_a_pcap_record_that_cannot_be_is_damage() -> None:
    data = pcap(MAGIC, (1, 0, b"one")) + struct.pack("<IIII", 1, 0, tape.LONGEST + 1, 5)
    seen, reader = read_pcap(data)
    assert len(seen) == 1
    assert reader.problem == "it is damaged at byte 43, which claims a packet of 134,217,729 bytes"


def test_a_file_larger_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "WINDOW", 10)
    packets = [(n, 0, bytes([n]) * n) for n in range(40)]
    seen, reader = read_pcap(pcap(MAGIC, *packets))
    assert [data for _, _, data, _ in seen] == [data for _, _, data in packets]
    assert reader.problem is None

    made = head() + b"".join(blocks.packet(n, bytes([n]) * n) for n in range(40))
    seen, reader_ng = read_pcapng(made)
    assert [data for _, _, data, _ in seen] == [data for _, _, data in packets]
    assert reader_ng.problem is None


def head(*comments: str, linktype: int = 101) -> bytes:
    start = blocks.section(application="test", comments=comments)
    return start + blocks.interface(name="lo", linktype=linktype)


def test_pcapng_as_labchat_writes_it() -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    data = head(remarks.started(noon), "another comment")
    data += blocks.packet(5, b"one", ["first", "größer"]) + blocks.packet(2**40, b"four")
    seen, reader = read_pcapng(data)
    assert seen == [(5, 101, b"one", ("first", "größer")), (2**40, 101, b"four", ())]
    assert (reader.started_at, reader.ours, reader.problem) == (noon, True, None)


def big(kind: int, body: bytes) -> bytes:
    total = len(body) + 12
    return struct.pack(">II", kind, total) + body + struct.pack(">I", total)


def test_sections_of_both_orders_in_one_file() -> None:
    data = head(linktype=1) + blocks.packet(1, b"one!")
    data += big(blocks.SECTION, struct.pack(">IHHq", blocks.BYTE_ORDER, 1, 0, -1))
    data += big(blocks.INTERFACE, struct.pack(">HHI", 113, 0, 0))
    data += big(blocks.ENHANCED_PACKET, struct.pack(">5I", 0, 0, 7, 4, 4) + b"two!")
    seen, _ = read_pcapng(data)
    assert seen == [(1, 1, b"one!", ()), (7000, 113, b"two!", ())]


def interface(*options: tuple[int, bytes], linktype: int = 1, snaplen: int = 0) -> bytes:
    body = struct.pack("<HHI", linktype, 0, snaplen) + blocks.options(options)
    return blocks.block(blocks.INTERFACE, body)


def section() -> bytes:
    return blocks.section(application="test", comments=[])


def packet(number: int, count: int, data: bytes) -> bytes:
    fixed = struct.pack("<5I", number, count >> 32, count & 0xFFFFFFFF, len(data), len(data))
    return blocks.block(blocks.ENHANCED_PACKET, fixed + blocks.padded(data))


@pytest.mark.parametrize(
    ("options", "count", "at_ns"),
    [
        ([], 3, 3000),
        ([(9, b"\x06")], 3, 3000),
        ([(9, b"\x09")], 3, 3),
        ([(9, b"\x03")], 3, 3_000_000),
        ([(9, b"\x0c")], 3999, 3),
        ([(9, b"\x8a")], 1024, 1_000_000_000),
        ([(9, b"\x80")], 2, 2_000_000_000),
        ([(9, b"\x00"), (14, struct.pack("<q", 10))], 2, 12_000_000_000),
        ([(9, b"\x00"), (14, struct.pack("<q", -10))], 2, 0),
        ([(9, b""), (14, b"bad")], 3, 3000),
        ([(9, b"\x00")], 2**63, LATEST_NS),
    ],
)
def test_every_clock_is_read(options: list[tuple[int, bytes]], count: int, at_ns: int) -> None:
    seen, _ = read_pcapng(section() + interface(*options) + packet(0, count, b"data"))
    assert [at for at, _, _, _ in seen] == [at_ns]


def test_each_interface_has_its_own_clock_and_link() -> None:
    data = section() + interface(linktype=1) + interface((9, b"\x09"), linktype=276)
    seen, _ = read_pcapng(data + packet(1, 5, b"aaaa") + packet(0, 5, b"bbbb"))
    assert seen == [(5, 276, b"aaaa", ()), (5000, 1, b"bbbb", ())]


def test_the_older_packet_block() -> None:
    fixed = struct.pack("<HH4I", 0, 3, 0, 9, 4, 4)
    note = blocks.options([(1, b"old")])
    data = section() + interface() + blocks.block(blocks.PACKET_OBSOLETE, fixed + b"data" + note)
    assert read_pcapng(data)[0] == [(9000, 1, b"data", ("old",))]


def test_the_simple_packet_block_has_no_time() -> None:
    simple = blocks.block(blocks.SIMPLE_PACKET, struct.pack("<I", 6) + b"simple\0\0")
    cut = blocks.block(blocks.SIMPLE_PACKET, struct.pack("<I", 600) + b"cutX")
    data = section() + interface(snaplen=4) + packet(0, 8, b"data") + simple + cut
    seen, reader = read_pcapng(data)
    assert seen == [(8000, 1, b"data", ()), (8000, 1, b"simp", ()), (8000, 1, b"cutX", ())]
    assert reader.skipped["time of a packet, which its block does not hold"] == 2


def test_what_cannot_be_read_is_counted() -> None:
    data = section() + blocks.block(blocks.SIMPLE_PACKET, struct.pack("<I", 4) + b"none")
    data += blocks.block(blocks.INTERFACE, b"\1\0\0\0") + interface()
    data += packet(7, 1, b"none") + blocks.block(blocks.ENHANCED_PACKET, bytes(8))
    data += blocks.block(blocks.PACKET_OBSOLETE, bytes(8))
    data += blocks.block(blocks.ENHANCED_PACKET, struct.pack("<5I", 1, 0, 0, 400, 400) + b"none")
    data += blocks.block(blocks.SECRETS, b"TLSK\0\0\0\0") + blocks.block(0xBAD, b"mine")
    seen, reader = read_pcapng(data + packet(1, 1, b"good"))
    assert [data for _, _, data, _ in seen] == [b"good"]
    assert reader.problem is None
    assert dict(reader.skipped) == {
        "packet block too short to be one": 3,
        "packet of an interface that is not described": 1,
        "packet longer than its block": 1,
        "key log for TLS, which labchat does not decrypt": 1,
    }


def test_an_option_longer_than_its_block_ends_the_options() -> None:
    fixed = struct.pack("<5I", 0, 0, 1, 4, 4) + b"data" + struct.pack("<HH", 1, 400) + b"oops"
    data = section() + interface() + blocks.block(blocks.ENHANCED_PACKET, fixed)
    assert read_pcapng(data)[0] == [(1000, 1, b"data", ())]


def test_a_pcapng_cut_off_anywhere_gives_what_is_whole() -> None:
    start = head()
    first = blocks.packet(1, b"one", ["note"])
    whole = start + first + blocks.packet(2, b"second")
    ends = [len(section()), len(start), len(start + first), len(whole)]
    for stop in range(12, len(whole)):
        seen, reader = read_pcapng(whole[:stop])
        assert len(seen) == sum(end <= stop for end in ends[2:])
        assert (reader.problem is None) == (stop in ends), stop


@pytest.mark.parametrize("total", [0, 8, 13, 2**31])
def test_a_block_that_cannot_be_is_damage(total: int) -> None:
    data = head() + blocks.packet(1, b"good") + struct.pack("<III", 6, total, 0)
    seen, reader = read_pcapng(data)
    assert len(seen) == 1
    assert reader.problem is not None
    assert "damaged at byte" in reader.problem


def test_a_section_without_byte_order_is_damage() -> None:
    _, reader = read_pcapng(b"\n\r\r\n" + bytes(24))
    assert reader.problem == "it is damaged at byte 0, which claims a block of 0 bytes"


@given(st.data())
def test_no_damaged_pcapng_raises(data: st.DataObject) -> None:
    whole = bytearray(head("note") + blocks.packet(1, b"one", ["hi"]) + packet(0, 9, b"four"))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    read_pcapng(bytes(whole))
    read_pcap(MAGIC + bytes(whole))


def test_long_comments_are_cut_between_characters() -> None:
    made = blocks.comment_bytes("ä" * 40_000)
    assert (len(made), made.decode()) == (65534, "ä" * 32_767)
    assert blocks.options([]) == b""
