"""Surrogate: random bytes that the vault keeps for a value, `[phi.mrn:K7Q4...]`: equal for equal values, and made of
nothing but chance, as Safe Harbor wants it (45 CFR 164.514(c)).

This package asks nobody: what is wanted is listed (`wants`), fetched by whoever drives, and handed in with the value.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.marks import Wanted
from interlock.masking.tokens import keyed_token
from interlock.masking.value import About, Kind, Outcome, Special, Value, written

SURROGATE_BYTES: Final = 20
LONGEST: Final = 4096  # bytes; a longer value is no identifier, and gets the constant


def wants(value: Value, about: About) -> Wanted | None:
    """What has to be fetched before this value is masked; None where no surrogate stands for it."""
    text = written(value)
    if about.kind is not Kind.TEXT or text is None:
        return None
    plain = text.strip().encode("utf-8", "surrogatepass")
    return (about.label, plain) if 0 < len(plain) <= LONGEST else None


def surrogate(value: Value, about: About) -> Outcome:
    """The token in place of a text; refused where none was fetched for it."""
    wanted = wants(value, about)
    found = about.surrogates.get(wanted) if wanted is not None else None
    return keyed_token(about.label, found) if found is not None and len(found) == SURROGATE_BYTES else Special.REFUSED
