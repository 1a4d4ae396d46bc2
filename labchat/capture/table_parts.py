"""Columns that several tables share: who, which way, when. numpy in, pandas out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from labchat.capture.capture import Capture
    from labchat.capture.columns import Flat

    Ints = npt.NDArray[Any]

DIRECTIONS = ("c2s", "s2c")


def coded(codes: Ints, names: tuple[str, ...]) -> pd.Categorical:
    """Codes as a category with these names, in this order."""
    return pd.Categorical.from_codes(codes.astype(np.int8), categories=pd.Index(names, dtype="str"))


def common(capture: Capture, flat: Flat, where: Ints) -> dict[str, Any]:
    """The columns that tables of units begin with; ``where`` is a mask, or places."""
    lane = flat.lane[where]
    numbers = np.array([one.connection for one in flat.lanes], dtype=np.int32)
    connection = numbers[lane] if len(numbers) else np.zeros(0, dtype=np.int32)
    names = labels_of(capture)
    known = pd.Index(sorted({name for name in names.values() if name}), dtype="str")
    of_lane = known.get_indexer(pd.Index([names.get(int(number)) for number in numbers]))
    codes = of_lane[lane] if len(numbers) else np.zeros(0, dtype=np.int8)
    return {
        "n": flat.n[where],
        "connection": connection,
        "label": pd.Categorical.from_codes(codes, categories=known),
        "direction": coded(lane & 1, DIRECTIONS),
        "at_ns": flat.at_ns[where],
        "end_ns": flat.end_ns[where],
    }


def labels_of(capture: Capture) -> dict[int, str | None]:
    """Who the client of each connection is."""
    return {one.number: one.label for one in capture.connections}
