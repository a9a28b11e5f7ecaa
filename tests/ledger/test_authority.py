from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.ledger.making import CARD, DIGEST, Node, draft, uuid

from interlock.ledger.authorised import KeyKind, Settled
from interlock.ledger.authority import Authority
from interlock.ledger.fields import format_time
from interlock.ledger.requirements import fields
from interlock.model.canonical import JsonValue
from interlock.model.decision import Quorum, Requirements, Reuse
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, GroupName, KeyId, ReviewId
from interlock.model.review import Presence, Verdict

REVIEW = ReviewId(uuid(7))
ACT = uuid(5)
A, B = GroupName("a"), GroupName("b")


class Story:
    """A node's flushes, folded as they become durable."""

    def __init__(self) -> None:
        self.node = Node()
        self.authority = Authority()

    def add(self, *drafts: Draft) -> None:
        for entry in self.node.flush(*drafts):
            self.authority.apply(entry)


def opened(number: int = 1, obj: str = REVIEW, d: Mapping[str, JsonValue] | None = None) -> Draft:
    plain = draft(EntryType.REVIEW_OPENED, number, obj=obj, card=CARD)
    return replace(plain, d={**plain.d, **(d or {})})


def vote(person: str, settles: str = "", verdict: str = "approve", *, digest: str = DIGEST, card: str = CARD) -> Draft:
    return draft(
        EntryType.VOTE_CAST, 2, obj=REVIEW, digest=digest, card=card, person=person, settles=settles, verdict=verdict
    )


def released(review: str = REVIEW) -> Draft:
    return draft(EntryType.ACTION_RELEASED, 3, act=ACT, obj=review, review=review, digest=DIGEST if review else "")


def run(use: int) -> Draft:
    """A numbered run, of an action of its own."""
    act = uuid(50 + use)
    return draft(EntryType.ACTION_RELEASED, 50 + use, act=act, obj=REVIEW, review=REVIEW, digest=DIGEST, use=use)


def ended(review: str = REVIEW) -> Draft:
    return draft(EntryType.ACTION_ENDED, 4, act=ACT, review=review)


def test_nothing_is_authorised_at_first() -> None:
    authority = Authority()
    assert authority.bundle is None
    assert authority.key(KeyId("k")) is None
    assert authority.opened(REVIEW) is None
    assert authority.votes(REVIEW) == ()
    assert authority.approved_at(REVIEW) is None
    assert authority.settled(REVIEW) is None
    assert not authority.released(REVIEW)
    assert authority.unended() == ()


def test_a_review_from_its_opening_to_its_end() -> None:
    story = Story()
    story.add(opened())
    authority = story.authority
    found = authority.opened(REVIEW)
    assert found is not None
    assert (found.entry, found.at, found.action) == (uuid(1), story.node.now, ACT)
    assert (found.digest, found.card, found.uses) == (DIGEST, CARD, 1)
    assert found.requirements == Requirements(
        (Quorum(GroupName("text"), 3),), found.expires_at - found.at, timedelta(seconds=3)
    )
    assert found.excluded == {"one", "two"}
    assert found.expires_at == datetime(2026, 11, 22, 3, tzinfo=UTC)

    story.add(vote("bea"))
    assert authority.approved_at(REVIEW) is None
    story.add(vote("cy", "approved"))
    assert [(v.person, v.verdict, v.presence) for v in authority.votes(REVIEW)] == [
        ("bea", Verdict.APPROVE, Presence.TOKEN),
        ("cy", Verdict.APPROVE, Presence.TOKEN),
    ]
    assert authority.approved_at(REVIEW) == story.node.now
    assert authority.settled(REVIEW) is None

    story.add(released())
    assert authority.released(REVIEW)
    assert authority.settled(REVIEW) is Settled.RELEASED
    assert authority.unended() == ((ActionId(ACT), REVIEW),)
    assert authority.opened(REVIEW) is not None

    story.add(ended())
    assert authority.unended() == ()
    assert authority.opened(REVIEW) is None
    assert authority.votes(REVIEW) == ()
    assert authority.released(REVIEW)


