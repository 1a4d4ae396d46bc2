"""TCP connections while they are put together: each direction's place, and who is the client.

PURE. Filled by :mod:`labchat.capture.reassembly`.
"""

from __future__ import annotations

from labchat.capture.roles import first_is_client
from labchat.wire.fields import Direction


class Half:
    """One direction of a connection.

    Attributes:
        ends: source and target, packed, as :data:`labchat.capture.segments.Segment` has them.
        isn: the sequence number of its SYN, or None.
        next: the sequence number expected; None before the first segment and after the end.
        offset: how many bytes of the stream lie before ``next``.
        held: a heap of (offset, time, data) beyond a hole.
    """

    __slots__ = (
        "direction", "ended", "ends", "fed", "fin", "flow", "held", "held_bytes",
        "isn", "last_ns", "next", "offset", "other", "sample",
    )  # fmt: skip

    def __init__(self, flow: Flow, ends: bytes) -> None:
        self.flow = flow
        self.ends = ends
        self.other = self
        self.isn: int | None = None
        self.next: int | None = None
        self.offset = 0
        self.fed = 0
        self.held: list[tuple[int, int, bytes]] = []
        self.held_bytes = 0
        self.fin: tuple[int, int] | None = None
        self.ended = False
        self.last_ns = 0
        self.sample = b""
        self.direction = Direction.C2S


class Flow:
    """One connection.

    Attributes:
        first, second: its directions; the first was seen first.
        client: the direction away from the client, once known.
        late: the handshake was not captured.
    """

    __slots__ = ("client", "first", "late", "number", "opened_ns", "second")

    def __init__(self, key: bytes, at_ns: int) -> None:
        self.first = Half(self, key)
        self.second = Half(self, reverse(key))
        self.first.other, self.second.other = self.second, self.first
        self.first.last_ns = self.second.last_ns = at_ns
        self.opened_ns = at_ns
        self.client: Half | None = None
        self.late = False
        self.number = 0

    def decide(self) -> None:
        """Give each half its direction, by the handshake or by what the sides say."""
        if self.client is None:
            ports = self.first.ends[-4:]
            is_client = first_is_client(
                self.first.sample,
                self.second.sample,
                int.from_bytes(ports[:2], "big"),
                int.from_bytes(ports[2:], "big"),
            )
            self.client = self.first if is_client else self.second
        self.client.direction = Direction.C2S
        self.client.other.direction = Direction.S2C


def reverse(key: bytes) -> bytes:
    """The key of the other direction."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]
