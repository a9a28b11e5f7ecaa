"""What the desk needs of passkeys: who must use one, and whether an answer is one."""

from __future__ import annotations

from typing import Protocol

from interlock.errors import AuthenticationFailed
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.review import Voter


class Passkeys(Protocol):
    """The registered passkeys of everybody."""

    def required(self, person: PersonId) -> bool:
        """Whether this person's yes counts only with a passkey's answer."""

    def verify(
        self, voter: Voter, review: ReviewId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> None:
        """Raises `AuthenticationFailed` unless the voter's assertion is a passkey of theirs answering this very
        challenge (`identity.passkeys.challenge`)."""


class NoPasskeys:
    """Where none can be registered: nobody must use one, and no answer is one."""

    def required(self, person: PersonId) -> bool:
        """Nobody."""
        return False

    def verify(
        self, voter: Voter, review: ReviewId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> None:
        """Never an answer."""
        raise AuthenticationFailed("passkeys aren't in use here")
