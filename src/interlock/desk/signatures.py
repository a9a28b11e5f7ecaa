"""Signatures: which signed votes count for a review at this moment, and whether they meet what is asked."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.ledger.authorised import CountedVote, Opened, account_of
from interlock.ledger.authority import Authority
from interlock.ledger.roster import NO_LINK
from interlock.model.decision import Requirements
from interlock.model.names import KeyId, PersonId
from interlock.model.review import Presence, Verdict
from interlock.review.matching import Groups, most_signatures, named, satisfied

IN_CONSOLE: Final = frozenset({Presence.CONSOLE, Presence.WEBAUTHN})
BY_CHANNEL: Final = frozenset({Presence.SLACK, Presence.TEAMS, Presence.CALLBACK})


@dataclass(frozen=True, slots=True)
class Signature:
    """One yes: whose, and by what class of vote."""

    person: PersonId
    presence: Presence


def counting(
    authority: Authority, opened: Opened, excluded: frozenset[PersonId], *, token_votes: bool
) -> list[Signature]:
    """Whose yes counts, in the order of their signed votes: read from entries, never from rows.

    A vote for another card, or by somebody excluded, counts for nothing, nor does one that `holds` no more or that came
    by a channel which the policies of then didn't offer.
    """
    out = opened.excluded | excluded
    return [
        Signature(vote.person, vote.presence)
        for vote in authority.votes(opened.review)
        if vote.verdict is Verdict.APPROVE
        and vote.person not in out
        and holds(authority, vote, token_votes=token_votes)
        and hmac.compare_digest(vote.digest, opened.digest)
        and hmac.compare_digest(vote.card, opened.card)
    ]


def met(asked: Requirements, signed: Sequence[Signature], groups: Groups) -> bool:
    """Whether these signatures, in their order, meet everything asked.

    What comes by a channel counts where the policy names it. It never suffices alone where more than one has to sign:
    one of them at least signs in the console.
    """
    votes = through(asked, signed)
    if not satisfied(asked, [each.person for each in votes], groups):
        return False
    return has_console(asked, votes, groups)


def has_console(asked: Requirements, votes: Iterable[Signature], groups: Groups) -> bool:
    """Whether these hold the console's signature, if one is needed."""
    votes = tuple(votes)
    if most_signatures(asked) <= 1 or not any(each.presence in BY_CHANNEL for each in votes):
        return True
    wanted = named(asked)
    return any(each.presence in IN_CONSOLE and groups.get(each.person, frozenset()) & wanted for each in votes)


def through(asked: Requirements, signed: Iterable[Signature]) -> list[Signature]:
    """Those that didn't come by a channel which the requirements don't name."""
    return [each for each in signed if each.presence not in BY_CHANNEL or each.presence.value in asked.channels]


def is_registered(authority: Authority, credential: str, person: PersonId) -> bool:
    """Whether this passkey is that person's, still: what was answered with one that was removed counts no more."""
    passkey = authority.roster.passkey(credential)
    return passkey is not None and passkey.person == person


def has_left_since(authority: Authority, person: PersonId, stay: int) -> bool:
    """Whether the person was removed after that stay: what they did counts no more, not even once they are back."""
    return not authority.roster.is_staying(person, stay)


def is_linked(authority: Authority, presence: Presence, key: KeyId, person: PersonId) -> bool:
    """Whether the account that a channel's vote names is linked to that person now, by an entry of theirs."""
    account = account_of(presence, key)
    return account is not None and authority.roster.link(person, account) != NO_LINK


def is_linked_still(authority: Authority, vote: CountedVote) -> bool:
    """Whether a channel's vote came from an account that was the voter's then, and without a break ever since."""
    account = vote.account
    return account is not None and vote.link != NO_LINK and authority.roster.link(vote.person, account) == vote.link


def holds(authority: Authority, vote: CountedVote, *, token_votes: bool) -> bool:
    """Whether a vote is still worth something: not once its voter has left, its token was revoked, its passkey removed,
    its chat account unlinked.

    Whoever is back, or has another credential, may vote anew.
    """
    if has_left_since(authority, vote.person, vote.stay):
        return False
    needs_passkey = vote.credential or vote.presence is Presence.WEBAUTHN
    if needs_passkey and not is_registered(authority, vote.credential, vote.person):
        return False
    if vote.presence in BY_CHANNEL and not is_linked_still(authority, vote):
        return False
    if vote.presence is Presence.TOKEN:
        return token_votes and authority.key(vote.key) is not None
    return True
