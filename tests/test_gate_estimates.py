"""The gate and estimates: asked where people are asked, sealed as a cap, asked anew with a new review."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import POLICY, Again, Office, OneBundle, bundle, export, office, read

from interlock.errors import Conflict
from interlock.gate import Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.impact import Impact
from interlock.model.narrowing import Narrowing
from interlock.model.review import ReviewState
from interlock.ports import Estimator


class Told:
    """An estimator that says what it is told to, one after the other."""

    def __init__(self, *rows: int | None) -> None:
        self._rows = list(rows)
        self.asked: list[Action] = []

    async def rows(self, action: Action) -> int | None:
        """The next."""
        self.asked.append(action)
        await asyncio.sleep(0)
        return self._rows.pop(0)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        yield o


def estimating(o: Office, *rows: int | None) -> Told:
    told = Told(*rows)
    o.gate = replace(o.gate, estimator=told)
    return told


async def held(o: Office, action: Action) -> Held:
    answer = await o.gate.ask(action)
    assert isinstance(answer, Held)
    return answer


async def test_an_estimate_is_on_the_card_and_is_the_cap_of_the_release(desk: Office) -> None:
    told = estimating(desk, 230)
    action = replace(export(await desk.agent()), cappable=True)
    review = (await held(desk, action)).review
    content = (await desk.desk.card(review.id)).content
    assert (content["estimate"], content["row_cap"], content["estimate_cap"]) == ("about 230 rows", 2_300, 2_300)
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared)
    assert answer.release.obligations.row_cap == 2_300
    assert len(told.asked) == 1


async def test_the_estimate_counts_for_no_digest_but_the_cards(desk: Office) -> None:
    """It is of the moment; what runs is the same action, and a card with another figure is another card."""
    estimating(desk, 230, 9_000)
    actor = await desk.agent()
    first = (await held(desk, replace(export(actor), cappable=True))).review
    again = (await held(desk, replace(export(actor), cappable=True))).review
    assert again.id == first.id
    assert (await desk.desk.card(first.id)).content["row_cap"] == 2_300, "the review that is joined stays as it is"


async def test_a_reviewer_may_lower_the_cap_and_not_lift_it(desk: Office) -> None:
    estimating(desk, 230)
    review = (await held(desk, replace(export(await desk.agent()), cappable=True))).review
    with pytest.raises(Conflict):
        await desk.desk.narrow(
            review.id, desk.voter("dana"), Narrowing(row_cap=2_301), review.digest, review.card_digest
        )
    narrowed = await desk.desk.narrow(
        review.id, desk.voter("dana"), Narrowing(row_cap=10), review.digest, review.card_digest
    )
    assert (await desk.desk.card(narrowed.id)).content["row_cap"] == 10


async def test_what_is_superseded_is_estimated_anew(desk: Office) -> None:
    told = estimating(desk, 1, 500)
    action = replace(export(await desk.agent()), cappable=True)
    review = (await held(desk, action)).review
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, action, Again(action, search_path="other"))
    assert isinstance(answer, Held)
    assert answer.review.id != review.id
    assert (await desk.desk.review(review.id)).state is ReviewState.SUPERSEDED
    assert (await desk.desk.card(answer.review.id)).content["estimate"] == "about 500 rows"
    assert len(told.asked) == 2


async def test_what_isnt_held_isnt_estimated(desk: Office) -> None:
    told = estimating(desk)
    assert isinstance(await desk.gate.ask(read(await desk.agent())), Cleared)
    assert not told.asked


async def test_no_estimate_leaves_policys_own_cap_alone(desk: Office) -> None:
    estimating(desk, None)
    action = replace(export(await desk.agent()), cappable=True)
    impact = Impact(("Each delete of a may change b.",), because="it is odd")
    action = replace(action, exposures=(replace(action.exposure, impact=impact),))
    content = (await desk.desk.card((await held(desk, action)).review.id)).content
    assert (content["estimate"], content["row_cap"]) == ("not estimated: it is odd", None)
    assert content["impact"] == ["Each delete of a may change b."]


BY_SIZE = POLICY + (
    '@id("many-are-signed") @review("officers:1") @because("Many rows are signed for.")'
    ' forbid (principal, action in Interlock::Action::"read", resource) when { context.rows_estimate > 1000 };'
)


def sizing(o: Office, *rows: int | None) -> Told:
    """As `estimating`, under a policy that asks for sizes."""
    told = estimating(o, *rows)
    o.gate = replace(o.gate, rules=OneBundle(bundle(BY_SIZE)))
    return told


async def test_policies_that_ask_for_it_get_the_estimate(desk: Office) -> None:
    told = sizing(desk, 1_000, 2_000)
    actor = await desk.agent()
    assert isinstance(await desk.gate.ask(read(actor)), Cleared)
    review = (await held(desk, read(actor, "SELECT mrn FROM patients WHERE true"))).review
    assert str((await desk.desk.card(review.id)).content["estimate"]).startswith("about 2,000 rows")
    assert len(told.asked) == 2, "the card has the estimate that was decided by"


class Away:
    """An estimator that fails."""

    async def rows(self, action: Action) -> int | None:
        """Never."""
        raise OSError("away")


@pytest.mark.parametrize("estimator", [Away(), None, Told(None)])
async def test_an_estimate_that_fails_is_never_a_small_one(desk: Office, estimator: Estimator | None) -> None:
    sizing(desk)
    desk.gate = replace(desk.gate, estimator=estimator)
    answer = await desk.gate.ask(read(await desk.agent()))
    assert isinstance(answer, Denied)
    assert [reason.code for reason in answer.reasons] == ["size_unknown"]


async def test_what_isnt_estimated_yet_isnt_foreseen_as_a_denial(desk: Office) -> None:
    """Else nothing would be described upstream, and nothing be asked for."""
    sizing(desk)
    assert not desk.gate.foresees_denial(read(await desk.agent()))
    never = BY_SIZE + '@id("never") forbid (principal, action in Interlock::Action::"read", resource);'
    desk.gate = replace(desk.gate, rules=OneBundle(bundle(never)))
    assert desk.gate.foresees_denial(read(await desk.agent()))


async def test_what_was_signed_for_is_sized_anew_at_its_release(desk: Office) -> None:
    told = sizing(desk, 2_000, 5_000, None)
    action = read(await desk.agent())
    review = (await held(desk, action)).review
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared) and len(told.asked) == 2
    (released,) = [b for b in await desk.store.entries(0, 1000) if b'"action.released"' in b]
    assert b'"rows_estimate":5000' in released


async def test_an_approval_doesnt_hold_once_nobody_can_tell_the_size(desk: Office) -> None:
    sizing(desk, 2_000, None)
    action = read(await desk.agent())
    review = (await held(desk, action)).review
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Denied)
    assert [reason.code for reason in answer.reasons] == ["size_unknown"]
