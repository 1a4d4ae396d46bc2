"""The protocol class over real sockets, and the hooks of Tornado's that it replaces."""

from __future__ import annotations

import asyncio
import inspect

import pytest
import tornado
from tornado.iostream import IOStream
from tornado.websocket import WebSocketHandler, WebSocketProtocol13, _WebSocketParams

from labchat.server.websocket import EchoSocket
from labchat.server.writer import close_frame, frame
from tests.server.test_reader import compressed, deflated, masked

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


async def everything(reader):
    """What the server sends, up to its end of the stream; a reset would raise."""
    return await asyncio.wait_for(reader.read(), 50)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x05Hello", 1002),
        (masked(0xC9, b""), 1002),
        (masked(0xA1, b"x"), 1002),
        (masked(0x88, b"\x03"), 1002),
        (masked(0x88, (1005).to_bytes(2, "big")), 1002),
        (masked(0x81, b"\xff"), 1007),
        (masked(0xC1, b"\xff\xff"), 1007),
        (b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"mask" + bytes(100_000), 1009),
    ],
    ids=["unmasked", "RSV1 ping", "RSV2", "1-byte close", "1005", "no UTF-8", "no deflate", "1009"],
)
async def test_a_fault_is_told_with_a_close_frame_not_a_reset(house, sent, code):
    server = await house()
    reader, writer, _ = await server.upgraded("/echo", DEFLATE)
    writer.write(masked(0x89, b"alive") + sent)
    told = await everything(reader)
    assert told.startswith(frame(10, b"alive"))
    closing = told[7:]
    assert closing[0] == 0x88
    assert int.from_bytes(closing[2:4], "big") == code
    assert len(closing) == 2 + closing[1]


async def test_a_ping_inside_a_compressed_message(house):
    server = await house()
    reader, writer, head = await server.upgraded("/echo", DEFLATE)
    assert "permessage-deflate; server_no_context_takeover" in head
    writer.write(compressed(b"Hello Hello Hello", 0x42))
    assert await reader.readexactly(3) == frame(10, b"?")
    assert await reader.readexactly(2 + len(deflated(b"Hello Hello Hello")))


@pytest.mark.parametrize(("body", "answer"), [(b"", b""), (b"\x03\xe8bye", b"\x03\xe8")])
async def test_a_close_is_echoed_and_tcp_is_closed_by_the_server(house, body, answer):
    server = await house()
    reader, writer, _ = await server.upgraded()
    writer.write(masked(0x88, body))
    assert await everything(reader) == frame(8, answer)


async def test_nothing_is_done_for_what_comes_after_our_close(house):
    server = await house()
    reader, writer, _ = await server.upgraded()
    await asyncio.sleep(0)
    (link,) = server.hub.links
    link.close(1001, "é" * 100)
    writer.write(masked(0x81, b"too late") + masked(0x88, b"\x03\xe9"))
    assert await everything(reader) == close_frame(1001, "é" * 100)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Sec-WebSocket-Version: 8", 426),
        ("Sec-WebSocket-Key: not base64!", 400),
        ("Sec-WebSocket-Key: dG9vIHNob3J0", 400),
        ("Connection: keep-alive", 400),
    ],
)
async def test_a_handshake_that_is_refused(house, line, status):
    server = await house()
    fields = {
        "Host": f"127.0.0.1:{server.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
        "Sec-WebSocket-Version": "13",
    }
    name, _, value = line.partition(": ")
    answer = await server.http.get("/echo", headers={**fields, name: value})
    assert answer.status_code == status
    if status == 426:
        assert answer.headers["Sec-WebSocket-Version"] == "13"


async def test_the_texts_own_handshake(house):
    server = await house()
    *_, head = await server.upgraded("/")
    assert head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    fields = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
    by_name = {name.lower(): value for name, value in fields.items()}
    assert by_name["sec-websocket-accept"] == "HSmrc0sMlYUkAGmm5OPpG2HaGWk="


async def test_a_peer_that_does_not_answer_pings_is_let_go(house):
    server = await house(heartbeat=0.05)
    reader, _, _ = await server.upgraded()
    assert await reader.readexactly(2) == frame(9, b"")
    assert await everything(reader) == close_frame(1011, "no pong within 0.05 s")


async def test_a_peer_that_answers_pings_stays(house, monkeypatch):
    beat, sleep = asyncio.Queue(), asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda s: beat.get() if s == 3600 else sleep(s))
    server = await house(heartbeat=3600)
    reader, writer, _ = await server.upgraded()
    for _ in range(3):
        beat.put_nowait(None)
        assert await reader.readexactly(2) == frame(9, b"")
        writer.write(masked(0x8A, b"") + masked(0x81, b"and"))
        assert await reader.readexactly(5) == frame(1, b"and")
    beat.put_nowait(None)
    beat.put_nowait(None)
    assert await reader.readexactly(2) == frame(9, b"")
    assert await everything(reader) == close_frame(1011, "no pong within 3600 s")


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_a_mistake_in_the_handler_closes_with_1011(house, monkeypatch, caplog, later):
    server = await house()
    reader, writer, _ = await server.upgraded()

    def stumble(_self, _data):
        raise ZeroDivisionError

    async def stumble_later(_self, _data):
        await asyncio.sleep(0)
        raise ZeroDivisionError

    monkeypatch.setattr(EchoSocket, "on_text", stumble_later if later else stumble)
    writer.write(masked(0x81, b"one") + masked(0x81, b"two"))
    assert await everything(reader) == close_frame(1011, "the server made a mistake")
    assert "ZeroDivisionError" in caplog.text


HOOKS = {
    (WebSocketProtocol13, "_handle_websocket_headers"): ["self", "handler"],
    (WebSocketProtocol13, "_parse_extensions_header"): ["self", "headers"],
    (WebSocketProtocol13, "_receive_frame_loop"): ["self"],
    (WebSocketProtocol13, "periodic_ping"): ["self"],
    (WebSocketProtocol13, "start_pinging"): ["self"],
    (WebSocketProtocol13, "_send_pong"): ["self", "data"],
    (WebSocketProtocol13, "_abort"): ["self"],
    (WebSocketProtocol13, "close"): ["self", "code", "reason"],
    (WebSocketHandler, "get_websocket_protocol"): ["self"],
    (WebSocketHandler, "on_ws_connection_close"): ["self", "close_code", "close_reason"],
}


@pytest.mark.parametrize(("where", "parameters"), HOOKS.items(), ids=str)
def test_the_private_hook_is_where_it_was(where, parameters):
    owner, name = where
    hook = getattr(owner, name, None)
    moved = f"{owner.__name__}.{name} moved in Tornado {tornado.version}"
    assert hook is not None, moved
    assert list(inspect.signature(hook).parameters) == parameters, moved


def test_the_private_attributes_are_where_they_were():
    protocol = WebSocketProtocol13(None, False, _WebSocketParams(None, None, 1, None))
    for name in ("client_terminated", "server_terminated", "_received_pong", "close_code"):
        assert hasattr(protocol, name), f"{name} moved in Tornado {tornado.version}"
    assert "_write_buffer" in inspect.getsource(IOStream.__mro__[1].__init__)
