"""Peers that mean harm, or have fallen silent: each is bounded, and the others go on."""

from __future__ import annotations

import asyncio
import socket

import pytest
import websockets

from labchat.server.reader import Code
from tests.server.test_reader import deflated, masked

SAID = '{"type":"message","text":"%s","senderId":"eve","receiverId":"bob","id":"%s"}'


async def alive(server):
    """The server still does its work."""
    assert (await server.post("still-here")).status_code == 200


async def ended(reader):
    """The end of the stream, in whatever way it comes."""
    try:
        while await reader.read(65536):
            continue
    except ConnectionError:
        return


async def test_a_slow_head_is_cut(house, flying):
    server = await house(limits={"header_seconds": 60})
    reader, writer = await server.raw()
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    await flying(ended(reader))
    await alive(server)


async def test_an_endless_head_is_cut(house):
    server = await house(limits={"headers": 2000})
    reader, writer = await server.raw()
    writer.write(b"GET / HTTP/1.1\r\n" + b"X-More: and more\r\n" * 10_000)
    await ended(reader)
    await alive(server)


async def test_a_head_over_the_limit_is_told_so(house):
    server = await house(limits={"headers": 500})
    long = {"X-More": "and more," * 60}
    for method, path in (("GET", "/api/health"), ("POST", "/api/messages"), ("GET", "/nowhere")):
        answer = await server.http.request(method, path, headers=long)
        assert answer.status_code == 431
        assert answer.json() == {"error": "A head may have 500 bytes."}
    with pytest.raises(websockets.InvalidStatus) as caught:
        await server.talker(additional_headers=long)
    assert caught.value.response.status_code == 431
    await alive(server)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX-", b"POST / HTTP/1.1\r\nHost: a\r\n"])
async def test_half_a_head_whose_end_will_not_come_is_cut_at_once(house, sent):
    server = await house(limits={"header_seconds": 3600.0})
    reader, writer = await server.raw()
    writer.write(sent)
    writer.write_eof()
    await ended(reader)
    await alive(server)


async def test_a_slow_body_is_cut(house, flying):
    server = await house(limits={"body_seconds": 60})
    reader, writer = await server.raw(
        *("POST /api/messages HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Content-Length: 50")
    )
    writer.write(b"{")
    await flying(ended(reader))
    await alive(server)


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nbad header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_a_malformed_request_is_a_400_or_the_end(house, head):
    server = await house()
    reader, writer = await server.raw()
    writer.write(head)
    answer = await asyncio.wait_for(reader.read(), 50)
    assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 403"}
    await alive(server)


async def test_a_compression_bomb_is_not_inflated(house):
    server = await house(compression=True, limits={"frame": 10_000})
    offer = "Sec-WebSocket-Extensions: permessage-deflate"
    reader, writer, _ = await server.upgraded("/ws", offer)
    bomb = deflated(bytes(9_000_000))
    assert len(bomb) < 10_000
    writer.write(masked(0xC1, bomb))
    told = await asyncio.wait_for(reader.read(), 50)
    assert int.from_bytes(told[2:4], "big") == Code.TOO_BIG
    await alive(server)


async def test_a_reader_that_does_not_read_is_closed_with_1013_and_the_others_hear(house):
    server = await house(limits={"queue": 50_000, "text": 60_000, "frame": 100_000})
    _, writer, _ = await server.upgraded("/ws")
    writer.transport.pause_reading()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    alice = await server.talker("alice")
    closing = []
    (slow,) = (link for link in server.hub.links if server.hub.company.members.user(link) is None)
    close = slow.link.close
    slow.link.close = lambda code=None, reason=None: (closing.append(code), close(code, reason))
    for number in range(400):
        await alice.post(f"m{number}", text="x" * 50_000)
        await alice.hear("ack")
        if closing:
            break
    assert closing[0] == Code.TRY_AGAIN_LATER
    assert number < 399


async def test_typing_is_left_out_before_posts_are(house, monkeypatch):
    server = await house(limits={"queue": 1_000_000, "text": 500_000, "frame": 600_000})
    _, writer, _ = await server.upgraded("/ws")
    writer.transport.pause_reading()
    alice = await server.talker("alice")
    (slow,) = (link for link in server.hub.links if server.hub.company.members.user(link) is None)
    number = 0
    while slow.link.waiting() <= 800_000:  # the system may yet take some of it
        number += 1
        await alice.post(f"m{number}", text="x" * 100_000)
        await alice.hear("ack")
    queued = []
    monkeypatch.setattr(slow.link.stream, "write", queued.append)
    await alice.say("typing", senderId="alice", receiverId="bob")
    await alice.settle()
    assert queued == []
    await alice.post("last")
    await alice.hear("ack")
    assert len(queued) == 1


async def test_there_is_room_for_so_many_and_no_more(house):
    server = await house(limits={"connections": 2})
    await server.talker("alice")
    bob = await server.talker("bob")
    with pytest.raises(websockets.InvalidStatus) as caught:
        await server.talker("eve")
    assert caught.value.response.status_code == 503
    assert caught.value.response.headers["Retry-After"] == "1"
    await alive(server)
    await bob.socket.close()
    await server.talker("eve")


async def test_a_flood_of_connections_is_bounded(house, monkeypatch):
    monkeypatch.setattr("labchat.server.gate.SPARE", 3)
    server = await house(limits={"connections": 0})
    flood = [await server.raw() for _ in range(6)]
    ends = [await asyncio.wait_for(reader.read(), 50) for reader, _ in flood[3:]]
    assert ends == [b"", b"", b""]
    flood[0][1].write(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (await flood[0][0].readline()).startswith(b"HTTP/1.1 200")


async def test_posts_of_one_connection_wait_when_the_disk_is_slow(house):
    server = await house(limits={"pending": 4})
    eve = await server.talker("eve")
    for number in range(100):
        await eve.socket.send(SAID % ("x", f"m{number}"))
    seqs = [(await eve.hear("ack"))["seq"] for _ in range(100)]
    assert seqs == list(range(1, 101))


async def test_a_chatty_connection_does_not_starve_the_others(house):
    server = await house()
    reader, writer, _ = await server.upgraded("/echo")

    async def shout():
        while True:
            writer.write(masked(0x82, bytes(1000)) * 60)
            await writer.drain()

    async def listen():
        while await reader.read(1 << 16):
            continue

    async with asyncio.TaskGroup() as group:
        noise = [group.create_task(shout()), group.create_task(listen())]
        for number in range(20):
            async with asyncio.timeout(50):
                assert (await server.post(f"m{number}")).status_code == 200
        for task in noise:
            task.cancel()


async def test_hostile_text_comes_back_as_it_was(house):
    server = await house()
    nasty = "<script>alert(1)</script>\x00\u2028\u202e'\"; DROP TABLE messages; --"
    assert (await server.post("m1", text=nasty)).json()["text"] == nasty
    assert (await server.http.get("/api/messages")).json()[0]["text"] == nasty


async def test_a_peer_that_vanishes_is_forgotten(house):
    server = await house()
    _, writer, _ = await server.upgraded("/ws")
    assert len(server.hub.links) == 1
    writer.transport.abort()
    async with asyncio.timeout(50):
        await server.hub.emptied()
    assert len(server.hub.company.members) == 0
