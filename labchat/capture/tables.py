"""A capture as pandas tables; every column with its dtype and unit.

Times are int64 nanoseconds since the capture's start, sizes are bytes, ``n`` is the unit's number
as everywhere else. Where a value may not apply, the dtype is pandas' nullable one.

``units``: one row a unit, in the order in which last bytes arrived.
    n int64 · connection int32 · label category (who the client is) · direction category
    (c2s, s2c) · kind category (request, response, frame, undissected, gap) · at_ns, end_ns int64
    (arrival of first and last byte) · length int64 (bytes on the wire; of a gap, bytes missing) ·
    payload, framing, headers int64 (bytes by layer; they add up to length, but for a gap, where
    they are 0) · tcp_ip int64 (estimated TCP/IP header bytes) · opcode UInt8 (of a frame)

``frames``: one row a WebSocket frame.
    n · connection · label · direction · at_ns · end_ns as above · fin bool · rsv uint8 (RSV1 is
    4) · opcode uint8 · name category (text, ping, …) · masked bool · payload_length int64 ·
    header_length uint8 (2 to 14) · length int64 · message int64 (n of its message's first
    frame; its own n for a control frame) · close_code Int32

``messages``: one row a WebSocket message, in the order in which they ended.
    first, last int64 (n of its first and last frame) · connection · label · direction · at_ns,
    end_ns int64 (first byte of the first frame, last byte of the last) · opcode category (text,
    binary) · frames int32 · complete bool · compressed bool · wire_length int64 (payload bytes
    on the wire) · length int64 (after inflating) · ratio float64 (wire_length / length) ·
    text str (of a whole text message)

``requests``: one row an HTTP request with its response.
    n int64 · response Int64 (n, or missing) · connection · label · at_ns, end_ns int64 (of the
    request) · response_at_ns, response_end_ns Int64 (of an event stream, to its last event) ·
    wait_ns Int64 (last byte asked to first byte answered) · method category · target str ·
    version category · status Int16 · reason category · content_type category (of the response) ·
    request_headers, request_body int64 · response_headers, response_body Int64 · events int32

``violations``: one row a broken rule; dissects every unit.
    n · connection · direction · kind · rule category · section category · start, stop int64 (bits
    from the unit's start)
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labchat.capture.columns import flatten
from labchat.capture.table_parts import coded, common
from labchat.capture.table_rows import messages, requests, violations
from labchat.errors import CaptureError, MissingExtra
from labchat.wire.frames import opcode_name
from labchat.wire.http1 import Request, Response
from labchat.wire.index import FRAME, GAP, KINDS, REQUEST, RESPONSE, Part

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from labchat.capture.capture import Capture
    from labchat.capture.columns import Flat

    Ints = npt.NDArray[Any]
    Row = dict[str, Any]

__all__ = ["frames", "messages", "requests", "save", "units", "violations"]

SEGMENT = 1448
"""Payload bytes in one full TCP segment on Ethernet, with timestamps (RFC 7323)."""
SEGMENT_HEADERS = {4: 20 + 32, 6: 40 + 32}
"""Bytes of IP and TCP header before them, by IP version; acknowledgments are not counted."""

_KINDS = tuple(kind.value for kind in KINDS)
_OPCODES = tuple(opcode_name(opcode) for opcode in range(16))


def units(capture: Capture) -> pd.DataFrame:
    """One row a unit."""
    flat = flatten(capture)
    frames = flat.kind == FRAME
    header = np.where(frames, _frame_headers(flat), 0)
    payload = np.where(flat.kind == GAP, 0, flat.length - header)
    framing = header.copy()
    headers = np.zeros(len(flat), dtype=np.int64)
    for place in np.flatnonzero((flat.kind == REQUEST) | (flat.kind == RESPONSE)):
        headers[place], payload[place] = _http_layers(capture, flat, int(place))
        framing[place] = flat.length[place] - headers[place] - payload[place]
    columns = common(capture, flat, np.ones(len(flat), dtype=bool))
    columns["kind"] = coded(flat.kind, _KINDS)
    columns["length"] = flat.length
    columns |= {"payload": payload, "framing": framing, "headers": headers}
    columns["tcp_ip"] = _tcp_ip(capture, flat)
    columns["opcode"] = pd.arrays.IntegerArray(flat.first & 15, ~frames)
    order = ["n", "connection", "label", "direction", "kind"]
    return pd.DataFrame(columns)[order + [name for name in columns if name not in order]]


def frames(capture: Capture) -> pd.DataFrame:
    """One row a WebSocket frame."""
    flat = flatten(capture)
    where = flat.kind == FRAME
    first, header = flat.first[where], _frame_headers(flat)[where]
    columns = common(capture, flat, where)
    columns["fin"] = first > 127
    columns["rsv"] = first >> 4 & 7
    columns["opcode"] = first & 15
    columns["name"] = coded(first & 15, _OPCODES)
    columns["masked"] = flat.second[where] > 127
    columns["payload_length"] = flat.length[where] - header
    columns["header_length"] = header.astype(np.uint8)
    columns["length"] = flat.length[where]
    columns["message"] = flat.link[where]
    columns["close_code"] = _close_codes(capture, columns["n"], first & 15)
    return pd.DataFrame(columns)


def save(table: pd.DataFrame, path: Path, *, parquet: bool) -> None:
    """Write a table as Parquet or as CSV (UTF-8, with a header line).

    Raises:
        CaptureError: the file cannot be written.
        MissingExtra: Parquet needs pyarrow.
    """
    if parquet and find_spec("pyarrow") is None:
        raise MissingExtra("Parquet needs pyarrow: pip install 'labchat[lab]'.")
    try:
        table.to_parquet(path, index=False) if parquet else table.to_csv(path, index=False)
    except OSError as error:
        raise CaptureError(f"{path} cannot be written: {error.strerror or error}.") from error


def _frame_headers(flat: Flat) -> Ints:
    """Header bytes of each frame (RFC 6455 §5.2); nonsense for what is no frame."""
    code = flat.second & 127
    extended = np.where(code == 126, 2, np.where(code == 127, 8, 0))
    return (2 + extended + np.where(flat.second > 127, 4, 0)).astype(np.int64)


def _tcp_ip(capture: Capture, flat: Flat) -> Ints:
    """Estimated header bytes: what full segments would carry."""
    versions = {one.number: 6 if one.server.startswith("[") else 4 for one in capture.connections}
    sizes = np.array([SEGMENT_HEADERS[versions[one.connection]] for one in flat.lanes], np.int64)
    segments = -(-flat.length // SEGMENT)
    return segments * sizes[flat.lane] if len(sizes) else segments


def _http_layers(capture: Capture, flat: Flat, place: int) -> tuple[int, int]:
    """Bytes of head and of body of one HTTP unit."""
    unit = capture.unit(place + 1).unit
    assert isinstance(unit, Request | Response)
    if flat.kind[place] == RESPONSE and flat.first[place] == Part.END:
        return 0, 0
    return unit.head_length, min(len(unit.body), int(flat.length[place]) - unit.head_length)


def _close_codes(capture: Capture, numbers: Ints, opcodes: Ints) -> pd.arrays.IntegerArray:
    codes = np.zeros(len(numbers), dtype=np.int32)
    missing = np.ones(len(numbers), dtype=bool)
    for place in np.flatnonzero(opcodes == 8):
        code = getattr(capture.unit(int(numbers[place])).unit, "close_code", None)
        if code is not None:
            codes[place], missing[place] = code, False
    return pd.arrays.IntegerArray(codes, missing)
