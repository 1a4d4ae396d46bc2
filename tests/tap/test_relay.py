from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import socket
import struct

import pytest

from labchat.capture.model import End
from labchat.errors import PortInUse, TapError
from labchat.tap.faults import Cut
from labchat.tap.relay import Relay
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_every_byte_passes_and_is_recorded_before_the_receiver_has_it(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    sent = random.Random(1).randbytes(3_000_000)

    async def send() -> None:
        for at in range(0, len(sent), 70_001):
            writer.write(sent[at : at + 70_001])
            await writer.drain()
        writer.write_eof()

    sending = asyncio.get_running_loop().create_task(send())
    got = bytearray()
    while data := await reader.read(50_000):
        got += data
        assert there.recorded.stream(S2C)[: len(got)] == got
    await sending
    writer.close()
    assert got == sent
    assert there.recorded.stream(C2S) == there.recorded.stream(S2C) == sent


async def test_chunks_carry_offsets_and_the_clocks_times(bench, echoing):
    ticks = itertools.count()
    there = await bench(echoing, clock=lambda: next(ticks))
    reader, writer = await there.connect()
    for word in (b"one", b"three"):
        writer.write(word)
        assert await reader.readexactly(len(word)) == word
    writer.close()
    chunks = [chunk for _, chunk in there.recorded.chunks]
    assert [(c.direction, c.offset, c.data) for c in chunks] == [
        (C2S, 0, b"one"),
        (S2C, 0, b"one"),
        (C2S, 3, b"three"),
        (S2C, 3, b"three"),
    ]
    first = chunks[0].at_ns
    assert [c.at_ns for c in chunks] == [first, first + 1, first + 2, first + 3]


async def test_a_connection_is_recorded_with_both_addresses_and_a_label(bench, echoing):
    there = await bench(echoing, label=lambda client: f"client at {client}")
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    host, port = writer.get_extra_info("sockname")
    (opened,) = there.recorded.opened
    assert opened["client"] == f"{host}:{port}"
    assert opened["server"] == "{}:{}".format(*there.relay.target)
    assert opened["label"] == f"client at {host}:{port}"
    writer.close()


async def test_a_half_close_passes_as_a_half_close(bench):
    async def answer_at_the_end(reader, writer):
        asked = await reader.read()
        writer.write(b"you said " + asked)
        writer.close()

    there = await bench(answer_at_the_end)
    reader, writer = await there.connect()
    writer.write(b"hello")
    writer.write_eof()
    assert await reader.read() == b"you said hello"
    writer.close()
    await there.recorded.until(lambda: there.recorded.how(S2C) is not None)
    assert (there.recorded.how(C2S), there.recorded.how(S2C)) == (End.FIN, End.FIN)


async def test_a_server_may_half_close_first(bench):
    said = asyncio.get_running_loop().create_future()

    async def greet_then_listen(reader, writer):
        writer.write(b"greetings")
        writer.write_eof()
        said.set_result(await reader.read())
        writer.close()

    there = await bench(greet_then_listen)
    reader, writer = await there.connect()
    assert await reader.read() == b"greetings"
    writer.write(b"still here")
    writer.close()
    assert await said == b"still here"


async def test_a_reset_by_the_server_reaches_the_client_as_a_reset(bench):
    async def rude(reader, writer):
        await reader.readexactly(5)
        reset(writer)

    there = await bench(rude)
    reader, writer = await there.connect()
    writer.write(b"hello")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert there.recorded.how(S2C) is End.RST
    assert there.recorded.how(C2S) is End.LOCAL


async def test_a_reset_by_the_client_reaches_the_server_as_a_reset(bench):
    how = asyncio.get_running_loop().create_future()

    async def listen(reader, writer):
        try:
            while await reader.read(100):
                writer.write(b"ok")
            how.set_result("FIN")
        except ConnectionResetError:
            how.set_result("RST")
        writer.close()

    there = await bench(listen)
    reader, writer = await there.connect()
    writer.write(b"hello")
    await reader.readexactly(2)
    reset(writer)
    assert await how == "RST"
    assert there.recorded.how(C2S) is End.RST


async def test_a_reset_after_fin_is_told(bench):
    async def talk_on(reader, writer):
        await reader.read()
        try:
            while True:
                writer.write(b"x" * 10_000)
                await writer.drain()
        except OSError:
            gone.set()

    gone = asyncio.Event()
    there = await bench(talk_on)
    reader, writer = await there.connect()
    writer.write_eof()
    await reader.read(10)
    reset(writer)
    await gone.wait()
    assert there.recorded.how(C2S) is End.FIN
    assert there.recorded.how(S2C) is End.LOCAL
    (note,) = there.recorded.notes
    assert note[1].startswith("The c2s sender's connection broke: ")


async def test_a_dead_target_resets_the_client_and_is_told(recorded):
    deaf = socket.socket()  # its port is taken, so that nobody else comes to listen there
    deaf.bind(("127.0.0.1", 0))
    host, port = deaf.getsockname()
    relay = Relay((host, port), recorded)
    await relay.start()
    reader, writer = await asyncio.open_connection(*relay.address)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    ((number, text),) = recorded.notes
    assert number == 1
    assert text.startswith(f"The target 127.0.0.1:{port} cannot be reached: ")
    assert {how for _, _, how in recorded.ends} == {End.LOCAL}
    await relay.stop()
    deaf.close()


async def test_a_slow_reader_holds_its_sender_back(bench):
    """With a reader that reads nothing, the sender cannot send more than the buffers hold."""
    read_on = asyncio.Event()
    whole = 64 * 2**20

    async def slow(reader, writer):
        await read_on.wait()
        total = 0
        while data := await reader.read(2**20):
            total += len(data)
        writer.write(str(total).encode())
        writer.close()

    there = await bench(slow)
    reader, writer = await there.connect()
    writer.write(bytes(whole))
    stuck = -1
    while len(there.recorded.chunks) != stuck:
        stuck = len(there.recorded.chunks)
        for _ in range(200):
            await asyncio.sleep(0)
    assert len(there.recorded.stream(C2S)) < whole / 2
    read_on.set()
    await writer.drain()
    writer.write_eof()
    assert await reader.read() == str(whole).encode()
    writer.close()


async def test_hundreds_of_connections_at_once(bench, echoing):
    there = await bench(echoing)

    async def talk(n: int) -> bytes:
        reader, writer = await there.connect()
        writer.write(b"%d" % n)
        writer.write_eof()
        said = await reader.read()
        writer.close()
        return said

    said = await asyncio.gather(*(talk(n) for n in range(300)))
    assert said == [b"%d" % n for n in range(300)]
    assert len(there.recorded.opened) == 300


async def test_who_comes_while_it_stops_is_sent_away(bench, echoing):
    there = await bench(echoing)
    there.relay._works.stopped = True
    reader, writer = await there.connect()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert there.recorded.opened == []


@pytest.mark.parametrize("turns", range(6))
async def test_who_came_just_before_it_stops_is_let_go(bench, echoing, turns):
    """However far the loop had got with the connection: accepted, told of, being carried on."""
    there = await bench(echoing)
    with socket.create_connection(there.relay.address) as client:
        for _ in range(turns):
            await asyncio.sleep(0)
        await there.relay.stop()
        client.setblocking(False)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
    assert not there.relay._works.legs
    assert not there.relay._connecting


async def test_ipv6(bench, echoing):
    there = await bench(echoing, host="::1")
    reader, writer = await there.connect()
    writer.write(b"six")
    assert await reader.readexactly(3) == b"six"
    writer.close()
    assert there.recorded.opened[0]["server"] == f"[::1]:{there.relay.target[1]}"


async def test_both_legs_have_nodelay(bench, echoing, monkeypatch):
    there = await bench(echoing)
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    legs = there.relay._works.legs
    assert [
        leg._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for leg in legs
    ] == [1, 1]
    writer.close()


async def test_stop_ends_connections_and_leaves_nothing(bench, echoing):
    there = await bench(echoing)
    reader, writer = await there.connect()
    writer.write(b"x")
    await reader.readexactly(1)
    address = there.relay.address
    await there.relay.stop()
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(*address)
    with pytest.raises(TapError, match="does not listen"):
        _ = there.relay.address
    assert {how for _, _, how in there.recorded.ends} == {End.LOCAL}
    await there.relay.stop()


async def test_stop_resets_those_who_do_not_read(bench, monkeypatch):
    async def deaf(reader, writer):
        await stopped.wait()
        writer.close()

    stopped = asyncio.Event()
    there = await bench(deaf)
    _, writer = await there.connect()
    writer.write(bytes(32 * 2**20))
    await there.recorded.until(lambda: there.recorded.chunks)
    full = asyncio.Event()
    monkeypatch.setattr(there.relay._works.lines[1].client, "brake", lambda reason: full.set())
    await full.wait()
    await there.relay.stop(grace=0)
    stopped.set()
    with pytest.raises(ConnectionResetError):
        await writer.drain()
    writer.close()


async def test_a_client_gone_while_the_target_is_reached_leaves_nothing(recorded, echoing):
    server = await asyncio.start_server(echoing, "127.0.0.1", 0)
    relay = Relay(server.sockets[0].getsockname()[:2], recorded)
    await relay.start()
    with socket.create_connection(relay.address) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await recorded.until(lambda: len(recorded.ends) == 2)
    await relay.stop()
    server.close()


@pytest.fixture
async def reaching(monkeypatch):
    """Connecting to a target takes until this is set."""
    loop = asyncio.get_running_loop()
    connect, reached = loop.create_connection, asyncio.Event()

    async def slowly(factory, *where, **settings):
        await reached.wait()
        return await connect(factory, *where, **settings)

    monkeypatch.setattr(loop, "create_connection", slowly)
    return reached


async def connected(relay: Relay, recorded) -> socket.socket:
    sock = socket.create_connection(relay.address)
    await recorded.until(lambda: recorded.opened)
    return sock


async def test_stop_gives_up_reaching_a_target(bench, echoing, reaching):
    there = await bench(echoing)
    with await connected(there.relay, there.recorded) as sock:
        await there.relay.stop()
        assert sock.recv(1) == b""


async def test_a_target_that_takes_too_long_is_given_up(bench, echoing, reaching):
    there = await bench(echoing, connect_timeout=0.001)
    with await connected(there.relay, there.recorded) as sock:
        await there.recorded.until(lambda: there.recorded.notes)
        await there.relay._works.quiet.wait()
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert there.recorded.notes[0][1].endswith("cannot be reached: no answer within 0.001 s.")


async def test_a_connection_cut_while_its_target_is_reached(bench, echoing, reaching):
    there = await bench(echoing)
    with await connected(there.relay, there.recorded) as sock:
        there.relay.cut(Cut.RST)
        await there.recorded.until(lambda: there.recorded.notes)
        await there.relay._works.quiet.wait()
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
        reaching.set()
        await asyncio.wait(there.relay._connecting)
        await there.relay._works.quiet.wait()


async def test_a_port_in_use_is_said(bench, echoing, recorded):
    there = await bench(echoing)
    host, port = there.relay.address
    second = Relay(("127.0.0.1", 1), recorded)
    with pytest.raises(PortInUse, match=f"127.0.0.1:{port} already"):
        await second.start(host, port)
    with pytest.raises(TapError, match="cannot listen on"):
        await second.start("192.0.2.1", 0)
