"""The path: decided, recorded, held, redeemed once, ended."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.an_office import (
    ACTORS,
    OFFICERS,
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

from interlock.errors import EntryRefused, NotEntitled
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.model.action import Action
from interlock.model.decision import Decision
from interlock.model.names import Digest, PersonId
from interlock.model.recent import Recent
from interlock.model.release import Ending, Outcome
from interlock.model.review import ReviewState, Verdict
from interlock.model.settings import Limits
from interlock.model.template import Template
from interlock.rulebook import LoadedRules


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def types(o: Office) -> list[str]:
    """The types of all entries but seals and keys."""
    found = [json.loads(body.split(b"\n")[0])["type"] for body in await o.store.entries(0, 1000)]
    return [t for t in found if t not in ("node.seal", "key.issued")]


async def test_a_read_is_released_and_ended(desk: Office) -> None:
    answer = await desk.gate.ask(read(await desk.agent()))
    assert isinstance(answer, Cleared)
    await answer.durable
    assert answer.release.obligations.mask == {"phi.mrn"}
    await desk.gate.end(answer.release, Ending(Outcome.SUCCEEDED, rows=3, masked=(("phi.mrn", 3),)))
    assert await types(desk) == ["action.released", "action.ended", "mask.applied"]
    assert desk.authority.unended() == ()


async def test_an_export_is_held_joined_signed_and_runs_once(desk: Office) -> None:
    agent = await desk.agent()
    action = export(agent)
    held = await desk.gate.ask(action)
    assert isinstance(held, Held) and held.review.state is ReviewState.PENDING
    again = await desk.gate.ask(export(agent))
    assert isinstance(again, Held) and again.review.id == held.review.id
    waiting = await desk.gate.redeem(held.review.id, action, Again(action))
    assert isinstance(waiting, Held)
    await desk.vote(held.review, "dana")
    first = await desk.gate.redeem(held.review.id, action, Again(action))
    second = await desk.gate.redeem(held.review.id, action, Again(action))
    assert isinstance(first, Cleared) and isinstance(second, Denied)
    assert second.reasons[0].code == "review_released"
    await desk.gate.end(first.release, Ending(Outcome.SUCCEEDED))
    assert (await desk.desk.review(held.review.id)).state is ReviewState.SUCCEEDED


async def test_two_redeemers_at_once_get_one_release(desk: Office) -> None:
    agent = await desk.agent()
    action = export(agent)
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    answers = await asyncio.gather(*(desk.gate.redeem(held.review.id, action, Again(action)) for _ in range(8)))
    assert sum(isinstance(answer, Cleared) for answer in answers) == 1
    assert (await types(desk)).count("action.released") == 1


async def test_another_actor_neither_joins_nor_redeems(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    stranger = await desk.agent("other")
    theirs = await desk.gate.ask(export(stranger))
    assert isinstance(theirs, Held) and theirs.review.id != held.review.id
    await desk.vote(held.review, "dana")
    answer = await desk.gate.redeem(held.review.id, export(stranger), Again(action))
    assert isinstance(answer, Denied)


@pytest.mark.parametrize("changed", ["search_path", "definitions", "role"])
async def test_a_change_of_what_it_means_needs_a_new_review(desk: Office, changed: str) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    answer = await desk.gate.redeem(held.review.id, action, Again(action, **{changed: "otherwise"}))
    assert isinstance(answer, Held) and answer.review.id != held.review.id
    assert answer.reasons[0].code == "superseded"
    assert (await desk.desk.review(held.review.id)).state is ReviewState.SUPERSEDED


async def test_a_denial_ends_it(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    assert (await desk.vote(held.review, "remy", Verdict.DENY)).state is ReviewState.DENIED
    answer = await desk.gate.redeem(held.review.id, action, Again(action))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "review_denied"


async def test_policies_of_release_time_decide(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    stricter = desk.with_policy(TWO_OFFICERS)
    answer = await stricter.gate.redeem(held.review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != held.review.id
    assert answer.review.requirements.quorums[0].count == 2
    assert (await desk.desk.review(held.review.id)).state is ReviewState.SUPERSEDED


async def test_a_forbid_of_release_time_ends_an_approval(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    closed = desk.with_policy(POLICY + '@id("closed") forbid (principal, action, resource);')
    assert isinstance(await closed.gate.redeem(held.review.id, action, Again(action)), Denied)
    assert (await desk.desk.review(held.review.id)).state is ReviewState.DENIED
    assert isinstance(await desk.gate.redeem(held.review.id, action, Again(action)), Denied)


async def test_a_signer_who_lost_the_role_no_longer_counts(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    people = {p.id: p for p in (person("dana"), person("remy", OFFICERS), person("olivia"))}
    later = desk.with_directory(Directory(people, ACTORS))
    answer = await later.gate.redeem(held.review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != held.review.id


async def test_an_approval_runs_out(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    desk.clock.forward(minutes=11)
    answer = await desk.gate.redeem(held.review.id, action, Again(action))
    assert not isinstance(answer, Cleared)


async def test_a_revoked_key_ends_everything(desk: Office) -> None:
    agent = await desk.agent()
    action = export(agent)
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    await desk.registry.revoke_key(agent.key, PersonId("olivia"), "lost")
    assert isinstance(await desk.gate.redeem(held.review.id, action, Again(action)), Denied)
    denied = await desk.gate.ask(read(agent))
    assert isinstance(denied, Denied) and denied.reasons[0].code == "credential_gone"


async def test_nobody_to_sign_is_said_at_once(tmp_path: Path) -> None:
    async with office(tmp_path, policy=POLICY.replace("officers:1", "owners:1")) as o:
        answer = await o.gate.ask(export(await o.agent()))  # olivia is the only owner, and owns the agent
        assert isinstance(answer, Denied) and answer.reasons[0].code == "unmeetable"


async def test_open_reviews_are_capped(desk: Office) -> None:
    agent = await desk.agent()
    for n in range(5):
        assert isinstance(await desk.gate.ask(export(agent, f"COPY t{n} TO STDOUT")), Held)
    answer = await desk.gate.ask(export(agent, "COPY one_more TO STDOUT"))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "too_many_reviews"


async def test_what_is_always_refused_is_denied_on_record(desk: Office) -> None:
    action = replace(read(await desk.agent()), refusal="that is never let through")
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Denied)
    assert await types(desk) == ["action.denied"]


async def test_a_veto_counts_while_the_approval_does(desk: Office) -> None:
    """Approved near the end of the review's time: whoever comes later can still say no, the approver as well."""
    for sayer in ("remy", "dana"):
        action = export(await desk.agent(), f"COPY veto_of_{sayer} TO STDOUT")
        held = await desk.gate.ask(action)
        assert isinstance(held, Held)
        desk.clock.forward(minutes=29)
        await desk.vote(held.review, "dana")
        desk.clock.forward(minutes=5)
        assert (await desk.vote(held.review, sayer, Verdict.DENY)).state is ReviewState.DENIED
        assert isinstance(await desk.gate.redeem(held.review.id, action, Again(action)), Denied)


