"""Whose turn it is to sign, and that what must be signed is what the signed entry says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import ACTORS, OFFICERS, OWNERS, POLICY, Again, Office, OneBundle, bundle, export, office, person
from tests.stores.a_store import write_raw

from interlock.errors import NotEntitled
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.model.decision import Quorum
from interlock.model.names import GroupName, PersonId
from interlock.model.review import Review, ReviewState, Verdict

SECURITY = GroupName("security")
PEOPLE = Directory(
    {
        p.id: p
        for p in (
            person("olivia", OFFICERS),  # owns the agents
            person("ann", OFFICERS),
            person("bob", OFFICERS, SECURITY),
            person("cat", SECURITY),
            person("dan", OWNERS),
            person("eve"),
        )
    },
    ACTORS,
)


def asking(annotations: str) -> str:
    """The policy with other signatures."""
    return POLICY.replace('@review("officers:1")', annotations)


def under(desk: Office, annotations: str) -> Office:
    """The office with these people, under such a policy."""
    desk = desk.with_directory(PEOPLE)
    return replace(desk, gate=replace(desk.gate, rules=OneBundle(bundle(asking(annotations), PEOPLE))))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, '@stages("officers:2 > security:1")')


async def held(desk: Office) -> Review:
    """A review of an export."""
    answer = await desk.gate.ask(export(await desk.agent()))
    assert isinstance(answer, Held)
    return answer.review


async def opened_entry(desk: Office) -> dict[str, Any]:
    """`d` of the review.opened entry."""
    lines = [json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 1000)]
    d: dict[str, Any]
    (d,) = (line["d"] for line in lines if line["type"] == "review.opened")
    return d


def why_not(desk: Office, review: Review, name: str, verdict: Verdict = Verdict.APPROVE) -> str | None:
    """What the person is told."""
    return desk.desk.why_not(review, PersonId(name), verdict)


async def test_a_stage_signs_once_the_one_before_it_is_met(desk: Office) -> None:
    review = await held(desk)
    assert why_not(desk, review, "cat") == "it is for members of officers to sign now"
    assert why_not(desk, review, "ann") is None
    with pytest.raises(NotEntitled):
        await desk.vote(review, "cat")
    await desk.vote(review, "ann")
    with pytest.raises(NotEntitled):
        await desk.vote(review, "cat")
    await desk.vote(review, "bob")
    assert why_not(desk, review, "bob") == "you have voted"
    assert (await desk.vote(review, "cat")).state is ReviewState.APPROVED


async def test_whoever_has_a_say_later_may_say_no_at_once(desk: Office) -> None:
    review = await held(desk)
    assert why_not(desk, review, "cat", Verdict.DENY) is None
    assert why_not(desk, review, "eve", Verdict.DENY) == "only members of officers, security may sign"
    assert (await desk.vote(review, "cat", Verdict.DENY)).state is ReviewState.DENIED


async def test_what_the_first_stage_has_seen_the_second_can_still_stop(desk: Office) -> None:
    review = await held(desk)
    for name in ("ann", "bob"):
        await desk.vote(review, name)
    assert why_not(desk, review, "ann", Verdict.DENY) is None  # and so can who said yes
    assert (await desk.vote(review, "ann", Verdict.DENY)).state is ReviewState.DENIED


async def test_the_entry_lists_all_that_must_be_signed(desk: Office) -> None:
    several = under(
        desk, '@review("owners:1") @review_any("officers:1, security:1") @stages("officers:1 > security:1")'
    )
    review = await held(several)
    d = await opened_entry(desk)
    assert d["quorums"] == [{"group": "owners", "count": 1}]
    assert d["any_of"] == [
        {"choice": 0, "group": "officers", "count": 1},
        {"choice": 0, "group": "security", "count": 1},
    ]
    assert d["stages"] == [
        {"list": 0, "stage": 0, "group": "officers", "count": 1},
        {"list": 0, "stage": 1, "group": "security", "count": 1},
    ]
    assert {"uses", "channels"}.isdisjoint(d)
    opened = desk.authority.opened(review.id)
    assert opened is not None
    assert opened.requirements.any_of == ((Quorum(OFFICERS, 1), Quorum(SECURITY, 1)),)
    assert opened.requirements.stages == (((Quorum(OFFICERS, 1),), (Quorum(SECURITY, 1),)),)
    found = await desk.desk.review(review.id)
    assert replace(opened.requirements, expires=found.requirements.expires) == found.requirements


async def test_where_votes_count_and_who_may_break_the_glass_are_carried(desk: Office) -> None:
    wide = under(desk, '@review("officers:1") @channels("slack, teams") @break_glass("security")')
    review = await held(wide)
    assert (await opened_entry(desk))["channels"] == ["slack", "teams"]
    requirements = (await desk.desk.review(review.id)).requirements
    assert requirements.channels == {"slack", "teams"}
    assert requirements.break_glass == {SECURITY}


async def test_of_a_choice_one_is_enough(desk: Office) -> None:
    either = under(desk, '@review_any("officers:2, security:1")')
    review = await held(either)
    assert (await either.vote(review, "cat")).state is ReviewState.APPROVED


WEAK = json.dumps({"quorums": [{"group": "officers", "count": 1}], "expires_us": 1, "valid_us": 1})


async def test_a_row_that_asks_for_less_is_not_believed(desk: Office, tmp_path: Path) -> None:
    agent = await desk.agent()
    action = export(agent)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    write_raw(tmp_path / "interlock.db", f"UPDATE il_review SET requirements = '{WEAK}'")
    assert (await desk.vote(answer.review, "ann")).state is ReviewState.PENDING
    shown = (await desk.desk.review(answer.review.id)).requirements
    assert shown.stages == (((Quorum(OFFICERS, 2),), (Quorum(SECURITY, 1),)),)
    write_raw(
        tmp_path / "interlock.db",
        "UPDATE il_review SET state = 'approved', approved_until = '2099-01-01T00:00:00.000000Z'",
    )
    assert not isinstance(await desk.gate.redeem(answer.review.id, action, Again(action)), Cleared)


@pytest.mark.parametrize(
    "annotations",
    [
        '@stages("officers:2, owners:1 > security:2")',  # bob can't stand for both, and ann alone is left
        '@review("security:2") @stages("officers:2 > owners:1")',
        '@review_any("officers:1, security:2") @stages("officers:2 > owners:1")',
    ],
)
async def test_what_the_eligible_people_cannot_meet_together_is_refused(desk: Office, annotations: str) -> None:
    """With olivia, who owns the agent, they could."""
    impossible = under(desk, annotations)
    answer = await impossible.gate.ask(export(await impossible.agent()))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "unmeetable"
