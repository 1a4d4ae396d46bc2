"""HAR 1.2 as types: what a reader may expect of Chrome's, Firefox's and others' files.

http://www.softwareishard.com/blog/har-12-spec/ and, for ``_webSocketMessages``, what Chrome
writes since version 76. Unknown names are passed over; what is missing has a default where the
format or its writers leave it out.
"""

from __future__ import annotations

import msgspec


class Header(msgspec.Struct):
    """A field line."""

    name: str
    value: str = ""


class PostData(msgspec.Struct, rename="camel"):
    """The content of a request; ``_encoding`` is labchat's, for what is no text."""

    mime_type: str = ""
    text: str | None = None
    encoding: str | None = msgspec.field(default=None, name="_encoding")


class Content(msgspec.Struct, rename="camel"):
    """The content of a response, as the browser decoded it."""

    size: float = -1
    mime_type: str = ""
    text: str | None = None
    encoding: str | None = None


class HarRequest(msgspec.Struct, rename="camel"):
    """A request."""

    method: str
    url: str
    http_version: str = ""
    headers: list[Header] = []
    post_data: PostData | None = None
    body_size: float | None = None


class HarResponse(msgspec.Struct, rename="camel"):
    """A response; status 0 where none came."""

    status: int = 0
    status_text: str = ""
    http_version: str = ""
    headers: list[Header] = []
    content: Content = msgspec.field(default_factory=Content)


class Timings(msgspec.Struct):
    """Milliseconds; -1 or null for what does not apply. ``ssl`` is part of ``connect``."""

    blocked: float | None = -1
    dns: float | None = -1
    connect: float | None = -1
    send: float | None = -1
    wait: float | None = -1
    receive: float | None = -1


class WebSocketMessage(msgspec.Struct):
    """A message as Chrome writes it: ``time`` in seconds since the Unix epoch."""

    type: str
    time: float
    opcode: int
    data: str = ""


class Ours(msgspec.Struct):
    """What labchat adds under ``_labchat``, so that its own files come back as they were."""

    client: str
    server: str
    connection: int
    label: str | None = None


class Entry(msgspec.Struct, rename="camel"):
    """One exchange."""

    started_date_time: str
    request: HarRequest
    response: HarResponse = msgspec.field(default_factory=HarResponse)
    timings: Timings = msgspec.field(default_factory=Timings)
    server_ip_address: str | None = msgspec.field(default=None, name="serverIPAddress")
    connection: str | int | None = None
    messages: list[WebSocketMessage] | None = msgspec.field(default=None, name="_webSocketMessages")
    ours: Ours | None = msgspec.field(default=None, name="_labchat")


class Creator(msgspec.Struct):
    """The program that wrote the file."""

    name: str = "an unnamed program"
    version: str = ""


class Log(msgspec.Struct):
    """The log; entries stay raw, so that one bad entry does not spoil the others."""

    entries: list[msgspec.Raw]
    creator: Creator = msgspec.field(default_factory=Creator)


class Har(msgspec.Struct):
    """A whole file."""

    log: Log