async def test_a_shorter_validity_of_release_time_holds(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    desk.clock.forward(minutes=9)
    stricter = desk.with_policy(POLICY.replace('@valid("10m")', '@valid("1m")'))
    assert isinstance(await stricter.gate.redeem(held.review.id, action, Again(action)), Held)


async def test_a_clock_set_back_revives_nothing(desk: Office) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    desk.clock.forward(hours=-10)
    assert not isinstance(await desk.gate.redeem(held.review.id, action, Again(action)), Cleared)


async def test_the_cap_holds_against_a_crowd(desk: Office) -> None:
    agent = await desk.agent()
    answers = await asyncio.gather(*(desk.gate.ask(export(agent, f"COPY t{n} TO STDOUT")) for n in range(30)))
    assert sum(isinstance(answer, Held) for answer in answers) == 5


async def test_a_key_is_revoked_whatever_its_row_says(desk: Office, tmp_path: Path) -> None:
    agent = await desk.agent()
    with sqlite3.connect(tmp_path / "interlock.db") as forged:
        forged.execute("UPDATE il_key SET state = 'retired'")
    await desk.registry.revoke_key(agent.key, PersonId("olivia"), "lost")
    assert isinstance(await desk.gate.ask(read(agent)), Denied)


async def test_a_row_given_to_another_actor_releases_nothing(desk: Office, tmp_path: Path) -> None:
    action = export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    with sqlite3.connect(tmp_path / "interlock.db") as forged:
        forged.execute("UPDATE il_review SET actor = 'other', expires_at = '2099-01-01T00:00:00.000000Z'")
    stranger = await desk.agent("other")
    theirs = await desk.gate.ask(export(stranger))
    assert not isinstance(theirs, Cleared)
    assert isinstance(await desk.gate.redeem(held.review.id, export(stranger), Again(action)), Denied)
    with pytest.raises(NotEntitled):
        await desk.desk.withdraw(held.review.id, stranger.id)


async def test_long_texts_are_cut_in_the_ledger_and_decided_all_the_same(desk: Office) -> None:
    agent = await desk.agent()
    long = replace(export(agent), templates=(Template(("é" * 100_000,), ()),))
    assert isinstance(await desk.gate.ask(long), Held)
    refused = replace(long, refusal="that is never let through")
    assert isinstance(await desk.gate.ask(refused), Denied)
    (denied,) = [b for b in await desk.store.entries(0, 1000) if b'"action.denied"' in b]
    assert b"bytes more" in denied


async def test_other_rules_than_those_in_force_decide_nothing(desk: Office) -> None:
    agent = await desk.agent()
    rules = LoadedRules(desk.authority)
    rules.load(Digest("0" * 64), bundle())
    gate = replace(desk.gate, rules=rules)
    answer = await gate.ask(read(agent))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "rules_not_in_force"
    await desk.registry.adopt_bundle(Digest("0" * 64))
    assert isinstance(await gate.ask(read(agent)), Cleared)


class _Broken:
    digest = Digest("0" * 64)
    reads_recent = True
    reads_estimate = False

    def decide(self, action: Action, now: datetime, recent: Recent) -> Decision:
        raise RuntimeError("a policy engine that breaks")


async def test_a_policy_that_raises_is_a_recorded_no(desk: Office) -> None:
    gate = replace(desk.gate, rules=OneBundle(_Broken()))
    answer = await gate.ask(read(await desk.agent()))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "policy_error"
    assert await types(desk) == ["action.denied"]


async def test_a_hold_that_opens_no_review_counts_for_nobody(desk: Office) -> None:
    """Neither one that can't be written, nor one that the desk refuses."""
    etl = await desk.agent()
    with pytest.raises((EntryRefused, UnicodeError)):
        await desk.gate.ask(replace(export(etl), reason_given="\ud800"))
    assert desk.gate.recents.of(etl.id, desk.clock.now()).day.held == 0
    full = replace(desk.desk, rules=replace(desk.desk.rules, limits=Limits(open_reviews_per_actor=0)))
    assert isinstance(await replace(desk.gate, desk=full).ask(export(etl)), Denied)
    assert desk.gate.recents.of(etl.id, desk.clock.now()).day.held == 0
    assert isinstance(await desk.gate.ask(export(etl)), Held)
    assert desk.gate.recents.of(etl.id, desk.clock.now()).day.held == 1
