"""Small pieces of English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def named_numbers(numbers: Sequence[int]) -> str:
    """``unit 3``, ``units 11 and 13 to 15``; ``numbers`` ascend."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    pieces = [str(run[0]) if len(run) == 1 else _run(run) for run in runs]
    noun = "unit" if len(numbers) == 1 else "units"
    if len(pieces) < 2:
        return f"{noun} {''.join(pieces)}"
    return f"{noun} {', '.join(pieces[:-1])} and {pieces[-1]}"


def _run(run: Sequence[int]) -> str:
    return f"{run[0]} and {run[1]}" if len(run) == 2 else f"{run[0]} to {run[-1]}"
