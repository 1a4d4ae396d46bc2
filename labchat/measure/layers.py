"""Bytes by layer: what one exchange costs on the wire, and what a day of it comes to.

Sizes come from a capture (:func:`measured`); :func:`per_day` multiplies them out, with the choices
the text leaves unsaid (responses, TCP/IP, idle pings, MB or MiB) as arguments.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd

from labchat.measure.conditions import conditions
from labchat.measure.receivers import push, stream
from labchat.measure.speakers import PostSender, WebSocketSender, Wire
from labchat.measure.stage import request
from labchat.wire import frames

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.measure.stage import Bench

DAY = 86_400
LAYERS = ("payload", "framing", "headers", "tcp_ip")
MB, MIB = 1_000_000, 1_048_576
SEGMENT = 52
"""Estimated bytes of an empty segment: 20 of IPv4, 20 of TCP, 12 of its timestamps."""

WAYS = ("polling", "long poll", "server-sent events", "WebSocket")


def measured(bench: Bench, *, text: str = "Hello!") -> pd.DataFrame:
    """What single exchanges cost on this lab's wire.

    Returns:
        Indexed by ``exchange`` ("poll", "post", "websocket message", "websocket delivery",
        "websocket handshake", "sse event", "ping") and ``direction`` ("c2s", "s2c"); int64 bytes
        in ``payload``, ``framing``, ``headers``, ``tcp_ip``.

    Raises:
        ChatError: the server refused a message.
        OSError: it cannot be reached.
    """
    wire = Wire(bench.url)
    parts = {
        "poll": _poll(bench, wire),
        "post": _post(bench, wire, text),
        **_websocket(bench, wire, text),
        "sse event": _event(bench, wire, text),
    }
    table = pd.concat(parts, names=["exchange"])
    ping, pong = frames.build(9, b""), frames.build(10, b"", mask=bytes(4))
    idle = {"c2s": len(pong), "s2c": len(ping)}
    for direction, size in idle.items():
        table.loc[("ping", direction), list(LAYERS)] = [0, size, 0, SEGMENT]
    table = table.astype("int64")
    table.attrs["conditions"] = conditions()
    return table


def _cost(capture: Capture, start: int, stop: int | None = None) -> pd.DataFrame:
    """Bytes by direction and layer of the units ``start`` up to ``stop``."""
    units = capture.units
    chosen = units[units["n"].between(start, (stop or len(units) + 1) - 1)]
    grouped = chosen.groupby("direction", observed=True)[list(LAYERS)].sum()
    grouped.index = grouped.index.astype(str)
    return grouped


def _poll(bench: Bench, wire: Wire) -> pd.DataFrame:
    last = 2**62
    with closing(wire.connection()) as http:
        before = len(bench.capture)
        request(http, "GET", f"/api/messages?after={last}")
    return _cost(bench.capture, before + 1)


def _post(bench: Bench, wire: Wire, text: str) -> pd.DataFrame:
    before = len(bench.capture)
    with closing(PostSender(wire, keep=True)) as sender:
        sender.send("layers-post", text)
    return _cost(bench.capture, before + 1)


def _websocket(bench: Bench, wire: Wire, text: str) -> dict[str, pd.DataFrame]:
    """Handshake with registration; a message with its ack; a delivery to a receiver."""
    before = len(bench.capture)
    with push(wire) as receiver:
        opened = len(bench.capture)
        handshake = _cost(bench.capture, before + 1, opened + 1)
        with closing(WebSocketSender(wire)) as sender:
            sender.send("layers-websocket", text)
            receiver.wait("layers-websocket")
            rows = bench.capture.rows(opened + 1)
    said = [row for row in rows if b"layers-websocket" in _payload(bench.capture, row.n)]
    sent = next(row for row in said if row.direction == "c2s")
    ack = next(row for row in said if "ack" in row.summary)
    heard = next(row for row in said if row.connection != sent.connection)
    message = pd.concat([_cost(bench.capture, row.n, row.n + 1) for row in (sent, ack)])
    return {
        "websocket handshake": handshake,
        "websocket message": message,
        "websocket delivery": _cost(bench.capture, heard.n, heard.n + 1),
    }


def _payload(capture: Capture, n: int) -> bytes:
    message = capture.unit(n).message
    return message.payload if message is not None else b""


def _event(bench: Bench, wire: Wire, text: str) -> pd.DataFrame:
    with stream(wire) as receiver:
        with closing(PostSender(wire, keep=True)) as sender:
            sender.send("layers-event", text)
        receiver.wait("layers-event")
        bench.unit(lambda row: "layers-event" in row.summary or _is_event(bench, row.n)).result()
        n = next(r.n for r in reversed(bench.capture.rows()) if _is_event(bench, r.n))
    return _cost(bench.capture, n, n + 1)


def _is_event(bench: Bench, n: int) -> bool:
    unit = bench.capture.unit(n).unit
    return getattr(unit, "part", "") == "event" and b"layers-event" in unit.data


def per_day(
    sizes: pd.DataFrame,
    *,
    messages_per_s: float,
    interval_s: float = 0.5,
    pings_every_s: float = 30.0,
    responses: bool = True,
    tcp_ip: bool = True,
    seconds: float = DAY,
) -> pd.DataFrame:
    """Bytes that one receiver costs, by way and layer.

    Args:
        sizes: what :func:`measured` gave.
        messages_per_s: how often somebody writes to this receiver.
        interval_s: between two polls.
        pings_every_s: WebSocket heartbeat, which an idle connection pays too; 0 for none.
        responses: count the server's bytes.
        tcp_ip: count estimated TCP/IP headers, an empty ACK for each segment included.
        seconds: how long; a day.

    Returns:
        Indexed by way (see :data:`WAYS`), float64 bytes in the four layers and ``total``.

    Raises:
        KeyError: ``sizes`` lacks an exchange.
    """
    messages = messages_per_s * seconds
    pings = seconds / pings_every_s if pings_every_s else 0.0
    one = _layers(sizes, responses=responses, tcp_ip=tcp_ip)
    text = one["sse event"].copy()
    held = one["poll"] + text
    ways = {
        "polling": one["poll"] * (seconds / interval_s) + text * messages,
        "long poll": held * messages + one["poll"] * (seconds / 30),
        "server-sent events": one["poll"] + text * messages,
        "WebSocket": one["websocket handshake"]
        + one["websocket delivery"] * messages
        + one["ping"] * pings,
    }
    table = pd.DataFrame(ways).T.astype("float64")
    table.index.name = "way"
    table["total"] = table.sum(axis=1)
    table.attrs.update(sizes.attrs)
    return table


def _layers(sizes: pd.DataFrame, *, responses: bool, tcp_ip: bool) -> dict[str, pd.Series[float]]:
    """One exchange's bytes by layer, both directions added up, by name."""
    kept = sizes if responses else sizes[sizes.index.get_level_values("direction") == "c2s"]
    table = kept.groupby(level="exchange").sum().astype("float64")
    if not tcp_ip:
        table["tcp_ip"] = 0.0
    for name in sizes.index.get_level_values("exchange").unique():
        if name not in table.index:
            table.loc[name] = 0.0
    return {str(name): row for name, row in table.iterrows()}
