"""The reconnect crowd: many clients lose one server at once, and all come back. Virtual time.

The delays are those of :mod:`labchat.chat.backoff`, the very code the client runs.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pandas as pd

from labchat.chat.backoff import Policy, named
from labchat.measure.conditions import conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labchat.measure.conditions import Conditions

CLIENTS = 200
POLICIES = ("text", "exponential", "full-jitter", "decorrelated")
"""The text's, and what it leads to."""


def attempts(
    policy: Policy | str, *, clients: int = CLIENTS, down_s: float = 10.0, seed: int = 1
) -> pd.DataFrame:
    """Every reconnect attempt of a crowd whose server stays down for ``down_s`` seconds.

    Args:
        policy: a policy or its preset's name.
        clients: how many lost their connection at time 0.
        down_s: until when attempts fail; the first one after that succeeds.
        seed: of the clients' random numbers.

    Returns:
        One row an attempt: ``policy`` (category), ``client`` (int64), ``attempt`` (int64, from 1),
        ``at_s`` (float64, seconds since the drop), ``connected`` (bool).

    Raises:
        SettingsError: no preset has that name.
    """
    policy = named(policy)
    rows = [
        (client, attempt, at, at >= down_s)
        for client in range(clients)
        for attempt, at in _one(policy, Random(f"{seed}/{client}"), down_s)
    ]
    table = as_table(policy, rows)
    table.attrs["conditions"] = conditions(
        clock="virtual", policy=policy.name, clients=clients, seed=seed, back_s=down_s
    )
    return table


def as_table(policy: Policy, rows: Iterable[tuple[int, int, float, bool]]) -> pd.DataFrame:
    """Rows of (client, attempt, at_s, connected) as :func:`attempts` returns them."""
    table = pd.DataFrame(rows, columns=["client", "attempt", "at_s", "connected"])
    table.insert(0, "policy", pd.Series(policy.name, index=table.index, dtype="category"))
    return table.astype(
        {"client": "int64", "attempt": "int64", "at_s": "float64", "connected": bool}
    )


def _one(policy: Policy, rng: Random, down_s: float) -> Iterable[tuple[int, float]]:
    at = 0.0
    for attempt, delay in enumerate(policy.delays(rng), start=1):
        at += delay
        yield attempt, at
        if at >= down_s:
            return


def arrivals(
    policies: Iterable[str] = POLICIES,
    *,
    clients: int = CLIENTS,
    down_s: float = 10.0,
    bin_s: float = 1.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Attempts per second of each policy's crowd, side by side.

    Returns:
        Indexed by ``at_s`` (start of each bin, seconds), one int64 column a policy.
    """
    crowds = {name: attempts(name, clients=clients, down_s=down_s, seed=seed) for name in policies}
    given = conditions(clock="virtual", clients=clients, seed=seed, back_s=down_s)
    return per_second(crowds, given, bin_s=bin_s)


def per_second(
    crowds: Mapping[str, pd.DataFrame], given: Conditions, *, bin_s: float = 1.0
) -> pd.DataFrame:
    """Attempts in each bin, one column a crowd.

    Args:
        crowds: name to a table of :func:`attempts`, virtual or real.
        given: the conditions of them all.
        bin_s: width of a bin, seconds.

    Returns:
        Indexed by ``at_s`` (start of each bin, seconds), int64 counts.
    """
    bins = {
        name: (crowd["at_s"] // bin_s * bin_s).value_counts().sort_index()
        for name, crowd in crowds.items()
    }
    table = pd.DataFrame(bins).fillna(0).astype("int64")
    last = round(table.index.max() / bin_s) if len(table) else 0
    table = table.reindex([i * bin_s for i in range(last + 1)], fill_value=0)
    table.index.name = "at_s"
    table.attrs["conditions"] = dict(given)
    return table


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """What a crowd does to a server: one row a policy.

    Args:
        table: one or more tables of :func:`attempts`, concatenated.

    Returns:
        ``attempts`` in all, ``peak_per_s`` (most in any second), ``connected`` (clients that came
        back), ``gave_up`` (clients that did not), ``all_back_s`` (when the last one did, or NaN).
    """
    rows = {name: _summary(group) for name, group in table.groupby("policy", observed=True)}
    summed = pd.DataFrame.from_dict(rows, orient="index").rename_axis("policy")
    summed.attrs.update(table.attrs)
    return summed


def _summary(group: pd.DataFrame) -> dict[str, float]:
    clients = int(group["client"].nunique())
    back = group[group["connected"]]
    return {
        "attempts": len(group),
        "peak_per_s": int(group["at_s"].floordiv(1.0).value_counts().max()),
        "connected": len(back),
        "gave_up": clients - len(back),
        "all_back_s": float(back["at_s"].max()) if len(back) == clients else float("nan"),
    }
