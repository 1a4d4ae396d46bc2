"""The whole lab over real sockets: start, talk, crash, start again, leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import labchat
from labchat.errors import LabchatError, LabError, PortInUse, ServerFailed
from labchat.lab import Lab
from labchat.wire.conversation import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_message_goes_out_on_both_paths_under_one_id(lab: Lab) -> None:
    stored = lab.alice.say("Hello", to=lab.bob).result()
    heard = lab.bob.hears("Hello").result()
    assert heard.id == stored.id
    assert stored.seq == 1

    rows = lab.capture.rows()
    posts = [row for row in rows if row.summary == "POST /api/messages"]
    assert len(posts) == 1
    assert stored.id.encode() in lab.capture.unit(posts[0].n).unit.data
    frames = [lab.capture.unit(row.n) for row in rows if row.kind is Kind.FRAME]
    assert any(stored.id in (frame.message.text or "") for frame in frames if frame.message)
    assert [row["event"] for row in lab.stamps([stored.id])] == ["insert", "commit"]
    lab.raise_if_failed()


def test_what_was_never_committed_is_not_waited_for_without_end(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"not committed within 0\.01 s"):
        lab.stamps(["msg-nobody-wrote"], timeout=0.01)


async def test_a_cell_may_await_what_it_may_block_on(lab: Lab) -> None:
    assert (await lab.alice.say("one", to=lab.bob)).seq == 1
    assert (await lab.bob.hears("one")).text == "one"


def test_connections_get_the_names_of_those_who_speak_on_them(lab: Lab) -> None:
    lab.alice.say("Hello", to=lab.bob).result()
    lab.read_labels()
    labels = {each.label for each in lab.capture.connections}
    assert {"Alice", "Bob"} <= labels


def test_the_server_is_killed_and_comes_back_and_nothing_is_lost(lab: Lab) -> None:
    lab.alice.say("before", to=lab.bob).result()
    lab.kill_server()
    waiting = lab.alice.say("while it is dead", to=lab.bob)
    lab.restart_server()
    lab.alice.go_online()
    lab.bob.go_online()
    assert waiting.result().seq == 2
    assert lab.bob.hears("while it is dead").result().text == "while it is dead"
    lab.raise_if_failed()


def test_a_server_whose_port_is_taken_meanwhile_comes_back_on_another(lab: Lab) -> None:
    was = lab.server.address
    lab.kill_server()
    with socket.create_server(was):
        lab.restart_server()
    assert lab.server.address != was
    lab.alice.go_online()
    assert lab.alice.say("here again", to=lab.bob).result().seq == 1


def test_who_finds_the_texts_port_taken_at_the_last_moment_takes_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("labchat.lab.lab.TEXT_PORT", taken.getsockname()[1])
        monkeypatch.setattr("labchat.lab.lab.is_free", lambda port: True)
        with Lab(names={}) as lab:
            assert lab.relay.address[1] not in {0, taken.getsockname()[1]}


def test_a_server_that_ends_by_itself_is_told(lab: Lab) -> None:
    pid = lab.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    lab.background.run(lab.server.ended())
    with pytest.raises(ServerFailed, match="ended by itself"):
        lab.raise_if_failed()


def test_stopping_leaves_no_process_and_no_port() -> None:
    lab = Lab(port=0).start()
    pid, port = lab.server.pid, lab.relay.address[1]
    assert pid is not None
    lab.stop()
    lab.stop()
    assert not is_alive(pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert repr(lab) == "<Lab, stopped>"
    with pytest.raises(LabError, match="stopped"):
        lab.raise_if_failed()


def test_starting_again_stops_the_lab_before() -> None:
    first = labchat.start(port=0)
    second = labchat.start(port=0)
    try:
        assert repr(first) == "<Lab, stopped>"
        assert second.alice.say("still here", to=second.bob).result().seq == 1
    finally:
        second.stop()


def test_a_lab_runs_once(lab: Lab) -> None:
    with pytest.raises(LabError, match="runs already"):
        lab.start()


def test_a_port_in_use_is_said_and_the_next_start_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            labchat.start(port=port)
        taken.shutdown(socket.SHUT_RD)  # listens no more, and keeps others from the port
        with labchat.start(port=port) as lab:
            assert lab.url == f"http://localhost:{port}"


def test_a_database_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("no folder")
    with pytest.raises(LabchatError, match="file"):
        labchat.start(port=0, database=not_a_folder / "chat.db")


def test_a_database_is_kept_when_asked(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    with labchat.start(port=0, database=database) as lab:
        lab.alice.say("to be kept", to=lab.bob).result()
    with labchat.start(port=0, database=database) as lab:
        assert lab.alice.say("second", to=lab.bob).result().seq == 2


def test_an_unknown_user_is_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="it has user-1, user-2"):
        lab.chat("user-9")


def test_killing_the_kernel_leaves_no_process() -> None:
    script = "import labchat; print(labchat.start(port=0).server.pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as kernel:
        assert kernel.stdout is not None
        pid = int(kernel.stdout.readline())
        watched = os.pidfd_open(pid)
        kernel.kill()
        assert await_exit(watched)
    os.close(watched)


def await_exit(pidfd: int) -> bool:
    """Whether the process ends in the end: a pidfd becomes readable then."""
    import select

    return bool(select.select([pidfd], [], [], 50)[0])
