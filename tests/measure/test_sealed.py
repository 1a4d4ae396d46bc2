"""One TLS connection, one thread that reads and one that writes."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from labchat.measure.sealed import Sealed
from labchat.measure.tls import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = bytes(range(256)) * 4096
"""More than the buffers of a socket hold."""


@pytest.fixture
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sealed, ssl.SSLSocket]]:
    """Our end and the server's, the handshake done; the session tickets are still on their way."""
    made = certificate(tmp_path_factory.mktemp("tls"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.options[1], made.options[3])
    near, far = socket.socketpair()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(server.wrap_socket, far, server_side=True)
        ours = Sealed(made.context.wrap_socket(near, server_hostname="127.0.0.1"))
        theirs = other.result()
    with theirs:
        yield ours, theirs
        ours.close()


def every(sock: Sealed | ssl.SSLSocket) -> bytes:
    """As much as ``MANY``."""
    had = b""
    while len(had) < len(MANY):
        had += sock.recv(65536)
    return had


def test_one_thread_reads_while_another_writes(ends: tuple[Sealed, ssl.SSLSocket]) -> None:
    ours, theirs = ends
    with ThreadPoolExecutor(3) as pool:
        heard = pool.submit(every, ours)
        sent = pool.submit(ours.sendall, MANY)
        back = pool.submit(every, theirs)
        assert back.result() == MANY
        theirs.sendall(MANY)
        assert heard.result() == MANY
        sent.result()


def test_the_end_is_no_bytes(ends: tuple[Sealed, ssl.SSLSocket]) -> None:
    ours, theirs = ends
    theirs.shutdown(socket.SHUT_RDWR)
    assert ours.recv(1) == b""


def test_a_hang_up_wakes_who_reads(ends: tuple[Sealed, ssl.SSLSocket]) -> None:
    ours, _ = ends
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(ours.recv, 1)
        ours.close()
        assert heard.result(timeout=50) == b""
        ours.close()


def test_a_peer_that_says_and_takes_nothing_is_not_waited_for_longer_than_asked(
    ends: tuple[Sealed, ssl.SSLSocket],
) -> None:
    ours, _ = ends
    ours.settimeout(0.01)
    with pytest.raises(TimeoutError):
        ours.recv(1)
    with pytest.raises(TimeoutError):
        ours.sendall(MANY)
    assert ours.fileno() > 0
