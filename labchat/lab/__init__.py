"""The lab: server, tap and clients put together; the one object notebooks hold.

>>> import labchat
>>> lab = labchat.start()            # doctest: +SKIP
>>> lab.panel()                      # doctest: +SKIP
"""

from __future__ import annotations

from labchat.lab.lab import Lab, start

__all__ = ["Lab", "start"]
