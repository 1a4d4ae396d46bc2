"""The tap: a relay that records, faults that break, a gate that holds. Only the relay does I/O.

The package can be called: ``labchat.tap("localhost:8000")`` puts the instrument in front of an
app of your own.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labchat.tap.front import Front


class _Callable(ModuleType):
    """This package, which is also the function a notebook calls."""

    def __call__(self, target: str, **settings: Any) -> Front:
        """See :class:`labchat.tap.front.Front`."""
        from labchat.tap.front import Front

        return Front(target, **settings).start()


sys.modules[__name__].__class__ = _Callable
