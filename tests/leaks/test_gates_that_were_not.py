"""How gates of others turned out to be none, each way tried here on the real desk, gate, registry and store.

By the order of the list that they come from; what people stand at is in `test_gates_people_stand_at`. The promises'
own tests go deeper into most. What can't be tried yet, and waits for what there will be:

- chat accounts as signatures, and links begun from a chat message: the Slack approver (here: links between accounts,
  as any provider's)
- a tool's door, with a page of an upstream on it: the MCP door (here: the agents' port, which serves nothing yet)
- a command's door beside the database's: the commands door (here: every port that there is)
- one approval used on two nodes, and fail-over: the PostgreSQL store (here: two gates on one store, and two gateways
  that want the same store)
- an export split into many small ones: grants for a while (here: the runs of one approval, and recent counts)
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import (
    AGENTS,
    DIRECTORY,
    OFFICERS,
    OWNERS,
    POLICY,
    TWO_OFFICERS,
    Again,
    Office,
    OneBundle,
    bundle,
    export,
    office,
    person,
    read,
)
from tests.desk.a_review import delegate, entries
from tests.leaks.a_target import DANA, OLIVIA, REMY, target
from tests.promises.a_control_port import caller, control, key_of
from tests.stores.a_store import ENTROPY, write_raw

from interlock.errors import (
    Conflict,
    InterlockError,
    LedgerCorrupt,
    LedgerUnavailable,
    MalformedInput,
    NotEntitled,
    PolicyMistakes,
)
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.model.action import Action
from interlock.model.actor import ActorKind
from interlock.model.decision import NeedsReview
from interlock.model.digest import action_digest
from interlock.model.names import ActorId
from interlock.model.recent import QUIET
from interlock.model.review import Ballot, Review, ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.model.settings import AgentSettings


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def held(desk: Office, name: str = "etl", text: str = "COPY patients TO STDOUT") -> tuple[Review, Action]:
    action = export(await desk.agent(name), text, search_path=text)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review, action


async def redeemed(desk: Office, review: Review, action: Action) -> bool:
    return isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


# -- what runs --------------------------------------------------------------------------------------------------------


async def test_at_the_run_the_payload_is_the_stored_one_and_is_compared(desk: Office) -> None:
    """Line 1: nothing was compared at the run, the client's second payload ran, or a mutator or message came between.

    The client comes back with other words under the same review: what runs is what was sealed. What has been rebuilt
    differently since doesn't run at all. And a second request doesn't take the first one's place in the store.
    """
    review, action = await held(desk)
    card = (await desk.desk.card(review.id)).card_digest
    swapped = replace(action, payload=export(action.actor, "COPY everything TO STDOUT").payload)
    assert isinstance(await desk.gate.ask(swapped), Held)  # by its form the same request: joins, changes nothing
    assert (await desk.desk.unseal(review)).payload == action.payload
    assert (await desk.desk.card(review.id)).card_digest == card
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, swapped, Again(action))
    assert isinstance(answer, Cleared) and answer.release.action.payload == action.payload
    other, again = await held(desk, text="COPY wards TO STDOUT")
    await desk.vote(other, "dana")
    assert not isinstance(await desk.gate.redeem(other.id, again, Again(again, search_path="evil")), Cleared)


# -- who counts -------------------------------------------------------------------------------------------------------

EVERYBODY = {
    p.id: p for p in (person("dana", OFFICERS, OWNERS), person("remy", OFFICERS), person("olivia", OFFICERS, OWNERS))
}
BOTH = POLICY.replace("officers:1", "officers:1, owners:1")
BOT = AgentSettings(ActorId("bot"), ActorKind.SERVICE, REMY, frozenset({AGENTS}))


async def test_a_quorum_is_of_people_not_of_groups(desk: Office) -> None:
    """Line 2: groups were counted. Somebody who is in both groups is one of the two, lent seats or not."""
    here = desk.with_directory(Directory(EVERYBODY, DIRECTORY.actors)).with_policy(BOTH)
    review, action = await held(here)
    assert (await here.vote(review, "dana")).state is ReviewState.PENDING
    await delegate(here, "remy", "dana", "officers")
    with pytest.raises(NotEntitled):
        await here.vote(review, "dana")
    assert not await redeemed(here, review, action)


async def test_two_accounts_of_one_person_are_one_person(tmp_path: Path) -> None:
    """Line 2: two accounts voted. Both are linked to one person, who votes once; neither can be a second person's."""
    async with target(tmp_path) as here:
        people, desk = here.people, here.office.with_policy(TWO_OFFICERS)
        for subject in ("U-one", "U-two"):
            people.claim_link(people.begin_link(DANA, "slack"), "slack", subject, "dana")
            await people.confirm_link(DANA, "slack", subject)
        assert {people.person_of("slack", subject) for subject in ("U-one", "U-two")} == {DANA}
        with pytest.raises(Conflict):
            people.claim_link(people.begin_link(REMY, "slack"), "slack", "U-two", "dana again")
        answer = await desk.gate.ask(export(here.action.actor, search_path="two"))
        assert isinstance(answer, Held)
        await desk.vote(answer.review, "dana")
        with pytest.raises(NotEntitled, match="you have voted"):
            await desk.vote(answer.review, "dana")
        assert (await desk.desk.review(answer.review.id)).state is ReviewState.PENDING


