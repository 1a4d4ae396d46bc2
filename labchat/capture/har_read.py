"""HAR in: exchanges and messages rebuilt as bytes, with every liberty taken said.

A HAR file holds no bytes. What is rebuilt is HTTP/1.1 and WebSocket as they may have been, and an
annotation says what HAR cannot hold: masking keys (zeros stand in their place), fragments, pings,
compression, the framing of bodies, the version of HTTP where it was another. A body that the file
leaves out is a gap, not an empty body.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from labchat.capture.capture import Capture
from labchat.capture.har_build import Exchange, exchange
from labchat.capture.har_types import Creator, Entry, Har
from labchat.capture.packets import Loaded
from labchat.capture.timeline import play
from labchat.errors import CaptureCutOff, NotACapture

if TYPE_CHECKING:
    from pathlib import Path

PREAMBLE = (
    "Rebuilt from a HAR file by {creator}, which holds no bytes. Field lines are in the file's "
    "order and case. Masking keys are shown as zeros; fragments, pings, closes and compression "
    "are not in the file."
)


def load(data: bytes, path: Path) -> Loaded:
    """Rebuild a capture from a HAR file.

    Raises:
        NotACapture: the file is not JSON, or not HAR.
    """
    entries, creator, problem = _entries(data, path)
    good: list[Exchange] = []
    bad: list[str] = []
    for number, raw in enumerate(entries, 1):
        try:
            good.append(exchange(msgspec.json.decode(raw, type=Entry, strict=False)))
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
            bad.append(f"Left out: entry {number}, which is not as HAR 1.2 has it ({error}).")
    started = min((one.started_at for one in good), default=None)
    capture = Capture(started_at=started)
    play(good, started, capture)
    name = f"{creator.name} {creator.version}".strip()
    capture.annotate(0, PREAMBLE.format(creator=name))
    for sentence in bad:
        capture.annotate(0, sentence)
    return Loaded(capture, problem)


def _entries(data: bytes, path: Path) -> tuple[list[bytes], Creator, CaptureCutOff | None]:
    try:
        log = msgspec.json.decode(data, type=Har, strict=False).log
    except msgspec.ValidationError as error:
        raise NotACapture(f"{path} is JSON, but not HAR: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        whole = salvage(data.decode("utf-8", "replace"))
        if not whole:
            raise NotACapture(
                f"{path} is not a capture: it begins like JSON, but {error}."
            ) from error
        return whole, Creator(), CaptureCutOff("its JSON is cut off or broken")
    return [bytes(raw) for raw in log.entries], log.creator, None


def salvage(text: str) -> list[bytes]:
    """The whole entries of a HAR file that ends too early."""
    start = text.find("[", text.find('"entries"'))
    if '"entries"' not in text or start < 0:
        return []
    decoder = json.JSONDecoder()
    found: list[bytes] = []
    at = start + 1
    while True:
        at = _past(text, at)
        try:
            entry, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found
        found.append(json.dumps(entry).encode())


def _past(text: str, at: int) -> int:
    """Past white space and commas."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
