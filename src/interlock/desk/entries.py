"""What the desk and the gate say in the ledger: entries that are about one review, or about one action."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.desk.presence import proof
from interlock.ledger.requirements import fields as requirement_fields
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.decision import Reason
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, Digest, EntryId, ReviewId
from interlock.model.release import Outcome
from interlock.model.review import Review, Voter
from interlock.review.card import timestamp


def about(
    entry: EntryId,
    type_: EntryType,
    d: Mapping[str, JsonValue],
    review: ReviewId,
    *,
    actor: Actor | None = None,
    act: ActionId | str = "",
    committed: Mapping[str, str] | None = None,
) -> Draft:
    """An entry about a review; `committed` are salted commitments to what it doesn't say."""
    return Draft(id=entry, type=type_, d=d, actor=actor, act=act, obj=review, c=committed or {})


def of_action(
    entry: EntryId,
    type_: EntryType,
    action: Action,
    d: Mapping[str, JsonValue],
    *,
    obj: str = "",
    bundle: Digest | None = None,
    reasons: tuple[Reason, ...] = (),
) -> Draft:
    """An entry about an action, with the bundle and the policies that decided it."""
    pol: Mapping[str, JsonValue] = (
        {"bundle": bundle, "ids": [r.policy for r in reasons if r.policy]} if bundle is not None else {}
    )
    enforced = action.enforced_by.value
    return Draft(id=entry, type=type_, d=d, actor=action.actor, act=action.id, obj=obj, pol=pol, enforced=enforced)


def claimed_end(entry: EntryId, actor: Actor, act: ActionId, review: ReviewId | None, outcome: Outcome) -> Draft:
    """action.ended, as whoever enforced the decision tells of it: `enforced` says so, and nothing was counted."""
    d: Mapping[str, JsonValue] = {"outcome": outcome.value, "rows": 0, "sqlstate": "", "review": review or ""}
    return Draft(id=entry, type=EntryType.ACTION_ENDED, d=d, actor=actor, act=act, enforced=EnforcedBy.CALLER.value)


def opened_fields(review: Review) -> Mapping[str, JsonValue]:
    """`d` of review.opened."""
    return {
        "digest": review.digest,
        "card": review.card_digest,
        "actor": review.actor,
        "connection": review.connection,
        **requirement_fields(review.requirements),
        "excluded": sorted(review.excluded),
        "expires_at": timestamp(review.expires_at),
        "valid": int(review.requirements.valid.total_seconds()),
        **waiting(review.deferred),
    }


def waiting(deferred: bool) -> Mapping[str, JsonValue]:
    """What an entry says of how it is run: nothing, where the asker runs it."""
    return {"wait": "deferred"} if deferred else {}


def by_person(voter: Voter, digest: Digest, card: Digest) -> dict[str, JsonValue]:
    """What every entry says that is somebody's doing: to which digests, who, how present, and the passkey's answer."""
    return {
        "digest": digest,
        "card": card,
        "person": voter.person,
        "presence": voter.presence.value,
        "key": voter.key,
        **proof(voter),
    }


def with_review(held: Draft, review: ReviewId) -> Draft:
    """The gate's action.held entry, once it is known which review it is."""
    return Draft(
        id=held.id,
        type=held.type,
        d={**held.d, "review": review},
        actor=held.actor,
        act=held.act,
        obj=review,
        pol=held.pol,
        enforced=held.enforced,
    )
