"""The opening handshake (RFC 6455 §4.2): Tornado's, with what it leaves unchecked."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketProtocol13

from labchat.server.deflate import Agreed, Inflater, agree
from labchat.server.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tornado.websocket import WebSocketHandler, _WebSocketParams


class HandshakeHeaders(HTTPHeaders):
    """Spelt as RFC 6455 spells them; Tornado's would be called ``Sec-Websocket-Accept``."""

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Name and value of each field line."""
        for name, value in super().get_all():
            yield name.replace("Websocket", "WebSocket"), value


class Handshake(WebSocketProtocol13):
    """A connection while it switches protocols.

    Args:
        handler: told of messages; Tornado's, with the methods of Peer.
        params: Tornado's; ``max_message_size`` counts after inflating.
        compression: whether an offer of permessage-deflate is taken.
    """

    def __init__(
        self, handler: WebSocketHandler, params: _WebSocketParams, *, compression: bool
    ) -> None:
        super().__init__(handler, False, params)
        self._compression = compression
        self._reader = Reader(params.max_message_size)
        self._bits: int | None = None
        self._peer: Any = handler

    def _handle_websocket_headers(self, handler: WebSocketHandler) -> None:
        """Raises ValueError, which Tornado answers with 400."""
        super()._handle_websocket_headers(handler)
        try:
            key = base64.b64decode(handler.request.headers["Sec-WebSocket-Key"], validate=True)
        except binascii.Error as error:
            raise ValueError("the key is not base64") from error
        if len(key) != 16:
            raise ValueError("the key is not 16 bytes")

    def _parse_extensions_header(self, headers: HTTPHeaders) -> list[tuple[str, dict[str, str]]]:
        """Agree to permessage-deflate here, and leave Tornado no extension to deal with."""
        agreed = agree(headers.get("Sec-WebSocket-Extensions", "")) if self._compression else None
        if agreed is not None:
            self._go_by(agreed)
        return []

    async def _accept_connection(self, handler: WebSocketHandler) -> None:
        """Answer with the field lines of §4.2.2 and no others."""
        self._peer._headers = HandshakeHeaders()
        await super()._accept_connection(handler)

    def _go_by(self, agreed: Agreed) -> None:
        self._bits = agreed.server_bits
        self._reader.inflater = Inflater(agreed.client_bits, takeover=agreed.client_takeover)
        self._peer.set_header("Sec-WebSocket-Extensions", agreed.answer())
