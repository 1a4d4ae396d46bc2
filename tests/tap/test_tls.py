"""TLS ended and begun again by the tap."""

from __future__ import annotations

import asyncio
import ssl
import stat
import sys

import pytest

from labchat.errors import MissingExtra, SettingsError
from labchat.tap import tls
from labchat.tap.faults import Cut
from labchat.tap.relay import Relay
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


async def shout(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ca")


async def test_wss_can_be_read_on_its_way(folder, recorded):
    context, authority = tls.made_here(folder)
    server = await asyncio.start_server(shout, "127.0.0.1", 0, ssl=context)
    relay = Relay(
        server.sockets[0].getsockname()[:2],
        recorded,
        tls=context,
        target_tls=tls.to_target(authority),
    )
    await relay.start()
    trusting = ssl.create_default_context(cafile=authority)
    reader, writer = await asyncio.open_connection(
        *relay.address, ssl=trusting, server_hostname="localhost"
    )
    writer.write(b"secret\n")
    assert await reader.read() == b"SECRET\n"
    writer.close()
    await recorded.until(lambda: recorded.how(S2C) is not None)
    assert (recorded.stream(C2S), recorded.stream(S2C)) == (b"secret\n", b"SECRET\n")
    await relay._works.quiet.wait()
    await relay.stop()
    server.close()


async def test_a_client_that_does_not_trust_the_ca_refuses(folder, recorded):
    context, _ = tls.made_here(folder)
    relay = Relay(("127.0.0.1", 1), recorded, tls=context)
    await relay.start()
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(
            *relay.address, ssl=ssl.create_default_context(), server_hostname="localhost"
        )
    await relay.stop()


async def test_a_target_that_is_not_trusted_is_not_spoken_to(folder, recorded):
    context, _ = tls.made_here(folder)
    server = await asyncio.start_server(shout, "127.0.0.1", 0, ssl=context)
    target = server.sockets[0].getsockname()[:2]
    relay = Relay(target, recorded, target_tls=tls.to_target())
    await relay.start()
    reader, writer = await asyncio.open_connection(*relay.address)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert "certificate verify failed" in recorded.notes[0][1]
    await relay.stop()
    relay = Relay(target, recorded, target_tls=tls.to_target(check=False))
    await relay.start()
    reader, writer = await asyncio.open_connection(*relay.address)
    writer.write(b"secret\n")
    assert await reader.read() == b"SECRET\n"
    writer.close()
    relay.cut(Cut.FIN)
    await relay.stop()
    server.close()


def test_the_ca_is_kept_and_its_key_is_nobody_elses(tmp_path):
    first = tls.made_here(tmp_path)[1].read_bytes()
    again = tls.made_here(tmp_path, "example.test")[1].read_bytes()
    assert first == again
    assert stat.S_IMODE((tmp_path / tls.KEY_FILE).stat().st_mode) == 0o600
    assert "Do not put it into your everyday browser" in tls.advice(tmp_path / tls.CA_FILE)


def test_a_given_certificate(folder, tmp_path):
    import trustme

    cert = trustme.CA().issue_cert("localhost")
    pem = tmp_path / "both.pem"
    cert.private_key_and_cert_chain_pem.write_to_path(pem)
    assert tls.given(pem).protocol is ssl.PROTOCOL_TLS_SERVER


def test_what_is_no_certificate(tmp_path):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("wrong")
    with pytest.raises(SettingsError, match="is no certificate with its key"):
        tls.given(wrong)
    with pytest.raises(SettingsError, match="is no certificate: "):
        tls.to_target(wrong)
    (tmp_path / tls.KEY_FILE).write_text("wrong")
    with pytest.raises(SettingsError, match="cannot be used"):
        tls.made_here(tmp_path)


def test_without_trustme_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(MissingExtra, match="pip install"):
        tls.made_here(tmp_path)
