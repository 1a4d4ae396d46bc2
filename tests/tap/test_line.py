"""Faults and gate on real connections."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
import websockets

from labchat.capture import files, pcapng
from labchat.capture.capture import Capture
from labchat.capture.model import End
from labchat.tap.faults import (
    Corrupt,
    Cut,
    Drop,
    FailRequests,
    Limit,
    Refuse,
    Rule,
    Schedule,
    Slicer,
    Swallow,
    Units,
)
from labchat.tap.faults.actions import HalfClose
from labchat.tap.held import Breakpoint, Timer
from labchat.tap.relay import Relay
from labchat.wire import frames
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C
ASK = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n"
)
GET = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def said(text: str) -> bytes:
    return frames.build(1, text.encode(), mask=b"abcd")


async def sockets(reader, writer):
    """Switches to WebSocket, then answers each frame of 12 bytes with one of its own."""
    await reader.readexactly(len(ASK))
    writer.write(SWITCH)
    try:
        while True:
            frame = frames.dissect(await reader.readexactly(len(said("hello 1"))))
            writer.write(frames.build(1, frame.payload))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def talk(there):
    reader, writer = await there.connect()
    writer.write(ASK)
    assert await reader.readexactly(len(SWITCH)) == SWITCH
    return reader, writer


async def hear(reader, text="hello 1"):
    return frames.dissect(await reader.readexactly(2 + len(text))).payload.decode()


def reset(writer) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def settled() -> None:
    """Let everything that is ready to run do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_faults_may_be_switched_while_bytes_flow(bench, echoing):
    there = await bench(echoing)
    faults = there.relay.faults
    reader, writer = await there.connect()
    sent = bytearray()

    async def exchange() -> None:
        data = bytes([len(sent) % 256]) * 1000
        sent.extend(data)
        writer.write(data)
        assert await reader.readexactly(1000) == data

    await exchange()
    for change in (
        lambda: faults.latency(3, 2),
        lambda: faults.add(Slicer(size_bytes=7)),
        lambda: faults.latency(0),
        faults.clear,
    ):
        change()
        await exchange()
    writer.close()
    assert there.recorded.stream(C2S) == there.recorded.stream(S2C) == sent
    assert "Faults switched on now: latency 3 ms ± 2 ms (uniform)" in str(there.recorded.notes)
    assert there.recorded.notes[-1] == (None, "Faults switched on now: none")


