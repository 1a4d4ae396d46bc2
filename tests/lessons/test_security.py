"""The checks of lesson 8, with right and wrong answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import security as lesson
from labchat.lessons import visits
from labchat.measure.tls import certificate
from labchat.server.admin import add_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0, names={}) as lab:
        yield lab


def test_measured_answers(lab: Lab) -> None:
    assert lesson.other_site(lab).answer == "403"
    assert lesson.overheard(lab).answer == "the server's name"
    assert lesson.hostile(lab).answer == "the same characters"
    assert lesson.long_post(lab).answer == "413"
    assert lesson.long_frame(lab).answer == "it closes with 1009"


def test_the_page_of_another_site() -> None:
    with Lab(port=0, names={}) as careful:
        assert "has knocked" in str(lesson.hijacked(careful))
        assert visits.evil_page(careful) == ["403 Forbidden"]
        assert "refused it" in str(lesson.hijacked(careful))
    with Lab(port=0, names={}, options=["--origin", "any"]) as careless:
        visits.evil_page(careless)
        assert "heard no message" in str(lesson.hijacked(careless))
        assert visits.post(careless, lesson.PRIVATE) == [200]
        assert any(lesson.PRIVATE in line for line in visits.evil_page(careless))
        assert lesson.hijacked(careless) is None


def test_tokens_and_limits(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    token = add_user(database, "user-1")
    options = ["--auth", "token", "--rate", "0.5"]
    with Lab(port=0, names={}, database=database, options=options) as strict:
        assert "no POST has crossed" in str(lesson.let_in(strict))
        assert visits.post(strict, "Hello", token=token) == [200]
        assert "without a token" in str(lesson.let_in(strict))
        assert visits.post(strict, "Hello") == [401]
        assert "somebody else's name" in str(lesson.let_in(strict))
        assert visits.post(strict, "Hello", token=token, sender="user-2") == [403]
        assert lesson.let_in(strict) is None
        assert "1 of your posts got 200" in str(lesson.slowed(strict))
        assert 429 in visits.post(strict, "again", token=token, times=20)
        assert lesson.slowed(strict) is None


def test_a_token_alone_is_not_enough() -> None:
    with Lab(port=0, names={}, options=["--auth", "token"]) as strict:
        visits.post(strict, "Hello")
        assert "with a token has been taken" in str(lesson.let_in(strict))


def test_wss(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with Lab(port=0, names={}, options=made.options) as secret:
        assert "no TLS" in str(lesson.private(secret))
        assert visits.say_by_wss(secret, lesson.PRIVATE).startswith("refused: ")
        assert "trust the authority" in str(lesson.private(secret))
        assert '"type":"ack"' in visits.say_by_wss(secret, lesson.PRIVATE, made.context)
        assert lesson.private(secret) is None


def test_what_goes_out_plainly_can_be_read() -> None:
    with Lab(port=0, names={}) as plain:
        visits.post(plain, lesson.PRIVATE)
        assert "stands in the capture" in str(lesson.private(plain))
