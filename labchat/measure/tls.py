"""A certificate for one run: made here, trusted only by what is handed its context.

Needs trustme, which the ``tls`` extra brings.
"""

from __future__ import annotations

import importlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.errors import MissingExtra

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """What both ends need to speak TLS with each other.

    Attributes:
        options: of ``labchat serve``.
        context: for clients; it trusts this certificate's authority and no other.
    """

    options: tuple[str, ...]
    context: ssl.SSLContext


def certificate(folder: Path) -> Certificate:
    """A certificate for loopback, its files in ``folder``.

    Raises:
        MissingExtra: trustme is not installed.
    """
    try:
        trustme = importlib.import_module("trustme")
    except ModuleNotFoundError:
        raise MissingExtra(
            "TLS needs trustme, which makes certificates; install it with: "
            "pip install 'labchat[tls]'"
        ) from None
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    chain, key = folder / "server.pem", folder / "server.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Certificate(("--tls-cert", str(chain), "--tls-key", str(key)), context)
