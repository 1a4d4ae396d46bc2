"""The pipe: nothing is lost where the connection changes hands, nor when the peer is slow."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tornado.iostream import IOStream, StreamClosedError

from labchat.server.pipe import Pipe
from labchat.server.writer import frame
from tests.server.test_reader import masked

SAID = b'{"type":"message","text":"Hello","senderId":"a","receiverId":"b","id":"%d"}'


async def test_frames_that_came_with_the_handshake_are_heard_first(house):
    server = await house()
    reader, writer = await server.raw()
    lines = (
        *("GET /echo HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket"),
        *("Connection: Upgrade", "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="),
        *("Sec-WebSocket-Version: 13", "", ""),
    )
    writer.write("\r\n".join(lines).encode() + b"".join(masked(0x81, b"%d" % n) for n in range(20)))
    await reader.readuntil(b"\r\n\r\n")
    for number in range(20):
        text = b"%d" % number
        assert await reader.readexactly(2 + len(text)) == frame(1, text)


async def test_a_slow_peer_gets_everything_in_order(house):
    server = await house()
    reader, writer, _ = await server.upgraded("/echo")
    payloads = [bytes((number,)) * 300_000 for number in range(20)]

    async def send():
        for payload in payloads:
            writer.write(masked(0x82, payload))
            await writer.drain()

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        for payload in payloads:
            assert await reader.readexactly(10 + len(payload)) == frame(2, payload)


async def test_who_waits_for_the_disk_is_read_again(house):
    server = await house(limits={"pending": 2})
    reader, writer, _ = await server.upgraded("/ws")
    writer.write(b"".join(masked(0x81, SAID % number) for number in range(30)))
    heard = b""
    while heard.count(b'"ack"') < 30:
        heard += await reader.read(65536)


@pytest.fixture
def pair():
    """A stream on one end of a connection, and the other end."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    stream = IOStream(ours)
    yield stream, theirs
    stream.close()
    theirs.close()


async def test_what_is_written_before_it_is_connected_goes_out_first(pair):
    stream, theirs = pair
    pipe = Pipe.leave(stream, lambda _data: None)
    assert stream.closed()
    pipe.write(b"early ")
    await pipe.connect()
    await pipe.write(b"late")
    loop = asyncio.get_running_loop()
    assert await loop.sock_recv(theirs, 100) == b"early late"
    pipe.close()
    with pytest.raises(StreamClosedError):
        pipe.write(b"never")
    with pytest.raises(StreamClosedError):
        await pipe.attention()


async def test_closed_before_it_is_connected(pair):
    stream, theirs = pair
    pipe = Pipe.leave(stream, lambda _data: None)
    pipe.close()
    await pipe.connect()
    assert await asyncio.get_running_loop().sock_recv(theirs, 100) == b""


async def test_what_waits_is_sent_after_closing_and_whoever_waits_is_told(pair, monkeypatch):
    monkeypatch.setattr("labchat.server.pipe.LINGER", 3600.0)
    stream, theirs = pair
    pipe = Pipe.leave(stream, lambda _data: None)
    await pipe.connect()
    written = pipe.write(bytes(3_000_000))
    assert not pipe.idle
    assert pipe.waiting() > 0
    pipe.close()
    loop = asyncio.get_running_loop()
    got = 0
    while data := await loop.sock_recv(theirs, 1 << 20):
        got += len(data)
    assert got == 3_000_000
    await written


async def test_a_write_that_cannot_end_raises(pair):
    stream, theirs = pair
    pipe = Pipe.leave(stream, lambda _data: None)
    await pipe.connect()
    written = pipe.write(bytes(3_000_000))
    theirs.close()
    with pytest.raises(StreamClosedError):
        await written


async def test_work_is_handed_out_and_reading_waits_for_it(pair):
    stream, theirs = pair
    heard = []

    async def work(data):
        heard.append(data)

    pipe = Pipe.leave(stream, work)
    await pipe.connect()
    theirs.send(b"one")
    first = await pipe.attention()
    theirs.send(b"two")
    await first
    pipe.go_on()
    await (await pipe.attention())
    assert heard == [b"one", b"two"]
    theirs.send(b"three")
    pipe.go_on()
    theirs.send(b"")
    third = await pipe.attention()
    pipe._work = third
    pipe.forget()
    pipe.close()
