"""Changing a unit on its way: made right again, or left wrong on purpose. Pure.

:func:`with_payload` keeps every rule (length, mask, Content-Length); :func:`reframe` breaks
whichever it is told to. Both only make bytes, so that they can be shown before they go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from labchat.errors import SettingsError
from labchat.wire import frames
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.wire.conversation import Unit

RSV1 = 4


def with_payload(unit: Unit | None, payload: bytes | str) -> bytes:
    """The unit with other content, its lengths and its mask made right.

    A compressed message becomes an uncompressed one (RSV1 is cleared), which RFC 7692 §6 allows.
    Raises SettingsError for a unit that has no content.
    """
    data = payload.encode() if isinstance(payload, str) else payload
    if isinstance(unit, Frame):
        return reframe(unit, payload=data, rsv=unit.rsv & ~RSV1)
    if isinstance(unit, Request | Response) and unit.head_length:
        return _head_for(unit.data[: unit.head_length], len(data)) + data
    raise SettingsError("This has no payload that could be edited; edit its bytes.")


class Header(TypedDict, total=False):
    """What may be changed in a frame's header; what is not named stays as it is."""

    fin: bool
    rsv: int
    """0 to 7; RSV1 is 4."""
    opcode: int
    """0 to 15."""
    mask: bytes | bool
    """A key of four bytes; False: no mask; True: a key of zeros if there was none."""
    declared_length: int
    """To claim instead of the true one."""
    length_form: int
    """7, 16 or 64 bits; else the shortest."""


def reframe(frame: Frame, payload: bytes | None = None, **header: Unpack[Header]) -> bytes:
    """The frame with another payload (plain; masked here) and header, right or wrong.

    Raises SettingsError when the header has no such part, or cannot hold a value.
    """
    if unknown := header.keys() - Header.__annotations__.keys():
        parts = ", ".join(Header.__annotations__)
        raise SettingsError(f"A frame has no {', '.join(sorted(unknown))} to edit, but {parts}.")
    mask = header.get("mask", frame.masked)
    if isinstance(mask, bool):
        mask = (frame.masking_key or bytes(4)) if mask else b""
    try:
        return frames.build(
            header.get("opcode", frame.opcode),
            frame.payload if payload is None else payload,
            fin=header.get("fin", frame.fin),
            rsv=header.get("rsv", frame.rsv),
            mask=mask or None,
            declared_length=header.get("declared_length"),
            length_form=header.get("length_form"),
        )
    except ValueError as error:
        raise SettingsError(f"The frame cannot be made: {error}.") from error


def changed(was: bytes, now: bytes) -> tuple[int, ...]:
    """Offsets in ``now`` whose bytes are new or different."""
    return tuple(at for at, byte in enumerate(now) if at >= len(was) or was[at] != byte)


def _head_for(head: bytes, length: int) -> bytes:
    """The head saying Content-Length: ``length``, in place of what it said of the body."""
    lines = head.removesuffix(b"\r\n").split(b"\r\n")
    framing = (b"content-length", b"transfer-encoding", b"content-encoding", b"trailer")
    kept = [line for line in lines[:-1] if line.partition(b":")[0].strip().lower() not in framing]
    return b"\r\n".join([*kept, b"Content-Length: %d" % length, b"", b""])
