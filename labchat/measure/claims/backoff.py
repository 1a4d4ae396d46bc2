"""The text's reconnect policy, run by two hundred clients in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from labchat.measure import crowd
from labchat.measure.claims.claim import Claim, Data, Finding, Verdict

if TYPE_CHECKING:
    from labchat.measure.stage import Stage

OUTAGES_S = (5.0, 40.0)
POLICIES = ("text", "full-jitter")


def measure_backoff(_stage: Stage) -> Data:
    """A short outage and one of 40 s, by the text's policy and with full jitter."""
    found = {}
    for down_s in OUTAGES_S:
        tables = [crowd.attempts(policy, down_s=down_s) for policy in POLICIES]
        after_first = pd.concat([table[table["at_s"] >= 2] for table in tables])
        whole = crowd.summary(pd.concat(tables))
        whole["peak_per_s"] = crowd.summary(after_first)["peak_per_s"]
        rows = whole[["peak_per_s", "gave_up"]].astype(int).to_dict("index")
        found[str(down_s)] = {str(name): row for name, row in rows.items()}
    return {"clients": crowd.CLIENTS, "outages": found}


def judge_backoff(data: Data) -> Finding:
    """Good if nobody is lost for good and the crowd does not come back in step."""
    clients, outages = data["clients"], data["outages"]
    peaks = [outage["text"]["peak_per_s"] for outage in outages.values()]
    lost = {down: outage["text"]["gave_up"] for down, outage in outages.items()}
    spread = max(outage["full-jitter"]["peak_per_s"] for outage in outages.values())
    in_step = max(peaks) >= clients / 2
    given_up = [float(down) for down, count in lost.items() if count]
    told = f"{max(peaks)} of {clients} clients came in one second (full jitter: {spread}); " + (
        f"an outage of {min(given_up):g} s lost them all for good." if given_up else "none gave up."
    )
    if not in_step and not given_up:
        verdict, why = Verdict.HOLDS, told
    elif not in_step:
        verdict, why = Verdict.ONLY_IF, f"the outage is short. {told}"
    else:
        verdict, why = Verdict.FALSE, f"Without jitter a crowd stays in step. {told}"
    return Finding(max(peaks), "reconnects in one second", min(peaks), max(peaks), verdict, why)


CLAIMS = (
    Claim(
        "backoff",
        "Backoff 1, 2, 4, 8, 16 s, max 5 attempts",
        "RFC 6455 §7.2.3",
        measure_backoff,
        judge_backoff,
    ),
)
