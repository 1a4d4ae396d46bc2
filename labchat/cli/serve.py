"""``labchat serve``: the chat server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Serve the chat, and its page, until stopped.")(serve)


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Address; beyond loopback only with --auth token.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 picks a free one. (default 3000)")
    ] = None,
    db: Annotated[Path | None, typer.Option(help="SQLite file. (default labchat.db)")] = None,
    auth: Annotated[
        str | None, typer.Option(help="off, or token (see `labchat user add`).")
    ] = None,
    routing: Annotated[
        str | None, typer.Option(help="Who gets a post: broadcast or direct.")
    ] = None,
    delivery: Annotated[
        str | None, typer.Option(help="When others get it: relay-first or commit-first.")
    ] = None,
    post: Annotated[str | None, typer.Option(help="What POST does: stores or relays.")] = None,
    ids: Annotated[str | None, typer.Option(help="Who names a message: client or server.")] = None,
    synchronous: Annotated[
        str | None, typer.Option(help="When SQLite waits for the disk: FULL or NORMAL.")
    ] = None,
    compression: Annotated[
        bool | None, typer.Option(help="Agree to permessage-deflate.", show_default=False)
    ] = None,
    heartbeat: Annotated[
        float | None, typer.Option(help="Seconds between pings; 0: none. (default 30)")
    ] = None,
    echo: Annotated[bool | None, typer.Option(help="Echo at /echo.", show_default=False)] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Web origin to let in beside our own, or any; repeatable. Behind a proxy with a "
            "name of its own: https://NAME."
        ),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM): speak TLS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    max_text: Annotated[int | None, typer.Option(help="Characters in a message.")] = None,
    max_body: Annotated[int | None, typer.Option(help="Bytes in a request body.")] = None,
    max_frame: Annotated[int | None, typer.Option(help="Bytes in a WebSocket message.")] = None,
    max_connections: Annotated[int | None, typer.Option(help="WebSockets in all.")] = None,
    max_per_user: Annotated[int | None, typer.Option(help="WebSockets of one user.")] = None,
    max_queue: Annotated[int | None, typer.Option(help="Bytes waiting for a slow reader.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Posts per second and user; 0: no limit.")
    ] = None,
    trace: Annotated[bool, typer.Option(help="Print each insert and commit as JSON.")] = False,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Print each request on stderr, as JSON.")
    ] = False,
    exit_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the chat, and its page, until stopped.

    Without options it follows the text: everybody is sent everything, and nobody is asked who
    they are; so it listens on loopback only. With `--auth token` it is private.
    """
    import asyncio

    from labchat.server.serve import log_requests, new_loop
    from labchat.server.serve import serve as run
    from labchat.server.settings import choose

    settings = choose(
        limits={
            "text": max_text,
            "body": max_body,
            "frame": max_frame,
            "connections": max_connections,
            "per_user": max_per_user,
            "queue": max_queue,
            "posts_per_second": rate,
        },
        host=host,
        port=port,
        db=db,
        auth=auth,
        routing=routing,
        delivery=delivery,
        post=post,
        ids=ids,
        synchronous=synchronous,
        compression=compression,
        heartbeat=heartbeat,
        echo=echo,
        origins=tuple(origin) if origin else None,
        tls_cert=tls_cert,
        tls_key=tls_key,
    )
    if access_log:
        log_requests()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run(settings, trace=trace, exit_with_parent=exit_with_parent))
