"""Sec-WebSocket-Extensions: what was offered and what was agreed (RFC 6455 §9, RFC 7692 §7.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire.deflate import Parameters

if TYPE_CHECKING:
    from labchat.wire.http1 import Response

NAME = "permessage-deflate"
_BIT_VALUE = re.compile("[89]|1[0-5]")

Parameter = tuple[tuple[str, str | None], ...]
Extension = tuple[str, Parameter]
"""A name and its parameters, each with a value or None."""


def parse(header: str) -> list[Extension]:
    """The extensions a header lists, in order (RFC 6455 §9.1); lenient, never raises."""
    return [_extension(item) for item in _split(header, ",") if item]


def _extension(item: str) -> Extension:
    name, *parameters = _split(item, ";")
    return name.lower(), tuple(_parameter(text) for text in parameters if text)


def _parameter(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"') if equals else None


def _split(text: str, mark: str) -> list[str]:
    """Split at ``mark`` outside of quotes, whitespace cut off."""
    pieces, quoted = [""], False
    for char in text:
        quoted ^= char == '"'
        if char == mark and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return [piece.strip() for piece in pieces]


_FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
_BITS = ("server_max_window_bits", "client_max_window_bits")


def offer_problem(header: str) -> str | None:
    """What is wrong with a client's Sec-WebSocket-Extensions (RFC 7692 §7.1), or None."""
    for name, parameters in parse(header):
        if not name:
            return "an extension without a name"
        problem = _problem(parameters, bare_bits=True) if name == NAME else None
        if problem:
            return problem
    return None


def answer_problem(offered: str, header: str) -> str | None:
    """What is wrong with a server's answer to ``offered`` (RFC 6455 §4.1, RFC 7692), or None."""
    offers = parse(offered)
    names = [name for name, _ in parse(header)]
    for name, parameters in parse(header):
        if name not in [offer for offer, _ in offers]:
            return f"“{name}” was never offered"
        if name == NAME:
            problem = _problem(parameters, bare_bits=False) or _not_offered(offers, parameters)
            if problem:
                return problem
    if len(set(names)) < len(names):
        return "the same extension is agreed to twice"
    return None


def _problem(parameters: Parameter, *, bare_bits: bool) -> str | None:
    """A parameter of permessage-deflate that is unknown, repeated, or has a wrong value."""
    names = [name for name, _ in parameters]
    if len(set(names)) < len(names):
        return "a parameter appears twice"
    for name, value in parameters:
        if name not in _FLAGS + _BITS:
            return f"permessage-deflate has no parameter “{name}”"
        if name in _FLAGS and value is not None:
            return f"{name} takes no value"
        bare = bare_bits and value is None and name == "client_max_window_bits"
        if name in _BITS and not bare and not _valid_bits(value):
            return f"{name} is a number from 8 to 15"
    return None


def _not_offered(offers: list[Extension], parameters: Parameter) -> str | None:
    """client_max_window_bits may be answered only if it was offered (RFC 7692 §7.1.2.2)."""
    offered = {name for offer, given in offers if offer == NAME for name, _ in given}
    given = {name for name, _ in parameters}
    if "client_max_window_bits" in given - offered:
        return "client_max_window_bits was never offered"
    return None


def agreed(response: Response) -> Parameters | None:
    """permessage-deflate as the server's response accepts it, or None."""
    for name, parameters in parse(response.header("Sec-WebSocket-Extensions") or ""):
        if name == NAME:
            return _parameters(dict(parameters))
    return None


def _parameters(values: dict[str, str | None]) -> Parameters:
    return Parameters(
        "server_no_context_takeover" in values,
        "client_no_context_takeover" in values,
        _bits(values.get("server_max_window_bits")),
        _bits(values.get("client_max_window_bits")),
    )


def _bits(value: str | None) -> int:
    """A window size, 15 where none (or none that is valid) is given."""
    return int(value) if value is not None and _valid_bits(value) else 15


def _valid_bits(value: str | None) -> bool:
    return value is not None and _BIT_VALUE.fullmatch(value) is not None
