"""Addresses as people write them: ``localhost:8000``, ``[::1]:80``, ``:9000``, ``https://host``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from labchat.errors import SettingsError

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""What a URL's scheme means when it names no port."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen or to connect to.

    Attributes:
        host: a name or an IP address, IPv6 without brackets.
        port: 0 to 65535; 0 lets the system choose one to listen on.
        tls: written as ``https:`` or ``wss:``.
    """

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        """As "host:port", IPv6 in brackets."""
        return endpoint((self.host, self.port))


def parse(text: str, *, host: str = "127.0.0.1") -> Address:
    """Read an address; ``host`` is meant where only a port is given. Raises SettingsError."""
    bare = f"//:{text}" if text.isdecimal() else f"//{text}"
    try:
        url = urlsplit(text if "://" in text else bare)
        port = PORTS.get(url.scheme) if url.port is None else url.port
    except ValueError as error:
        raise SettingsError(f"“{text}” is no address: {error}.") from error
    if port is None or (url.scheme and url.scheme not in PORTS):
        raise SettingsError(f"“{text}” is no address; write HOST:PORT, such as localhost:8000.")
    return Address(url.hostname or host, port, tls=url.scheme in {"https", "wss"})


def endpoint(address: tuple[object, ...] | None) -> str:
    """A socket address as "host:port", IPv6 in brackets; "" for none."""
    if not address:
        return ""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
