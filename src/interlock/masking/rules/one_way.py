"""One way: a keyed hash of the value, `[phi.mrn:K7Q4...]`: equal values stay equal within a namespace, and nobody can
go back, not even with the key but by trying all values.

BLAKE2b (RFC 7693) with a key, 20 bytes: 32 letters in base32, where a pseudonym that opens has 52 or more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from interlock.masking.keys import MaskKeys, framed
from interlock.masking.tokens import keyed_token
from interlock.masking.value import About, Kind, Outcome, Special, Value, written

HASH_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class OneWay:
    """Under one namespace's keys."""

    keys: MaskKeys

    def __call__(self, value: Value, about: About) -> Outcome:
        """The token in place of a text."""
        text = written(value)
        if about.kind is not Kind.TEXT or text is None:
            return Special.REFUSED
        said = framed(about.label.encode(), text.encode("utf-8", "surrogatepass"))
        key = self.keys.derive("one_way").reveal()
        return keyed_token(about.label, hashlib.blake2b(said, digest_size=HASH_BYTES, key=key).digest())
