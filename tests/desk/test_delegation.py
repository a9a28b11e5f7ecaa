"""A delegate takes the delegator's seat: one seat, for a time, and never one that the delegator couldn't sit in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.an_office import ACTORS, Again, Office, export, office
from tests.desk.a_review import PEOPLE, delegate, held, under

from interlock.errors import NotEntitled
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.model.names import PersonId
from interlock.model.review import ReviewState, Verdict


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, '@review("officers:2")')


async def test_the_delegate_signs_in_the_delegators_place(desk: Office) -> None:
    review, action = await held(desk)
    with pytest.raises(NotEntitled):
        await desk.vote(review, "eve")
    assert not desk.desk.may_see(review, PersonId("eve"))
    await delegate(desk, "ann", "eve", "officers")
    assert desk.desk.may_see(review, PersonId("eve"))
    await desk.vote(review, "eve")
    assert (await desk.vote(review, "bob")).state is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_one_seat_is_not_taken_by_two(desk: Office) -> None:
    review, _ = await held(desk)
    await delegate(desk, "ann", "eve", "officers")
    await desk.vote(review, "eve")
    assert (await desk.vote(review, "ann")).state is ReviewState.PENDING
    assert (await desk.vote(review, "bob")).state is ReviewState.APPROVED


async def test_the_seat_of_who_has_voted_is_taken(desk: Office) -> None:
    review, _ = await held(desk)
    await desk.vote(review, "ann")
    await delegate(desk, "ann", "eve", "officers")
    with pytest.raises(NotEntitled):
        await desk.vote(review, "eve")


async def test_who_is_part_of_the_request_has_no_seat_to_lend(desk: Office) -> None:
    review, _ = await held(desk)
    await delegate(desk, "olivia", "eve", "officers")
    with pytest.raises(NotEntitled):
        await desk.vote(review, "eve", Verdict.DENY)
    assert not desk.desk.may_see(review, PersonId("eve"))


async def test_a_delegate_who_is_part_of_the_request_stays_out(desk: Office) -> None:
    review, _ = await held(desk)
    await delegate(desk, "ann", "olivia", "officers")
    with pytest.raises(NotEntitled):
        await desk.vote(review, "olivia")


async def test_what_was_lent_is_not_lent_on_and_a_group_of_others_is_not_lent(desk: Office) -> None:
    review, _ = await held(desk)
    await delegate(desk, "ann", "eve", "officers")
    await delegate(desk, "eve", "dan", "officers")
    await delegate(desk, "cat", "gil", "officers")
    for name in ("dan", "gil"):
        with pytest.raises(NotEntitled):
            await desk.vote(review, name)


async def test_a_delegation_taken_back_before_the_release_counts_no_more(desk: Office) -> None:
    review, action = await held(desk)
    await delegate(desk, "ann", "eve", "officers")
    await desk.vote(review, "eve")
    await desk.vote(review, "bob")
    await delegate(desk, "ann", "eve", "officers", days=0)
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_delegations_make_no_requirement_meetable(desk: Office) -> None:
    two = under(desk, '@review("security:2")')
    people = {id_: each for id_, each in PEOPLE.people.items() if id_ != PersonId("cat")}
    two = two.with_directory(Directory(people, ACTORS))
    await delegate(desk, "bob", "eve", "security")
    answer = await two.gate.ask(export(await two.agent()))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "unmeetable"
