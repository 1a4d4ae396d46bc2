"""TLS: spoken on its port, asked for where it is not, and remembered by browsers."""

from __future__ import annotations

import asyncio
import gc
import ssl
import subprocess
from contextlib import suppress

import pytest

from labchat.errors import SettingsError
from labchat.server.settings import Settings


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of its own for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


async def test_tls_is_spoken_and_remembered(house, certificate):
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key)
    assert server.server.url.startswith("https://")
    answer = await server.http.get("/api/health")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    trust = ssl.create_default_context(cafile=cert)
    talker = await server.talker("alice", ssl=trust)
    await talker.post("m1", text="x" * 9000)
    assert (await talker.hear("ack"))["seq"] == 1
    assert talker.texts() == ["x" * 9000]


async def test_plain_http_is_shown_the_way(house, certificate):
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key)
    reader, _ = await server.raw("GET /ws?x=1 HTTP/1.1", "HOST: localhost:3000")
    answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 308 ")
    assert "Location: https://localhost:3000/ws?x=1\r\n" in answer
    reader, _ = await server.raw("GET http://elsewhere/ HTTP/1.1", "Host: localhost:3000")
    assert "Location: https://localhost:3000/\r\n" in (await reader.read()).decode()


@pytest.mark.parametrize("sent", [b"", b"\x16nonsense\r\n\r\n", b"x" * 10_000])
async def test_nonsense_is_cut(house, certificate, sent, flying):
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key, limits={"header_seconds": 60})
    reader, writer = await server.raw()
    writer.write(sent)
    if not sent:
        writer.write_eof()
    with suppress(ConnectionError):
        assert b"HTTP" not in await flying(reader.read())
    assert (await server.http.get("/api/health")).status_code == 200


async def test_a_handshake_that_breaks_off_is_no_error_of_ours(house, certificate, caplog):
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key)
    reader, writer = await server.raw()
    writer.write(b"\x16\x03\x01")
    writer.write_eof()
    with suppress(ConnectionError):
        await reader.read()
    assert (await server.http.get("/api/health")).status_code == 200
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_handshakes_that_do_not_end_are_bounded(house, certificate, monkeypatch):
    monkeypatch.setattr("labchat.server.gate.SPARE", 2)
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key, limits={"connections": 0})
    flood = [await server.raw() for _ in range(4)]
    assert await flood[2][0].read() == b""
    assert await flood[3][0].read() == b""
    flood[0][1].close()
    flood[1][1].close()
    while server.server.app.hub._tasks:  # noqa: ASYNC110 - the gate tells nobody of it
        await asyncio.sleep(0)
    assert (await server.http.get("/api/health")).status_code == 200


async def test_silence_is_cut(house, certificate):
    cert, key = certificate
    server = await house(tls_cert=cert, tls_key=key, limits={"header_seconds": 0.05})
    reader, _ = await server.raw()
    assert await reader.read() == b""


async def test_a_certificate_that_is_none(house, tmp_path):
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(SettingsError, match="cannot be used"):
        await house(tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")


def test_plain_is_the_default():
    assert not Settings().tls
