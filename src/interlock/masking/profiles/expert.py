"""Expert: what an expert may determine to be of very small risk (45 CFR 164.514(b)(1)), to begin from.

Dates move by patient, people get made-up names where something makes them up, and numbers stay joinable.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import Choice, RuleName

_ONE_WAY: Final = Choice(RuleName.ONE_WAY)
_REALISTIC: Final = Choice(RuleName.REALISTIC)
_SHIFT: Final = Choice(RuleName.SHIFT)
_DROP: Final = Choice(RuleName.DROP)

EXPERT: Final = Profile(
    name="expert",
    rules={
        "phi": REDACT,
        "phi.name": _REALISTIC,
        "phi.address.city": KEEP,
        "phi.address.zip": Choice(RuleName.ZIP3),
        "phi.address.postcode": REDACT,  # its first three digits are no area of the US census
        "phi.mrn": _ONE_WAY,
        "phi.health_plan": _ONE_WAY,
        "phi.account": _ONE_WAY,
        "phi.id": _ONE_WAY,
        "phi.device": _ONE_WAY,
        "phi.date": _SHIFT,
        "phi.age": Choice(RuleName.AGE),
        "phi.biometric": _DROP,
        "phi.photo": _DROP,
        "phi.clinical.diagnosis": KEEP,
        "phi.clinical.medication": KEEP,
        "phi.clinical.lab": KEEP,
        "phi.clinical.procedure": KEEP,
        "pii": REDACT,
        "pii.name": _REALISTIC,
        "pii.birth": _SHIFT,
        "pci": REDACT,
        "secret": REDACT,
        "quasi": REDACT,
        "quasi.zip3": Choice(RuleName.ZIP3),
        "quasi.year": KEEP,
        "quasi.state": KEEP,
        "quasi.country": KEEP,
        "quasi.gender": KEEP,
        "quasi.race": KEEP,
        "quasi.occupation": KEEP,
    },
    allowed=frozenset(RuleName) - {RuleName.KEEP},
    drops_blobs=True,
)
