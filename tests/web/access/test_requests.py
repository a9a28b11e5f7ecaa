"""Access requests: bound to what was denied, opened once, told only to who asked, and good for one evaluation."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import AGENTS, OFFICERS
from tests.stores.a_store import HandClock
from tests.web.access.a_guarded_pipeline import (
    POLICY,
    URL,
    Pipeline,
    asked,
    denial_of,
    pipeline,
    with_approval,
)

from interlock.errors import NotEntitled
from interlock.model.actor import ActorKind
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState, Verdict
from interlock.web.access.problems import REQUESTS, URN

TWO = POLICY.replace("officers:1", "officers:2")
NO = (
    POLICY + '@id("frozen") @because("Frozen.") forbid (principal, action in Interlock::Action::"tool.call", resource);'
)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(URN)


async def test_denied_requested_signed_evaluated_once(line: Pipeline) -> None:
    body = asked(reason="Release 7.2")
    denied = await line.evaluate(body)
    answer = await line.submit(body, denied)
    assert answer.status_code == 202
    task = answer.json()["task"]
    assert task["status"] == "pending"
    assert answer.headers["location"] == task["status_endpoint"] == f"{URL}{REQUESTS}/{task['id']}"
    assert answer.headers["interlock-access-request-draft"] == "1"
    review = await line.office.desk.review(ReviewId(task["id"]))
    assert (await line.office.desk.card(review.id)).content["reason_given"] == "Release 7.2"
    await line.office.vote(review, "dana")
    told = (await line.send("GET", task["status_endpoint"])).json()
    assert told["task"]["status"] == "approved"
    assert told["result"]["mode"] == "reevaluate"
    again = {**body, "context": {**body["context"], "approval": told["result"]["approval"]}}
    first, second = await line.evaluate(again), await line.evaluate(again)
    assert (first["decision"], first["context"]["approval"]["id"]) == (True, review.id)
    assert (second["decision"], second["context"]["reason"]) == (False, "approval_expired")
    assert (await line.office.desk.review(review.id)).state is ReviewState.UNKNOWN
    assert (await line.send("GET", task["status_endpoint"])).json()["task"]["status"] == "approved"
    entries = await line.entries()
    assert [e["type"] for e in entries] == [
        "action.denied",
        "action.held",
        "review.opened",
        "vote.cast",
        "action.released",
        "action.unknown",
        "action.denied",
    ]
    released = entries[4]
    assert (released["d"]["review"], released["enforced"]) == (review.id, "caller")
    assert released["act"] == first["context"]["evaluation_id"]


async def test_two_evaluations_at_once_are_one_yes(line: Pipeline) -> None:
    again = await line.approved(asked())
    told = await asyncio.gather(*(line.evaluate(again) for _ in range(4)))
    assert sorted(each["decision"] for each in told) == [False, False, False, True]
    assert (await line.types()).count("action.released") == 1
    assert (await line.types()).count("action.denied") == 4  # every no is on record, the first evaluation's too


@pytest.mark.parametrize(
    "other",
    [
        asked(resource="ledger"),
        asked(version="7.3"),
        {**asked(), "resource": {"type": "service", "id": "payments"}},
        {**asked(), "action": {"name": "rollout", "properties": {"force": True}}},
        {**asked(), "action": {"name": "restart"}},
    ],
)
async def test_an_approval_is_of_these_arguments(line: Pipeline, other: dict[str, Any]) -> None:
    again = await line.approved(asked())
    id_ = again["context"]["approval"]["id"]
    told = await line.evaluate(with_approval(other, id_))
    assert (told["decision"], told["context"]["reason"]) == (False, "out_of_scope")
    assert (await line.evaluate(again))["decision"] is True  # and what didn't fit has used nothing up


async def test_an_approval_is_of_one_actor_and_its_task_too(line: Pipeline) -> None:
    again = await line.approved(asked())
    id_ = again["context"]["approval"]["id"]
    told = await line.evaluate(with_approval(asked("other"), id_), by="other")
    assert (told["decision"], told["context"]["reason"]) == (False, "approval_unverifiable")
    unknown = await line.evaluate(with_approval(asked("other"), "0192f0c1-0000-7000-8000-000000000000"), by="other")
    assert unknown["context"]["reason_user"] == told["context"]["reason_user"]  # as if there were none
    for method, path in (("GET", ""), ("POST", "/cancel"), ("DELETE", "")):
        answer = await line.send(method, f"{REQUESTS}/{id_}{path}", by="other")
        assert problem(answer) == (404, "unknown_task")
    assert (await line.evaluate(again))["decision"] is True


async def test_an_approval_runs_out(tmp_path: Path) -> None:
    clock = HandClock()
    async with pipeline(tmp_path, clock=clock) as line:
        again = await line.approved(asked())
        clock.forward(minutes=11)
        told = await line.evaluate(again)
        assert (told["decision"], told["context"]["reason"]) == (False, "approval_expired")
        assert "action.released" not in await line.types()


async def test_what_isnt_settled_yet_is_no_approval(line: Pipeline) -> None:
    review = await line.held(asked())
    told = await line.evaluate(with_approval(asked(), review.id))
    assert told["decision"] is False
    assert told["context"]["next_action"] == "retry"
    assert told["context"]["retry_after"] > 0
    await line.office.vote(review, "dana", Verdict.DENY)
    told = await line.evaluate(with_approval(asked(), review.id))
    assert (told["decision"], told["context"]["next_action"]) == (False, "none")


async def test_policies_that_ask_for_more_by_now_ask_again(line: Pipeline) -> None:
    again = await line.approved(asked())
    stricter = line.under(TWO)
    told = await stricter.evaluate(again)
    assert told["decision"] is False
    assert told["context"]["next_action"] == "request"
    assert await line.office.desk.reviews(frozenset({ReviewState.PENDING}), 10) == []  # still nothing by itself
    answer = await stricter.submit(asked(), told, key="k2")
    assert answer.status_code == 202
    review = await line.office.desk.review(ReviewId(answer.json()["task"]["id"]))
    assert review.id != again["context"]["approval"]["id"]
    assert [quorum.count for quorum in review.requirements.quorums] == [2]


async def test_policies_that_forbid_it_by_now_win(line: Pipeline) -> None:
    again = await line.approved(asked())
    told = await line.under(NO).evaluate(again)
    assert (told["decision"], told["context"]["reason"]) == (False, "policy_denied")
    assert "access_request" not in told["context"]


@pytest.mark.parametrize(
    "change",
    [
        {"resource": {"type": "deploy", "id": "ledger"}},
        {"action": {"name": "delete"}},
        {"context": {"environment": "staging"}},
        {"context": {}},
        {"context": {"environment": "production", "version": "8"}},
        {"resource": {"type": "deploy", "id": "payments", "properties": {}}},
    ],
)
async def test_a_request_is_for_what_was_denied(line: Pipeline, change: dict[str, Any]) -> None:
    denied = await line.evaluate(asked())
    answer = await line.submit({**asked(), **change}, denied)
    assert problem(answer) == (400, "invalid_denial_binding")
    assert await line.types() == ["action.denied"]


async def test_what_is_said_for_people_may_be_added(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    answer = await line.submit(asked(business_justification="Release 7.2", ticket="OPS-7"), denied)
    card = (await line.office.desk.card(ReviewId(answer.json()["task"]["id"]))).content
    assert (card["reason_given"], card["ticket_given"]) == ("Release 7.2", "OPS-7")


def _header(token: str, **change: str) -> str:
    head, *rest = token.split(".")
    known = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    made = base64.urlsafe_b64encode(json.dumps(known | change).encode()).rstrip(b"=").decode()
    return ".".join([made, *rest])


async def test_a_token_is_ours_and_whose_it_is(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    denial = denial_of(denied)
    token = denial["binding_token"]
    head, payload, signature = token.split(".")
    forged = [
        "",
        "a.b.c",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload[:-4]}AAAA.{signature}",
        _header(token, alg="none").rsplit(".", 1)[0] + ".",
        _header(token, alg="HS256"),
        _header(token, kid="other"),
        "x" * 5000,
    ]
    for each in forged:
        sent = {**asked(), "denial": {**denial, "binding_token": each}}
        answer = await line.send("POST", REQUESTS, sent, headers={"Idempotency-Key": f"k{forged.index(each)}"})
        assert answer.status_code == 400, each
    for wrong in ({}, {"expires_at": denial["expires_at"]}, {**denial, "expires_at": "2030-01-01T00:00:00Z"}):
        key = {"Idempotency-Key": f"w{len(wrong)}"}
        answer = await line.send("POST", REQUESTS, {**asked(), "denial": wrong}, headers=key)
        assert problem(answer) == (400, "invalid_denial_binding")
    answer = await line.submit(asked("other"), denied, by="other")
    assert problem(answer) == (400, "invalid_denial_binding")
    assert await line.office.desk.reviews(None, 10) == []


async def test_a_token_of_another_gateway_is_none(line: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    async with pipeline(tmp_path / "b", url="https://elsewhere.test") as elsewhere:
        denied = await elsewhere.evaluate(asked())
    assert problem(await line.submit(asked(), denied)) == (400, "invalid_denial_binding")


async def test_a_denial_runs_out(tmp_path: Path) -> None:
    clock = HandClock()
    async with pipeline(tmp_path, clock=clock) as line:
        denied = await line.evaluate(asked())
        clock.forward(minutes=10)
        assert problem(await line.submit(asked(), denied)) == (410, "expired_denial")


async def test_a_repeat_is_the_same_request(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    first, repeat = await line.submit(asked(), denied), await line.submit(asked(), denied)
    assert (repeat.status_code, repeat.json()) == (202, first.json())
    other = await line.submit(asked(), denied, key="k2")
    assert other.json()["task"]["id"] == first.json()["task"]["id"]
    changed = await line.submit(asked(reason="another"), denied)
    assert problem(changed) == (409, "duplicate_request")
    assert (await line.types()).count("review.opened") == 1
    review = await line.office.desk.review(ReviewId(first.json()["task"]["id"]))
    await line.office.vote(review, "dana", Verdict.DENY)
    assert problem(await line.submit(asked(), denied, key="k3")) == (400, "invalid_denial_binding")
    assert (await line.types()).count("review.opened") == 1


async def test_a_request_needs_a_key_of_its_own(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    answer = await line.send("POST", REQUESTS, {**asked(), "denial": denial_of(denied)})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")


@pytest.mark.parametrize(
    "more",
    [
        {"items": [{"resource": {"type": "deploy", "id": "x"}, "action": {"name": "rollout"}}]},
        {"requested_access": {"emergency": True}},
        {"client": {"actor": {"id": "dana"}}},
        {"callback": {"endpoint": "https://ci.test/done", "state": "x"}},
    ],
)
async def test_what_is_not_offered_is_refused(line: Pipeline, more: dict[str, Any]) -> None:
    denied = await line.evaluate(asked())
    assert (await line.submit(asked(), denied, **more)).status_code == 400


async def test_what_is_allowed_by_now_or_forbidden_is_not_requestable(line: Pipeline) -> None:
    denied = await line.evaluate(asked())
    free = POLICY.replace('"production" };', '"moon" };')
    for policy in (free, NO):
        answer = await line.under(policy).submit(asked(), denied)
        assert problem(answer) == (400, "not_requestable")
    assert "action.released" not in await line.types()  # a request never releases


async def test_a_request_is_taken_back_once(line: Pipeline) -> None:
    for method, path in (("POST", "/cancel"), ("DELETE", "")):
        review = await line.held(asked(version=method), key=method)
        told = await line.send(method, f"{REQUESTS}/{review.id}{path}")
        assert (told.status_code, told.json()["task"]["status"]) == (200, "cancelled")
        again = await line.send(method, f"{REQUESTS}/{review.id}{path}")
        assert problem(again) == (409, "invalid_task_state")
        assert (await line.evaluate(with_approval(asked(version=method), review.id)))["decision"] is False


async def test_a_long_look_ends_with_the_vote(line: Pipeline) -> None:
    review = await line.held(asked())
    looking = asyncio.ensure_future(line.send("GET", f"{REQUESTS}/{review.id}?wait=30"))
    await asyncio.sleep(0)
    await line.office.vote(review, "dana")
    async with asyncio.timeout(10):
        assert (await looking).json()["task"]["status"] == "approved"
    assert (await line.send("GET", f"{REQUESTS}/{review.id}?wait=31")).status_code == 422


async def test_a_long_look_ends_when_the_gateway_does(line: Pipeline) -> None:
    review = await line.held(asked())
    looking = asyncio.ensure_future(line.send("GET", f"{REQUESTS}/{review.id}?wait=30"))
    await asyncio.sleep(0)
    line.app.state.control.stopping.set()
    async with asyncio.timeout(10):
        assert (await looking).json()["task"]["status"] == "pending"


async def test_who_asks_does_not_answer(line: Pipeline) -> None:
    review = await line.held(asked())
    card = await line.office.desk.card(review.id)
    ballot = {"verdict": "approve", "action_digest": card.action_digest, "card_digest": card.card_digest}
    answer = await line.send("POST", f"/api/reviews/{review.id}/votes", ballot)
    assert (answer.status_code, answer.json()["code"]) == (403, "agents_never_vote")
    assert (await line.types())[-1] == "vote.refused"
    with pytest.raises(NotEntitled):
        await line.office.vote(review, "olivia")  # who answers for the agent is part of the request


async def test_a_person_who_asks_does_not_answer_either(line: Pipeline) -> None:
    theirs = line.under(POLICY.replace(AGENTS, OFFICERS))
    review = await theirs.held(asked("dana", kind="user"), by="dana")
    with pytest.raises(NotEntitled):
        await line.office.vote(review, "dana")
    await line.office.vote(review, "remy")
    told = await theirs.evaluate(with_approval(asked("dana", kind="user"), review.id), by="dana")
    assert told["decision"] is True


async def test_a_task_outlives_the_gateway(tmp_path: Path) -> None:
    async with pipeline(tmp_path) as line:
        review = await line.held(asked())
        keys = line.keys
    async with pipeline(tmp_path) as line:
        line.keys = keys
        await line.office.vote(await line.office.desk.review(review.id), "dana")
        again = with_approval(asked(), review.id)
        assert (await line.evaluate(again))["decision"] is True
    async with pipeline(tmp_path) as line:
        line.keys = keys
        assert line.office.authority.unended() == ()  # nothing that a start would have to guess at
        assert (await line.evaluate(again))["decision"] is False


def everything(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.iterdir() if path.is_file()]


async def test_no_value_gets_into_records_or_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    canary = "MRN-4711-canary"
    body = {**asked(resource=canary, note=canary), "action": {"name": "rollout", "properties": {"p": canary}}}
    answers: list[str] = []
    async with pipeline(tmp_path) as line:
        denied = await line.evaluate(body)
        submitted = await line.submit(body, denied)
        review = await line.office.desk.review(ReviewId(submitted.json()["task"]["id"]))
        wrong = await line.submit({**body, "resource": {"type": canary, "id": canary}}, denied, key="k2")
        unread = await line.send("POST", "/access/v1/evaluation", {**body, canary: canary})
        card = (await line.office.desk.card(review.id)).content
        await line.office.vote(review, "dana")
        told = await line.evaluate(with_approval(body, review.id))
        assert told["decision"] is True
        answers += [json.dumps(denied), submitted.text, wrong.text, unread.text, json.dumps(told), json.dumps(card)]
        answers += [json.dumps(await line.entries())]
    files = everything(tmp_path)
    assert files
    heard = capsys.readouterr()
    for text in [*answers, heard.out, heard.err]:
        assert canary not in text
    for raw in files:
        assert canary.encode() not in raw
    assert review.actor == "etl"
    assert ActorKind.AGENT.value in answers[-1]
