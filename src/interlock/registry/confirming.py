"""What a person confirms with a passkey besides votes: whatever would let a thief of their session get around it.

Whoever could name somebody to sign in this person's place, or an account that votes for them, would need no passkey of
theirs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Protocol

from interlock.identity.passkeys import confirming
from interlock.model.names import GroupName, PersonId
from interlock.model.passkey import Assertion
from interlock.review.card import timestamp

DELEGATE: Final = "delegate"
LINK: Final = "link"


class Confirming(Protocol):
    """The passkeys of everybody (`registry.passkeys.Passkeys`)."""

    def confirm(self, person: PersonId, assertion: Assertion | None, challenge: bytes, /) -> None:
        """Raises `AuthenticationFailed` (`passkey_needed` without an answer) unless a passkey of the person's answered
        this challenge, or they need none."""


def delegating(person: PersonId, delegate: PersonId, group: GroupName, until: datetime) -> bytes:
    """The challenge for letting `delegate` sign in this person's place in `group` until then."""
    ends = timestamp(until.astimezone(UTC))
    return confirming(person, DELEGATE, {"delegate": delegate, "group": group, "until": ends})


def linking(person: PersonId, provider: str, subject: str) -> bytes:
    """The challenge for linking that account to this person."""
    return confirming(person, LINK, {"provider": provider, "subject": subject})
