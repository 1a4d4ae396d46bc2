"""Any capture file to a :class:`~labchat.capture.capture.Capture`: pcapng, pcap, HAR."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from labchat.capture import packets
from labchat.capture.packets import Loaded
from labchat.capture.pcap import PCAP_MAGICS, PcapReader
from labchat.capture.readers import PCAPNG_MAGIC, PcapngReader
from labchat.capture.tape import Tape
from labchat.errors import CaptureCutOff, NotACapture

if TYPE_CHECKING:
    from labchat.capture.capture import Capture

__all__ = ["Loaded", "load", "open"]

SNIFF = 64
"""Bytes that tell the formats apart."""


def open(path: str | Path) -> Capture:
    """Read a capture file, whichever of pcapng, pcap and HAR 1.2 it is.

    A file that is cut off gives what could be read, and warns.

    Raises:
        NotACapture: the file is missing, unreadable, empty, or something else.

    Warns:
        UserWarning: the file is cut off or damaged; the sentence says where.
    """
    loaded = load(path)
    if loaded.problem is not None:
        warnings.warn(str(loaded.problem), stacklevel=2)
    return loaded.capture


def load(path: str | Path) -> Loaded:
    """The same, with the problem of a file that is cut off beside what could be read.

    Raises:
        NotACapture: the file is missing, unreadable, empty, or something else.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            loaded = _load(file, path)
    except OSError as error:
        raise NotACapture(f"{path} cannot be read: {error.strerror or error}.") from error
    if loaded.problem is None:
        return loaded
    problem = CaptureCutOff(f"{path} is not whole: {loaded.problem}.")
    loaded.capture.annotate(0, f"{problem} What could be read is here.")
    return Loaded(loaded.capture, problem)


def _load(file: BinaryIO, path: Path) -> Loaded:
    start = file.read(SNIFF)
    file.seek(0)
    if not start:
        raise NotACapture(f"{path} is empty.")
    if start[:4] == PCAPNG_MAGIC:
        return packets.load(PcapngReader(Tape(file)))
    if start[:4] in PCAP_MAGICS:
        return packets.load(PcapReader(Tape(file)))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        from labchat.capture import har

        return har.load(file.read(), path)
    raise NotACapture(
        f"{path} is not a capture: it is neither pcapng, nor pcap, nor HAR "
        f"(it begins with the bytes {start[:4].hex(' ')})."
    )
