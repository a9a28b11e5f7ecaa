"""The keys of masking: one for each purpose and place, derived from a secret of the installation.

HKDF (RFC 5869) with SHA-256; `info` is the domain, the namespace and the purpose, so that what one rule makes of a
value tells nothing about what another makes of it, and one namespace's masks can't be joined with another's.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from interlock.model.secret import Secret

KEY_BYTES: Final = 32

_DOMAIN: Final = b"interlock/mask/v1\0"


class MaskKeys:
    """An installation's, in one namespace: a connection, a data set, a conversation."""

    __slots__ = ("_derived", "_secret", "namespace")

    def __init__(self, key: Secret[bytes], namespace: str) -> None:
        """`key`: a secret of the installation, which is used here for nothing but to derive others from it."""
        self._secret = key
        self._derived: dict[str, Secret[bytes]] = {}  # purposes are few, and words of ours
        self.namespace = namespace

    def derive(self, purpose: str) -> Secret[bytes]:
        """The key for one purpose, 32 bytes."""
        known = self._derived.get(purpose)
        if known is None:
            info = _DOMAIN + framed(self.namespace.encode(), purpose.encode())
            known = Secret(HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret.reveal()))
            self._derived[purpose] = known
        return known

    def subject(self, row_key: bytes) -> str:
        """What stands for a row, record or patient by its key: a keyed hash in hex, the same wherever that key is."""
        return hashlib.blake2b(row_key, digest_size=16, key=self.derive("subject").reveal()).hexdigest()

    def __repr__(self) -> str:
        return f"MaskKeys({self.namespace!r})"


def framed(*parts: bytes) -> bytes:
    """Parts joined so that no two lists of them give the same bytes: each with its length (4 bytes) in front."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
