"""The fold of what people did to a review besides voting: narrowing, breaking its glass, looking at it afterwards."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.ledger.making import CARD, DIGEST, Node, draft, uuid

from interlock.ledger import authority as fold
from interlock.ledger.authorised import Opened, Settled
from interlock.ledger.authority import Authority
from interlock.model.canonical import JsonValue
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ReviewId

REVIEW = ReviewId(uuid(7))
NARROWED, NEW_CARD = "1" * 64, "2" * 64


class Story:
    """A node's flushes, folded as they become durable."""

    def __init__(self) -> None:
        self.node = Node()
        self.authority = Authority()

    def add(self, *drafts: Draft) -> None:
        for entry in self.node.flush(*drafts):
            self.authority.apply(entry)

    def opened(self) -> Opened:
        found = self.authority.opened(REVIEW)
        assert found is not None
        return found

    def voters(self) -> list[str]:
        return [vote.person for vote in self.authority.votes(REVIEW)]

    def count(self) -> int:
        found = self.authority.roster.passkey("cred")
        assert found is not None
        return found.count


@pytest.fixture
def story() -> Story:
    made = Story()
    made.add(opened())
    return made


def opened(review: str = REVIEW, **more: JsonValue) -> Draft:
    plain = draft(EntryType.REVIEW_OPENED, obj=review, card=CARD)
    return replace(plain, d={**plain.d, "valid": 600, **more})


def vote(person: str, settles: str = "", *, digest: str = DIGEST, card: str = CARD, verdict: str = "approve") -> Draft:
    plain = draft(EntryType.VOTE_CAST, obj=REVIEW, digest=digest, card=card, person=person)
    return replace(plain, d={**plain.d, "settles": settles, "verdict": verdict})


def narrowed(
    previous: str = DIGEST,
    to: str = NARROWED,
    card: str = NEW_CARD,
    *,
    valid: int = 60,
    answer: Mapping[str, str] | None = None,
) -> Draft:
    plain = draft(EntryType.REVIEW_NARROWED, obj=REVIEW, previous=previous, digest=to, card=card, valid=valid)
    return replace(plain, d={**plain.d, **(answer or {})})


def broken(review: str = REVIEW, *, digest: str = DIGEST, card: str = CARD, person: str = "gil", **more: str) -> Draft:
    plain = draft(EntryType.BREAK_GLASS_USED, obj=review, digest=digest, card=card, person=person, group="on-call")
    return replace(plain, d={**plain.d, **more})


def looked(review: str = REVIEW, justified: str = "yes") -> Draft:
    return draft(EntryType.BREAK_GLASS_REVIEWED, obj=review, justified=justified)


def assertion(count: int) -> Mapping[str, str]:
    data = base64.urlsafe_b64encode(b"h" * 32 + b"\x05" + count.to_bytes(4)).rstrip(b"=").decode()
    return {"credential": "cred", "authenticator_data": data, "client_data": "e30", "signature": "AA"}


def registered(count: int = 1) -> Draft:
    plain = draft(EntryType.IDENTITY_CHANGED, obj="gil", what=IdentityChange.PASSKEY_ADDED.value, by="gil")
    return replace(plain, d={**plain.d, "credential": "cred", "public_key": "AQID", "count": count, "name": "Laptop"})


# -- narrowing ---------------------------------------------------------------------------------------------------------


def test_a_narrowing_clears_the_votes_and_makes_another_card(story: Story) -> None:
    story.add(vote("bea"), vote("cy"))
    before = story.opened()
    story.add(narrowed())
    after = story.opened()
    assert story.voters() == []
    assert (after.digest, after.card, after.base) == (NARROWED, NEW_CARD, DIGEST)
    assert after.requirements == replace(before.requirements, valid=timedelta(seconds=60))
    assert (after.excluded, after.expires_at, after.entry) == (before.excluded, before.expires_at, before.entry)
    story.add(vote("bea", "approved", digest=NARROWED, card=NEW_CARD))
    assert story.voters() == ["bea"] and story.authority.approved_at(REVIEW) == story.node.now


@pytest.mark.parametrize(("digest", "card"), [(DIGEST, CARD), (NARROWED, CARD), (DIGEST, NEW_CARD)])
@pytest.mark.parametrize(("settles", "verdict"), [("approved", "approve"), ("denied", "deny")])
def test_a_vote_for_the_card_before_counts_for_nothing(
    story: Story, digest: str, card: str, settles: str, verdict: str
) -> None:
    story.add(narrowed(), vote("bea", settles, digest=digest, card=card, verdict=verdict))
    assert story.voters() == []
    assert story.authority.approved_at(REVIEW) is None and story.authority.settled(REVIEW) is None


def test_a_narrowing_after_the_approval_changes_nothing(story: Story) -> None:
    story.add(vote("bea", "approved"))
    before, at = story.opened(), story.node.now
    story.add(narrowed())
    assert story.opened() == before and story.voters() == ["bea"]
    assert story.authority.approved_at(REVIEW) == at


def test_one_after_the_glass_was_broken_changes_nothing_either(story: Story) -> None:
    story.add(broken())
    before = story.opened()
    story.add(narrowed())
    assert story.opened() == before


def test_narrowings_follow_one_another_and_none_is_of_another_card(story: Story) -> None:
    story.add(narrowed("3" * 64, "4" * 64))
    assert story.opened().digest == DIGEST
    story.add(narrowed(), narrowed(DIGEST, "4" * 64))  # the second says it is of the card before the first
    assert story.opened().digest == NARROWED
    story.add(narrowed(NARROWED, "5" * 64, "6" * 64))
    assert (story.opened().digest, story.opened().card, story.opened().base) == ("5" * 64, "6" * 64, DIGEST)


