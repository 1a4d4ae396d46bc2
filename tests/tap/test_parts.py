"""Head and body of an HTTP message, held apart."""

from __future__ import annotations

import pytest

from labchat.tap.faults.actions import Piece
from labchat.tap.gate import Gate
from labchat.tap.held import Breakpoint
from labchat.tap.holding import Lost, Pass
from labchat.tap.parts import parts
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
