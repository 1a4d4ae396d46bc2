"""The checks of lesson 3, with right and wrong answers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lab.background import until
from labchat.lessons import http as lesson

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = b'{"text": "in pieces", "senderId": "user-1", "receiverId": "user-2"}'


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0, names={}) as lab:
        yield lab


def test_a_connection_that_closes(lab: Lab) -> None:
    with closing(lesson.connect(lab)) as http:
        lesson.post(http, "stay")
        assert "no request has said" in str(lesson.closed(lab))
        lesson.post(http, "go", Connection="close")
    assert lesson.closed(lab) is None


def test_a_connection_that_stays_open(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "GOODBYE_S", 0.01)
    lab.hold(direction="s2c")
    with closing(lesson.connect(lab)) as http:
        http.request("GET", "/api/health", headers={"Connection": "close"})
        lab.held().result()
        assert "still open" in str(lesson.closed(lab))
        lab.cont()


def test_a_body_in_chunks(lab: Lab) -> None:
    with closing(lesson.connect(lab)) as http:
        lesson.post(http, "whole")
        assert "Content-Length" in str(lesson.chunked(lab))
        fields = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        http.request("POST", "/api/messages", iter([BODY]), fields, encode_chunked=True)
        assert http.getresponse().status == 200
    assert lesson.chunked(lab) is None


def test_a_message_as_an_event(lab: Lab) -> None:
    assert "nobody has asked" in str(lesson.streamed(lab))
    with closing(lesson.connect(lab)) as http:
        http.request("GET", "/api/events")
        response = http.getresponse()
        response.readline()
        lab.unit(lambda row: row.kind == "response").result()
        assert "no event has come" in str(lesson.streamed(lab))
        with closing(lesson.connect(lab)) as other:
            lesson.post(other, "pushed")
        while not response.readline().startswith(b"data:"):
            pass
    seen = until(lab.capture.subscribe, lambda: lesson.streamed(lab) is None or None)
    assert lab.background.run(seen)


def test_measured_answers(lab: Lab) -> None:
    assert lesson.connections_of_five(lab).answer == "1"
    assert lesson.empty_poll(lab).answer == "under 200"
    assert lesson.long_poll(lab).answer == "as soon as there is one"
