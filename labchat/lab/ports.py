"""The text's port when it is free, else a free one; always on loopback."""

from __future__ import annotations

import socket

TEXT_PORT = 3000
"""Where the text's app listens."""


def is_free(port: int) -> bool:
    """Whether nobody listens on ``port`` of either loopback address."""
    return all(_can_bind(family, host, port) for family, host in _LOOPBACK)


_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return family is socket.AF_INET6 and not _is_taken(error)
    return True


def _is_taken(error: OSError) -> bool:
    import errno

    return error.errno == errno.EADDRINUSE
