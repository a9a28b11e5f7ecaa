"""What a person confirms with a passkey besides votes: whatever would let a thief of their session get around it.

Whoever could name somebody to sign in this person's place, or an account that votes for them, would need no passkey of
theirs. Nor does a thief lock somebody out of their own account, answer for an agent in their name, or turn a session
into a password that outlives it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from interlock.identity.passkeys import confirming
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.passkey import Assertion
from interlock.review.card import timestamp

DELEGATE: Final = "delegate"
LINK: Final = "link"
UNLINK: Final = "unlink"
OWN: Final = "own"
LOG_IN: Final = "log_in"


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


def unlinking(person: PersonId, provider: str, subject: str) -> bytes:
    """The challenge for unlinking that account from this person."""
    return confirming(person, UNLINK, {"provider": provider, "subject": subject})


def owning(person: PersonId, actor: ActorId) -> bytes:
    """The challenge for this person's answering for that agent or service."""
    return confirming(person, OWN, {"actor": actor})


def logging_in(person: PersonId, user_code: str, lasts: timedelta) -> bytes:
    """The challenge for giving the terminal that shows this code a password for doors, good for so long."""
    return confirming(person, LOG_IN, {"user_code": user_code, "seconds": int(lasts.total_seconds())})
