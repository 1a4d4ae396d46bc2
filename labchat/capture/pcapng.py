"""pcapng, the file format of a capture: opens in Wireshark, and reads what Wireshark wrote.

:class:`PcapngWriter` streams a capture to disk while it is made, :func:`write` saves one that is
there, :func:`read` reads any pcapng file back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture.encode import Encoder
from labchat.capture.files import open as read
from labchat.capture.model import Chunk, Ended, Gapped, Opened
from labchat.capture.writer import PcapngWriter, create, write_all
from labchat.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Capture
    from labchat.capture.model import Annotation, Event

__all__ = ["PcapngWriter", "encode", "read", "write"]


def write(capture: Capture, path: str | Path) -> None:
    """Save a capture with its labels and annotations.

    Raises:
        CaptureError: the file cannot be written; what was there before may be lost.
    """
    path = Path(path)
    with create(path) as file:
        try:
            for data in encode(capture):
                write_all(file, (data,))
        except OSError as error:
            raise CaptureError(f"{path} cannot be written: {error.strerror or error}.") from error


def encode(capture: Capture) -> Iterator[bytes]:
    """The blocks of a pcapng file, in order."""
    encoder = Encoder(epoch_ns=capture.epoch_ns, started_at=capture.started_at)
    labels = {one.number: one.label for one in capture.connections}
    notes = sorted(capture.annotations, key=lambda one: one.at_ns, reverse=True)
    opened: set[int] = set()
    yield encoder.start()
    for number, event in capture.events():
        while notes and _due(notes[-1], event.at_ns - capture.epoch_ns, opened):
            yield _annotation(encoder, notes.pop(), capture.epoch_ns)
        yield _event(encoder, number, event, labels)
        opened.add(number)
    while notes:
        yield _annotation(encoder, notes.pop(), capture.epoch_ns)


def _due(note: Annotation, at_ns: int, opened: set[int]) -> bool:
    """Whether ``note`` goes before an event at ``at_ns``: never before its own connection."""
    return note.at_ns < at_ns and (note.connection is None or note.connection in opened)


def _annotation(encoder: Encoder, note: Annotation, epoch_ns: int) -> bytes:
    at_ns = note.at_ns + epoch_ns
    return encoder.annotate(at_ns, note.text, connection=note.connection, unit=note.unit)


def _event(encoder: Encoder, number: int, event: Event, labels: dict[int, str | None]) -> bytes:
    match event:
        case Opened(at_ns, client, server):
            label = labels.get(number)
            return encoder.open(number, at_ns, client=client, server=server, label=label)
        case Chunk():
            return encoder.append(number, event)
        case Gapped(at_ns, way, _, length):
            return encoder.gap(number, way, at_ns, length)
        case Ended(at_ns, way, how):  # pragma: no branch
            return encoder.end(number, way, at_ns, how)
