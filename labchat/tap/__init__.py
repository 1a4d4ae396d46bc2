"""The tap: a relay that records, faults that break, a gate that holds. Only the relay does I/O.

The package can be called: ``labchat.tap("localhost:8000")`` puts the instrument in front of an
app of your own. At the end of a cell it shows itself by what :func:`shown_by` was told of.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.tap.front import Front

    Bundle = dict[str, Any]

_shows: list[Callable[[Front], Bundle | None]] = []


def shown_by(show: Callable[[Front], Bundle | None]) -> None:
    """Let ``show`` make what a notebook displays: MIME type to data, or None for plain text."""
    _shows[:] = [show]


def bundle(front: Front) -> Bundle | None:
    """What a notebook displays of the instrument; None: nobody knows how."""
    return _shows[0](front) if _shows else None


class _Callable(ModuleType):
    """This package, which is also the function a notebook calls."""

    def __call__(self, target: str, **settings: Any) -> Front:
        """See :class:`labchat.tap.front.Front`."""
        from labchat.tap.front import Front

        return Front(target, **settings).start()


sys.modules[__name__].__class__ = _Callable
