"""Putting the server together: settings, store and clock in, a Tornado application out."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from tornado.web import Application

from labchat.server import rest
from labchat.server.hub import Hub
from labchat.server.websocket import ChatSocket, EchoSocket

if TYPE_CHECKING:
    from tornado.web import RequestHandler

    from labchat.server.clock import Clock
    from labchat.server.settings import Settings
    from labchat.server.store import Store

WEB = Path(__file__).parent / "web"
SHARED = Path(__file__).parent.parent / "widgets" / "js" / "shared"
"""The look that the page and the widgets have in common: static files, nothing to import."""


access = logging.getLogger("labchat.access")
"""One JSON object per request, at INFO; silent unless somebody listens (``--access-log``)."""


def log_access(handler: RequestHandler) -> None:
    """Called by Tornado after each request. The query is left out: it may name people."""
    request = handler.request
    line = {
        "method": request.method,
        "path": request.path,
        "status": handler.get_status(),
        "ms": round(request.request_time() * 1000, 3),
        "peer": request.remote_ip,
    }
    access.info("%s", json.dumps(line))


class ChatApplication(Application):
    """A Tornado application that knows its hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        super().__init__(
            routes(hub),
            default_handler_class=rest.Nowhere,
            default_handler_args={"hub": hub},
            log_function=log_access,
        )


def make_app(settings: Settings, store: Store, clock: Clock) -> ChatApplication:
    """The whole server but for its sockets; nothing is shared between two of them."""
    return ChatApplication(Hub(settings, store, clock))


def routes(hub: Hub) -> list[tuple[str, type, dict[str, object]]]:
    """Every path, and who answers there."""
    own: dict[str, object] = {"hub": hub}
    table: list[tuple[str, type, dict[str, object]]] = [
        (r"/", ChatSocket, own),
        (r"/ws", ChatSocket, own),
        (r"/api/messages", rest.MessagesHandler, own),
        (r"/api/users", rest.UsersHandler, own),
        (r"/api/health", rest.HealthHandler, own),
        (r"/web/shared/(.*)", rest.Files, {"path": str(SHARED)}),
        (r"/web/(.*)", rest.Files, {"path": str(WEB)}),
    ]
    if hub.settings.echo:
        table.append((r"/echo", EchoSocket, own))
    return table
