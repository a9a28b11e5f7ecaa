"""Client certificates: what of one tells who somebody is. The handshake has verified it; this only reads.

An X.509-SVID (SPIFFE X509-SVID sections 2 and 4) is a leaf with exactly one URI among its names, the SPIFFE ID.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from interlock.errors import MalformedInput
from interlock.model.names import KeyId

MAX_CERTIFICATE: Final = 64 * 1024  # bytes of DER
MAX_SPIFFE_ID: Final = 2_048  # SPIFFE ID section 2.3

# SPIFFE ID section 2: a trust domain, and a path without empty or dot segments.
_SPIFFE = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")
_WRONG = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A leaf. `sha256` (hex) is of its DER; `spiffe_id` is "" where it carries none; both times are UTC."""

    sha256: str
    spiffe_id: str
    begins_at: datetime
    expires_at: datetime

    @property
    def key(self) -> KeyId:
        """Its name as a credential, by which it can be revoked."""
        return KeyId(f"x509:{self.sha256[:16]}")


def sha256_of(der: bytes) -> str:
    """SHA-256 (hex) of a certificate's DER: what settings and bound keys say of it."""
    return hashlib.sha256(der).hexdigest()


def read(der: bytes) -> ClientCertificate:
    """What a leaf's DER says; raises `MalformedInput`, also for an authority and for more than one URI."""
    if len(der) > MAX_CERTIFICATE:
        raise MalformedInput("a certificate longer than is taken")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the library will refuse one day; it says nothing about who it is
            certificate = x509.load_der_x509_certificate(der)
            _demand_leaf(certificate)
            return ClientCertificate(
                sha256_of(der),
                _spiffe_id(certificate),
                certificate.not_valid_before_utc,
                certificate.not_valid_after_utc,
            )
    except _WRONG:
        raise MalformedInput("this isn't a certificate that we can read") from None


def digest_of_file(data: bytes) -> str:
    """The SHA-256 (hex) of the first certificate in a PEM or DER file; raises `MalformedInput`."""
    try:
        pem = b"-----BEGIN CERTIFICATE-----" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        return sha256_of(certificate.public_bytes(Encoding.DER))
    except _WRONG:
        raise MalformedInput("there is no certificate in this file, neither PEM nor DER") from None


def is_digest(text: str) -> bool:
    """Whether this can be the SHA-256 of a certificate, as we write it."""
    return _SHA256.fullmatch(text) is not None


def _demand_leaf(certificate: x509.Certificate) -> None:
    """X509-SVID section 4.1 and 4.3: who signs others isn't somebody who asks."""
    found = certificate.extensions
    try:
        authority = found.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    try:
        usage = found.get_extension_for_class(x509.KeyUsage).value
        authority = authority or usage.key_cert_sign or usage.crl_sign
    except x509.ExtensionNotFound:
        pass
    if authority:
        raise MalformedInput("this certificate is an authority's")


def _spiffe_id(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    found = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(found) > 1:
        raise MalformedInput("a certificate with more than one URI tells nobody who it is")
    if not found or not found[0].lower().startswith("spiffe:"):
        return ""
    if len(found[0]) > MAX_SPIFFE_ID or not _SPIFFE.fullmatch(found[0]):
        raise MalformedInput("a certificate with a SPIFFE ID that isn't one")
    return found[0]