def test_a_narrowing_never_lengthens_an_approval_nor_its_runs(story: Story) -> None:
    other = Story()
    other.add(opened(uses=3), narrowed(valid=6000))
    asked = other.opened().requirements
    assert asked.valid == timedelta(seconds=600)
    assert asked.reuse is not None and (asked.reuse.times, asked.reuse.within) == (3, asked.valid)
    other.add(narrowed(NARROWED, "5" * 64, valid=60))
    reuse = other.opened().requirements.reuse
    assert reuse is not None and (reuse.times, reuse.within) == (3, timedelta(seconds=60))


@pytest.mark.parametrize("entry", [EntryType.REVIEW_EXPIRED, EntryType.REVIEW_WITHDRAWN, EntryType.REVIEW_SUPERSEDED])
def test_a_settled_review_is_neither_narrowed_nor_broken(story: Story, entry: EntryType) -> None:
    story.add(draft(entry, obj=REVIEW), narrowed(), broken())
    assert story.authority.opened(REVIEW) is None
    assert story.authority.approved_at(REVIEW) is None and story.authority.glass() == ()


def test_what_was_never_opened_is_neither_narrowed_nor_broken() -> None:
    story = Story()
    story.add(narrowed(), broken(), looked())
    assert story.authority.opened(REVIEW) is None and story.authority.glass() == ()


# -- broken glass ------------------------------------------------------------------------------------------------------


def test_broken_glass_approves_and_says_who_and_for_what(story: Story) -> None:
    story.add(broken(**assertion(7)))
    at, found = story.node.now, story.authority.broken(REVIEW)
    assert story.authority.approved_at(REVIEW) == at and found is not None
    assert (found.review, found.at, found.person, found.group) == (REVIEW, at, "gil", "on-call")
    assert (found.digest, found.card, found.credential, found.reviewed) == (DIGEST, CARD, "cred", None)
    assert (found.excluded, found.requirements) == (story.opened().excluded, story.opened().requirements)
    assert story.authority.glass() == (found,)
    assert story.voters() == []  # nobody has signed


@pytest.mark.parametrize(("digest", "card"), [(NARROWED, CARD), (DIGEST, NEW_CARD)])
def test_glass_broken_for_another_card_stays_whole(story: Story, digest: str, card: str) -> None:
    story.add(broken(digest=digest, card=card))
    assert story.authority.approved_at(REVIEW) is None and story.authority.broken(REVIEW) is None


def test_after_a_narrowing_it_is_broken_for_the_new_card_only(story: Story) -> None:
    story.add(narrowed(), broken())
    assert story.authority.broken(REVIEW) is None
    story.add(broken(digest=NARROWED, card=NEW_CARD))
    assert story.authority.broken(REVIEW) is not None


def test_it_is_broken_once_and_not_after_the_approval(story: Story) -> None:
    story.add(broken())
    at = story.node.now
    story.add(broken(person="hal"))
    found = story.authority.broken(REVIEW)
    assert found is not None and (found.person, found.at) == ("gil", at)
    other = Story()
    other.add(opened(), vote("bea", "approved"), broken())
    assert other.authority.broken(REVIEW) is None


def test_a_denial_settles_it_all_the_same(story: Story) -> None:
    story.add(broken(), vote("bea", "denied", verdict="deny"))
    assert story.authority.settled(REVIEW) is Settled.DENIED and story.authority.opened(REVIEW) is None
    assert story.authority.broken(REVIEW) is not None  # it still waits to be looked at


@pytest.mark.parametrize(("first", "second", "kept"), [("yes", "no", True), ("no", "yes", False)])
def test_it_is_looked_at_once(story: Story, first: str, second: str, kept: bool) -> None:
    story.add(looked(justified=second))  # before there is anything to look at
    story.add(broken())
    assert [each.reviewed for each in story.authority.glass()] == [None]
    story.add(looked(justified=first), looked(justified=second))
    assert [each.reviewed for each in story.authority.glass()] == [kept]


def test_only_reviewed_ones_are_forgotten_and_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "KEEP_GLASS", 3)
    story, reviews = Story(), [ReviewId(uuid(100 + number)) for number in range(7)]

    def break_next(*numbers: int) -> list[int]:
        for number in numbers:
            story.add(opened(reviews[number]), broken(reviews[number]))
        return [reviews.index(each.review) for each in story.authority.glass()]

    assert break_next(0, 1, 2, 3, 4) == [0, 1, 2, 3, 4]  # nobody has looked at any: none is forgotten
    story.add(looked(reviews[1]), looked(reviews[3], "no"))
    assert break_next(5) == [0, 2, 4, 5]
    story.add(looked(reviews[5]))
    assert break_next(6) == [0, 2, 4, 6]
    assert story.authority.broken(reviews[5]) is None and story.authority.broken(reviews[0]) is not None


# -- passkeys' counters ------------------------------------------------------------------------------------------------


def test_a_counter_grows_by_votes_narrowings_and_broken_glass(story: Story) -> None:
    story.add(registered(1))
    plain = vote("gil")
    story.add(replace(plain, d={**plain.d, **assertion(4)}))
    assert story.count() == 4
    story.add(narrowed(answer=assertion(9)))
    assert story.count() == 9
    story.add(broken(digest=NARROWED, card=NEW_CARD, **assertion(12)))
    assert story.count() == 12


def test_it_never_goes_back_and_what_counts_for_nothing_leaves_it(story: Story) -> None:
    story.add(registered(9), narrowed(answer=assertion(3)))
    assert story.count() == 9
    story.add(broken(**assertion(30)), narrowed(answer=assertion(40)))  # both for the card before
    assert story.count() == 9
