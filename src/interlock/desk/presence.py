"""Presence: whether somebody is there enough for what they are about to do, and the proof of it for the entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from interlock.desk.passkeys import Passkeys
from interlock.desk.signatures import IN_CONSOLE, Signature, has_console, is_linked, through
from interlock.desk.standing import Standing
from interlock.errors import AuthenticationFailed
from interlock.identity.passkeys import assertion_fields
from interlock.ledger.authorised import Opened
from interlock.model.names import Digest
from interlock.model.review import Presence, Review, Verdict, Voter
from interlock.review.matching import satisfied


@dataclass(frozen=True, slots=True)
class Attendance:
    """Classes of votes, recent logins and passkeys."""

    standing: Standing
    passkeys: Passkeys

    def too_weak(self, review: Review, voter: Voter, verdict: Verdict) -> str | None:
        """Why this kind of vote doesn't count here; None when it does."""
        match voter.presence:
            case Presence.CONSOLE | Presence.WEBAUTHN:
                return self.stale(voter)
            case Presence.TOKEN:
                return self._token(review, voter)
            case Presence.SLACK | Presence.TEAMS | Presence.CALLBACK:
                return self._channel(review, voter, verdict)

    def not_in_console(self, voter: Voter) -> str | None:
        """Why this isn't somebody in the console, with a recent login; None when it is."""
        if voter.presence not in IN_CONSOLE:
            return "this is done in the console only"
        return self.stale(voter)

    def stale(self, voter: Voter) -> str | None:
        """Why the login behind a session is too old, or isn't known; None when it is recent."""
        most, now = self.standing.rules.votes.recent_login, self.standing.clock.now()
        if voter.signed_in_at is None or not now - most <= voter.signed_in_at <= now:
            return f"sign in again: your login is older than {_words(most)}"
        return None

    def attested(
        self, voter: Voter, review: Review, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> Voter:
        """The voter with the class of vote that they proved; raises `AuthenticationFailed`.

        Without an assertion this is for whoever needn't send one.
        """
        if voter.assertion is None:
            if voter.presence is Presence.WEBAUTHN or self.passkeys.required(voter.person):
                raise AuthenticationFailed("confirm it with your passkey", code="passkey_required")
            return voter
        self.passkeys.verify(voter, review.id, verdict, action_digest, card_digest, terms)
        return replace(voter, presence=Presence.WEBAUTHN) if voter.presence in IN_CONSOLE else voter

    def _token(self, review: Review, voter: Voter) -> str | None:
        if not self.standing.rules.votes.unsafe_token_votes:
            return "votes by token are off; sign in to the console"
        opened = self.standing.authority.opened(review.id)
        maker = self.standing.registry.key_maker(voter.key)
        excluded = review.excluded | (opened.excluded if opened is not None else frozenset())
        if maker is None or (maker != voter.person and maker in excluded):
            return "the key was made by somebody who is part of the request"
        return None

    def _channel(self, review: Review, voter: Voter, verdict: Verdict) -> str | None:
        opened = self.standing.authority.opened(review.id)
        if opened is None or voter.presence.value not in opened.requirements.channels:
            return f"votes by {voter.presence.value} don't count for this; sign in to the console"
        if not is_linked(self.standing.authority, voter.presence, voter.key, voter.person):
            return "the account that it came from isn't linked to you"
        if verdict is Verdict.APPROVE and self._lacks_console(review, opened, voter):
            return "one of the signatures has to be made in the console, and this would be the last; sign in there"
        return None

    def _lacks_console(self, review: Review, opened: Opened, voter: Voter) -> bool:
        """Whether with this vote all would have signed, and nobody in the console."""
        excluded = opened.excluded | review.excluded
        signed = [*self.standing.signed(opened, excluded), Signature(voter.person, voter.presence)]
        votes, groups = through(opened.requirements, signed), self.standing.seats(opened, excluded, voter.person)
        enough = satisfied(opened.requirements, [each.person for each in votes], groups)
        return enough and not has_console(opened.requirements, votes, groups)


def proof(voter: Voter) -> Mapping[str, str]:
    """What an entry keeps of a passkey's answer: enough for an outsider to verify it again."""
    return assertion_fields(voter.assertion) if voter.assertion is not None else {}


def _words(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if minutes and rest == 0:
        return "an hour" if hours == 1 else f"{hours} hours"
    return f"{minutes} minutes" if minutes != 1 else "a minute"