def test_all_that_must_be_signed_is_read_from_the_entry() -> None:
    asked = Requirements(
        quorums=(Quorum(A, 2), Quorum(B, 1)),
        expires=timedelta(minutes=30),
        valid=timedelta(minutes=10),
        any_of=((Quorum(A, 1), Quorum(B, 2)), (Quorum(B, 1),)),
        stages=(((Quorum(A, 1), Quorum(B, 1)), (Quorum(B, 3),)), ((Quorum(B, 1),),)),
        reuse=Reuse(3, timedelta(minutes=10)),
        channels=frozenset({"slack", "teams"}),
    )
    story = Story()
    expires_at = format_time(story.node.now + timedelta(seconds=1) + asked.expires)
    story.add(opened(d={**fields(asked), "valid": 600, "expires_at": expires_at}))
    found = story.authority.opened(REVIEW)
    assert found is not None and found.requirements == asked
    assert found.uses == 3


def test_an_approval_for_several_runs_is_used_up_by_the_last() -> None:
    story = Story()
    story.add(opened(d={"uses": 2}), vote("bea", "approved"))
    authority = story.authority
    story.add(run(1))
    assert (authority.runs(REVIEW), authority.settled(REVIEW)) == (1, None)
    assert authority.approved_at(REVIEW) is not None
    story.add(run(2))
    assert (authority.runs(REVIEW), authority.settled(REVIEW)) == (2, Settled.RELEASED)
    assert authority.unended() == ((ActionId(uuid(51)), REVIEW), (ActionId(uuid(52)), REVIEW))
    story.add(draft(EntryType.ACTION_ENDED, 6, act=uuid(52), review=REVIEW))
    assert authority.opened(REVIEW) is not None  # its first run goes on
    story.add(draft(EntryType.ACTION_UNKNOWN, 7, act=uuid(51), review=REVIEW))
    assert authority.opened(REVIEW) is None and authority.unended() == ()


def test_an_approval_that_expires_between_its_runs_is_over() -> None:
    story = Story()
    story.add(opened(d={"uses": 3}), vote("bea", "approved"), run(1), draft(EntryType.REVIEW_EXPIRED, obj=REVIEW))
    assert story.authority.settled(REVIEW) is Settled.EXPIRED
    assert story.authority.unended() == ((ActionId(uuid(51)), REVIEW),)
    story.add(draft(EntryType.ACTION_ENDED, 6, act=uuid(51), review=REVIEW))
    assert story.authority.unended() == ()
    assert story.authority.settled(REVIEW) is Settled.EXPIRED


def test_an_unknown_end_is_an_end_and_a_late_outcome_changes_nothing() -> None:
    story = Story()
    story.add(released(""))
    assert story.authority.unended() == ((ActionId(ACT), ReviewId("")),)
    story.add(draft(EntryType.ACTION_UNKNOWN, act=ACT, review=""))
    assert story.authority.unended() == ()
    story.add(ended(""))
    assert story.authority.unended() == ()


@pytest.mark.parametrize(
    ("entry", "how"),
    [
        (vote("dee", "denied", "deny"), Settled.DENIED),
        (draft(EntryType.REVIEW_EXPIRED, obj=REVIEW), Settled.EXPIRED),
        (draft(EntryType.REVIEW_WITHDRAWN, obj=REVIEW), Settled.WITHDRAWN),
        (draft(EntryType.REVIEW_SUPERSEDED, obj=REVIEW), Settled.SUPERSEDED),
    ],
)
def test_a_settled_review_is_settled_for_ever(entry: Draft, how: Settled) -> None:
    story = Story()
    story.add(opened(), vote("bea", "approved"), entry)
    assert story.authority.settled(REVIEW) is how
    assert story.authority.opened(REVIEW) is None
    story.add(opened(9), vote("cy", "approved"), draft(EntryType.REVIEW_EXPIRED, obj=REVIEW))
    assert story.authority.opened(REVIEW) is None
    assert story.authority.approved_at(REVIEW) is None
    assert story.authority.settled(REVIEW) is how


def test_what_was_released_stays_released() -> None:
    story = Story()
    story.add(opened(), vote("bea", "approved"), released(), vote("dee", "denied", "deny"))
    assert story.authority.settled(REVIEW) is Settled.RELEASED
    assert [v.person for v in story.authority.votes(REVIEW)] == ["bea"]


