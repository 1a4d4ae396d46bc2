"""The tap recording in memory, as a lab's: ``python -m labchat.measure.bench.recording PORT``.

Prints its port.
"""

from __future__ import annotations

import asyncio
import sys

from labchat.capture.capture import Capture
from labchat.tap.relay import Relay


async def main(target: int) -> None:
    """Relay until killed."""
    relay = Relay(("127.0.0.1", target), Capture())
    await relay.start()
    print(relay.address[1], flush=True)  # noqa: T201 - its caller reads it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
