"""The rules of the opening handshake, one function each: RFC 6455 §4.1, §4.2 and §4.4."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labchat.wire import negotiation
from labchat.wire.accept import accept_key
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.wire.http1 import Request, Response

Verdict = tuple[bool | None, str]
"""(met, broken or None for not applicable; what was found)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that the client has to keep; ``test`` looks at its request."""

    name: str
    sentence: str
    section: str
    test: Callable[[Request], Verdict]
    side: Direction = Direction.C2S


@dataclass(frozen=True, slots=True)
class Answer:
    """A rule that the server has to keep; ``test`` looks at both messages."""

    name: str
    sentence: str
    section: str
    test: Callable[[Request | None, Response], Verdict]
    side: Direction = Direction.S2C


def tokens(value: str | None) -> list[str]:
    """The list a header holds, in lower case, empty items left out."""
    return [token.strip().lower() for token in (value or "").split(",") if token.strip()]


def _count(message: Request | Response, name: str) -> int:
    return sum(key.lower() == name.lower() for key, _ in message.headers)


def _shown(name: str, value: str | None) -> str:
    return f"there is no {name}" if value is None else f"{name} is “{value}”"


# -- the client's rules ---------------------------------------------------------------------


def _get(request: Request) -> Verdict:
    return request.method == "GET", f"the method is {request.method or 'unreadable'}"


def _version(request: Request) -> Verdict:
    return request.version >= "HTTP/1.1", f"the version is {request.version or 'unreadable'}"


def _target(request: Request) -> Verdict:
    target = request.target
    good = target.startswith("/") or target.lower().startswith(("http://", "https://", "ws", "wss"))
    return good and "#" not in target, f"the request-target is “{target}”"


def _host(request: Request) -> Verdict:
    hosts = _count(request, "Host")
    return hosts == 1, _shown("Host", request.header("Host")) if hosts < 2 else f"{hosts} Hosts"


def _upgrade(request: Request) -> Verdict:
    value = request.header("Upgrade")
    return "websocket" in tokens(value), _shown("Upgrade", value)


def _connection(request: Request) -> Verdict:
    value = request.header("Connection")
    return "upgrade" in tokens(value), _shown("Connection", value)


def _key(request: Request) -> Verdict:
    value = request.header("Sec-WebSocket-Key")
    if value is None:
        return False, "there is no Sec-WebSocket-Key"
    size = _decoded_size(value)
    if size is None:
        return False, f"“{value}” is not base64"
    return size == 16, f"“{value}” holds {size} bytes"


def _decoded_size(value: str) -> int | None:
    try:
        return len(a2b_base64(value.encode("ascii"), strict_mode=True))
    except (Base64Error, UnicodeEncodeError):
        return None


def _one_key(request: Request) -> Verdict:
    keys = _count(request, "Sec-WebSocket-Key")
    return keys <= 1, f"it appears {keys} times" if keys != 1 else "it appears once"


def _ws_version(request: Request) -> Verdict:
    value = request.header("Sec-WebSocket-Version")
    return value == "13", _shown("Sec-WebSocket-Version", value)


def _origin(request: Request) -> Verdict:
    value = request.header("Origin")
    if value is None:
        return None, "there is no Origin, so this is no browser (or one that hides it)"
    return value == "null" or "://" in value, f"Origin is “{value}”; the server must check it"


def _protocols(request: Request) -> Verdict:
    value = request.header("Sec-WebSocket-Protocol")
    if value is None:
        return None, "none is asked for"
    names = [name.strip() for name in value.split(",")]
    good = all(names) and len(set(names)) == len(names)
    return good, f"asked for: {value}"


def _extensions(request: Request) -> Verdict:
    value = request.header("Sec-WebSocket-Extensions")
    if value is None:
        return None, "none is offered"
    problem = negotiation.offer_problem(value)
    return problem is None, problem or f"offered: {value}"


CLIENT = (
    Rule("GET", "The method must be GET.", "RFC 6455 §4.1", _get),
    Rule("HTTP version", "HTTP must be 1.1 or later.", "RFC 6455 §4.1", _version),
    Rule(
        "request-target",
        "The target must be the resource name, or an absolute URI, without a fragment.",
        "RFC 6455 §4.1",
        _target,
    ),
    Rule("Host", "There must be one Host.", "RFC 6455 §4.1", _host),
    Rule("Upgrade", "Upgrade must include “websocket”.", "RFC 6455 §4.1", _upgrade),
    Rule("Connection", "Connection must include “Upgrade”.", "RFC 6455 §4.1", _connection),
    Rule(
        "Sec-WebSocket-Key",
        "The key must be 16 random bytes in base64.",
        "RFC 6455 §4.1",
        _key,
    ),
    Rule("one key", "The key must not appear more than once.", "RFC 6455 §11.3.1", _one_key),
    Rule("Sec-WebSocket-Version", "The version must be 13.", "RFC 6455 §4.1", _ws_version),
    Rule("Origin", "A browser must send its Origin.", "RFC 6455 §4.1", _origin),
    Rule(
        "Sec-WebSocket-Protocol",
        "Subprotocols asked for must be distinct, and none of them empty.",
        "RFC 6455 §4.1",
        _protocols,
    ),
    Rule(
        "Sec-WebSocket-Extensions",
        "Extensions offered must be well formed.",
        "RFC 6455 §9.1",
        _extensions,
    ),
)


# -- the server's rules ---------------------------------------------------------------------


def _switches(request: Request | None, response: Response) -> Verdict:
    said = f"{response.status} {response.reason}".rstrip()
    if response.status == 101:
        return True, said
    version = request.header("Sec-WebSocket-Version") if request else None
    if response.status == 426:
        return None, f"refused with {said}: version {version} is not spoken there"
    return None, f"refused with {said}: no WebSocket, and HTTP goes on"


def _if_switched(
    test: Callable[[Request | None, Response], Verdict],
) -> Callable[[Request | None, Response], Verdict]:
    def verdict(request: Request | None, response: Response) -> Verdict:
        if response.status != 101:
            return None, f"the server refused with {response.status}"
        return test(request, response)

    return verdict


def _answer_upgrade(request: Request | None, response: Response) -> Verdict:
    value = response.header("Upgrade")
    return tokens(value) == ["websocket"], _shown("Upgrade", value)


def _answer_connection(request: Request | None, response: Response) -> Verdict:
    value = response.header("Connection")
    return "upgrade" in tokens(value), _shown("Connection", value)


def _answer_accept(request: Request | None, response: Response) -> Verdict:
    value = response.header("Sec-WebSocket-Accept")
    if value is None:
        return False, "there is no Sec-WebSocket-Accept"
    key = request.header("Sec-WebSocket-Key") if request else None
    if key is None:
        return None, "without the key it cannot be checked"
    right = accept_key(key)
    good = value.strip() == right
    return good, f"“{value}”" + (" is right" if good else f", but the key wants “{right}”")


def _one_accept(request: Request | None, response: Response) -> Verdict:
    accepts = _count(response, "Sec-WebSocket-Accept")
    return accepts <= 1, "it appears once" if accepts == 1 else f"it appears {accepts} times"


def _answer_protocol(request: Request | None, response: Response) -> Verdict:
    value = response.header("Sec-WebSocket-Protocol")
    if value is None:
        return None, "none is chosen"
    asked = (request.header("Sec-WebSocket-Protocol") if request else None) or ""
    good = value in [name.strip() for name in asked.split(",")]
    return good, f"“{value}” was {'asked for' if good else 'never asked for'}"


def _answer_extensions(request: Request | None, response: Response) -> Verdict:
    value = response.header("Sec-WebSocket-Extensions")
    if value is None:
        return None, "none is agreed to"
    offered = (request.header("Sec-WebSocket-Extensions") if request else None) or ""
    problem = negotiation.answer_problem(offered, value)
    return problem is None, problem or f"agreed: {value}"


def _refusal_version(request: Request | None, response: Response) -> Verdict:
    asked = request.header("Sec-WebSocket-Version") if request else None
    if asked in ("13", None) and response.status != 426:
        return None, "the version asked for is spoken here"
    offered = response.header("Sec-WebSocket-Version")
    good = response.status != 101 and offered is not None
    return good, f"{response.status}; " + _shown("Sec-WebSocket-Version", offered)


def _same_origin(request: Request | None, response: Response) -> Verdict:
    origin = request.header("Origin") if request else None
    host = request.header("Host") if request else None
    if origin is None or response.status != 101:
        return None, "no Origin was sent" if origin is None else f"refused with {response.status}"
    same = urlsplit(origin).netloc.lower() == (host or "").lower()
    return None, (
        f"{origin} is the site itself" if same else f"accepted another site: {origin} on {host}"
    )


SERVER = (
    Answer("101", "To accept, the status must be 101.", "RFC 6455 §4.2.2", _switches),
    Answer(
        "Upgrade",
        "Upgrade must be “websocket”.",
        "RFC 6455 §4.2.2",
        _if_switched(_answer_upgrade),
    ),
    Answer(
        "Connection",
        "Connection must include “Upgrade”.",
        "RFC 6455 §4.2.2",
        _if_switched(_answer_connection),
    ),
    Answer(
        "Sec-WebSocket-Accept",
        "Accept must be the base64 of the SHA-1 of key and GUID.",
        "RFC 6455 §4.2.2",
        _if_switched(_answer_accept),
    ),
    Answer(
        "one accept",
        "Accept must not appear more than once.",
        "RFC 6455 §11.3.3",
        _if_switched(_one_accept),
    ),
    Answer(
        "Sec-WebSocket-Protocol",
        "The subprotocol chosen must be one that was asked for.",
        "RFC 6455 §4.1",
        _if_switched(_answer_protocol),
    ),
    Answer(
        "Sec-WebSocket-Extensions",
        "Extensions agreed to must be ones that were offered.",
        "RFC 6455 §4.1",
        _if_switched(_answer_extensions),
    ),
    Answer(
        "version negotiation",
        "A version not spoken must be refused, with a list of those that are.",
        "RFC 6455 §4.4",
        _refusal_version,
    ),
    Answer("Origin", "The server should check Origin.", "RFC 6455 §10.2", _same_origin),
)
