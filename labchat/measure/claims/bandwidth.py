"""The text's bandwidth example, recomputed: its arithmetic, its units, its hidden assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.measure.claims.claim import Claim, Data, Finding, Verdict
from labchat.measure.layers import DAY, MB, MIB, measured, per_day

if TYPE_CHECKING:
    from labchat.measure.stage import Stage

CLAIMED_SAVING = 84
POLLS_PER_S = 2
CLAIMED = {"polling": 49.4, "websocket": 8.2}
RATES = (0.5, 0.05, 0.0)
"""Messages per second: the text's hidden assumption, a tenth of it, silence."""


def measure_bandwidth(stage: Stage) -> Data:
    """A day of polling and a day of WebSocket at several message rates, from measured sizes."""
    sizes = measured(stage.bench("--post", "relays"))
    poll = sizes.loc["poll"]
    head = int(poll["headers"].to_numpy()[0])
    days = {
        str(rate): per_day(sizes, messages_per_s=rate, interval_s=1 / POLLS_PER_S)[
            "total"
        ].to_dict()
        for rate in RATES
    }
    return {"request_bytes": head, "claimed_request_bytes": 300, "days": days}


def judge_bandwidth(data: Data) -> Finding:
    """The text's numbers hold if its unit is right and the saving is near what was measured."""
    claimed_bytes = data["claimed_request_bytes"] * POLLS_PER_S * DAY
    megabytes, mebibytes = claimed_bytes / MB, claimed_bytes / MIB
    savings = {
        float(rate): 100 * (1 - day["WebSocket"] / day["polling"])
        for rate, day in data["days"].items()
    }
    low, high = min(savings.values()), max(savings.values())
    texts_own = savings[max(savings)]
    right_unit = abs(megabytes - CLAIMED["polling"]) < 0.1
    told = (
        f"{claimed_bytes:,} bytes are {megabytes:.1f} MB; {mebibytes:.1f} is their number of MiB. "
        f"With responses and TCP/IP counted, WebSocket saves {low:.0f} to {high:.0f} %, "
        "by how often somebody writes."
    )
    if right_unit and low - 3 <= CLAIMED_SAVING <= high + 3:
        verdict, why = Verdict.HOLDS, told
    elif low - 3 <= CLAIMED_SAVING <= high + 3:
        verdict, why = Verdict.ONLY_IF, f"MB means MiB and the message rate is the text's. {told}"
    else:
        verdict, why = Verdict.FALSE, told
    return Finding(texts_own, "% saved", low, high, verdict, why)


CLAIMS = (
    Claim(
        "bandwidth",
        "600 B/s = 49.4 MB a day by polling, 8.2 MB by WebSocket: 84 % saved",
        "IEC 80000-13; RFC 9112; RFC 6455 §5.2",
        measure_bandwidth,
        judge_bandwidth,
    ),
)
