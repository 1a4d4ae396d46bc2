"""What needs no peer is measured for real, only briefly."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from labchat.errors import LabchatError
from labchat.measure.bench import decoding, local
from labchat.measure.bench.processes import module, process
from labchat.measure.bench.trips import connect, posts, round_trips


def test_every_decoder_finds_the_same_payloads() -> None:
    stream, payloads = decoding.mixed(2_000)
    assert len(payloads) >= 2_000
    assert decoding.with_labchat(stream) == payloads
    assert b"".join(decoding.with_websockets(stream)) == b"".join(payloads)
    assert b"".join(decoding.with_wsproto(stream)) == b"".join(payloads)


def test_rounds_are_interleaved() -> None:
    order: list[str] = []
    clock = iter(range(100))
    players = {name: (lambda name=name: order.append(name)) for name in "ab"}
    times = decoding.contest(2, players, lambda: float(next(clock)))
    assert order == ["a", "b", "a", "b"]
    assert times == {"a": [1, 1], "b": [1, 1]}
    assert decoding.rates(10, times) == {"a": [10, 10], "b": [10, 10]}


def test_a_decoder_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    first, second = decoding.run(500, 1)
    assert (first.peer, second.peer) == ("websockets", "wsproto")
    assert second.note == "missing: not installed"


def test_all_parts_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    rows = local.run(quick=True, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert {row.target for row in rows} == {decoding.TARGET, local.TAP, local.ECHO, local.POSTS}
    posted = next(row for row in rows if row.target == local.POSTS)
    assert posted.ours is not None
    assert posted.ours > 1


def test_rounds_lost_in_noise_are_left_out_and_counted() -> None:
    row = local.added_row([20.0, -5.0, 40.0], "bare", [10.0, 10.0, 20.0], local.TAP_MUST)
    assert (row.ratio, row.met) == (2, False)
    assert row.note == "1 of 3 rounds were lost in noise"
    assert "noise" in local.added_row([-1.0], "bare", [3.0], local.TAP_MUST).note
    assert local.added_row([-1.0], "bare", [3.0], local.TAP_MUST).met is None


def test_what_cannot_be_measured_is_said() -> None:
    with local.server() as (port, _):
        with pytest.raises(LabchatError, match="no WebSocket at /api/health"):
            round_trips(port, 1, "/api/health")
        assert posts(port, 0.05, 2) > 0
    with (
        pytest.raises(LabchatError, match="did not say where it listens"),
        process(sys.executable, "-c", "print('hello')"),
    ):
        pass


def test_a_server_that_refuses_or_hangs_up_ends_the_measurement() -> None:
    for answer, sentence in (("HTTP/1.1 500 No\\r\\n\\r\\n", "did not take"), ("", "ended")):
        script = (
            "import socket\n"
            "listener = socket.create_server(('127.0.0.1', 0))\n"
            "print(listener.getsockname()[1], flush=True)\n"
            "sock = listener.accept()[0]\n"
            "sock.recv(65536)\n"
            f"sock.sendall('{answer}'.encode())\n"
            "sock.shutdown(socket.SHUT_WR)\n"
            "sock.recv(65536)\n"
        )
        with (
            process(sys.executable, "-c", script) as (port, _),
            pytest.raises(LabchatError, match=sentence),
        ):
            posts(port, 5.0, 1)


def test_a_slow_reader_holds_the_bare_forwarder_back() -> None:
    """32 MiB through it, and no more than it holds at once: nothing is lost."""
    script = (
        "import socket\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "listener.accept()[0].sendall(bytes(32 << 20))\n"
    )
    with (
        process(sys.executable, "-c", script) as (target, _),
        process(*module("labchat.measure.bench.bare", str(target))) as (port, _),
        connect(port) as sock,
    ):
        size = 0
        while data := sock.recv(1 << 20):
            size += len(data)
        assert size == 32 << 20
