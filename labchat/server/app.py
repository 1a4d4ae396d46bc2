"""Putting the server together: settings, store and clock in, a Tornado application out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tornado.web import Application

from labchat.server import rest, streams
from labchat.server.answers import log_access
from labchat.server.door import Visit
from labchat.server.hub import Hub
from labchat.server.websocket import ChatSocket, EchoSocket

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPConnection, HTTPMessageDelegate
    from tornado.web import RequestHandler

    from labchat.server.clock import Clock
    from labchat.server.settings import Settings
    from labchat.server.store import Store

WEB = Path(__file__).parent / "web"
SHARED = Path(__file__).parent.parent / "widgets" / "js" / "shared"
"""The look that the page and the widgets have in common: static files, nothing to import."""


def log_request(handler: RequestHandler) -> None:
    """Called by Tornado after each request."""
    request = handler.request
    path, status = request.path, handler.get_status()
    log_access(request.method or "", path, status, request.request_time(), request.remote_ip)


class ChatApplication(Application):
    """A Tornado application that knows its hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        super().__init__(
            routes(hub.settings),
            hub=hub,
            default_handler_class=rest.Nowhere,
            log_function=log_request,
        )

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Called by Tornado for each request: the door first, then the routes."""
        onward = partial(super().start_request, server_conn, request_conn)
        return Visit(self.hub, cast("HTTP1Connection", request_conn), onward)


def make_app(settings: Settings, store: Store, clock: Clock) -> ChatApplication:
    """The whole server but for its sockets; nothing is shared between two of them."""
    return ChatApplication(Hub(settings, store, clock))


def routes(settings: Settings) -> list[tuple[str, type] | tuple[str, type, dict[str, str]]]:
    """Every path, and who answers there; ``POST /api/messages`` is answered at the door."""
    echo: list[tuple[str, type]] = [(r"/echo", EchoSocket)] if settings.echo else []
    return [
        (r"/", ChatSocket),
        (r"/ws", ChatSocket),
        *echo,
        (r"/api/messages", rest.MessagesHandler),
        (r"/api/events", streams.EventsHandler),
        (r"/api/users", rest.UsersHandler),
        (r"/api/health", rest.HealthHandler),
        (r"/api/openapi.json", rest.OpenapiHandler),
        (r"/metrics", rest.MetricsHandler),
        (r"/web/shared/(.*)", rest.Files, {"path": str(SHARED)}),
        (r"/web/(.*)", rest.Files, {"path": str(WEB)}),
    ]
