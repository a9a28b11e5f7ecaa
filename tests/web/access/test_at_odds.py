"""What an enemy tried, or bad luck: batches that stop half way, tokens handed in many times at once, approvals that
don't fit, settled in between, or of something else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import POLICY as OFFICE_POLICY
from tests.an_office import export
from tests.web.access.a_guarded_pipeline import POLICY, Pipeline, application, asked, pipeline, with_approval

from interlock.actions.from_access import read_evaluation
from interlock.errors import EntryRefused, LedgerUnavailable
from interlock.gate import Answer, Denied, Gate, Held
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.channel_settings import AccessSettings
from interlock.model.connection import Connection
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId, ReviewId
from interlock.model.review import Review, ReviewState, Verdict
from interlock.ports import Rebuild
from interlock.web.access.asking import _REVIEW
from interlock.web.access.binding import timestamp
from interlock.web.access.problems import REQUESTS
from interlock.web.api.reviews import REVIEW_ID

FIVE = POLICY.replace('@valid("10m")', '@reuse("5 within 10m")', 1)
STAGING = {**asked(), "context": {"environment": "staging"}}


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


async def batch(line: Pipeline, *bodies: Any, semantic: str = "execute_all") -> Any:
    sent = {"evaluations": list(bodies), "options": {"evaluations_semantic": semantic}}
    return await line.send("POST", "/access/v1/evaluations", sent)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# -- batches ----------------------------------------------------------------------------------------------------------


async def test_an_item_that_has_no_canonical_form_is_a_no_of_its_own(line: Pipeline) -> None:
    again = await line.approved(asked())
    answer = await batch(line, again, asked(x=deep(40)), asked(time=deep(900)), STAGING)
    assert answer.status_code == 200
    assert [each["decision"] for each in answer.json()["evaluations"]] == [True, False, False, True]


async def test_text_that_is_none_stops_a_batch_before_anything_is_decided(line: Pipeline) -> None:
    reused = line.under(FIVE)
    again = await reused.approved(asked())
    before = await line.types()
    for wrong in (asked(x="\ud800"), asked(reason="\ud800"), with_approval(asked(), "\ud800")):
        assert (await batch(reused, again, again, wrong)).status_code == 400
    assert await line.types() == before
    assert (await reused.evaluate(again))["decision"] is True


def failing(line: Pipeline, error: Exception) -> Pipeline:
    """The same, failing at every evaluation that has a version."""

    class Gated(Gate):
        async def ask(self, action: Action, *more: Any) -> Answer:
            if "version" in str(action.form["arguments"]):
                raise error
            return await line.office.gate.ask(action, *more)

    parts = {name: getattr(line.office.gate, name) for name in Gate.__slots__}
    access = replace(line.access, gate=Gated(**parts))
    return Pipeline(line.office, application(line.office, access, None), access, line.keys)


@pytest.mark.parametrize(
    ("error", "semantic", "expected"),
    [
        (LedgerUnavailable("disk full"), "execute_all", [None, 503, 503]),
        (LedgerUnavailable("disk full"), "deny_on_first_deny", [None, 503]),
        (RuntimeError("x"), "execute_all", [None, 500, 500]),
        (EntryRefused("too long"), "execute_all", [None, 500, None]),  # of this one alone: the next is decided
    ],
)
async def test_a_yes_is_told_whatever_happens_after_it(
    line: Pipeline, error: Exception, semantic: str, expected: list[int | None]
) -> None:
    answer = await batch(failing(line, error), STAGING, asked(version="2"), STAGING, semantic=semantic)
    assert answer.status_code == 200
    told = answer.json()["evaluations"]
    assert [each["context"].get("error", {}).get("status") for each in told] == expected
    assert [each["decision"] for each in told] == [each is None for each in expected]
    assert (await line.types()).count("action.released") == expected.count(None)


async def test_a_batch_of_which_nothing_could_be_decided_is_an_error(line: Pipeline) -> None:
    answer = await batch(failing(line, LedgerUnavailable("disk full")), asked(version="2"), STAGING)
    assert answer.status_code == 503


async def test_options_are_text(line: Pipeline) -> None:
    wrong: Any
    for wrong in (deep(300), {}, 1, None):
        sent = {"evaluations": [STAGING], "options": {"evaluations_semantic": wrong}}
        assert (await line.send("POST", "/access/v1/evaluations", sent)).status_code == 400
    assert await line.types() == []


# -- requests ---------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_written_leaves_no_hold_behind(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    for n, said in enumerate(("reason", "ticket", "business_justification")):
        assert (await line.submit(asked(**{said: "\ud800"}), denied, key=f"b{n}")).status_code == 400
    now = line.office.clock.now()
    assert line.office.gate.recents.of(ActorId("etl"), now).day.held == 0
    assert (await line.submit(asked(reason="ok"), denied)).status_code == 202
    assert line.office.gate.recents.of(ActorId("etl"), now).day.held == 1


async def test_one_token_handed_in_many_times_at_once_opens_one_review(line: Pipeline) -> None:
    denied = await line.evaluate(asked())

    async def once(key: str) -> str:
        answer = await line.submit(asked(), denied, key=key)
        if answer.status_code != 202:
            return ""
        task = str(answer.json()["task"]["id"])
        await line.send("DELETE", f"{REQUESTS}/{task}")
        return task

    tasks = await asyncio.gather(*(once(f"k{n}") for n in range(15)))
    assert len(set(tasks) - {""}) == 1
    assert (await line.types()).count("review.opened") == 1


@pytest.mark.parametrize(
    "more", [{"client": {"name": deep(100)}}, {"client": {"id": 1}}, {"denial": {"template": [1]}}]
)
async def test_what_is_used_for_nothing_is_text_all_the_same(line: Pipeline, more: Any) -> None:
    body = {**asked(), **more}
    answer = await line.send("POST", REQUESTS, body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


# -- approvals --------------------------------------------------------------------------------------------------------


async def test_an_approval_is_of_its_subject(line: Pipeline) -> None:
    """An agent that may ask for itself and for the person behind it: a signature for the one isn't for the other."""
    olivia = PersonId("olivia")
    etl = await line.office.agent("etl")
    person = Actor(ActorKind.PERSON, ActorId("olivia"), etl.groups, olivia, KeyId("k"), olivia, olivia)
    both = replace(etl, chain=(person,))

    registry = _Current(line.office.registry)
    access = replace(line.access, gate=replace(line.office.gate, registry=registry))  # type: ignore[arg-type]
    judged = await access.evaluate(both, read_evaluation(asked()))
    assert judged.token_until is not None
    review = await access.request(both, read_evaluation(asked()), judged.token, timestamp(judged.token_until))
    shown = (await line.office.desk.card(review.id)).content["statements"]
    assert "deploy/rollout for agent/etl " in str(shown)
    await line.office.vote(review, "dana")
    other = read_evaluation(with_approval(asked("olivia", kind="user"), review.id))
    answer = (await access.evaluate(both, other)).answer
    assert isinstance(answer, Denied)
    assert [reason.code for reason in answer.reasons] == ["out_of_scope"]
    own = await access.evaluate(both, read_evaluation(with_approval(asked(), review.id)))
    assert not isinstance(own.answer, Denied)  # and nothing was used up


