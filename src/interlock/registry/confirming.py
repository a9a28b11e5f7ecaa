"""What a person confirms with a passkey besides votes: whatever would let a thief of their session get around it.

What is made here says only what is confirmed. A vote is of one card and cast once; this can be wanted again, in the
very same words, so an answer counts only under a nonce of ours that it uses up (`Nonces`).

Whoever could name somebody to sign in this person's place, or an account that votes for them, would need no passkey of
theirs. Nor does a thief lock somebody out of their own account, answer for an agent in their name, or turn a session
into a password that outlives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from interlock.identity.passkeys import confirming
from interlock.model.label import Label
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.passkey import Assertion
from interlock.review.card import timestamp

DELEGATE: Final = "delegate"
LINK: Final = "link"
UNLINK: Final = "unlink"
OWN: Final = "own"
LOG_IN: Final = "log_in"
CLEAR: Final = "clear_labels"
JUDGE: Final = "judge_labels"
OVERRIDE: Final = "override_mask"

VALID: Final = timedelta(minutes=5)
MAX_ASKED: Final = 20  # of one person at once, who has a passkey: the oldest gives way


class Confirming(Protocol):
    """The passkeys of everybody (`registry.passkeys.Passkeys`)."""

    def confirm(self, person: PersonId, assertion: Assertion | None, said: bytes, /) -> None:
        """Raises `AuthenticationFailed` (`passkey_needed` without an answer) unless a passkey of the person's answered
        what was asked of it last for this, or they need none."""


@dataclass(frozen=True, slots=True)
class _Given:
    nonce: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Nonces:
    """The nonces of what was asked and not yet answered, by person and what it is; kept by this process alone."""

    _given: dict[PersonId, dict[bytes, _Given]] = field(default_factory=dict, init=False, repr=False)

    def give(self, person: PersonId, said: bytes, nonce: bytes, now: datetime) -> None:
        """From now on an answer for this counts under `nonce`, once and for `VALID`, and under no nonce before."""
        mine = self._given.setdefault(person, {})
        mine.pop(said, None)
        while len(mine) >= MAX_ASKED:
            del mine[next(iter(mine))]
        mine[said] = _Given(nonce, now + VALID)

    def take(self, person: PersonId, said: bytes, now: datetime) -> bytes | None:
        """The nonce for this, used up by it; None where none was given, or too long ago."""
        mine = self._given.get(person, {})
        found = mine.pop(said, None)
        if not mine:
            self._given.pop(person, None)
        return found.nonce if found is not None and now < found.until else None


def delegating(person: PersonId, delegate: PersonId, group: GroupName, until: datetime) -> bytes:
    """That `delegate` may sign in this person's place in `group` until then."""
    ends = timestamp(until.astimezone(UTC))
    return confirming(person, DELEGATE, {"delegate": delegate, "group": group, "until": ends})


def linking(person: PersonId, provider: str, subject: str) -> bytes:
    """That this account becomes this person's."""
    return confirming(person, LINK, {"provider": provider, "subject": subject})


def unlinking(person: PersonId, provider: str, subject: str) -> bytes:
    """That this account is no longer this person's."""
    return confirming(person, UNLINK, {"provider": provider, "subject": subject})


def owning(person: PersonId, actor: ActorId) -> bytes:
    """That this person answers for that agent or service."""
    return confirming(person, OWN, {"actor": actor})


def logging_in(person: PersonId, user_code: str, lasts: timedelta) -> bytes:
    """That the terminal that shows this code gets a password for doors, good for so long."""
    return confirming(person, LOG_IN, {"user_code": user_code, "seconds": int(lasts.total_seconds())})


def clearing(person: PersonId, column: str, labels: Iterable[Label]) -> bytes:
    """That this column carries none of these labels any more."""
    return confirming(person, CLEAR, {"column": column, "labels": sorted(labels)})


def judging(person: PersonId, proposal: str, verdict: str, labels: Iterable[Label]) -> bytes:
    """That this person confirms or rejects these labels, which discovery proposed."""
    return confirming(person, JUDGE, {"proposal": proposal, "verdict": verdict, "labels": sorted(labels)})


def overriding(person: PersonId, terms: Mapping[str, str]) -> bytes:
    """That a mask is overridden on these terms."""
    return confirming(person, OVERRIDE, dict(terms))
