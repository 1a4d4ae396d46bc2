"""After lost bytes in a WebSocket direction: exact where lengths say it, inferred elsewhere."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labchat.wire import frames, resync, summary
from labchat.wire.conversation import Conversation, Gap
from labchat.wire.fields import Direction, leaves
from labchat.wire.frames import Frame
from labchat.wire.walk import BLOCK

C2S, S2C = Direction.C2S, Direction.S2C
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n"
)


def opened() -> Conversation:
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE)
    conversation.feed(S2C, SWITCH)
    return conversation


def units(conversation, direction):
    return [
        conversation.unit(direction, row) for row in range(1, len(conversation.units(direction)))
    ]


def names(found):
    return [
        type(one).__name__ if not isinstance(one, Frame) else one.payload.decode() for one in found
    ]


def text(*said, mask=None):
    return b"".join(frames.build(1, one.encode(), mask=mask) for one in said)


def lossy(direction, pieces, *, chunk=10**9):
    """The units of ``direction`` when of ``pieces`` the numbers are bytes that were lost."""
    conversation = opened()
    for piece in pieces:
        if isinstance(piece, int):
            conversation.lose(direction, piece)
        else:
            for at in range(0, len(piece), chunk):
                conversation.feed(direction, piece[at : at + chunk])
    conversation.end(direction)
    found = units(conversation, direction)
    for unit in found:
        tiled = [leaf.span for leaf in leaves(unit.fields)]
        assert sum(span.bits for span in tiled) == 8 * len(unit.data)
        assert all(a.stop == b.start for a, b in itertools.pairwise(tiled))
        assert summary.summarize(unit, None)
    assert b"".join(unit.data for unit in found) == b"".join(
        piece for piece in pieces if isinstance(piece, bytes)
    )
    return found


# -- what is known --------------------------------------------------------------------------


def test_gaps_inside_one_payload_are_passed_over_exactly():
    long = frames.build(2, b"\x81\x05" * 100)
    found = lossy(S2C, [long[:20], 30, long[50:70], 30, long[100:] + text("next")])
    assert names(found) == ["Undissected", "Gap", "Undissected", "Gap", "Undissected", "next"]
    assert [one.inferred for one in found if isinstance(one, Gap)] == [False, False]


def test_a_fragment_after_a_gap_is_not_blamed():
    later = frames.build(0, b"end")
    found = lossy(S2C, [frames.build(1, b"a", fin=False), 9, later + text("a", "b")])
    assert names(found) == ["a", "Gap", "end", "a", "b"]
    assert found[2].violations == ()
    found = lossy(S2C, [later])
    assert "no message to continue" in found[0].violations[0].rule
    found = lossy(S2C, [text("a") + later])
    assert "no message to continue" in found[1].violations[0].rule


def test_a_late_capture_may_begin_with_a_fragment():
    conversation = Conversation()
    conversation.feed(S2C, frames.build(9) + frames.build(0, b"end"))
    assert conversation.unit(S2C, 1).violations == ()


# -- what is inferred -----------------------------------------------------------------------

SAID = [f"message number {number}, a little longer" for number in range(8)]


@pytest.mark.parametrize("chunk", [1, 7, 10**9])
@pytest.mark.parametrize(("direction", "mask"), [(C2S, b"\x81\x02\x03\x04"), (S2C, None)])
def test_frames_are_found_again_inside_a_stream(direction, mask, chunk):
    stream = text(*SAID, mask=mask)
    found = lossy(direction, [stream[:10], 55, stream[65:]], chunk=chunk)
    assert names(found) == ["Undissected", "Gap", "Undissected", *SAID[2:]]
    assert found[1].inferred
    assert "inferred" in summary.summarize(found[1], None)
    assert "which is inferred" in found[2].reason


def test_a_gap_between_two_frames_ends_between_two():
    conversation = opened()
    conversation.feed(S2C, text("a"))
    conversation.lose(S2C, 20)
    conversation.feed(S2C, text("b"))
    assert names(units(conversation, S2C)) == ["a", "Gap", "b"]
    assert not units(conversation, S2C)[1].inferred


def test_a_single_frame_is_believed_only_between_a_gap_and_the_end():
    for cut in (b"", b"\x81"):
        assert names(lossy(S2C, [text("a") + cut, 20, text("b")]))[-2:] == ["Gap", "b"]
        found = lossy(S2C, [text("a") + cut, 20, text("b"), 20, text("c")])
        assert names(found)[-4:] == ["Gap", "b", "Gap", "c"]
    assert names(lossy(S2C, [text("a"), 20, b"\x81"])) == ["a", "Gap", "Undissected"]
    found = lossy(S2C, [text("a"), 20, b"}}" + text("b")])
    assert names(found) == ["a", "Gap", "Undissected"]
    assert "nothing marks" in found[2].reason
    assert not found[1].inferred


def test_what_keeps_no_rule_is_no_frame():
    good = text(*SAID[:4])
    for bad in (
        frames.build(9, b"x" * 126),
        frames.build(2, b"x", length_form=16),
        frames.build(2, b"x", length_form=64),
        frames.build(1, b"", fin=False),
        frames.build(1, b"\xff\xfe"),
        frames.build(1, b"x", mask=b"abcd"),
        frames.build(3, b"x"),
        frames.build(1, b"x", rsv=2),
        frames.build(1, b"ab", fin=False) + frames.build(1, b"cd"),
    ):
        found = lossy(S2C, [text("a") + b"\x81", 20, bad + good])
        assert names(found)[-4:] == SAID[:4]


def test_runs_of_anything_are_no_frames():
    for run in (b"\0", b"\x01\0", b"\x80\0", b"\x81", b"A", b"\xff", b"\x82\x05hello world"):
        found = lossy(S2C, [text("a"), 20, b"}" + run * 3000])
        assert not any(isinstance(one, Frame) for one in found[2:]) or run[0] == 0x82


def test_the_search_ends_and_what_is_left_comes_in_blocks():
    found = lossy(S2C, [text("a"), 20, b"nothing " * (resync.FAR // 4), 5, text("b")])
    assert {len(one.data) for one in found[2:-3]} == {BLOCK}
    assert names(found)[-2:] == ["Gap", "b"]
    found = lossy(S2C, [text("a"), 20, b"nothing " * (BLOCK // 4)])
    assert [len(one.data) for one in found[2:]] == [BLOCK, BLOCK]


def test_a_late_direction_of_a_known_websocket_is_searched_too():
    conversation = Conversation()
    conversation.feed(S2C, text(*SAID))
    conversation.feed(C2S, b"}}" + text(*SAID, mask=b"\x81abc"))
    found = [conversation.unit(C2S, row) for row in range(9)]
    assert names(found) == ["Undissected", *SAID]


# -- any stream, any loss -------------------------------------------------------------------


def random_stream(rng, mask):
    """About 60 frames of a chat, with fragments, pings and binary ones; and where each starts."""
    stream, starts = bytearray(), []
    for _ in range(30):
        key = rng.randbytes(4) if mask else None
        size = rng.choice((5, 40, 130, 400))
        words = " ".join(rng.choice(("hello", "größer", "bytes")) for _ in range(size // 6))
        kind = rng.random()
        message = [(1, True, f'{{"text": "{words}"}}'.encode())]
        if kind < 0.2:
            message = [(2, True, rng.randbytes(size))]
        elif kind < 0.3:
            message = [(1, False, b"one "), (9, True, b"ping"), (0, True, b"two")]
        for opcode, fin, payload in message:
            starts.append(len(stream))
            stream += frames.build(opcode, payload, fin=fin, mask=key)
    return bytes(stream), starts


def with_losses(rng, stream):
    """Segments of which some are lost, as :func:`lossy` takes them."""
    at, pieces = 0, []
    while at < len(stream):
        size = rng.choice((200, 700, 1400))
        piece = stream[at : at + size]
        pieces.append(len(piece) if pieces and rng.random() < 0.2 else piece)
        at += size
    return pieces


def true_and_all(seed, direction):
    """(frames found that were sent, frames found, frames that came whole) of a random stream."""
    rng = Random(seed)
    stream, starts = random_stream(rng, direction is C2S)
    pieces = with_losses(rng, stream)
    found, at, true, every = lossy(direction, pieces), 0, 0, 0
    for unit in found:
        if isinstance(unit, Frame):
            every += 1
            true += at in starts
        at += unit.length if isinstance(unit, Gap) else len(unit.data)
    ends = [*starts[1:], len(stream)]
    lost, at = [], 0
    for piece in pieces:
        size = piece if isinstance(piece, int) else len(piece)
        lost += [(at, at + size)] if isinstance(piece, int) else []
        at += size
    whole = sum(
        not any(begin < b and a < end for a, b in lost)
        for begin, end in zip(starts, ends, strict=True)
    )
    return true, every, whole


@pytest.mark.parametrize("direction", [C2S, S2C])
def test_nearly_all_frames_found_are_true_ones_and_nearly_all_are_found(direction):
    counts = [true_and_all(seed, direction) for seed in range(150)]
    true, every, whole = (sum(one) for one in zip(*counts, strict=True))
    assert true / every > 0.99
    assert true / whole > 0.95


@given(
    seed=st.integers(0, 2**32),
    direction=st.sampled_from([C2S, S2C]),
    chunk=st.sampled_from([1, 3, 50]),
)
@settings(max_examples=60, deadline=None)
def test_any_chunking_finds_the_same_after_any_loss(seed, direction, chunk):
    rng = Random(seed)
    pieces = with_losses(rng, random_stream(rng, direction is C2S)[0])
    assert lossy(direction, pieces) == lossy(direction, pieces, chunk=chunk)


@given(pieces=st.lists(st.binary(min_size=1, max_size=60) | st.integers(1, 99), max_size=12))
@settings(max_examples=120, deadline=None)
def test_no_bytes_raise(pieces):
    for direction in (C2S, S2C):
        assert lossy(direction, pieces) == lossy(direction, pieces, chunk=1)
