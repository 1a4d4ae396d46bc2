"""The claims as one HTML page: no script, no network, light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from labchat.measure.conditions import caption
from labchat.measure.words import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STYLE = """
:root { color-scheme: light dark; --ok: light-dark(#1b6b3a, #83d19f);
  --warn: light-dark(#7a5200, #e9be62); --fail: light-dark(#b3261e, #ff9f97);
  --line: light-dark(#e0e0e0, #424242); --quiet: light-dark(#595959, #ababab); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 24px auto; max-width: 1100px; }
h1 { font-size: 20px; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; } caption, small, .why { color: var(--quiet); }
caption { caption-side: bottom; padding: 12px 0; text-align: left; }
td, th { border-bottom: 1px solid var(--line); padding: 8px 12px 8px 0; vertical-align: top; }
.holds { color: var(--ok); } .only { color: var(--warn); } .false { color: var(--fail); }
strong::before { margin-right: 4px; } .holds::before { content: "✓"; }
.only::before { content: "±"; } .false::before { content: "✗"; }
"""
_CLASSES = {"holds": "holds", "holds only if": "only", "false": "false"}


def page(rows: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> str:
    """The whole document, UTF-8."""
    body = "\n".join(_row(row) for row in rows)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>The text's claims, measured</title><style>{_STYLE}</style></head><body>\n"
        "<h1>The text's claims, measured</h1>\n<table>\n"
        f"<caption>{escape(caption(dict(given)))}</caption>\n"
        "<thead><tr><th>the text says</th><th>measured</th><th>verdict</th></tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table>\n</body></html>\n"
    )


def _row(row: Mapping[str, Any]) -> str:
    verdict = str(row["verdict"])
    return (
        f"<tr><td>“{escape(row['claim'])}”</td><td>{escape(told(row))}</td>"
        f'<td><strong class="{_CLASSES.get(verdict, "")}">{escape(verdict)}</strong> '
        f'<span class="why">{escape(row["why"])}</span> '
        f"<small>{escape(row['source'])}</small></td></tr>"
    )
