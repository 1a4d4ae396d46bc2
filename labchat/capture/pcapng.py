"""pcapng, the file format of a capture: opens in Wireshark, and reads what Wireshark wrote.

:class:`PcapngWriter` streams a capture to disk while it is made, :func:`write` saves one that is
there, :func:`read` reads any pcapng file back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture.encode import Encoder
from labchat.capture.files import open as read
from labchat.capture.writer import PcapngWriter, create, write_all
from labchat.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Capture

__all__ = ["PcapngWriter", "encode", "read", "write"]
