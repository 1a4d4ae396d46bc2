"""What a field means, for a person: content is data, in explain.toml beside this file.

>>> explain("frame", "Payload len", 126).sentence
'126 means: the length is in the next 16 bits.'
>>> explain("request", "Upgrade", "websocket").sentence
'Change to WebSocket on this connection.'
>>> section_url("RFC 6455 §5.2")
'https://www.rfc-editor.org/rfc/rfc6455#section-5.2'
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_TABLES = {
    "frame": ("frame",),
    "request": ("http", "header"),
    "response": ("http", "event", "header"),
    "message": ("message", "json"),
    "view": ("json", "event", "message"),
    "undissected": ("undissected",),
    "gap": ("undissected",),
}
_FALLBACK = {
    "http": "field-line",
    "json": "string",
    "frame": "Payload Data",
    "undissected": "bytes",
    "message": "Application data",
}
_PAGES = {
    "HTML": "https://html.spec.whatwg.org/multipage/server-sent-events.html",
    "Fetch": "https://fetch.spec.whatwg.org/#http-access-control-allow-origin",
}
_RFC = re.compile(r"RFC (\d+) §([\d.]+)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a field means.

    Attributes:
        sentence: one sentence for a person; of the value, when one was given and it helps.
        section: the source, "RFC 6455 §5.2".
        url: where to read it.
        warning: what to beware of, or None.
    """

    sentence: str
    section: str
    url: str
    warning: str | None = None


def explain(kind: str, name: str, value: object = None) -> Explanation:
    """What the field ``name`` of a unit (or view) of ``kind`` means.

    Args:
        kind: a :class:`~labchat.wire.index.Kind`, or "message" or "view" for views.
        name: the field's name, or a header's name in any case.
        value: the field's value, when the sentence may speak of it.

    A name nobody knows (a header of one's own) gets the sentence for what it is.
    """
    entry = _entry(kind, name)
    section: str = entry["section"]
    return Explanation(_sentence(entry, value), section, section_url(section), entry.get("warning"))


def _sentence(entry: dict[str, Any], value: object) -> str:
    values: dict[str, str] = entry.get("values", {})
    key = str(int(value)) if isinstance(value, bool) else str(value)
    if value is not None and key in values:
        return values[key]
    template: str | None = entry.get("says")
    if template is None or value is None:
        return str(entry["sentence"])
    if isinstance(value, int):
        return template.format(value=value)
    return template.replace(":,}", "}").format(value=key[:80])


def _entry(kind: str, name: str) -> dict[str, Any]:
    tables = _TABLES.get(kind, ("http",))
    for table in tables:
        entry = entries()[table].get(name.lower() if table == "header" else name)
        if entry is not None:
            return entry
    return entries()[tables[0]][_FALLBACK[tables[0]]]


@cache
def entries() -> dict[str, dict[str, dict[str, Any]]]:
    """The whole of explain.toml: table, field name, entry."""
    text = files("labchat.wire").joinpath("explain.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def section_url(section: str) -> str:
    """Where to read a section such as "RFC 6455 §5.2" or "HTML §9.2.6"."""
    match = _RFC.search(section)
    if match:
        return f"https://www.rfc-editor.org/rfc/rfc{match[1]}#section-{match[2]}"
    return _PAGES.get(section.partition(" ")[0], "https://www.rfc-editor.org/")
