"""Promise 3: nobody approves their own action; each person counts once; agents never vote.

Two accounts of one person can't be set up yet: a person is one table of the settings, and has one name in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import (
    ACTORS,
    AGENTS,
    OFFICERS,
    OWNERS,
    POLICY,
    Again,
    Office,
    OneBundle,
    bundle,
    export,
    office,
    person,
)
from tests.promises.a_control_port import ballot, caller, control, key_of, signed_in
from tests.stores.a_store import ENTROPY, write_raw

from interlock.errors import Conflict, InterlockError, NotEntitled, NotFound
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.decision import NeedsReview
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, Digest, EntryId, GroupName, KeyId, PersonId
from interlock.model.recent import QUIET
from interlock.model.review import Ballot, Presence, Review, ReviewState, Verdict, Voter
from interlock.model.settings import AgentSettings

ADMINISTRATORS = GroupName("administrators")
PEOPLE = {
    p.id: p
    for p in (
        person("owner", OFFICERS),
        person("maker", OFFICERS),
        person("chief", OFFICERS, OWNERS, ADMINISTRATORS),
        person("asker", OFFICERS),
        person("dana", OFFICERS),
        person("both", OFFICERS, OWNERS),
        person("sam"),
    )
}
AGENT = AgentSettings(ActorId("etl"), ActorKind.AGENT, PersonId("owner"), frozenset({AGENTS}))
DIRECTORY = Directory(PEOPLE, {AGENT.id: AGENT, **{k: v for k, v in ACTORS.items() if k != AGENT.id}})
STAGED = POLICY.replace('@review("officers:1")', '@stages("officers:1 > owners:1")')
TWO_GROUPS = POLICY.replace("officers:1", "officers:1, owners:1")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened.with_directory(DIRECTORY)


def with_policy(desk: Office, text: str) -> Office:
    """The same office under other policies, for these people."""
    return replace(desk, gate=replace(desk.gate, rules=OneBundle(bundle(text, DIRECTORY))))


async def held(desk: Office, agent: Actor) -> Review:
    """A review of this agent's."""
    answer = await desk.gate.ask(export(agent))
    assert isinstance(answer, Held)
    return answer.review


async def refused_votes(desk: Office) -> list[dict[str, str]]:
    """The refused votes on record."""
    lines = [json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 1000)]
    return [line["d"] for line in lines if line["type"] == "vote.refused"]


async def no_vote(desk: Office, review: Review, who: str, verdict: Verdict = Verdict.APPROVE) -> None:
    """The vote is refused, recorded, and counts for nothing."""
    before, counted = len(await refused_votes(desk)), desk.authority.votes(review.id)
    with pytest.raises((NotEntitled, Conflict)):
        await desk.vote(review, who, verdict)
    refused = await refused_votes(desk)
    assert len(refused) == before + 1 and refused[-1]["person"] == who and refused[-1]["because"]
    assert desk.authority.votes(review.id) == counted
    assert (await desk.desk.review(review.id)).state is ReviewState.PENDING


@pytest.mark.parametrize("who", ["owner", "maker"])
async def test_the_owner_and_the_maker_of_the_key_don_t_vote(desk: Office, who: str) -> None:
    agent = await desk.agent(made_by="maker")
    review = await held(desk, agent)
    await no_vote(desk, review, who)
    await no_vote(desk, review, who, Verdict.DENY)
    assert (await desk.vote(review, "dana")).state is ReviewState.APPROVED


async def test_administrators_are_no_exception(desk: Office) -> None:
    await no_vote(desk, await held(desk, await desk.agent(made_by="chief")), "chief")


async def test_whoever_holds_the_key_doesn_t_vote(desk: Office) -> None:
    """The owner held the key when it was made; the agent has changed owners since."""
    agent = await desk.agent(made_by="maker")
    sold = replace(AGENT, owner=PersonId("sam"))
    later = desk.with_directory(replace(DIRECTORY, actors={**DIRECTORY.actors, AGENT.id: sold}))
    now = later.registry.current(agent)
    assert now is not None and (now.owner, now.held_by) == ("sam", "owner")
    await no_vote(later, await held(later, now), "owner")


async def test_the_person_in_the_chain_doesn_t_vote(desk: Office) -> None:
    agent = await desk.agent(made_by="maker")
    asker = Actor(
        ActorKind.PERSON,
        ActorId("asker"),
        frozenset({AGENTS}),
        PersonId("asker"),
        KeyId("k"),
        PersonId("asker"),
        PersonId("asker"),
    )
    behalf = replace(agent, chain=(asker,))
    action = export(behalf)
    policy = desk.gate.rules.current()
    assert policy is not None
    decision = policy.decide(action, desk.clock.now(), QUIET)
    assert isinstance(decision, NeedsReview)
    # The gate takes nobody's word for a chain, and no door verifies one yet: so the desk is asked itself.
    texts = ("verbs", "resources", "labels", "filters", "writes", "statements", "reasons")
    d: dict[str, JsonValue] = {"connection": "clinic", "review": "", **{name: [] for name in texts}}
    entry = Draft(EntryId(ENTROPY.uuid7()), EntryType.ACTION_HELD, d, actor=behalf, act=action.id)
    review = await desk.desk.open_or_join(action, decision, entry)
    assert isinstance(review, Review)
    await no_vote(desk, review, "asker")
    await no_vote(desk, review, "owner")


