"""Faults as people write them on a command line: ``100ms±20ms``, ``16kB/s``, ``2%``."""

from __future__ import annotations

import re

from labchat.errors import SettingsError
from labchat.tap.faults.bandwidth import Bandwidth
from labchat.tap.faults.latency import Distribution, Latency
from labchat.tap.faults.loss import Loss

NUMBER = r"(\d+(?:\.\d+)?)"
UNITS_MS = {"us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0}
"""Milliseconds in each unit of time."""
RATES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "bit": 1 / 8, "kbit": 1e3 / 8, "Mbit": 1e6 / 8}
"""Bytes in each unit of data; k and M are decimal."""


def duration_ms(text: str) -> float:
    """Milliseconds in ``100ms``, ``2 s``, ``1.5min``. Raises SettingsError."""
    found = re.fullmatch(rf"{NUMBER}\s*({'|'.join(UNITS_MS)})", text.strip())
    if found is None:
        raise SettingsError(f"“{text}” is no duration; write 100ms, 1.5s or 2min.")
    return float(found[1]) * UNITS_MS[found[2]]


def latency(text: str) -> Latency:
    """A latency from ``100ms``, ``100ms±20ms`` (or +-), ``100ms±20ms normal``."""
    delay, sign, rest = re.sub(r"\+/?-", "±", text).partition("±")
    jitter, _, name = rest.strip().partition(" ")
    if not sign:
        return Latency(delay_ms=duration_ms(delay))
    try:
        distribution = Distribution(name.strip()) if name else Distribution.UNIFORM
    except ValueError as error:
        raise SettingsError(f"“{name}” is none of {', '.join(Distribution)}.") from error
    return Latency(
        delay_ms=duration_ms(delay), jitter_ms=duration_ms(jitter), distribution=distribution
    )


def bandwidth(text: str) -> Bandwidth:
    """A bandwidth from ``16kB/s`` or ``1Mbit/s``."""
    found = re.fullmatch(rf"{NUMBER}\s*({'|'.join(RATES)})/s", text.strip())
    if found is None or not float(found[1]):
        raise SettingsError(f"“{text}” is no bandwidth; write 16kB/s or 1Mbit/s.")
    return Bandwidth(bytes_per_s=float(found[1]) * RATES[found[2]])


def loss(text: str) -> Loss:
    """A loss from ``2%``."""
    found = re.fullmatch(rf"{NUMBER}\s*%", text.strip())
    if found is None or float(found[1]) > 100:
        raise SettingsError(f"“{text}” is no share of packets; write 2%.")
    return Loss(rate=float(found[1]) / 100)
