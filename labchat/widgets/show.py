"""``labchat.show``: whatever holds bytes of HTTP or WebSocket, in an inspector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture import files
from labchat.capture.capture import Capture, Chunk, End
from labchat.widgets.inspector import Inspector
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

Showable = Capture | bytes | bytearray | memoryview | str | Path


def show(
    what: Showable, *, names: Mapping[str, str] | None = None, height: int | None = None
) -> Inspector:
    r"""An inspector of a capture, of a capture file, or of bare bytes.

    Args:
        what: a Capture (live or not); a path (pcapng, pcap, HAR); or bytes, which may be frames
            (``b"\x81\x85…"``), an HTTP message, or several one after another.
        names: names for the capture's connection labels, such as ``{"user-1": "Alice"}``.
        height: pixels.

    Raises:
        NotACapture: the file is missing, or something else.
        TypeError: nothing that can be shown.

    >>> show(bytes.fromhex("818537fa213d7f9f4d5158")).detail(1)["message"]["text"]
    'Hello'
    """
    if isinstance(what, Capture):
        return Inspector(what, names=names, height=height)
    if isinstance(what, str | Path):
        return _opened(files.open(what), names, height)
    if isinstance(what, bytes | bytearray | memoryview):
        return _opened(capture_of(bytes(what)), names, height)
    raise TypeError(f"show() takes a capture, a path or bytes, not {type(what).__name__}")


def capture_of(data: bytes) -> Capture:
    """One connection with ``data`` in the direction that its first bytes speak of."""
    capture = Capture()
    number = capture.open(0, client="bytes", server="bytes")
    way = direction_of(data)
    capture.append(number, Chunk(0, way, 0, data))
    capture.end(number, way, 0, End.CAPTURE)
    capture.end(number, way.other, 0, End.CAPTURE)
    return capture


def direction_of(data: bytes) -> Direction:
    """Who can have sent it: servers send status lines and unmasked frames."""
    if data[:1].isalpha():
        return Direction.S2C if data.startswith(b"HTTP/") else Direction.C2S
    masked = len(data) > 1 and data[1] >= 0x80
    return Direction.C2S if masked else Direction.S2C


def _opened(capture: Capture, names: Mapping[str, str] | None, height: int | None) -> Inspector:
    return Inspector(capture, names=names, height=height, selected=min(1, len(capture)))
