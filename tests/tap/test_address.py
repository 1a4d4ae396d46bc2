from __future__ import annotations

import pytest

from labchat.errors import SettingsError
from labchat.tap.address import Address, endpoint, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:8000", Address("localhost", 8000)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:80", Address("::1", 80)),
        (":9000", Address("127.0.0.1", 9000)),
        ("9000", Address("127.0.0.1", 9000)),
        ("http://localhost", Address("localhost", 80)),
        ("ws://localhost:8000/ws", Address("localhost", 8000)),
        ("https://localhost", Address("localhost", 443, tls=True)),
        ("wss://localhost:8443", Address("localhost", 8443, tls=True)),
    ],
)
def test_addresses(text, address):
    assert parse(text) == address


@pytest.mark.parametrize(
    "text", ["", "localhost", "a:b", "a:99999", "ftp://a:21", "[::1:80", "http"]
)
def test_no_addresses(text):
    with pytest.raises(SettingsError, match="is no address"):
        parse(text)


def test_addresses_as_text():
    assert str(Address("::1", 80)) == "[::1]:80"
    assert endpoint(("127.0.0.1", 80, 0, 0)) == "127.0.0.1:80"
    assert endpoint(None) == ""