def test_a_vote_for_another_card_or_action_counts_for_nothing() -> None:
    story = Story()
    story.add(opened(), vote("bea", "approved", digest="0" * 64), vote("cy", "approved", card="0" * 64))
    story.add(vote("dee", "denied", "deny", card="0" * 64))
    assert story.authority.votes(REVIEW) == ()
    assert story.authority.approved_at(REVIEW) is None
    assert story.authority.settled(REVIEW) is None


def test_a_vote_on_a_review_that_was_never_opened_counts_for_nothing() -> None:
    story = Story()
    story.add(vote("bea", "approved"))
    story.add(opened())
    assert story.authority.votes(REVIEW) == ()


def test_a_review_is_opened_once() -> None:
    story = Story()
    story.add(opened(1), vote("bea"), draft(EntryType.REVIEW_OPENED, 2, obj=REVIEW, card="0" * 64))
    found = story.authority.opened(REVIEW)
    assert found is not None and found.card == CARD
    assert len(story.authority.votes(REVIEW)) == 1


def issued(key: str, expires_at: str = "", hash_: str = DIGEST, kind: str = "actor") -> Draft:
    return draft(EntryType.KEY_ISSUED, 1, obj=key, kind=kind, expires_at=expires_at, hash=hash_)


def test_a_key_lives_from_its_issue_to_its_revocation() -> None:
    story = Story()
    story.add(issued("k1", "2026-12-01T00:00:00.000000Z"))
    record = story.authority.key(KeyId("k1"))
    assert record is not None
    assert (record.key, record.kind, record.holder, record.hash) == ("k1", KeyKind.ACTOR, "text", DIGEST)
    assert record.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    story.add(draft(EntryType.KEY_REVOKED, obj="k1"))
    assert story.authority.key(KeyId("k1")) is None


def test_a_revoked_key_is_never_issued_anew_nor_a_live_one_replaced() -> None:
    story = Story()
    story.add(issued("k1"), issued("k1", hash_="0" * 64))
    record = story.authority.key(KeyId("k1"))
    assert record is not None and record.hash == DIGEST
    story.add(draft(EntryType.KEY_REVOKED, obj="k1"), issued("k1"))
    assert story.authority.key(KeyId("k1")) is None


def test_long_expired_keys_are_forgotten() -> None:
    story = Story()
    story.add(issued("old", "2026-11-22T02:30:00.000000Z", kind="sign_in"), issued("kept"))
    assert story.authority.key(KeyId("old")) is not None
    story.node.now += timedelta(days=2)
    story.add(issued("new"))
    assert story.authority.key(KeyId("old")) is None
    assert story.authority.key(KeyId("kept")) is not None


def test_the_last_bundle_loaded_is_in_force() -> None:
    story = Story()
    story.add(draft(EntryType.POLICY_LOADED, bundle="1" * 64))
    story.add(draft(EntryType.POLICY_LOADED, bundle="2" * 64))
    assert story.authority.bundle == "2" * 64


def test_other_types_change_nothing_and_are_known_to() -> None:
    for type_ in EntryType:
        if type_ in Authority.reads or type_ is EntryType.NODE_SEAL:
            continue
        story = Story()
        story.add(opened(), draft(type_, 9, obj=REVIEW if type_.startswith(("review.", "vote.")) else ""))
        assert story.authority.opened(REVIEW) is not None
        assert story.authority.settled(REVIEW) is None
        assert story.authority.unended() == ()


def test_memory_does_not_grow_with_what_is_over() -> None:
    story = Story()
    for number in range(50):
        review, act = uuid(1000 + number), uuid(2000 + number)
        story.add(
            draft(EntryType.REVIEW_OPENED, obj=review, act=act),
            draft(EntryType.ACTION_RELEASED, obj=review, act=act, review=review),
            draft(EntryType.ACTION_ENDED, act=act, review=review),
        )
        assert story.authority.released(ReviewId(review))
    authority = story.authority
    assert not authority._open and not authority._unended
    assert {type(review) for review in authority._settled} == {bytes}
