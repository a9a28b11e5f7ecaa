"""TLS contexts for both sides of a door."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from interlock.model.settings import TlsFiles

ALPN = "postgresql"  # RFC 7301 name of the protocol; direct TLS demands it on both sides
LOOK_SECONDS = 1.0  # how often at most the files are looked at

log = structlog.get_logger()


class ServerTls:
    """A server's TLS by its files as they are: certificates are renewed without a restart.

    The files are looked at when a connection comes. New ones that are broken, or belong to another key, leave the old
    ones in force, and are tried again once they have changed.
    """

    def __init__(self, files: TlsFiles, client_ca: Path | None, now: Callable[[], float]) -> None:
        """Raises `OSError` (ssl.SSLError among them) when the files are of no use. `now`: seconds of any clock."""
        self._files, self._client_ca, self._now = files, client_ca, now
        self._seen = self._mark()
        self._looked = now()
        self._context = server_context(files, client_ca)

    def context(self) -> ssl.SSLContext:
        """The context for a connection that begins now."""
        if self._now() - self._looked >= LOOK_SECONDS:
            self._looked = self._now()
            self._look()
        return self._context

    def _look(self) -> None:
        mark = self._mark()
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._context = server_context(self._files, self._client_ca)
        except (OSError, ValueError) as error:
            log.error("tls.files_broken", error=type(error).__name__, certificate=str(self._files.certificate))
        else:
            log.info("tls.reloaded", certificate=str(self._files.certificate))

    def _mark(self) -> tuple[tuple[int, int] | None, ...]:
        paths = (self._files.certificate, self._files.key, self._client_ca)
        return tuple(_changed(path) for path in paths if path is not None)


def _changed(path: Path) -> tuple[int, int] | None:
    """When a file was last written, and which one it is; None when it can't be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def server_context(files: TlsFiles, client_ca: Path | None = None) -> ssl.SSLContext:
    """For clients that connect to us: TLS 1.2 or newer. With `client_ca` they may show a certificate of these
    authorities; one of others ends the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols([ALPN])
    if client_ca is not None:
        context.load_verify_locations(cafile=client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(ca: Path | None, own: TlsFiles | None = None) -> ssl.SSLContext:
    """For upstreams: certificate and host name are verified, always (libpq's verify-full). `own`: what we show."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    return context


def end_point(certificate: bytes) -> bytes | None:
    """What tls-server-end-point binds to (RFC 5929 section 4.1): the hash of the server's certificate (DER) by its own
    signature's hash function, SHA-256 where that is MD5 or SHA-1.

    None where the RFC defines none: a signature without a hash function of its own, such as Ed25519's.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    try:
        used = parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    if used is None:
        return None
    weak = isinstance(used, hashes.MD5 | hashes.SHA1)
    return parsed.fingerprint(hashes.SHA256() if weak else used)
