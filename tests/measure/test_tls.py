"""Certificates of one run, and what is said without trustme or without trust."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

import pytest

from labchat.errors import MissingExtra
from labchat.lab import Lab
from labchat.measure.speakers import Wire
from labchat.measure.tls import certificate

if TYPE_CHECKING:
    from pathlib import Path


def test_a_client_that_does_not_know_the_authority_hangs_up(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with Lab(port=0, names={}, options=made.options) as lab:
        Wire(lab.url, tls=made.context).connection().close()
        with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            Wire(lab.url, tls=ssl.create_default_context()).connection()


def test_what_to_install_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(MissingExtra, match=r"labchat\[tls\]"):
        certificate(tmp_path)