async def test_a_direct_line_is_direct_again(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    there.relay.faults.latency(1)
    writer.write(b"x")
    await reader.readexactly(1)
    there.relay.faults.clear()
    await settled()
    assert {leg.direct for leg in there.relay._works.legs} == {True}
    writer.close()


async def test_offline_loses_nothing(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    there.relay.faults.offline()
    writer.write(b"held")
    writer.write_eof()
    await there.recorded.until(lambda: there.recorded.notes)
    await settled()
    assert there.recorded.stream(C2S) == b""
    there.relay.faults.offline(False)
    assert await reader.read() == b"held"
    writer.close()


async def how_it_ended(reader) -> str:
    try:
        return "FIN" if await reader.read() == b"" else "bytes"
    except ConnectionResetError:
        return "RST"


@pytest.mark.parametrize(("how", "seen"), [(Cut.FIN, "FIN"), (Cut.RST, "RST")])
async def test_a_cut_is_seen_at_both_ends(bench, how, seen):
    server = asyncio.get_running_loop().create_future()

    async def wait(reader, writer):
        writer.write(b"up")
        server.set_result(await how_it_ended(reader))
        writer.close()

    there = await bench(wait)
    reader, writer = await there.connect()
    await reader.readexactly(2)
    there.relay.cut(how)
    assert await how_it_ended(reader) == seen
    writer.close()
    assert await server == seen
    assert there.recorded.how(C2S) is there.recorded.how(S2C) is End.LOCAL
    await there.relay._works.quiet.wait()


async def test_silence_is_seen_at_neither_end(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    writer.write(b"up")
    await reader.readexactly(2)
    there.relay.cut(Cut.SILENCE, connections=[1])
    there.relay.cut(Cut.RST, connections=[2])
    await there.recorded.until(lambda: there.recorded.notes)
    writer.write(b"anybody?")
    await there.recorded.until(lambda: there.recorded.gaps)
    assert there.recorded.gaps == [(1, C2S, 8)]
    assert not reader.at_eof()
    assert (there.recorded.how(C2S), there.recorded.how(S2C)) == (None, None)
    there.relay.cut(Cut.SILENCE)
    there.relay.cut(Cut.RST)
    assert await how_it_ended(reader) == "RST"
    writer.close()


async def test_a_silent_connection_is_closed_once_both_peers_gave_it_up(bench):
    async def leave(reader, writer):
        writer.write(b"up")
        await silent.wait()
        writer.close()

    silent = asyncio.Event()
    there = await bench(leave)
    reader, writer = await there.connect()
    await reader.readexactly(2)
    there.relay.cut(Cut.SILENCE)
    await there.recorded.until(lambda: there.recorded.notes)
    writer.close()
    silent.set()
    await there.relay._works.quiet.wait()
    assert there.recorded.how(C2S) is there.recorded.how(S2C) is End.LOCAL


async def test_a_timed_drop_and_a_limit(bench, echoing):
    there = await bench(echoing)
    there.relay.faults.add(Drop(by=Cut.RST, after_ms=1), connections=(1,), for_s=3600)
    there.relay.faults.add(Limit(after_bytes=3), direction=S2C)
    reader, writer = await there.connect()
    assert await how_it_ended(reader) == "RST"
    writer.close()
    reader, writer = await there.connect()
    writer.write(b"hello")
    assert await reader.read() == b"hel"
    writer.close()
    assert (2, "The tap ended the connection after 3 bytes") in there.recorded.notes
    assert (2, S2C, 2) in there.recorded.gaps or there.recorded.gaps == []


async def test_a_refused_connection_never_reaches_the_target(bench):
    async def never(reader, writer):
        raise AssertionError("reached")

    there = await bench(never)
    there.relay.faults.add(Refuse(first=1))
    reader, writer = await there.connect()
    assert await how_it_ended(reader) == "RST"
    writer.close()
    assert there.recorded.notes[-1] == (1, "The tap refused the connection")


async def test_the_first_requests_fail_and_the_next_ones_do_not(bench):
    async def answer(reader, writer):
        while await reader.read(len(GET)):
            writer.write(OK)
        writer.close()

    there = await bench(answer)
    there.relay.faults.load(
        Schedule(rules=(Rule(fault=FailRequests(first=2), units=Units(kind="request")),))
    )
    reader, writer = await there.connect()
    for status in (b"503", b"503", b"200"):
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.split()[1] == status
        length = int(head.partition(b"Content-Length: ")[2].split()[0])
        await reader.readexactly(length)
    writer.close()
    assert there.recorded.gaps == [(1, C2S, len(GET))] * 2


async def test_a_frame_is_swallowed_and_the_stream_goes_on(bench):
    there = await bench(sockets)
    there.relay.faults.add(Swallow(), direction=C2S, units=Units(kind="frame", nth=2))
    reader, writer = await talk(there)
    for n in range(3):
        writer.write(said(f"hello {n}"))
    assert [await hear(reader), await hear(reader)] == ["hello 0", "hello 2"]
    writer.close()
    assert there.recorded.gaps == [(1, C2S, len(said("hello 1")))]


async def test_a_corrupted_frame_is_recorded_as_its_receiver_got_it(bench):
    there = await bench(sockets)
    there.relay.faults.add(Corrupt(offset=-1, bit=7), units=Units(where='text == "hello 1"'))
    reader, writer = await talk(there)
    writer.write(said("hello 1"))
    assert await hear(reader) == "hello 0"
    writer.close()
    assert there.recorded.stream(C2S)[-1] == said("hello 1")[-1] ^ 1
    assert there.recorded.notes[-1][1].startswith("The tap corrupted byte 12 of a frame")


async def test_a_slow_line_holds_its_sender_back(bench, monkeypatch):
    async def sink(reader, writer):
        while await reader.read(2**20):
            pass
        writer.close()

    there = await bench(sink)
    there.relay.faults.offline()
    _, writer = await there.connect()
    writer.write(bytes(64 * 2**20))
    await there.recorded.until(lambda: there.recorded.opened)
    line = there.relay._works.lines[1]
    full = asyncio.Event()
    monkeypatch.setattr(line.client, "brake", lambda reason: full.set())
    await full.wait()
    assert 4 * 2**20 < line._lanes[C2S].size < 5 * 2**20
    monkeypatch.undo()
    line.pump()
    there.relay.faults.clear()
    writer.write_eof()
    await writer.drain()
    await there.recorded.until(lambda: there.recorded.how(C2S) is End.FIN)
    assert len(there.recorded.stream(C2S)) == 64 * 2**20
    writer.close()


async def test_a_frame_is_held_edited_and_stepped(bench):
    there = await bench(sockets)
    gate = there.relay.gate
    gate.hold(Breakpoint(units=Units(kind="frame")))
    reader, writer = await talk(there)
    writer.write(said("hello 1"))
    await there.until(lambda: gate.view.held)
    (held,) = gate.view.held
    assert (held.kind, held.direction, held.connection) == ("frame", C2S, 1)
    assert held.unit.payload == b"hello 1"
    gate.edit(payload="hello 9")
    gate.step()
    await there.until(lambda: gate.view.held)
    assert gate.view.held[0].direction is S2C
    gate.step()
    assert await hear(reader) == "hello 9"
    assert there.recorded.stream(C2S).endswith(frames.build(1, b"hello 9", mask=b"abcd"))
    gate.clear()
    writer.write(said("hello 2"))
    assert await hear(reader) == "hello 2"
    texts = [text for _, text in there.recorded.notes]
    assert any("edited 1" in text for text in texts)
    writer.close()


async def three_held(there):
    """Three frames of a client wait at the gate: "hello 0", "hello 1", "hello 2"."""
    gate = there.relay.gate
    gate.hold(Breakpoint(direction=C2S, units=Units(kind="frame")))
    reader, writer = await talk(there)
    for n in range(3):
        writer.write(said(f"hello {n}"))
    await there.until(lambda: len(gate.view.held) == 3)
    return gate, reader, writer


async def test_drop_duplicate_inject_and_delay_on_the_wire(bench):
    there = await bench(sockets)
    gate, reader, writer = await three_held(there)
    gate.drop()
    gate.duplicate()
    gate.delay(ms=1)
    assert [await hear(reader), await hear(reader)] == ["hello 1", "hello 1"]
    gate.inject(1, S2C, frames.build(1, b"hello X"))
    assert await hear(reader) == "hello X"
    gate.cont()
    assert await hear(reader) == "hello 2"
    writer.close()
    assert (1, C2S, len(said("hello 0"))) in there.recorded.gaps


async def test_what_the_gate_did_is_told_of_the_unit_by_its_number(bench, tmp_path):
    capture = Capture()
    there = await bench(sockets, sink=capture)
    gate, reader, writer = await three_held(there)
    gate.drop()
    gate.step()
    assert await hear(reader) == "hello 1"
    there.relay.faults.offline(True)
    changed = asyncio.Event()
    capture.subscribe(changed.set)
    gate.step()
    while not capture.annotations[-1].text.startswith("The gate let 3"):
        changed.clear()
        await changed.wait()
    there.relay.faults.offline(False)
    assert await hear(reader) == "hello 2"
    writer.close()
    pcapng.write(capture, tmp_path / "x.pcapng")
    for recorded in (capture, files.open(tmp_path / "x.pcapng")):
        about = {note.text.partition(" (")[0]: note.unit for note in recorded.annotations}
        kinds = {row.n: row.kind for row in recorded.rows()}
        assert kinds[about["The gate dropped 1"]] == "gap"
        assert recorded.unit(about["The gate let 2"]).unit.payload == b"hello 1"
        assert about["The gate let 3"] is None, "a fault still had it"


async def test_holding_the_end_of_a_stream(bench, echoing):
    there = await bench(echoing)
    gate = there.relay.gate
    reader, writer = await there.connect()
    gate.hold()
    await settled()
    writer.write_eof()
    await there.until(lambda: gate.view.held)
    assert gate.view.held[0].kind == "fin"
    gate.cont()
    assert await reader.read() == b""
    writer.close()


async def test_a_reset_passes_a_closed_gate_and_empties_it(bench):
    server = asyncio.get_running_loop().create_future()

    async def wait(reader, writer):
        writer.write(b"up")
        server.set_result(await how_it_ended(reader))
        writer.close()

    there = await bench(wait)
    gate = there.relay.gate
    reader, writer = await there.connect()
    await reader.readexactly(2)
    gate.hold()
    await settled()
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await there.until(lambda: gate.view.held)
    reset(writer)
    assert await server == "RST"
    assert gate.view.held == ()
    await there.recorded.until(lambda: (1, C2S, 18) in there.recorded.gaps)


async def test_a_peers_timer_is_told_while_its_frame_is_held(bench):
    there = await bench(sockets)
    gate = there.relay.gate
    gate.know(
        Timer(name="the client gives up", direction=C2S, after_s=0.001, starts=Units(kind="frame"))
    )
    gate.hold(Breakpoint(units=Units(kind="frame")))
    _, writer = await talk(there)
    writer.write(said("hello 1"))
    text = "The gate holds, and now the client gives up"
    await there.recorded.until(lambda: (1, text) in there.recorded.notes)
    writer.close()


async def test_units_of_a_connection_nobody_recorded_cannot_be_told_apart(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    writer.write(b"GET ")
    await reader.readexactly(4)
    there.relay.gate.hold()
    await there.recorded.until(lambda: len(there.recorded.notes) > 1)
    writer.write(b"/x")
    await there.until(lambda: there.relay.gate.view.held)
    assert [(h.kind, h.data) for h in there.relay.gate.view.held] == [("", b"/x")]
    assert any("cannot be told apart" in text for _, text in there.recorded.notes)
    there.relay.gate.clear()
    assert await reader.readexactly(2) == b"/x"
    writer.close()


async def test_a_gate_closed_in_mid_connection_knows_where_units_start(bench):
    capture = Capture()
    there = await bench(sockets, sink=capture)
    gate = there.relay.gate
    reader, writer = await talk(there)
    writer.write(said("hello 1") + said("hello 2")[:5])
    assert await hear(reader) == "hello 1"
    gate.hold()
    await settled()
    writer.write(said("hello 2")[5:] + said("hello 3"))
    await there.until(lambda: len(gate.view.held) == 2)
    assert {(h.direction, h.summary) for h in gate.view.held} == {
        (C2S, "hello 3"),
        (S2C, "hello 2"),
    }
    gate.clear()
    assert [await hear(reader), await hear(reader)] == ["hello 2", "hello 3"]
    writer.close()


async def test_what_waited_for_the_rest_of_its_unit_goes_on_when_units_are_wanted_no_more(bench):
    there = await bench(sockets)
    there.relay.faults.add(Swallow(), units=Units(where="false"))
    reader, writer = await talk(there)
    writer.write(said("hello 1")[:4])
    line = there.relay._works.lines[1]
    while not line._splitter._conversation.pending(C2S):
        await settled()
    there.relay.faults.latency(30_000)
    there.relay.faults.clear()
    await there.recorded.until(lambda: there.recorded.stream(C2S).endswith(said("hello 1")[:4]))
    writer.write(said("hello 1")[4:])
    assert await hear(reader) == "hello 1"
    writer.close()


async def test_a_rule_for_somebody_acts_once_it_is_known_who_it_is(bench, echoing):
    there = await bench(echoing)
    there.relay.faults.add(Drop(by=Cut.RST), label="Alice", for_s=3600)
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    there.relay.name(1, "Alice")
    there.relay.name(2, "Bob")
    assert await how_it_ended(reader) == "RST"
    assert there.recorded.labels == [(1, "Alice"), (2, "Bob")]
    writer.close()


async def test_a_timer_of_a_line_ends_with_it(bench, echoing):
    there = await bench(echoing)
    there.relay.faults.add(Drop(by=Cut.FIN, after_ms=60_000))
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    reset(writer)
    await there.recorded.until(lambda: there.recorded.how(C2S) is End.RST)
    await there.relay._works.quiet.wait()


async def test_a_half_close_by_a_fault(bench, echoing, monkeypatch):
    there = await bench(echoing)
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    line = there.relay._works.lines[1]
    line._perform(C2S, HalfClose(note="half"))
    assert await reader.read() == b""
    assert (1, "half") in there.recorded.notes
    writer.close()


async def test_a_swallowed_frame_is_a_gap_that_dissects_cleanly(bench):
    capture = Capture()
    there = await bench(sockets, sink=capture)
    there.relay.faults.add(Swallow(), direction=C2S, units=Units(kind="frame", nth=2))
    reader, writer = await talk(there)
    for n in range(3):
        writer.write(said(f"hello {n}"))
    assert [await hear(reader), await hear(reader)] == ["hello 0", "hello 2"]
    writer.close()
    rows = [row for row in capture.rows() if row.direction is C2S]
    assert [(row.kind, row.length) for row in rows] == [
        ("request", len(ASK)),
        ("frame", 13),
        ("gap", 13),
        ("frame", 13),
    ]
    assert capture.unit(rows[-1].n).unit.payload == b"hello 2"
    assert "application layer" in capture.annotations[-1].text


async def test_a_frame_unmasked_at_the_gate_is_answered_with_close_1002(bench):
    """A server that keeps the rules, a client that does, and a gate that breaks one."""

    async def never_called(connection):
        async for message in connection:
            raise AssertionError(message)

    capture = Capture()
    async with websockets.serve(never_called, "127.0.0.1", 0) as server:
        relay = Relay(server.sockets[0].getsockname()[:2], capture)
        await relay.start()
        host, port = relay.address
        async with websockets.connect(f"ws://{host}:{port}/", compression=None) as client:
            relay.gate.hold(Breakpoint(direction=C2S, units=Units(kind="frame")))
            held = asyncio.Event()
            relay.gate.subscribe(lambda: relay.gate.view.held and held.set())
            await client.send("hello")
            await held.wait()
            assert relay.gate.edit(mask=False).data == b"\x81\x05hello"
            relay.gate.step()
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await client.recv()
        assert closed.value.rcvd.code == 1002
        relay.gate.clear()
        await relay.stop()
    units = [capture.unit(row.n).unit for row in capture.rows()]
    assert [v.rule for v in units[2].violations] == ["a client must mask every frame it sends"]
    assert units[3].close_code == 1002