class _Current:
    """A registry for which everybody is who they are said to be."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def current(self, actor: Actor) -> Actor:
        return actor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)


async def test_nothing_travels_beside_what_was_signed(line: Pipeline) -> None:
    again = await line.approved(asked(version="7.2"))
    for beside in (
        {"time": {"version": "9.9"}},
        {"access_request": {"version": "9"}},
        {"evaluation_id": [1]},
        {"reason": "r", "business_justification": "b"},
    ):
        body = {**again, "context": {**again["context"], **beside}}
        assert (await line.send("POST", "/access/v1/evaluation", body)).status_code == 400
    acting = {**again["subject"], "properties": {"act": {"run_as": "root"}}}
    assert (await line.send("POST", "/access/v1/evaluation", {**again, "subject": acting})).status_code == 400
    assert (await line.evaluate(again))["decision"] is True


@pytest.mark.parametrize("id_", ["a\0b", "x", "\ud800", "0192F0C1-0000-7000-8000-000000000000"])
async def test_an_approval_has_the_form_of_ours_or_is_none(line: Pipeline, id_: str) -> None:
    """Whatever the store would make of another: it isn't asked."""
    etl = await line.office.agent("etl")
    judged = await line.access.evaluate(etl, read_evaluation(with_approval(asked(), id_)))
    assert isinstance(judged.answer, Denied)
    assert [reason.code for reason in judged.answer.reasons] == ["approval_unverifiable"]
    assert await line.types() == ["action.denied"]


def test_the_form_is_the_one_of_addresses() -> None:
    assert f"^{_REVIEW.pattern}$" == REVIEW_ID


async def test_what_is_denied_in_between_is_on_record(line: Pipeline) -> None:
    """The approval is taken back after it was looked at and before it is redeemed."""
    again = await line.approved(asked())
    id_ = ReviewId(again["context"]["approval"]["id"])

    class Late(Gate):
        async def redeem(
            self, review_id: ReviewId, action: Action, rebuild: Rebuild, *, by_itself: bool = False
        ) -> Answer:
            await line.office.vote(await line.office.desk.review(id_), "dana", Verdict.DENY)
            return await line.office.gate.redeem(review_id, action, rebuild, by_itself=by_itself)

    parts = {name: getattr(line.office.gate, name) for name in Gate.__slots__}
    access = replace(line.access, gate=Late(**parts))
    judged = await access.evaluate(await line.office.agent("etl"), read_evaluation(again))
    assert isinstance(judged.answer, Denied)
    last = (await line.entries())[-1]
    assert (last["type"], last["act"], last["obj"]) == ("action.denied", judged.action.id, id_)


async def test_an_approval_of_something_else_under_the_same_name_is_none(line: Pipeline) -> None:
    """A connection's name that was a database's and is a caller's now."""
    office = line.office
    etl = await office.agent("etl")
    held = await office.with_policy(OFFICE_POLICY).gate.ask(export(etl))
    assert isinstance(held, Held)
    review: Review = await office.vote(held.review, "dana")
    assert review.state is ReviewState.APPROVED
    clinic = Connection(ConnectionName("clinic"), "access", "production", frozenset())
    access = replace(line.access, connections={clinic.name: AccessSettings(clinic, frozenset({"clinic"}))})
    body = with_approval({**asked(), "resource": {"type": "clinic", "id": "x"}}, review.id)
    answer = (await access.evaluate(etl, read_evaluation(body))).answer
    assert isinstance(answer, Denied)
    assert [reason.code for reason in answer.reasons] == ["approval_unverifiable"]
    assert (await line.types())[-1] == "action.denied"
