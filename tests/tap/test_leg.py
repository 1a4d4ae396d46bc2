"""One end of a relayed connection, on a transport of the test's."""

from __future__ import annotations

import asyncio
import errno

from labchat.tap.arena import Arena
from labchat.tap.leg import Leg
from labchat.tap.sink import Tee
from labchat.wire.fields import Direction


class Reset(asyncio.Transport):
    """A connection whose peer has reset it, before the loop has heard of it."""

    asked = False

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.asked = True
        raise OSError(errno.ENOTCONN, "not connected")


def test_the_end_of_a_stream_is_lost_on_a_peer_that_is_gone() -> None:
    leg = Leg(Direction.C2S, Tee(), lambda: 0, line=None, arena=Arena())
    leg._transport = Reset()
    leg.finish()
    assert leg._transport.asked