async def test_a_person_who_asks_doesn_t_sign(desk: Office) -> None:
    people = {**PEOPLE, PersonId("asker"): person("asker", OFFICERS, AGENTS)}
    later = desk.with_directory(replace(DIRECTORY, people=people))
    _, secret = await later.registry.issue_key("asker", PersonId("maker"), None)
    review = await held(later, later.registry.authenticate(secret))
    await no_vote(later, review, "asker")
    await no_vote(later, review, "maker")


async def test_one_person_in_two_groups_counts_once(desk: Office) -> None:
    two = with_policy(desk, TWO_GROUPS)
    agent = await two.agent(made_by="maker")
    review = await held(two, agent)
    action = export(agent)
    assert (await two.vote(review, "both")).state is ReviewState.PENDING
    await no_vote(two, review, "both")
    assert isinstance(await two.gate.redeem(review.id, action, Again(action)), Held)
    assert (await two.vote(review, "dana")).state is ReviewState.APPROVED
    assert isinstance(await two.gate.redeem(review.id, action, Again(action)), Cleared)


@pytest.mark.parametrize("order", [("both", "dana"), ("dana", "both"), ("chief", "both")])
async def test_the_matching_is_found_in_whatever_order_they_sign(desk: Office, order: Sequence[str]) -> None:
    two = with_policy(desk, TWO_GROUPS)
    review = await held(two, await two.agent(made_by="maker"))
    assert (await two.vote(review, order[0])).state is ReviewState.PENDING
    assert (await two.vote(review, order[1])).state is ReviewState.APPROVED


async def test_two_officers_don_t_make_an_owner(desk: Office) -> None:
    two = with_policy(desk, TWO_GROUPS)
    review = await held(two, await two.agent(made_by="maker"))
    await two.vote(review, "dana")
    await no_vote(two, review, "asker")


async def test_one_person_in_two_stages_counts_once(desk: Office) -> None:
    staged = with_policy(desk, STAGED)
    agent = await staged.agent(made_by="maker")
    review, action = await held(staged, agent), export(agent)
    assert (await staged.vote(review, "both")).state is ReviewState.PENDING
    await no_vote(staged, review, "both")
    await no_vote(staged, review, "dana")  # the first stage is over, and dana is no owner
    assert isinstance(await staged.gate.redeem(review.id, action, Again(action)), Held)
    assert (await staged.vote(review, "chief")).state is ReviewState.APPROVED
    assert isinstance(await staged.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_a_later_stage_s_vote_doesn_t_count_before(desk: Office) -> None:
    people = Directory({**PEOPLE, PersonId("pat"): person("pat", OWNERS)}, DIRECTORY.actors)
    staged = with_policy(desk.with_directory(people), STAGED)
    review = await held(staged, await staged.agent(made_by="maker"))
    await no_vote(staged, review, "pat")
    assert (await staged.vote(review, "dana")).state is ReviewState.PENDING
    assert (await staged.vote(review, "pat")).state is ReviewState.APPROVED


@pytest.mark.parametrize("order", [("pat", "dana"), ("dana", "pat")])
async def test_stages_of_release_time_hold_for_votes_of_before(desk: Office, order: Sequence[str]) -> None:
    """Signed without stages, in whatever order; by release time there are some, and the signed order is what counts."""
    people = Directory({**PEOPLE, PersonId("pat"): person("pat", OWNERS)}, DIRECTORY.actors)
    desk = with_policy(desk.with_directory(people), TWO_GROUPS)
    agent = await desk.agent(made_by="maker")
    review, action = await held(desk, agent), export(agent)
    for name in order:
        await desk.vote(review, name)
    answer = await with_policy(desk, STAGED).gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared) == (order == ("dana", "pat"))


async def test_strangers_and_people_of_other_groups_don_t_vote(desk: Office) -> None:
    review = await held(desk, await desk.agent(made_by="maker"))
    await no_vote(desk, review, "sam")
    await no_vote(desk, review, "nobody")


@pytest.mark.parametrize(
    ("of_action", "of_card"),
    [(False, True), (True, False), (False, False)],
)
async def test_a_vote_without_the_right_digests(desk: Office, of_action: bool, of_card: bool) -> None:
    review = await held(desk, await desk.agent(made_by="maker"))
    looked = await desk.ballot(review)
    wrong = Digest("0" * 64)
    sent = Ballot(
        Verdict.APPROVE,
        looked.action_digest if of_action else wrong,
        looked.card_digest if of_card else wrong,
    )
    with pytest.raises(Conflict):
        await desk.desk.vote(review.id, Voter(PersonId("dana"), Presence.CONSOLE, KeyId("s"), desk.clock.now()), sent)
    assert (await refused_votes(desk))[-1]["person"] == "dana" and desk.authority.votes(review.id) == ()


