from __future__ import annotations

import contextlib
import socket
import threading

import pytest

import labchat.tap
from labchat.errors import PortInUse, SettingsError, TapError
from labchat.wire.fields import Direction


@pytest.fixture
def app():
    """An app of one's own, of the plainest kind: it answers one connection, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        sock, _ = listener.accept()
        with sock, contextlib.suppress(ConnectionResetError):
            while data := sock.recv(100):
                sock.sendall(data.upper())

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    thread.join()
    listener.close()


def test_the_instrument_in_front_of_an_app(app):
    with labchat.tap(app) as tap:
        assert tap.start() is tap
        with socket.create_connection(tap.address) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"HELLO"
        assert repr(tap).endswith(f" -> {app}, {len(tap.capture)} units>")
        assert tap.capture.stream(1, Direction.S2C) == b"HELLO"
    tap.stop()
    assert repr(tap) == f"<labchat.tap, stopped, of {app}>"
    with pytest.raises(TapError):
        _ = tap.address


def test_faults_gate_and_cut_work_from_any_thread(app):
    with labchat.tap(app) as tap, socket.create_connection(tap.address) as sock:
        tap.faults.latency(1)
        tap.gate.hold()
        held = threading.Event()
        tap.gate.subscribe(lambda: tap.gate.view.held and held.set())
        sock.sendall(b"hello")
        assert held.wait(50)
        tap.gate.clear()
        assert sock.recv(100) == b"HELLO"
        tap.cut("rst")
        with pytest.raises(ConnectionResetError):
            sock.recv(100)


def test_a_port_in_use_and_a_wrong_address_are_said():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(PortInUse),
    ):
        labchat.tap("localhost:1", listen=f"127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(SettingsError):
        labchat.tap("nowhere")
    assert labchat.tap.front.Front("https://localhost").relay._target_tls is not None
