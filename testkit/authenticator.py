"""A software authenticator (WebAuthn Level 3, section 6): registers passkeys and answers challenges without a browser.

It plays the browser's part as well: it writes the client data of a page of `origin`. Everything that a check looks at
can be set wrong on purpose.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40  # flags of authenticator data, section 6.1
_ES256, _EDDSA = -7, -8


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class Made:
    """What a page gets when a passkey is made. Base64url, as pages send them."""

    credential: str
    attestation: str
    client_data: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page gets when a passkey is asked. Base64url, as pages send them."""

    credential: str
    authenticator_data: str
    client_data: str
    signature: str

    def fields(self) -> dict[str, str]:
        """The four parts by the names that Interlock's forms and API give them."""
        return {
            "credential": self.credential,
            "authenticator_data": self.authenticator_data,
            "client_data": self.client_data,
            "signature": self.signature,
        }


@dataclass
class Authenticator:
    """One authenticator with one passkey. With `count` None it keeps no signature counter, as synced passkeys do."""

    origin: str
    rp_id: str
    count: int | None = 0
    verifies_user: bool = True
    user_present: bool = True
    cross_origin: bool = False
    eddsa: bool = False
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    _ec: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _ed: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    def clone(self) -> Authenticator:
        """A copy of the key and of the counter as it is now."""
        return copy.copy(self)

    def register(self, challenge: bytes) -> Made:
        """Answers `navigator.credentials.create()` with attestation "none"."""
        length = len(self.credential).to_bytes(2)
        attested = bytes(16) + length + self.credential + self.public_key()
        data = self._authenticator_data(ATTESTED) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client_data("webauthn.create", challenge)
        return Made(_base64url(self.credential), _base64url(made), _base64url(client))

    def answer(self, challenge: bytes) -> Answer:
        """Answers `navigator.credentials.get()`; the counter grows by one."""
        if self.count is not None:
            self.count += 1
        data, client = self._authenticator_data(), self._client_data("webauthn.get", challenge)
        signature = self._sign(data + hashlib.sha256(client).digest())
        return Answer(_base64url(self.credential), _base64url(data), _base64url(client), _base64url(signature))

    def public_key(self) -> bytes:
        """The public key as a COSE_Key (RFC 9053 section 7)."""
        if self.eddsa:
            return cbor2.dumps({1: 1, 3: _EDDSA, -1: 6, -2: self._ed.public_key().public_bytes_raw()})
        point = self._ec.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: _ES256, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})

    def _sign(self, data: bytes) -> bytes:
        return self._ed.sign(data) if self.eddsa else self._ec.sign(data, ec.ECDSA(SHA256()))

    def _authenticator_data(self, flags: int = 0) -> bytes:
        flags |= USER_PRESENT if self.user_present else 0
        flags |= USER_VERIFIED if self.verifies_user else 0
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4)

    def _client_data(self, type_: str, challenge: bytes) -> bytes:
        said = {
            "type": type_,
            "challenge": _base64url(challenge),
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(said).encode()
