"""The API's description (OpenAPI 3.1), with every status that it can answer, and the limits."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from labchat.server.settings import Auth

if TYPE_CHECKING:
    from labchat.server.settings import Settings

JSON = "application/json"
NAME = {"type": "string", "minLength": 1, "maxLength": 128}
SEQ = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


def describe(settings: Settings) -> dict[str, Any]:
    """The whole document, for a server with these settings."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "labchat",
            "version": version("labchat"),
            "description": (
                "The REST half of the chat. The other half is a WebSocket at `/` and `/ws`, whose "
                "events are told in labchat.chat.events."
            ),
        },
        "paths": {
            "/api/messages": {"get": _history(settings), "post": _store(settings)},
            "/api/events": {"get": _events(settings)},
            "/api/users": {"get": _users(settings)},
            "/api/health": {"get": _health()},
            "/metrics": {"get": _metrics(settings)},
            "/api/openapi.json": {"get": _itself()},
        },
        "components": {
            "schemas": _schemas(settings),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}] if settings.auth is Auth.TOKEN else [],
    }


def _store(settings: Settings) -> dict[str, Any]:
    answers = {"200": _answer("The message as it is stored.", "Message")}
    answers |= _faults(settings, 400, 409, 413, 429, 503)
    return {
        "summary": "Store a message",
        "description": (
            "The same id with the same text, sender and receiver gives the stored message again; "
            "with others 409."
        ),
        "operationId": "postMessage",
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/NewMessage"}}},
        },
        "responses": answers,
    }


def _history(settings: Settings) -> dict[str, Any]:
    limits = settings.limits
    messages = {"type": "array", "items": {"$ref": "#/components/schemas/Message"}}
    return {
        "summary": "Read messages, oldest first",
        "operationId": "getMessages",
        "parameters": [
            _query("after", SEQ, "Only those with a higher seq; without it, the newest."),
            _query("user", NAME, "Only those this user sent or received."),
            _query("peer", NAME, "Only those between user and this one; needs user."),
            _query("limit", _whole(1, limits.page), "At most so many."),
            _query("wait", _whole(0, int(limits.wait)), "Seconds to wait until there are some."),
        ],
        "responses": {"200": _json("The messages.", messages), **_faults(settings, 400)},
    }


def _events(settings: Settings) -> dict[str, Any]:
    resume = {
        "name": "Last-Event-ID",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
        "description": "Go on after this seq.",
    }
    stream = {"description": "A stream.", "content": {"text/event-stream": {}}}
    return {
        "summary": "Messages as server-sent events",
        "operationId": "streamEvents",
        "parameters": [
            resume,
            _query("after", SEQ, "The same, for a first time."),
            _query("user", NAME, "Only those this user sent or received."),
        ],
        "responses": {"200": stream, **_faults(settings, 400)},
    }


def _users(settings: Settings) -> dict[str, Any]:
    users = {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
    return {
        "summary": "Who is known, and who is here",
        "operationId": "getUsers",
        "parameters": [_query("user", NAME, "Who asks; counts as a sign of life.")],
        "responses": {"200": _json("The users, sorted.", users), **_faults(settings, 400)},
    }


def _health() -> dict[str, Any]:
    return {
        "summary": "Whether to send this server work",
        "operationId": "getHealth",
        "security": [],
        "responses": {
            "200": _answer("Ready.", "Health"),
            **_always(),
            "503": _answer("Draining: about to stop.", "Health"),
        },
    }


def _metrics(settings: Settings) -> dict[str, Any]:
    text = {"description": "Metrics, as Prometheus reads them.", "content": {"text/plain": {}}}
    return {
        "summary": "Metrics for Prometheus",
        "operationId": "getMetrics",
        "responses": {"200": text, **_faults(settings)},
    }


def _itself() -> dict[str, Any]:
    return {
        "summary": "This document",
        "operationId": "getOpenapi",
        "security": [],
        "responses": {
            "200": _json("OpenAPI 3.1.", {"type": "object"}),
            **_always(),
        },
    }


_MEANING = {
    400: "Not JSON, a field missing, empty or of the wrong type, or a parameter out of range.",
    401: "No token, or one that is not known.",
    403: "The token is somebody else's, or the page may not use this server.",
    409: "The id names another message already.",
    413: "A body or a text over the limit.",
    429: "Too many posts a second; Retry-After says when there is room again.",
    431: "A request head over the limit.",
    503: "The store cannot write now; nothing was stored. The same id may be sent again.",
}


def _faults(settings: Settings, *statuses: int) -> dict[str, Any]:
    """The refusals of an operation; 401 only where tokens are asked for."""
    known = {*statuses, 401} if settings.auth is Auth.TOKEN else set(statuses)
    return _always() | {str(status): _answer(_MEANING[status], "Fault") for status in sorted(known)}


def _always() -> dict[str, Any]:
    """What any request may be told."""
    return {str(status): _answer(_MEANING[status], "Fault") for status in (403, 431)}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return _json(description, {"$ref": f"#/components/schemas/{schema}"})


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": [*required], "properties": properties}


def _schemas(settings: Settings) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": settings.limits.text}
    stamp = {"type": "string", "minLength": 1, "maxLength": 64, "description": "RFC 3339."}
    said = {"text": text, "senderId": NAME, "receiverId": NAME}
    health = {"type": "string", "enum": ["ready", "draining"]}
    return {
        "NewMessage": _object(said, {"id": NAME, "createdAt": stamp}),
        "Message": _object({**said, "id": NAME, "createdAt": stamp, "seq": SEQ}),
        "User": _object({"userId": NAME, "online": {"type": "boolean"}}),
        "Health": _object({"status": health}),
        "Fault": _object({"error": {"type": "string"}}),
    }
