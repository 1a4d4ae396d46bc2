"""labchat's relay recording into a Capture, as a lab does: ``in_memory.py TARGET_PORT``."""

from __future__ import annotations

import asyncio
import sys

from labchat.capture.capture import Capture
from labchat.tap.relay import Relay


async def main() -> None:
    relay = Relay(("127.0.0.1", int(sys.argv[1])), Capture())
    await relay.start()
    print(relay.address[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
