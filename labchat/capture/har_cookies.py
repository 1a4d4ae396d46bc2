"""Cookies as HAR wants them: apart from the field lines they came in. PURE. RFC 6265 §4, §5.2."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

Json = dict[str, Any]


def cookies(line: str | None) -> list[Json]:
    """The cookies of a Cookie field."""
    pairs = [part.strip().partition("=") for part in (line or "").split(";") if part.strip()]
    return [{"name": name.strip(), "value": value.strip()} for name, _, value in pairs]


def set_cookies(lines: list[str]) -> list[Json]:
    """One cookie for each Set-Cookie field, with its attributes."""
    return [_set_cookie(line) for line in lines]


def _set_cookie(line: str) -> Json:
    first, *rest = line.split(";")
    name, _, value = first.partition("=")
    cookie: Json = {"name": name.strip(), "value": value.strip()}
    for part in rest:
        key, _, said = part.strip().partition("=")
        cookie |= _attribute(key.lower(), said.strip())
    return cookie


def _attribute(key: str, said: str) -> Json:
    if key in ("path", "domain"):
        return {key: said}
    if key in ("httponly", "secure"):
        return {"httpOnly" if key == "httponly" else key: True}
    return {"sameSite": said} if key == "samesite" else _expires(key, said)


def _expires(key: str, said: str) -> Json:
    try:
        return {"expires": parsedate_to_datetime(said).isoformat()} if key == "expires" else {}
    except ValueError:
        return {}
