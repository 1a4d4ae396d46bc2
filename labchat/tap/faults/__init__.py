"""Faults: small pure things that say what becomes of a piece of a stream, and when.

One fault a file; :mod:`~labchat.tap.faults.rule` says for what a fault is meant,
:mod:`~labchat.tap.faults.chain` puts several one behind the other,
:mod:`~labchat.tap.faults.control` switches them.
"""

from __future__ import annotations

from labchat.tap.faults.actions import Cut
from labchat.tap.faults.bandwidth import Bandwidth
from labchat.tap.faults.control import Faults
from labchat.tap.faults.corrupt import Corrupt
from labchat.tap.faults.drop import Drop
from labchat.tap.faults.duplicate import Duplicate
from labchat.tap.faults.failing import FailRequests
from labchat.tap.faults.latency import Distribution, Latency
from labchat.tap.faults.limit import Limit
from labchat.tap.faults.loss import Loss
from labchat.tap.faults.offline import Offline
from labchat.tap.faults.refuse import Refuse
from labchat.tap.faults.rule import Rule, Units
from labchat.tap.faults.schedule import Schedule
from labchat.tap.faults.slicer import Slicer
from labchat.tap.faults.swallow import Swallow

__all__ = [
    "Bandwidth",
    "Corrupt",
    "Cut",
    "Distribution",
    "Drop",
    "Duplicate",
    "FailRequests",
    "Faults",
    "Latency",
    "Limit",
    "Loss",
    "Offline",
    "Refuse",
    "Rule",
    "Schedule",
    "Slicer",
    "Swallow",
    "Units",
]
