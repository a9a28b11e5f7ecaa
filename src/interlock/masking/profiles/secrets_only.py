"""Secrets only: for systems without people in them, such as logs of machines and repositories of code.

Keeps what lies beneath the other roots. The roots themselves are masked: `phi` is what a text is called when detection
failed on it, and then it may hold anything.
"""

from __future__ import annotations

from typing import Final

from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.rule import NOTHING_OF_IT, RuleName

SECRETS_ONLY: Final = Profile(
    name="secrets_only",
    rules={"secret": REDACT, "phi.*": KEEP, "pii.*": KEEP, "pci.*": KEEP, "quasi.*": KEEP},
    allowed=NOTHING_OF_IT | {RuleName.MARK},
)
