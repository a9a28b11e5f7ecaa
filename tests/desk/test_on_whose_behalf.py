"""A review is of one actor, on behalf of the same people: who is part of a request never signs for it by joining."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import POLICY, Again, Office, export, office
from tests.desk.a_review import ruled

from interlock.errors import NotEntitled
from interlock.gate import Cleared, Denied, Held
from interlock.model.actor import Actor, ActorKind
from interlock.model.comment import CommentKind
from interlock.model.names import ActorId, PersonId
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.settings import Limits


def behalf(actor: Actor, name: str) -> Actor:
    """The actor, with a person behind it."""
    who = PersonId(name)
    link = Actor(ActorKind.PERSON, ActorId(name), frozenset(), who, actor.key, who, who)
    return replace(actor, chain=(link,))


FOR_ANYBODY = POLICY.replace('principal in Interlock::Group::"ai-agents"', "principal")


class WithChain:
    """The office's registry, which takes the chain as verified."""

    def __init__(self, place: Office) -> None:
        self._registry = place.registry

    def __getattr__(self, name: str) -> object:
        return getattr(self._registry, name)

    def current(self, actor: Actor) -> Actor | None:
        """As of now, with the chain it came with."""
        found = self._registry.current(replace(actor, chain=()))
        return replace(found, chain=actor.chain) if found is not None else None


def chained(place: Office) -> Office:
    """The office, believing in chains."""
    registry = WithChain(place)
    return replace(place, gate=replace(place.gate, registry=registry))  # type: ignore[arg-type]


async def asked(place: Office, actor: Actor) -> Review:
    answer = await place.gate.ask(export(actor))
    assert isinstance(answer, Held)
    return answer.review


async def test_the_same_asked_for_another_person_is_another_review(tmp_path: Path) -> None:
    async with office(tmp_path, policy=FOR_ANYBODY) as opened:
        place = chained(opened)
        agent = await place.agent()
        first, second = await asked(place, behalf(agent, "dana")), await asked(place, behalf(agent, "remy"))
        assert first.id != second.id
        assert "dana" in first.excluded and "dana" not in second.excluded
        assert (await asked(place, behalf(agent, "dana"))).id == first.id


async def test_what_was_signed_for_one_person_never_runs_for_another_nor_is_ended_by_them(tmp_path: Path) -> None:
    async with office(tmp_path, policy=FOR_ANYBODY) as opened:
        place = chained(opened)
        agent = await place.agent()
        review = await asked(place, behalf(agent, "dana"))
        assert (await place.vote(review, "remy")).state is ReviewState.APPROVED
        for other in (behalf(agent, "remy"), agent):
            action = export(other)
            answer = await place.gate.redeem(review.id, action, Again(action))
            assert isinstance(answer, Denied) and answer.reasons[0].code == "not_your_review"
        assert (await place.desk.review(review.id)).state is ReviewState.APPROVED
        action = export(behalf(agent, "dana"))
        assert isinstance(await place.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_who_asks_the_same_with_a_key_that_another_person_made_has_a_review_of_their_own(tmp_path: Path) -> None:
    """Else dana, who made the second key, would sign for what she asked for herself."""
    async with office(tmp_path) as place:
        first = await asked(place, await place.agent(made_by="olivia"))
        second = await asked(place, await place.agent(made_by="dana"))
        assert first.id != second.id and "dana" in second.excluded
        assert place.desk.why_not(first, PersonId("dana")) is None
        assert place.desk.why_not(second, PersonId("dana")) is not None


@pytest.mark.parametrize("settled", [False, True])
async def test_whose_it_was_is_known_when_it_is_settled_too(tmp_path: Path, settled: bool) -> None:
    async with office(tmp_path, policy=FOR_ANYBODY) as opened:
        place = chained(opened)
        agent = await place.agent()
        mine = behalf(agent, "dana")
        review = await asked(place, mine)
        if settled:
            await place.vote(review, "remy", Verdict.DENY)
        review = await place.desk.review(review.id)
        assert place.desk.asked_by(review, mine)
        for other in (behalf(agent, "remy"), agent):
            assert not place.desk.asked_by(review, other)
            with pytest.raises(NotEntitled):
                await place.desk.comment(review.id, other, CommentKind.ANSWER, "so")
            with pytest.raises(NotEntitled):
                await place.desk.withdraw(review.id, other)
        await place.desk.comment(review.id, mine, CommentKind.ANSWER, "so")
        if not settled:
            assert (await place.desk.withdraw(review.id, mine)).state is ReviewState.WITHDRAWN


async def test_what_was_denied_for_one_is_not_asked_at_once_for_another(tmp_path: Path) -> None:
    async with office(tmp_path, policy=FOR_ANYBODY) as opened:
        place = chained(ruled(opened, limits=Limits(cool_down_seconds=600)))
        agent = await place.agent()
        first, second = await asked(place, behalf(agent, "dana")), await asked(place, behalf(agent, "remy"))
        assert [each.id for each in await place.desk.history(second.id, PersonId("olivia"))] == [first.id]
        await place.vote(first, "remy", Verdict.DENY)
        for other in (agent, replace(await place.agent(made_by="dana"), chain=behalf(agent, "remy").chain)):
            answer = await place.gate.ask(export(other))
            assert isinstance(answer, Denied) and answer.reasons[0].code == "cooling_down"
