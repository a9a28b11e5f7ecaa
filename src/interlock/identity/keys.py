"""Interlock keys: what they look like and how a presented one is checked.

A key is `ilk_<id>_<secret>`: the id is public, the secret has 256 random bits. Only a hash is ever stored, and it lies
in the signed `key.issued` entry. A secret of 256 random bits can't be searched for, so a plain SHA-256 suffices.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from interlock.errors import AuthenticationFailed
from interlock.model.names import KeyId
from interlock.model.secret import Secret

HASH_DOMAIN = b"interlock/key/v1\0"
ID_BYTES = 8
SECRET_BYTES = 32
PREFIX = "ilk"

_FORM = re.compile(r"ilk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_REFUSED = "this credential isn't accepted"


def make(id_bytes: bytes, secret: bytes) -> tuple[KeyId, Secret[str], str]:
    """(id, the key to hand out once, the hash to record) from 8 and 32 random bytes."""
    if len(id_bytes) != ID_BYTES or len(secret) != SECRET_BYTES:
        raise ValueError("a key is made of 8 and 32 random bytes")
    key = KeyId(id_bytes.hex())
    text = base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")
    return key, Secret(f"{PREFIX}_{key}_{text}"), _hash(key, text)


def key_id(presented: Secret[str]) -> KeyId:
    """The id in a presented key; raises `AuthenticationFailed` when it doesn't have a key's form."""
    match = _FORM.fullmatch(presented.reveal())
    if match is None:
        raise AuthenticationFailed(_REFUSED)
    return KeyId(match[1])


def check(presented: Secret[str], recorded: str | None) -> None:
    """Compares in constant time with the recorded hash; `None` (no such key) takes as long and fails the same way."""
    match = _FORM.fullmatch(presented.reveal())
    if match is None:
        raise AuthenticationFailed(_REFUSED)
    found = _hash(KeyId(match[1]), match[2])
    if not hmac.compare_digest(found, recorded or "0" * 64) or recorded is None:
        raise AuthenticationFailed(_REFUSED)


def _hash(key: KeyId, secret: str) -> str:
    return hashlib.sha256(HASH_DOMAIN + key.encode() + b"\0" + secret.encode()).hexdigest()
