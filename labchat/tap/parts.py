"""Head and body of an HTTP message as two pieces, so that each can be held by itself. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.tap.faults.actions import Piece
    from labchat.tap.held import Held

_LENGTH = re.compile(rb"(?im)^(content-length:[ \t]*)[0-9]+")
_CODED = re.compile(rb"(?im)^transfer-encoding:")


def parts(piece: Piece) -> tuple[Piece, ...]:
    """The head (start line, field lines, empty line) and the body; any other piece as it is.

    The head stays a "request" or a "response", so that it is counted once; the rest is a "body".
    """
    unit = piece.unit
    if not isinstance(unit, Request | Response) or not 0 < unit.head_length < len(piece.data):
        return (piece,)
    head, body = piece.data[: unit.head_length], piece.data[unit.head_length :]
    return (
        replace(piece, data=head, body=b"", summary=f"{piece.summary}, head", unit=None),
        replace(
            piece, data=body, kind="body", path="", summary=f"{piece.summary}, body", unit=None
        ),
    )


def is_head(held: Held) -> bool:
    """Whether it is a head held apart from its body."""
    apart = held.unit is None and held.kind in {"request", "response"}
    return apart and held.was.endswith(b"\r\n\r\n")


def is_body_of(body: Held, head: Held) -> bool:
    """Whether ``body`` belongs to ``head``: they were parted, one right after the other."""
    lane = (head.connection, head.direction, head.id + 1)
    here = (body.connection, body.direction, body.id)
    return is_head(head) and body.kind == "body" and here == lane


def with_length(head: bytes, length: int) -> bytes:
    """``head`` saying Content-Length: ``length``, where it says any (RFC 9112 section 6.2).

    A head with a Transfer-Encoding stays as it is: the body tells its length itself.
    """
    if _CODED.search(head):
        return head
    return _LENGTH.sub(rb"\g<1>%d" % length, head)
