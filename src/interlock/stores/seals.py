"""Sealing: what protected values must be kept lies in the store only as AES-256-GCM ciphertext."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from interlock.errors import LedgerCorrupt
from interlock.model.secret import Secret
from interlock.ports import Entropy

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # NIST SP 800-38D section 8.2.2: random 96-bit nonces, at most 2^32 seals a key
_TAG_BYTES: Final = 16
_DOMAIN: Final = b"interlock/seal/v1\0"


class AesGcmSealer:
    """`ports.Sealer`. A seal is nonce (12 bytes), ciphertext, tag (16 bytes); `about` is its associated data."""

    __slots__ = ("_cipher", "_entropy")

    def __init__(self, key: Secret[bytes], entropy: Entropy) -> None:
        if len(key.reveal()) != KEY_BYTES:
            raise ValueError("a sealing key has 32 bytes")
        self._cipher = AESGCM(key.reveal())
        self._entropy = entropy

    def seal(self, about: str, plain: bytes) -> bytes:
        """Ciphertext bound to `about` (associated data)."""
        nonce = self._entropy.token(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _DOMAIN + about.encode())

    def open(self, about: str, sealed: bytes) -> Secret[bytes]:
        """The plaintext; raises `LedgerCorrupt` when the seal doesn't hold for `about`."""
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise LedgerCorrupt("a sealed value is too short to be one")
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return Secret(self._cipher.decrypt(nonce, rest, _DOMAIN + about.encode()))
        except InvalidTag:
            raise LedgerCorrupt("a sealed value doesn't open: changed, moved, or of another key") from None
