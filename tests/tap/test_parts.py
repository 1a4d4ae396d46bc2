"""Head and body of an HTTP message, held apart."""

from __future__ import annotations

import pytest

from labchat.tap.faults.actions import Piece
from labchat.tap.gate import Gate
from labchat.tap.held import Breakpoint
from labchat.tap.holding import Lost, Pass
from labchat.tap.parts import is_body_of, is_head, parts, with_length
from labchat.tap.units import Splitter
from labchat.wire.fields import Direction
from labchat.wire.frames import build

C2S, S2C = Direction.C2S, Direction.S2C
HEAD = b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def cut(*data: tuple[Direction, bytes]) -> list[Piece]:
    splitter = Splitter()
    return [piece for each in data for piece in splitter.feed(*each)]


def test_a_message_with_a_body_has_two_parts() -> None:
    request, response = cut((C2S, HEAD + b"{}"), (S2C, ANSWER + b"yes"))
    head, body = parts(request)
    assert (head.kind, head.data, head.path) == ("request", HEAD, "/api/messages")
    assert (body.kind, body.data, body.path) == ("body", b"{}", "")
    assert (head.summary, body.summary) == (
        f"{request.summary}, head", f"{request.summary}, body",
    )  # fmt: skip
    assert [part.kind for part in parts(response)] == ["response", "body"]


@pytest.mark.parametrize(
    "piece",
    [*cut((C2S, GET)), Piece(C2S, b"\x16\x03\x01"), Piece(C2S, build(1, b"x"), kind="frame")],
)
def test_anything_else_stays_whole(piece) -> None:
    assert parts(piece) == (piece,)


def gate(*data: tuple[Direction, bytes], apart: bool | None = True) -> Gate:
    made = Gate(lambda: 0)
    made.hold(apart=apart)
    for piece in cut(*data):
        made.offer(1, piece)
    return made


def test_the_head_goes_first_and_the_body_still_waits() -> None:
    held = gate((C2S, HEAD + b"{}"))
    assert [each.kind for each in held.view.held] == ["request", "body"]
    held.edit(2, data=b"[]")
    held.step()
    assert [each.data for each in held.view.held] == [b"[]"]
    held.step()
    went = [effect.piece.data for effect in held.take() if isinstance(effect, Pass)]
    assert went == [HEAD, b"[]"]


def test_a_body_can_be_dropped_by_itself() -> None:
    held = gate((C2S, HEAD + b"{}"))
    held.drop(2)
    held.step()
    effects = held.take()
    assert [each.piece.data for each in effects if isinstance(each, Lost)] == [b"{}"]
    assert [each.piece.data for each in effects if isinstance(each, Pass)] == [HEAD]


def test_a_message_behind_another_is_held_in_parts_and_follows_whole() -> None:
    held = Gate(lambda: 0)
    held.hold(Breakpoint(direction=S2C), apart=True)
    for piece in cut((C2S, HEAD + b"{}"), (S2C, ANSWER + b"yes")):
        held.offer(1, piece)
    assert [each.kind for each in held.view.held] == ["response", "body"]
    went = [each.piece.kind for each in held.take() if isinstance(each, Pass)]
    assert went == ["request"], "what passes is not cut"


def test_it_stays_so_until_all_is_cleared() -> None:
    held = gate((C2S, HEAD + b"{}"))
    held.cont()
    held.hold()
    for piece in cut((C2S, HEAD + b"{}")):
        held.offer(1, piece)
    assert len(held.view.held) == 2
    held.clear()
    held.hold()
    for piece in cut((C2S, HEAD + b"{}")):
        held.offer(1, piece)
    assert [each.kind for each in held.view.held] == ["request"]


def test_a_payload_for_a_body_makes_the_head_that_waits_before_it_right() -> None:
    held = gate((C2S, HEAD + b"{}"), (C2S, HEAD + b"{}"))
    assert held.edit(2, payload="[1, 2]").data == b"[1, 2]"
    longer = HEAD.replace(b": 2", b": 6")
    assert [each.data for each in held.view.held] == [longer, b"[1, 2]", HEAD, b"{}"]
    held.step()
    assert held.edit(2, payload=b"").data == b""


def test_other_bytes_leave_the_head_as_it_is() -> None:
    held = gate((C2S, HEAD + b"{}"))
    held.edit(2, data=b"[1, 2]")
    assert held.view.held[0].data == HEAD


def test_a_head_without_a_length_is_given_none() -> None:
    assert with_length(GET, 5) == GET
    chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n"
    assert with_length(chunked, 5) == chunked
    odd = b"POST / HTTP/1.1\r\ncontent-LENGTH:\t17\r\nX-Content-Length: 3\r\n\r\n"
    assert with_length(odd, 5) == odd.replace(b"17", b"5")


def test_a_head_is_told_from_what_looks_like_one() -> None:
    head, body = gate((C2S, HEAD + b"{}")).view.held
    assert is_head(head)
    assert is_body_of(body, head)
    assert not is_head(body)
    (whole,) = gate((C2S, GET)).view.held
    assert not is_head(whole)
    assert not is_body_of(body, whole)
    later = gate((C2S, GET), (C2S, HEAD + b"{}")).view.held
    assert not is_body_of(later[2], head)
