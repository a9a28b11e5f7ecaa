"""TLS contexts for both sides of a door."""

from __future__ import annotations

import ssl
from pathlib import Path

from interlock.model.settings import TlsFiles


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """For clients that connect to us: TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context


def client_context(ca: Path | None) -> ssl.SSLContext:
    """For upstreams: certificate and host name are verified, always (libpq's verify-full)."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
