"""Many connections, faults switching at random: what was to be delivered is, in order.

Ten seconds by default; ``LABCHAT_SOAK_S=60`` takes a minute.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labchat.tap.faults import Bandwidth, Corrupt, Latency, Loss, Slicer, Units
from labchat.tap.sink import Tee
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.tap.relay import Relay

SECONDS = float(os.environ.get("LABCHAT_SOAK_S", "10"))
CONNECTIONS = 200
FRAME = 300
"""Bytes in what is sent at a time."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 3 * SECONDS)]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


async def talk(relay: Relay, n: int, over: asyncio.Event) -> int:
    """Exchange until told to stop; every byte must come back, in order."""
    rng = random.Random(n)
    total = 0
    reader, writer = await asyncio.open_connection(*relay.address)
    while not over.is_set():
        data = rng.randbytes(rng.randrange(1, FRAME))
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        total += len(data)
        if rng.random() < 0.02:
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            reader, writer = await asyncio.open_connection(*relay.address)
    writer.close()
    return total


def switch(relay: Relay, rng: random.Random) -> None:
    """One change at random; none of these may lose, change or reorder a byte."""
    faults = relay.faults
    change = rng.randrange(8)
    direction = rng.choice([None, Direction.C2S, Direction.S2C])
    if change == 0:
        faults.clear()
    elif change == 1:
        faults.latency(rng.uniform(0, 20), rng.uniform(0, 10), direction=direction)
    elif change == 2:
        faults.add(Slicer(size_bytes=rng.randrange(20, 100)), direction=direction)
    elif change == 3:
        faults.add(Bandwidth(bytes_per_s=200_000), direction=direction, for_s=0.2)
    elif change == 4:
        faults.add(Loss(rate=0.05, rto_ms=10), direction=direction)
    elif change == 5:
        faults.offline(rng.random() < 0.5)
    elif change == 6:
        faults.add(Latency(delay_ms=5), units=Units(every=3))
    else:
        faults.add(Corrupt(), units=Units(where="false"), at_s=0, for_s=1)
    if len(faults.rules) > 6:
        faults.clear()


async def test_soak(bench, echoing) -> None:
    loop = asyncio.get_running_loop()
    there = await bench(echoing, sink=Tee())
    relay = there.relay
    before = descriptors()
    over = asyncio.Event()
    talking = [loop.create_task(talk(relay, n, over)) for n in range(CONNECTIONS)]
    rng = random.Random(4)
    warm = 0
    begun = loop.time()
    while loop.time() < begun + SECONDS:
        await asyncio.wait(talking, timeout=0.1, return_when=asyncio.FIRST_EXCEPTION)
        switch(relay, rng)
        if not warm and loop.time() > begun + 0.3 * SECONDS:
            warm = resident_kib()
    grown = resident_kib() - warm
    relay.faults.clear()
    over.set()
    totals = await asyncio.gather(*talking)
    await relay._works.quiet.wait()
    await there.handled()
    gc.collect()
    assert min(totals) > 0
    assert grown < 64 * 1024, f"{grown} KiB in {0.7 * SECONDS:g} s"
    assert relay._works.lines == {}
    assert descriptors() <= before
    assert asyncio.all_tasks() == {asyncio.current_task()}
