"""Prompt guard: for what goes to a model. It has to follow who is who, and to ask our other doors about them.

Numbers become pseudonyms that the PostgreSQL door translates inward for the same actor; people, places and dates are
numbered within a call.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import Choice, RuleName

_MARK: Final = Choice(RuleName.MARK)
_PSEUDONYM: Final = Choice(RuleName.PSEUDONYM)
_DROP: Final = Choice(RuleName.DROP)

PROMPT_GUARD: Final = Profile(
    name="prompt_guard",
    rules={
        "phi": _MARK,
        "phi.mrn": _PSEUDONYM,
        "phi.health_plan": _PSEUDONYM,
        "phi.account": _PSEUDONYM,
        "phi.id": _PSEUDONYM,
        "phi.age": Choice(RuleName.AGE),
        "phi.biometric": _DROP,
        "phi.photo": _DROP,
        "phi.clinical.diagnosis": KEEP,
        "phi.clinical.medication": KEEP,
        "phi.clinical.lab": KEEP,
        "phi.clinical.procedure": KEEP,
        "pii": _MARK,
        "pci": REDACT,
        "secret": REDACT,
        "quasi.*": KEEP,
    },
    allowed=frozenset(RuleName) - {RuleName.KEEP},
    reverses=True,
    drops_blobs=True,
)