async def test_owners_makers_and_administrators_do_not_sign_for_their_own(desk: Office) -> None:
    """Line 2: the service's owner, the agent's own token, an administrator for themself, or a maker named falsely.

    Whom the operator names as maker only adds somebody who may not; the owner of now never may.
    """
    here = desk.with_directory(Directory(EVERYBODY, {**DIRECTORY.actors, BOT.id: BOT}))
    for made_by, out in (("remy", {"remy"}), ("olivia", {"remy", "olivia"})):
        action = export(await here.agent("bot", made_by), search_path=made_by)
        answer = await here.gate.ask(action)
        assert isinstance(answer, Held)
        for name in out:
            with pytest.raises(NotEntitled, match="part of the request"):
                await here.vote(answer.review, name)
    review, _ = await held(here)
    async with caller(control(here), await key_of(here, "bot")) as client:
        ballot = {"verdict": "approve", "action_digest": review.digest, "card_digest": review.card_digest}
        sent = await client.post(f"/api/reviews/{review.id}/votes", json=ballot)
        assert (sent.status_code, sent.json()["code"]) == (403, "agents_never_vote")


# -- how far an approval goes -----------------------------------------------------------------------------------------


async def test_an_approval_is_one_actors_for_one_payload_and_one_run(desk: Office) -> None:
    """Line 3: shared by another's retry, used on two nodes, given for a name, or piled up unused.

    Ten clients of two gates on one store get one run between them, and an unused one is no use after its time.
    """
    review, action = await held(desk)
    await desk.vote(review, "dana")
    stranger = export(await desk.agent("other"), search_path="COPY patients TO STDOUT")
    theirs = await desk.gate.ask(stranger)
    assert isinstance(theirs, Held) and theirs.review.id != review.id
    assert not isinstance(await desk.gate.redeem(review.id, stranger, Again(action)), Cleared)
    other, more = await held(desk, text="COPY patients TO STDOUT WITH CSV")
    assert other.id != review.id and not await redeemed(desk, other, more)
    gates = (desk.gate, replace(desk.gate))
    answers = await asyncio.gather(*(gates[n % 2].redeem(review.id, action, Again(action)) for n in range(10)))
    assert sum(isinstance(answer, Cleared) for answer in answers) == 1
    late, unused = await held(desk, text="COPY wards TO STDOUT")
    await desk.vote(late, "dana")
    desk.clock.forward(hours=1)
    assert not await redeemed(desk, late, unused)


