from __future__ import annotations

import errno
import os

from labchat.capture.model import Chunk, End
from labchat.errors import CaptureError
from labchat.tap.sink import Tee
from labchat.wire.fields import Direction

C2S = Direction.C2S


def full(*args: object, **kwargs: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def tell_all(tee: Tee) -> int:
    number = tee.open(1, client="a", server="b", label="Alice")
    tee.append(number, Chunk(2, C2S, 0, b"x"))
    tee.gap(number, C2S, 3, 4)
    tee.annotate(4, "about it", connection=number)
    tee.annotate(4, "about all")
    tee.label(number, "Bob")
    tee.end(number, C2S, 5, End.FIN)
    return number


def test_a_tee_tells_everybody_everything(make_recorded):
    first, second = make_recorded(), make_recorded()
    first.open(0, client="", server="")
    assert tell_all(Tee(first, second)) == 1
    for sink, number in ((first, 2), (second, 1)):
        assert sink.opened[-1] == {"at": 1, "client": "a", "server": "b", "label": "Alice"}
        assert sink.chunks == [(number, Chunk(2, C2S, 0, b"x"))]
        assert sink.gaps == [(number, C2S, 4)]
        assert sink.notes == [(number, "about it"), (None, "about all")]
        assert sink.labels == [(number, "Bob")]
        assert sink.ends == [(number, C2S, End.FIN)]


def test_a_sink_that_fails_is_left_out_and_told_of(make_recorded):
    broken, good = make_recorded(), make_recorded()
    broken.append = full
    told = []
    tell_all(Tee(broken, good, on_problem=told.append))
    assert len(told) == 1
    assert "No space left on device. The traffic goes on." in told[0]
    assert good.notes[0] == (None, told[0])
    assert len(good.chunks) == 1
    assert broken.notes == broken.ends == []


def test_a_tee_of_broken_sinks_is_quiet(make_recorded):
    broken = make_recorded()

    def unreadable(*args: object, **kwargs: object) -> int:
        raise CaptureError("gone")

    broken.open = unreadable
    tell_all(Tee(broken))
    tell_all(Tee())
    assert broken.chunks == []
