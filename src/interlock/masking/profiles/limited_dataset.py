"""Limited data set: the sixteen direct identifiers of 45 CFR 164.514(e)(2) go.

Dates, ages, towns, states and ZIP codes stay: it is still PHI, for those who signed a data use agreement.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import DERIVED, Choice, RuleName

_SURROGATE: Final = Choice(RuleName.SURROGATE)
_DROP: Final = Choice(RuleName.DROP)

LIMITED_DATASET: Final = Profile(
    name="limited_dataset",
    rules={
        "phi": REDACT,
        "phi.name": _SURROGATE,  # (i)
        "phi.address": REDACT,  # (ii) postal address information, other than town or city, state and ZIP code
        "phi.address.city": KEEP,
        "phi.address.zip": KEEP,
        "phi.address.postcode": KEEP,
        "phi.phone": REDACT,  # (iii)
        "phi.fax": REDACT,  # (iv)
        "phi.email": REDACT,  # (v)
        "phi.ssn": REDACT,  # (vi)
        "phi.mrn": _SURROGATE,  # (vii)
        "phi.health_plan": _SURROGATE,  # (viii)
        "phi.account": _SURROGATE,  # (ix)
        "phi.licence": REDACT,  # (x)
        "phi.vehicle": REDACT,  # (xi)
        "phi.device": _SURROGATE,  # (xii)
        "phi.url": REDACT,  # (xiii)
        "phi.ip": REDACT,  # (xiv)
        "phi.biometric": _DROP,  # (xv)
        "phi.photo": _DROP,  # (xvi)
        "phi.id": _SURROGATE,  # not on the list, but a code that is a person's own finds the person
        "phi.date": KEEP,
        "phi.age": KEEP,
        "phi.clinical.diagnosis": KEEP,
        "phi.clinical.medication": KEEP,
        "phi.clinical.lab": KEEP,
        "phi.clinical.procedure": KEEP,
        "phi.claim": REDACT,
        "pii": REDACT,
        "pii.name": _SURROGATE,
        "pii.birth": KEEP,
        "pci": REDACT,
        "secret": REDACT,
        "quasi": REDACT,
        "quasi.zip3": KEEP,
        "quasi.year": KEEP,
        "quasi.state": KEEP,
        "quasi.country": KEEP,
        "quasi.gender": KEEP,
        "quasi.race": KEEP,
    },
    allowed=frozenset(RuleName) - DERIVED - {RuleName.KEEP},
    drops_blobs=True,
)