async def test_a_vote_on_another_review_s_card(desk: Office) -> None:
    agent = await desk.agent(made_by="maker")
    review = await held(desk, agent)
    other = await desk.gate.ask(export(agent, "COPY other TO STDOUT"))
    assert isinstance(other, Held)
    voter = Voter(PersonId("dana"), Presence.CONSOLE, KeyId("s"), desk.clock.now())
    with pytest.raises(Conflict):
        await desk.desk.vote(review.id, voter, await desk.ballot(other.review))
    with pytest.raises(NotFound):
        await desk.desk.vote(type(review.id)("0" * 36), voter, await desk.ballot(review))


@pytest.mark.parametrize("asked", ["owners:3", "officers:6", "officers:4, owners:2"])
async def test_what_nobody_can_meet_is_refused_when_it_is_opened(desk: Office, asked: str) -> None:
    """Six officers and two owners there are, but the owner and the maker of the key don't count among them."""
    people = {**PEOPLE, PersonId("third"): person("third", OWNERS)}
    many = Directory(people, DIRECTORY.actors)
    later = desk.with_directory(many)
    later = replace(later, gate=replace(later.gate, rules=OneBundle(bundle(POLICY.replace("officers:1", asked), many))))
    agent = await later.agent(made_by="chief")
    answer = await later.gate.ask(export(agent))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "unmeetable"
    assert not await later.desk.reviews(None, 10)


# -- votes by key -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def by_token(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, token_votes=True) as opened:
        yield opened.with_directory(DIRECTORY)


async def test_agents_keys_never_vote_over_the_api(by_token: Office) -> None:
    review = await held(by_token, await by_token.agent(made_by="maker"))
    app = control(by_token, token_votes=True)
    for verdict in ("approve", "deny"):
        async with caller(app, await key_of(by_token, "etl", "maker")) as client:
            answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(by_token, review, verdict))
        assert (answer.status_code, answer.json()["code"]) == (403, "agents_never_vote")
    assert len(await refused_votes(by_token)) == 2 and by_token.authority.votes(review.id) == ()


@pytest.mark.parametrize("maker", ["owner", "maker"])
async def test_a_key_made_by_somebody_in_the_request_doesn_t_vote_for_another(by_token: Office, maker: str) -> None:
    """Whoever makes a key may have kept a copy of it."""
    review = await held(by_token, await by_token.agent(made_by="maker"))
    app = control(by_token, token_votes=True)
    async with caller(app, await key_of(by_token, "dana", maker)) as client:
        answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(by_token, review))
    assert answer.status_code == 403 and by_token.authority.votes(review.id) == ()
    assert (await refused_votes(by_token))[-1]["person"] == "dana"
    async with caller(app, await key_of(by_token, "dana", "dana")) as client:
        answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(by_token, review))
    assert answer.status_code == 200


async def test_the_owner_doesn_t_vote_in_the_console_either(desk: Office) -> None:
    review = await held(desk, await desk.agent(made_by="maker"))
    for who in ("owner", "maker"):
        async with signed_in(control(desk), desk, who) as client:
            answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(desk, review))
        assert answer.status_code == 403
    assert len(await refused_votes(desk)) == 2 and desk.authority.votes(review.id) == ()


async def test_a_vote_by_token_doesn_t_count_once_they_are_off(tmp_path: Path) -> None:
    """Signed while the settings allowed it, redeemed when they don't."""
    async with office(tmp_path, token_votes=True) as desk:
        agent = await desk.agent()
        action = export(agent)
        answer = await desk.gate.ask(action)
        assert isinstance(answer, Held)
        _, secret = await desk.registry.issue_key("dana", PersonId("dana"), None)
        voter = Voter(PersonId("dana"), Presence.TOKEN, desk.registry.authenticate(secret).key)
        await desk.desk.vote(answer.review.id, voter, await desk.ballot(answer.review))
    async with office(tmp_path) as desk:
        try:
            again = await desk.gate.redeem(answer.review.id, action, Again(action))
        except InterlockError:
            return
        assert not isinstance(again, Cleared)


async def test_a_row_that_excludes_nobody_excludes_as_before(by_token: Office, tmp_path: Path) -> None:
    review = await held(by_token, await by_token.agent(made_by="maker"))
    write_raw(tmp_path / "interlock.db", "UPDATE il_review SET excluded = '[]'")
    await no_vote(by_token, review, "owner")
    async with caller(control(by_token, token_votes=True), await key_of(by_token, "dana", "owner")) as client:
        answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(by_token, review))
    assert answer.status_code == 403 and by_token.authority.votes(review.id) == ()
