"""A reviewer takes something away: another digest, earlier votes gone, and what runs is what was signed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Again, Office, office
from tests.desk.a_review import OneKey, by, entries, held, narrow, under, with_desk
from tests.stores.a_store import write_raw

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled
from interlock.gate import Cleared, Held
from interlock.identity.passkeys import terms_digest
from interlock.model.label import Label
from interlock.model.narrowing import Narrowing
from interlock.model.reveal import Reveal
from interlock.model.review import Presence, ReviewState

MRN = Reveal("clinic/public.patients.mrn", Label("phi.mrn"))
REVEALS = 'permit (principal, action in Interlock::Action::"reveal", resource);'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, '@review("officers:2")', f'@id("see") {REVEALS}')


async def test_a_narrowed_action_runs_under_its_terms(desk: Office) -> None:
    review, action = await held(desk, cappable=True, reveals=frozenset({MRN}))
    before = await desk.desk.card(review.id)
    assert before.content["outputs"] == [{"name": "mrn", "labels": ["phi.mrn"], "masked": False}]
    terms = Narrowing(row_cap=10, reveals=frozenset(), valid=timedelta(minutes=1))
    narrowed = await narrow(desk, review, "ann", terms)
    card = await desk.desk.card(review.id)
    assert (narrowed.digest, narrowed.card_digest) == (card.action_digest, card.card_digest)
    assert card.action_digest != before.action_digest
    shown = card.content
    assert (shown["row_cap"], shown["reveals"], shown["valid_seconds"]) == (10, [], 60)
    assert shown["outputs"] == [{"name": "mrn", "labels": ["phi.mrn"], "masked": True}]
    assert shown["narrowed"] == {"by": ["ann"]}
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared)
    obligations = answer.release.obligations
    assert (obligations.row_cap, obligations.reveal) == (10, frozenset())
    assert "phi.mrn" in obligations.mask


async def test_earlier_votes_count_no_more_and_may_be_cast_anew(desk: Office) -> None:
    review, _ = await held(desk, cappable=True)
    await desk.vote(review, "ann")
    await narrow(desk, review, "bob", Narrowing(row_cap=5))
    assert (await desk.vote(review, "bob")).state is ReviewState.PENDING
    assert (await desk.vote(review, "ann")).state is ReviewState.APPROVED


async def test_a_vote_for_the_card_before_is_refused(desk: Office) -> None:
    review, _ = await held(desk, cappable=True)
    before = await desk.ballot(review)
    await narrow(desk, review, "bob", Narrowing(row_cap=5))
    with pytest.raises(Conflict):
        await desk.desk.vote(review.id, desk.voter("ann"), before)
    assert (await entries(desk, "vote.refused"))[-1]["because"] == "digests of another card"


async def test_terms_add_up_and_never_give_back(desk: Office) -> None:
    review, action = await held(desk, cappable=True)
    await narrow(desk, review, "bob", Narrowing(row_cap=5))
    await narrow(desk, review, "ann", Narrowing(valid=timedelta(minutes=2)))
    with pytest.raises(Conflict):
        await narrow(desk, review, "ann", Narrowing(row_cap=6))
    content = (await desk.desk.card(review.id)).content
    assert (content["row_cap"], content["valid_seconds"]) == (5, 120)
    assert content["narrowed"] == {"by": ["bob", "ann"]}
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    desk.clock.forward(minutes=3)
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and "run out" in answer.reasons[0].sentence


@pytest.mark.parametrize(
    "terms",
    [
        Narrowing(),
        Narrowing(row_cap=-1),
        Narrowing(reveals=frozenset({MRN})),
        Narrowing(valid=timedelta(hours=1)),
        Narrowing(valid=timedelta()),
        Narrowing(valid=timedelta(minutes=10)),
    ],
)
async def test_what_adds_or_takes_nothing_away_is_refused(desk: Office, terms: Narrowing) -> None:
    review, _ = await held(desk, cappable=True)
    with pytest.raises(Conflict):
        await narrow(desk, review, "ann", terms)
    assert await entries(desk, "review.narrowed") == []


async def test_rows_that_nobody_can_count_are_not_capped(desk: Office) -> None:
    review, _ = await held(desk)
    with pytest.raises(Conflict) as refused:
        await narrow(desk, review, "ann", Narrowing(row_cap=5))
    assert refused.value.code == "not_cappable"


@pytest.mark.parametrize("name", ["olivia", "cat", "eve"])
async def test_only_who_may_approve_now_narrows(desk: Office, name: str) -> None:
    review, _ = await held(desk, cappable=True)
    with pytest.raises(NotEntitled):
        await narrow(desk, review, name, Narrowing(row_cap=5))


async def test_an_approved_review_is_not_narrowed(desk: Office) -> None:
    review, _ = await held(desk, cappable=True)
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    with pytest.raises(Conflict):
        await narrow(desk, review, "ann", Narrowing(row_cap=5))


async def test_a_passkey_signs_the_terms(desk: Office) -> None:
    review, _ = await held(desk, cappable=True)
    keys, terms = OneKey({"ann"}), Narrowing(row_cap=5)
    desk = with_desk(desk, passkeys=keys)
    with pytest.raises(AuthenticationFailed):
        await narrow(desk, review, "ann", terms)
    await narrow(desk, review, "ann", terms, by(desk, "ann", Presence.CONSOLE, proven=True))
    assert keys.asked == [("narrow", terms_digest(terms))]
    (said,) = await entries(desk, "review.narrowed")
    assert (said["presence"], said["credential"], said["row_cap"]) == ("webauthn", "cred", 5)


async def test_the_seal_from_before_put_back_into_the_store_releases_nothing(desk: Office, tmp_path: Path) -> None:
    review, action = await held(desk, cappable=True)
    stored = await desk.store.records.sealed(review.id)
    assert stored is not None
    await narrow(desk, review, "ann", Narrowing(row_cap=5))
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    write_raw(
        tmp_path / "interlock.db",
        f"UPDATE il_review SET sealed_payload = x'{stored[0].hex()}', sealed_card = x'{stored[1].hex()}'",
    )
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_a_narrowed_action_that_means_something_else_by_now_is_held_anew(desk: Office) -> None:
    review, action = await held(desk, cappable=True)
    await narrow(desk, review, "ann", Narrowing(row_cap=5))
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    answer = await desk.gate.redeem(review.id, action, Again(action, search_path="other"))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_it_holds_over_a_restart(tmp_path: Path) -> None:
    async with office(tmp_path) as opened:
        desk, clock = under(opened), opened.clock
        review, action = await held(desk, cappable=True)
        await narrow(desk, review, "ann", Narrowing(row_cap=5))
    async with office(tmp_path, clock=clock) as opened:
        desk = under(opened)
        await desk.vote(review, "ann")
        answer = await desk.gate.redeem(review.id, replace(action), Again(action))
        assert isinstance(answer, Cleared) and answer.release.obligations.row_cap == 5
