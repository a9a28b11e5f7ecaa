"""Internal: for one's own people and agents, who must tell people apart and come back to them, not know them.

What they hold of names and numbers opens for them alone (`pseudonyms.py`); of contacts and cards a part is shown.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import Choice, Keeps, RuleName

_PSEUDONYM: Final = Choice(RuleName.PSEUDONYM)
_LAST_FOUR: Final = Choice(RuleName.PARTIAL, keeps=Keeps.LAST_FOUR)
_DOMAIN: Final = Choice(RuleName.PARTIAL, keeps=Keeps.DOMAIN)
_DROP: Final = Choice(RuleName.DROP)

INTERNAL: Final = Profile(
    name="internal",
    rules={
        "phi": REDACT,
        "phi.name": _PSEUDONYM,
        "phi.mrn": _PSEUDONYM,
        "phi.health_plan": _PSEUDONYM,
        "phi.account": _PSEUDONYM,
        "phi.id": _PSEUDONYM,
        "phi.device": _PSEUDONYM,
        "phi.email": _DOMAIN,
        "phi.phone": _LAST_FOUR,
        "phi.fax": _LAST_FOUR,
        "phi.address.city": KEEP,
        "phi.address.zip": Choice(RuleName.ZIP3),
        "phi.address.postcode": REDACT,  # its first three digits are no area of the US census
        "phi.date": KEEP,
        "phi.age": KEEP,
        "phi.biometric": _DROP,
        "phi.photo": _DROP,
        "phi.clinical.diagnosis": KEEP,
        "phi.clinical.medication": KEEP,
        "phi.clinical.lab": KEEP,
        "phi.clinical.procedure": KEEP,
        "pii": REDACT,
        "pii.name": _PSEUDONYM,
        "pii.email": _DOMAIN,
        "pii.phone": _LAST_FOUR,
        "pci": REDACT,
        "pci.pan": _LAST_FOUR,  # PCI DSS 4.0, requirement 3.4.1: at most the first six and last four may be shown
        "secret": REDACT,
        "quasi.*": KEEP,
    },
    allowed=frozenset(RuleName) - {RuleName.KEEP},
    reverses=True,
)