async def test_time_is_compared_where_it_counts_and_a_revocation_reaches_who_is_connected(desk: Office) -> None:
    """Line 4: an expiry that nobody reads, a timer that may not fire, a revoked key whose session goes on.

    No sweeper runs here: the comparison alone refuses the vote and the run.
    """
    review, _ = await held(desk)
    desk.clock.forward(minutes=31)
    with pytest.raises((NotEntitled, Conflict)):
        await desk.vote(review, "dana")
    fresh, action = await held(desk, text="COPY wards TO STDOUT")
    await desk.vote(fresh, "dana")
    await desk.registry.revoke_key(action.actor.key, OLIVIA, "lost")
    assert not await redeemed(desk, fresh, action)
    assert isinstance(await desk.gate.ask(read(action.actor)), Denied)
    assert desk.registry.current(action.actor) is None


async def test_after_a_restart_it_waits_as_before_runs_once_and_two_gateways_do_not_share(tmp_path: Path) -> None:
    """Line 5: pending for ever, the first click lost, executed twice by who took over."""
    async with office(tmp_path) as first:
        review, action = await held(first)
        with pytest.raises(InterlockError, match="another process owns the store"):
            async with office(tmp_path):
                pass
    async with office(tmp_path) as second:
        assert (await second.vote(review, "dana")).state is ReviewState.APPROVED  # the first click counts
    async with office(tmp_path) as third:
        assert await redeemed(third, review, action)
    async with office(tmp_path) as fourth:  # stopped in mid-run: nobody knows, so nobody does it again
        assert not await redeemed(fourth, review, action)
        assert (await fourth.desk.review(review.id)).state is not ReviewState.APPROVED


# -- closed by default ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["nobody:1", "officers:9", "owners:1"])
async def test_what_nobody_can_sign_is_refused_at_once(desk: Office, asked: str) -> None:
    """Line 6: with nobody eligible everything waited, or passed. (olivia, the one owner, owns the agent.)"""
    try:
        here = desk.with_policy(POLICY.replace("officers:1", asked))
    except PolicyMistakes:
        return  # no such group: the bundle isn't taken at all
    answer = await here.gate.ask(export(await here.agent()))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "unmeetable"


FAILS = "context.hour + 9223372036854775807 > 0"  # overflows at every hour but the first


@pytest.mark.parametrize("effect", ["permit", "forbid"])
async def test_a_rule_that_cannot_be_evaluated_is_a_no(desk: Office, effect: str) -> None:
    """Line 6: a rule that failed was skipped. Cedar skips it; we don't, whatever else permits."""
    text = POLICY + f'@id("fails") {effect} (principal, action, resource) when {{ {FAILS} }};'
    action = read(await desk.agent())
    assert isinstance(await desk.gate.ask(action), Cleared)
    assert isinstance(await desk.with_policy(text).gate.ask(action), Denied)


async def test_an_unknown_estimate_is_no_small_one_and_no_policy_is_no_gate_open(desk: Office) -> None:
    """Line 6: an estimate that failed counted as 0, and a flag turned the gate off."""
    review, action = await held(desk)
    assert (await desk.desk.card(review.id)).content["estimate"] == "not estimated"
    assert isinstance(bundle().decide(action, desk.clock.now(), QUIET), NeedsReview)
    nothing = replace(desk.gate, rules=OneBundle(None))
    assert isinstance(await nothing.ask(read(action.actor)), Denied)


# -- what is kept ---------------------------------------------------------------------------------------------------

FORGED = (
    ("UPDATE il_review SET state = 'approved', approved_until = '2031-01-01T00:00:00.000000Z'",),
    ("UPDATE il_review SET excluded = '[]', actor = 'other'",),
    ("UPDATE il_key SET state = 'live', holder = 'dana'",),
    ("UPDATE il_review SET requirements = replace(requirements, 'officers', 'owners')",),
)


