"""The claims as one HTML page: no script, no network, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from labchat.measure.conditions import caption
from labchat.measure.words import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLOURS = """
--ok: light-dark(#1b6b3a, #83d19f); --warn: light-dark(#7a5200, #e9be62);
--fail: light-dark(#b3261e, #ff9f97); --line: color-mix(in srgb, currentColor 20%, transparent);
"""
_TABLE = """
table { border-collapse: collapse; width: 100%; font-size: 13px; } th { text-align: left; }
caption { caption-side: bottom; padding: 8px 0; text-align: left; } caption, small { opacity: .75; }
table td, table th { border-bottom: 1px solid var(--line); padding: 6px 12px 6px 0;
  text-align: left !important; vertical-align: top; white-space: normal; }
.holds { color: var(--ok); } .only { color: var(--warn); } .false { color: var(--fail); }
.holds::before { content: "✓ "; } .only::before { content: "± "; } .false::before { content: "✗ "; }
"""
_STYLE = (
    ":root { color-scheme: light dark; } body { font: 15px/1.45 system-ui, sans-serif; "
    "margin: 24px auto; max-width: 1100px; } h1 { font-size: 20px; } "
    f".labchat-claims {{ {_COLOURS} {_TABLE} }}"
)
_HEAD = "<thead><tr><th>the text says</th><th>measured</th><th>verdict</th></tr></thead>"
_CLASSES = {"holds": "holds", "holds only if": "only", "false": "false"}


@dataclass(frozen=True, slots=True)
class Table:
    """Claims with their findings; shows itself in a notebook.

    Attributes:
        rows: one flat object a claim.
        conditions: under which they were measured.
    """

    rows: list[dict[str, Any]]
    conditions: dict[str, Any]

    def frame(self) -> pd.DataFrame:
        """The same as a DataFrame, one row a claim; ``attrs["conditions"]`` as measured."""
        table = pd.DataFrame(self.rows).set_index("key")
        table.attrs["conditions"] = self.conditions
        return table

    def __repr__(self) -> str:
        lines = (f"“{row['claim']}”: {told(row)}; {_verdict(row)}" for row in self.rows)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = "\n".join(_row(row) for row in self.rows)
        return (
            f'<div class="labchat-claims"><style>.labchat-claims {{ {_COLOURS} {_TABLE} }}</style>'
            f"<table><caption>{escape(caption(self.conditions))}</caption>{_HEAD}"
            f"<tbody>{body}</tbody></table></div>"
        )


def _verdict(row: Mapping[str, Any]) -> str:
    joint = " " if row["verdict"] == "holds only if" else ". "
    return f"{row['verdict']}{joint}{row['why']}"


def page(rows: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> str:
    """The whole document, UTF-8."""
    body = "\n".join(_row(row) for row in rows)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>The text's claims, measured</title><style>{_STYLE}</style></head>\n"
        '<body class="labchat-claims"><h1>The text\'s claims, measured</h1>\n<table>'
        f"<caption>{escape(caption(dict(given)))}</caption>{_HEAD}\n"
        f"<tbody>\n{body}\n</tbody></table></body></html>\n"
    )


def _row(row: Mapping[str, Any]) -> str:
    verdict = str(row["verdict"])
    return (
        f"<tr><td>“{escape(row['claim'])}”</td><td>{escape(told(row))}</td>"
        f'<td><strong class="{_CLASSES.get(verdict, "")}">{escape(verdict)}</strong> '
        f'<span class="why">{escape(row["why"])}</span> '
        f"<small>{escape(row['source'])}</small></td></tr>"
    )
