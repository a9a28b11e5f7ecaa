"""Safe Harbor: all eighteen identifiers of 45 CFR 164.514(b)(2)(i)(A)-(R) go.

Years, states, countries, ages up to 89 and the three digits of larger ZIP areas may stay. A code may stand for a value
only if it isn't derived from it (164.514(c)): random surrogates out of the vault, or numbers within a call.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import DERIVED, Choice, RuleName

_SURROGATE: Final = Choice(RuleName.SURROGATE)
_DROP: Final = Choice(RuleName.DROP)
_YEAR: Final = Choice(RuleName.YEAR)

SAFE_HARBOR: Final = Profile(
    name="safe_harbor",
    rules={
        "phi": REDACT,
        "phi.name": _SURROGATE,
        "phi.mrn": _SURROGATE,
        "phi.health_plan": _SURROGATE,
        "phi.account": _SURROGATE,
        "phi.id": _SURROGATE,
        "phi.device": _SURROGATE,
        "phi.date": _YEAR,
        "phi.age": Choice(RuleName.AGE),
        "phi.address.zip": Choice(RuleName.ZIP3),
        "phi.address.postcode": REDACT,  # its first three digits are no area of the US census
        "phi.biometric": _DROP,
        "phi.photo": _DROP,
        "phi.clinical.diagnosis": KEEP,
        "phi.clinical.medication": KEEP,
        "phi.clinical.lab": KEEP,
        "phi.clinical.procedure": KEEP,
        "pii": REDACT,
        "pii.name": _SURROGATE,
        "pii.birth": _YEAR,
        "pci": REDACT,
        "secret": REDACT,
        "quasi": REDACT,
        "quasi.zip3": Choice(RuleName.ZIP3),
        "quasi.year": _YEAR,
        "quasi.state": KEEP,
        "quasi.country": KEEP,
        "quasi.gender": KEEP,
        "quasi.race": KEEP,
    },
    # Dates moved by days still tell days of the year; ranges could be told of dates and ZIP codes.
    allowed=frozenset(RuleName) - DERIVED - {RuleName.SHIFT, RuleName.RANGE, RuleName.KEEP},
    drops_blobs=True,
)