@pytest.mark.parametrize("statements", FORGED)
async def test_a_row_written_into_the_store_opens_nothing(tmp_path: Path, statements: tuple[str, ...]) -> None:
    """Line 8: votes, states, keys, links, owners, labels, bundles were rows, and rows were believed."""
    async with office(tmp_path) as desk:
        review, action = await held(desk)
        roster, pinned = desk.authority.roster, desk.authority.bundle
        write_raw(tmp_path / "interlock.db", *statements)
        with suppress(InterlockError):
            assert not await redeemed(desk, review, action)
        for name in ("olivia", "nobody"):
            with pytest.raises(InterlockError):
                await desk.vote(review, name)
        assert desk.authority.bundle == pinned and roster.links(DANA) == []
        assert desk.registry.current(action.actor) == action.actor


async def test_another_reviews_sealed_payload_does_not_open_here(tmp_path: Path) -> None:
    """Line 8: sealed payloads swapped between rows."""
    async with office(tmp_path) as desk:
        small, little = await held(desk, text="COPY wards TO STDOUT")
        big, _ = await held(desk)
        swap = f"(SELECT sealed_payload FROM il_review WHERE id = '{big.id}')"
        write_raw(tmp_path / "interlock.db", f"UPDATE il_review SET sealed_payload = {swap} WHERE id = '{small.id}'")
        shown = await desk.desk.review(small.id)
        ballot = Ballot(Verdict.APPROVE, shown.digest, shown.card_digest)
        with pytest.raises(LedgerCorrupt):
            await desk.desk.card(small.id)
        await desk.desk.vote(small.id, desk.voter("dana"), ballot)
        with pytest.raises(LedgerCorrupt):
            await redeemed(desk, small, little)


async def test_digests_of_equal_requests_differ_and_a_guess_cannot_be_checked(desk: Office) -> None:
    """Line 9: a plain hash over a short number is found by trying. Ours is blinded by 32 bytes that stay sealed."""
    review, action = await held(desk)
    again, same = await held(desk, name="other")
    assert review.digest != again.digest and review.card_digest != again.card_digest
    nonce = (await desk.desk.unseal(review)).nonce
    assert action_digest(nonce, action.cover) == review.digest
    for guess in (b"\0" * 32, review.id.encode()[:32], bytes.fromhex(review.card_digest)):
        assert action_digest(Secret(guess), action.cover) != review.digest
    everything = b"".join(await desk.store.entries(0, 1000))
    assert nonce.reveal() not in everything and nonce.reveal().hex().encode() not in everything
    assert same.cover == action.cover or same.cover["search_path"] == action.cover["search_path"]


async def test_nothing_is_cleared_before_it_is_on_record_and_approvals_are_on_it(desk: Office, tmp_path: Path) -> None:
    """Line 16: written afterwards, dropped when the store was slow, without the approvals.

    What has an effect comes back from the gate with its release on disk already; the vote names the same digest. With
    the store locked, the answer is no.
    """
    review, action = await held(desk)
    await desk.vote(review, "dana")
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared) and answer.durable.done()  # type: ignore[attr-defined]
    (vote,), (released,) = await entries(desk, "vote.cast"), await entries(desk, "action.released")
    assert vote["digest"] == released["digest"] == review.digest and released["review"] == review.id
    later, next_ = await held(desk, text="COPY wards TO STDOUT")
    await desk.vote(later, "dana")
    with closing(sqlite3.connect(tmp_path / "interlock.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nothing can be written while this lasts
        with pytest.raises(LedgerUnavailable):
            await redeemed(desk, later, next_)


def test_the_sealed_are_random() -> None:
    """Line 9 again: what blinds the digests is the machine's entropy, of full length and never twice."""
    drawn = {ENTROPY.token(32) for _ in range(100)}
    assert len(drawn) == 100 and {len(each) for each in drawn} == {32}
    with pytest.raises((MalformedInput, ValueError)):
        action_digest(Secret(b"short"), {})
