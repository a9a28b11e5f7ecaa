"""What is told of a review outside the console: all of the card, no value, and nothing that misleads the eye."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.an_office import PATIENTS
from tests.channels.a_chat import BY_SLACK, URL, Chat, chat
from tests.desk.a_review import narrow
from tests.stores.a_store import NOW

from interlock.channels.notice import Notice
from interlock.channels.notice_of import plain, state_line
from interlock.errors import NotFound
from interlock.model.action import EnforcedBy
from interlock.model.channels import card_id
from interlock.model.decision import Quorum, Requirements
from interlock.model.label import Label
from interlock.model.names import (
    ActionId,
    ActorId,
    ConnectionName,
    Digest,
    EntryId,
    GroupName,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.narrowing import Narrowing
from interlock.model.review import Presence, Review, ReviewState, Verdict, Vote
from interlock.model.template import Leaf, Template
from interlock.review.visible import visible


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Chat]:
    async with chat(tmp_path) as opened:
        yield opened


async def notice(here: Chat, review: Review) -> Notice:
    return await here.answering.notices.of(review.id)


def facts(of: Notice) -> dict[str, str]:
    return {fact.name: fact.text for fact in of.facts}


async def test_a_notice_says_what_the_card_says_in_the_order_of_asking(here: Chat) -> None:
    review, _ = await here.held(reason_given="the ward asked", ticket_given="OPS-1")
    told = await notice(here, review)
    assert told.title == "agent etl asks to export and read clinic/public.patients"
    assert [fact.name for fact in told.facts] == [
        "Who",
        "Where",
        "Does",
        "Touches",
        "Sensitive",
        "Comes back",
        "Size",
        "On yes",
        "Sign by",
        "Enforced by",
    ]
    said = facts(told)
    assert said["Who"] == "agent etl, answered for by olivia"
    assert said["Where"] == "clinic (production, hipaa)"
    assert said["Does"] == "sql.copy_out, sql.select"
    assert said["Touches"] == f"{PATIENTS.id} (relation) [phi.mrn]"
    assert said["Sensitive"] == "phi.mrn"
    assert said["Comes back"].startswith("1 column, ") and "mrn" in said["Comes back"]
    assert said["On yes"] == "Exactly this may run once within 10 minutes."
    assert told.because == ("Exports are signed for. (exports-are-signed)",)
    assert (told.said, told.ticket, told.asks) == ("the ward asked", "OPS-1", "1 of officers")
    assert told.code == ("COPY patients TO STDOUT",)
    assert (told.url, told.card) == (f"{URL}/reviews/{review.id}", card_id(review.id, review.card_digest))
    assert told.whole and told.channels == {"slack"} and told.enforced_by == "gateway"


async def test_that_nobody_waits_for_it_is_said_while_it_can_run(here: Chat) -> None:
    attached, _ = await here.held("COPY a TO STDOUT")
    assert "Runs" not in facts(await notice(here, attached))
    review, _ = await here.held("COPY b TO STDOUT", deferred=True)
    told = facts(await notice(here, review))
    assert told["Runs"] == "by itself when approved: nobody waits for it"
    await here.office.vote(review, "dana", Verdict.DENY)
    assert "Runs" not in facts(await notice(here, review))


async def test_what_must_not_be_overlooked_is_said(here: Chat) -> None:
    review, action = await here.held("COPY a TO STDOUT")
    exposure = replace(action.exposures[0], unbounded=True, opaque=True, opaque_because=("it calls f",))
    review, _ = await here.held("COPY b TO STDOUT", exposures=(exposure,), enforced_by=EnforcedBy.CALLER)
    told = await notice(here, review)
    cautions = [fact.text for fact in told.facts if fact.name == "Take care"]
    assert [each.split(":")[0] for each in cautions] == ["Unbounded", "Opaque", "Enforced by caller"]
    assert "it calls f" in cautions[1] and told.enforced_by == "caller"


async def test_hidden_leaves_are_their_label_mark_and_length_and_nothing_labelled_is_shown(here: Chat) -> None:
    leaves = (
        Leaf(None, "text", Label("phi.mrn"), "5-8", "#1"),
        Leaf("10", "number", None, "1-4", "#2"),
        Leaf("ward", "text", None, "1-4", "#3"),
        Leaf("CANARY", "text", Label("phi.name"), "5-8", "#4"),
        Leaf(None, "null", None, "", ""),
    )
    template = Template(("SELECT\n\ta(", ", ", ", ", ", ", ", ", ")"), leaves)
    review, _ = await here.held(templates=(template,))
    (code,) = (await notice(here, review)).code
    assert code == "SELECT\n\ta(‹phi.mrn #1 5-8 characters›, 10, 'ward', ‹phi.name #4 5-8 characters›, ‹null›)"


async def test_the_askers_words_are_one_plain_line_with_the_unseen_marked(here: Chat) -> None:
    words = (
        "first\nsecond\r\n\N{RIGHT-TO-LEFT OVERRIDE}x\N{ZERO WIDTH SPACE}<!channel> <http://evil.test|Approve>\x1b[2J"
    )
    review, _ = await here.held(reason_given=words, ticket_given="a\nb")
    told = await notice(here, review)
    assert told.said == "first␤second␤⟨U+202E⟩x⟨U+200B⟩<!channel> <http://evil.test|Approve>⟨U+001B⟩[2J"
    assert told.ticket == "a␤b"


@given(st.text(), st.one_of(st.none(), st.integers(1, 40)))
def test_plain_text_is_one_line_that_can_be_seen(text: str, most: int | None) -> None:
    shown = plain(text, most)
    assert "\n" not in shown and "\r" not in shown and visible(shown) == shown
    assert most is None or len(shown) <= most
    assert plain(shown, most) == shown


async def test_a_card_that_cannot_be_read_says_no_more_than_who_and_where(here: Chat) -> None:
    review, _ = await here.held()
    made = here.answering.notices

    class Torn:
        """The desk, where the seal of a card doesn't hold."""

        def __getattr__(self, name: str) -> object:
            return getattr(made.desk, name)

        async def review(self, _: ReviewId) -> Review:
            return review

        async def votes(self, _: ReviewId) -> list[Vote]:
            return []

        async def card(self, _: ReviewId) -> object:
            raise NotFound("gone")

    told = await replace(made, desk=Torn()).of(review.id)  # type: ignore[arg-type]
    assert not told.whole and told.code == () and told.said == ""
    assert "can't be shown whole" in told.title and "the seal" in facts(told)["Take care"]
    assert told.card == card_id(review.id, review.card_digest)


