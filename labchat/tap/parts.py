"""Head and body of an HTTP message as two pieces, so that each can be held by itself. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.tap.faults.actions import Piece


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
