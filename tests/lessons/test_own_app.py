"""The checks of lesson 10, with right and wrong answers, and its recorded captures."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

import labchat
from labchat.errors import LabError
from labchat.lessons import cases
from labchat.lessons import own_app as lesson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.tap.front import Front


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello\n")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def tap() -> Iterator[Front]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as app:
        thread = Thread(target=app.serve_forever)
        thread.start()
        with labchat.tap(f"127.0.0.1:{app.server_port}") as tap:
            yield tap
        app.shutdown()
        thread.join()


def test_an_app_behind_the_tap(tap: Front) -> None:
    assert "nothing has crossed" in str(lesson.tapped(tap))
    with closing(HTTPConnection(*tap.address)) as http:
        http.request("GET", "/")
        assert http.getresponse().read() == b"Hello\n"
    assert lesson.tapped(tap) is None


def test_measured_answers(tap: Front) -> None:
    assert lesson.connections(tap).answer == "2"
    assert lesson.changed(tap).answer == "no byte"


def units(name: str) -> list[int]:
    """All units that are the right answer."""
    case = cases.case(name)
    judge = lesson.LESSON.checks[name].judge
    found = [row.n for row in case.capture.rows() if judge(case.answer(row.n)) is None]
    assert found
    return found


@pytest.mark.parametrize("name", cases.CASES)
def test_only_the_fault_itself_is_right(name: str) -> None:
    case = cases.case(name)
    judge = lesson.LESSON.checks[name].judge
    assert "name a unit" in str(judge(case))
    right = units(name)
    assert len(right) <= 2
    assert right[0] not in {1, len(case.capture)}


def said(name: str, unit: int) -> str:
    return str(lesson.LESSON.checks[name].judge(cases.case(name).answer(unit)))


def numbers(name: str, *, kind: str, opcode: int | None = None, way: str = "c2s") -> list[int]:
    rows = cases.case(name).capture.rows()
    return [r.n for r in rows if (r.kind, r.opcode, r.direction) == (kind, opcode, way)]


def test_wrong_frames_are_told_apart() -> None:
    assert "is a request" in said("dropped", 1)
    assert "only says why" in said(
        "dropped", numbers("dropped", kind="frame", opcode=8, way="s2c")[0]
    )
    assert "keeps every rule" in said("dropped", numbers("dropped", kind="frame", opcode=1)[0])


def test_wrong_posts_are_told_apart() -> None:
    first, again, second = numbers("twice", kind="request")[1:4]
    assert "stores nothing" in said("twice", 1)
    assert "said only once" in said("twice", first)
    assert "was right to be sent" in said("twice", again)
    assert units("twice") == [second]


def test_a_post_with_an_id_may_be_said_again() -> None:
    case = cases.case("twice")
    body = json.dumps({"id": "m-1", "text": "Hi"}).encode()
    head = b"POST /api/messages HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    from labchat.widgets.show import capture_of

    case.capture = capture_of((head + body) * 2)
    assert "knows it again" in str(lesson.twice(case.answer(2)))


def test_wrong_pings_are_told_apart() -> None:
    pings = numbers("silent", kind="frame", opcode=9, way="s2c")
    assert "is no ping" in said("silent", 1)
    assert "got its pong" in said("silent", pings[0])


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(LabError, match="there are dropped, twice, silent"):
        cases.case("luck")
    with pytest.raises(LabError, match="units 1 to"):
        cases.case("twice").answer(999)


def test_a_case_tells_and_shows_itself() -> None:
    case = cases.case("twice")
    assert "twice" in case.complaint
    assert repr(case) == "Case(name='twice', named=None)"
    assert case.show().capture is case.capture
    assert len(case.capture) > 10


def test_the_captures_are_small_and_travel_with_the_notebooks() -> None:
    root = Path(labchat.__file__).parent.parent
    assert cases.folder() == root / "notebooks" / "data"
    for name in cases.CASES:
        assert (cases.folder() / f"{name}.pcapng").stat().st_size < 20_000
