"""TLS at either side of the tap, so that wss and https can be read.

A tap can read TLS only by ending it: the client must trust the tap's certificate, and the tap
speaks TLS of its own to the target. Nobody is fooled who did not agree to it: without the local
CA in its trust store, a client refuses. The CA's key can sign for any name, so it stays in a file
only its owner can read, and never belongs in a system-wide trust store.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from labchat.errors import MissingExtra, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    import trustme

GOODBYE_S = 5.0
"""Seconds a peer has to answer close_notify (RFC 8446 section 6.1); many never do."""

NAMES = ("localhost", "127.0.0.1", "::1")
"""Whom a certificate made on the spot is for."""

CA_FILE, KEY_FILE = "labchat-ca.pem", "labchat-ca.key"


def given(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Terminate TLS with a certificate from files (PEM). Raises SettingsError."""
    context = _server()
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{certificate} is no certificate with its key: {error}.") from error
    return context


def made_here(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """Terminate TLS with a certificate made now, by a local CA kept in ``folder``.

    Returns:
        The context, and the CA's certificate, which clients must be told to trust.

    Raises:
        MissingExtra: ``trustme`` is not installed.
        SettingsError: the folder cannot be written, or holds something else.
    """
    context = _server()
    _authority(folder).issue_cert(*(names or NAMES)).configure_cert(context)
    return context, folder / CA_FILE


def to_target(authority: Path | None = None, *, check: bool = True) -> ssl.SSLContext:
    """TLS to the target, whose certificate is checked.

    Args:
        authority: a CA to trust beside the system's, PEM.
        check: False accepts any certificate: only for a target on this machine.

    Raises:
        SettingsError: the file is no certificate.
    """
    context = ssl.create_default_context()
    try:
        if authority is not None:
            context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{authority} is no certificate: {error}.") from error
    if not check:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def advice(authority: Path) -> str:
    """What a person has to do, and what not."""
    return (
        f"Clients must trust {authority}, made on this machine for this lab: "
        f"curl --cacert, SSL_CERT_FILE, or a browser profile of its own. "
        "Do not put it into your everyday browser: who has its key can read your traffic."
    )


def _server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _authority(folder: Path) -> trustme.CA:
    try:
        import trustme
    except ImportError as error:
        raise MissingExtra(
            "Making certificates needs trustme; install it with: pip install 'labchat[tls]'"
        ) from error
    certificate, key = folder / CA_FILE, folder / KEY_FILE
    try:
        if key.exists():
            return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        authority = trustme.CA(organization_name="labchat, on this machine only")
        folder.mkdir(parents=True, exist_ok=True)
        key.touch(mode=0o600)
        authority.private_key_pem.write_to_path(key)
        authority.cert_pem.write_to_path(certificate)
    except (OSError, ValueError) as error:
        raise SettingsError(f"The local CA in {folder} cannot be used: {error}.") from error
    return authority