async def test_votes_are_told_without_their_reasons_and_void_ones_as_void(tmp_path: Path) -> None:
    async with chat(tmp_path, BY_SLACK.replace("officers:1", "officers:2")) as here:
        mine = await here.link("dana")
        review, _ = await here.held()
        assert (await here.answering.vote(mine, await here.card(review), Verdict.APPROVE, "CANARY words")).counted
        told = await notice(here, review)
        assert told.answers == ("dana approved by slack",)
        assert told.state_line == "Waiting for sign-off; dana approved so far"
        before = told.card
        await narrow(here.office, review, "remy", Narrowing(valid=timedelta(minutes=1)))
        told = await notice(here, review)
        assert told.card != before and told.state_line == "Waiting for sign-off"
        assert all("it doesn't count" in each for each in told.answers)
        assert any("Narrowed by remy" in fact.text for fact in told.facts)
        assert "CANARY" not in repr(told)


# -- where it stands --------------------------------------------------------------------------------------------------

CARD, OTHER = Digest("c" * 64), Digest("0" * 64)


def at(state: ReviewState, *, approved: bool = False) -> Review:
    asked = Requirements((Quorum(GroupName("officers"), 1),), NOW - NOW, NOW - NOW)
    return Review(
        id=ReviewId("r"),
        action=ActionId("a"),
        actor=ActorId("etl"),
        connection=ConnectionName("clinic"),
        state=state,
        digest=Digest("d" * 64),
        card_digest=CARD,
        requirements=asked,
        excluded=frozenset(),
        opened_at=NOW,
        expires_at=NOW,
        approved_until=NOW if approved else None,
        opened_entry=EntryId("e"),
    )


def vote(who: str, verdict: Verdict = Verdict.APPROVE, card: Digest = CARD) -> Vote:
    return Vote(
        review=ReviewId("r"),
        person=PersonId(who),
        verdict=verdict,
        action_digest=Digest("d" * 64),
        card_digest=card,
        presence=Presence.CONSOLE,
        key=KeyId("k"),
        entry=EntryId("e"),
        at=NOW,
    )


TWO = (vote("dana"), vote("remy"))
NO = (vote("dana"), vote("olivia", Verdict.DENY))


@pytest.mark.parametrize(
    ("review", "votes", "said"),
    [
        (at(ReviewState.PENDING), (), "Waiting for sign-off"),
        (at(ReviewState.APPROVED), TWO, "Approved by dana and remy; not run yet"),
        (at(ReviewState.APPROVED), (*TWO, vote("olivia")), "Approved by dana, remy and olivia; not run yet"),
        (
            at(ReviewState.APPROVED),
            (*TWO, vote("olivia", card=OTHER)),
            "Approved by dana and remy; not run yet",
        ),
        (replace(at(ReviewState.APPROVED), uses_left=0), TWO, "Approved by dana and remy; ran 1 of 1 times"),
        (at(ReviewState.RELEASED), TWO, "Approved by dana and remy; running"),
        (at(ReviewState.SUCCEEDED), TWO, "Ran: succeeded. Approved by dana and remy"),
        (at(ReviewState.FAILED), TWO[:1], "Ran: failed. Approved by dana"),
        (at(ReviewState.ROLLED_BACK), TWO[:1], "Ran: rolled back. Approved by dana"),
        (at(ReviewState.UNKNOWN), TWO[:1], "Released: outcome unknown. Approved by dana"),
        (at(ReviewState.DENIED), NO, "Denied by olivia"),
        (at(ReviewState.EXPIRED), (), "Expired unanswered"),
        (at(ReviewState.EXPIRED), TWO[:1], "Expired: only dana approved in time"),
        (at(ReviewState.EXPIRED, approved=True), TWO, "Approved by dana and remy; the approval ran out"),
        (at(ReviewState.WITHDRAWN), (), "Withdrawn by who asked"),
        (at(ReviewState.SUPERSEDED), TWO, "Superseded: as it stands here it never runs"),
    ],
)
def test_where_it_stands(review: Review, votes: tuple[Vote, ...], said: str) -> None:
    assert state_line(review, votes) == said


def test_a_broken_glass_is_said() -> None:
    assert state_line(at(ReviewState.APPROVED), (), "gil") == "The glass was broken by gil; not run yet"
