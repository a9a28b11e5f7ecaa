"""TLS contexts for both sides of a door."""

from __future__ import annotations

import ssl
from pathlib import Path

from interlock.model.settings import TlsFiles


def server_context(files: TlsFiles, client_ca: Path | None = None) -> ssl.SSLContext:
    """For clients that connect to us: TLS 1.2 or newer. With `client_ca` they may show a certificate of these
    authorities; one of others ends the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    if client_ca is not None:
        context.load_verify_locations(cafile=client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(ca: Path | None) -> ssl.SSLContext:
    """For upstreams: certificate and host name are verified, always (libpq's verify-full)."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
