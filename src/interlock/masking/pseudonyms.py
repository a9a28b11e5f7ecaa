"""Pseudonyms: values sealed for one actor on one connection, so that equal ones stay equal and nobody else can tell.

    [phi.mrn:K7Q4...]    AES-SIV (RFC 5297) of the padded value, in base32 (RFC 4648) without its padding

Deterministic and authenticated: nothing has to be kept, each node makes the same, and what wasn't given out here to
this very actor doesn't open. The key is derived from one of the installation's by HKDF (RFC 5869); the label, the
connection and the actor with all on whose behalf it asks are associated data. A value is padded to a multiple of 16
bytes, so that its pseudonym tells its length no better than that: 52 characters in base32 for up to 15 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from interlock.masking.tokens import keyed_token, read_keyed
from interlock.model.actor import Actor
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret

MAX_VALUE: Final = 256  # bytes; what is longer gets the constant of its label

_DOMAIN: Final = b"interlock/pseudonym/v1\0"
_KEY_BYTES: Final = 64  # AES-256-SIV takes two keys of 32 bytes (RFC 5297, section 2.2)
_BLOCK: Final = 16
_END: Final = b"\x80"  # ISO/IEC 7816-4: one such byte, then zeros


@dataclass(frozen=True, slots=True)
class ActorPseudonyms:
    """Those of one actor on one connection. `about`: connection and actors, as associated data."""

    cipher: AESSIV = field(repr=False)
    about: tuple[bytes, ...]

    def write(self, label: Label, value: bytes) -> bytes | None:
        """The pseudonym of a value under a label; None where it is too long for one."""
        if len(value) > MAX_VALUE:
            return None
        padded = value + _END
        padded += bytes(-len(padded) % _BLOCK)
        return keyed_token(label, self.cipher.encrypt(padded, [*self.about, label.encode()])).encode()

    def read(self, text: str) -> tuple[Label, bytes] | None:
        """What `write` made it of, the text being one whole pseudonym in any case; None for all others: forged ones,
        changed ones, those of other actors or connections."""
        found = read_keyed(text)
        if found is None:
            return None
        label, sealed = found
        try:
            padded = self.cipher.decrypt(sealed, [*self.about, label.encode()])
        except (InvalidTag, ValueError):  # ValueError: too short to be one
            return None
        return label, padded.rstrip(b"\0")[: -len(_END)]


class Pseudonyms:
    """An installation's."""

    __slots__ = ("_cipher",)

    def __init__(self, key: Secret[bytes]) -> None:
        """`key`: a secret of the installation, which is used for nothing but to derive another from it."""
        derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=_DOMAIN).derive(key.reveal())
        self._cipher = AESSIV(derived)

    def of(self, connection: ConnectionName, actor: Actor) -> ActorPseudonyms:
        """One actor's on one connection. Who asks on somebody's behalf has others than when it asks for itself."""
        asking = b"\0".join(f"{each.kind.value}:{each.id}".encode() for each in _everyone(actor))
        return ActorPseudonyms(self._cipher, (connection.encode(), asking))


def _everyone(actor: Actor) -> Iterator[Actor]:
    yield actor
    for delegator in actor.chain:
        yield from _everyone(delegator)
