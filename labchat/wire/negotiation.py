"""Sec-WebSocket-Extensions: what was offered and what was agreed (RFC 6455 §9, RFC 7692 §7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire.deflate import Parameters

if TYPE_CHECKING:
    from labchat.wire.http1 import Response

Extension = tuple[str, tuple[tuple[str, str | None], ...]]
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


def agreed(response: Response) -> Parameters | None:
    """permessage-deflate as the server's response accepts it, or None."""
    for name, parameters in parse(response.header("Sec-WebSocket-Extensions") or ""):
        if name == "permessage-deflate":
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
    valid = value is not None and value.isascii() and value.isdigit() and len(value) < 3
    return int(value) if valid and value and 8 <= int(value) <= 15 else 15
