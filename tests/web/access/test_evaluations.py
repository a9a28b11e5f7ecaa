"""Evaluations: decided and recorded before they are told, nothing opened, and whose they may be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.web.access.a_guarded_pipeline import URL, Pipeline, asked, pipeline

from interlock.model.review import ReviewState

STAGING = {"environment": "staging"}


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


async def test_what_policy_allows_is_released_before_it_is_told(line: Pipeline) -> None:
    told = await line.evaluate({**asked(), "context": STAGING})
    assert told["decision"] is True
    assert told["context"]["enforced_by"] == "caller"
    released, unknown = await line.entries()
    assert (released["type"], released["enforced"]) == ("action.released", "caller")
    assert released["act"] == told["context"]["evaluation_id"]
    # We don't run it, so we never know how it ended: said at once, for no recovery to guess at.
    assert (unknown["type"], unknown["act"], unknown["enforced"]) == ("action.unknown", released["act"], "caller")
    assert line.office.authority.unended() == ()


async def test_what_people_sign_for_is_denied_with_how_to_ask_and_opens_nothing(line: Pipeline) -> None:
    told = await line.evaluate(asked())
    assert told["decision"] is False
    context = told["context"]
    assert context["reason"] == "needs_request"
    assert "A rollout needs a second person." in context["reason_user"]["en"]
    assert "rollouts-are-signed" not in json.dumps(told)  # policies are for operators
    request = context["access_request"]
    assert request["endpoint"] == f"{URL}/access/v1/requests"
    assert request.keys() == {"endpoint", "template", "expires_at", "binding_token", "display"}
    (entry,) = await line.entries()
    assert (entry["type"], entry["act"]) == ("action.denied", context["evaluation_id"])
    assert entry["d"]["reasons"][0] == {"code": "needs_request", "policy": ""}
    assert await line.office.desk.reviews(None, 10) == []


async def test_what_policy_forbids_is_denied_and_cannot_be_asked_for(line: Pipeline) -> None:
    told = await line.evaluate({**asked(), "action": {"name": "delete"}, "context": STAGING})
    assert told["decision"] is False
    assert "access_request" not in told["context"]
    assert await line.types() == ["action.denied"]


async def test_a_name_that_nobody_pinned_is_opaque(line: Pipeline) -> None:
    told = await line.evaluate({**asked(), "action": {"name": "restart"}, "context": STAGING})
    assert told["context"]["reason"] == "needs_request"  # the policy holds what is opaque


@pytest.mark.parametrize("member", ["subject", "resource", "action"])
async def test_no_part_of_an_evaluation_is_left_unread(line: Pipeline, member: str) -> None:
    """Anything that is sent either is an argument, and then policy and people see that it is there, or is refused."""
    body = {**asked(), "context": STAGING}
    body[member] = {**body[member], "properties": {"canary": 1}}
    assert (await line.evaluate(body))["context"]["reason"] == "needs_request"  # not of the schema: opaque
    body[member] = {**body[member], "strange": 1}
    assert (await line.send("POST", "/access/v1/evaluation", body)).status_code == 400


async def test_a_subject_is_who_asks(line: Pipeline) -> None:
    for subject, kind in (("other", "agent"), ("etl", "user"), ("olivia", "user"), ("dana", "person")):
        told = await line.evaluate({**asked(subject, kind=kind), "context": STAGING})
        assert (told["decision"], told["context"]["reason"]) == (False, "subject_not_you")
    assert await line.types() == ["action.denied"] * 4


async def test_a_claimed_chain_makes_nobody_anybody(line: Pipeline) -> None:
    body = {**asked("dana", kind="user"), "context": STAGING}
    body["subject"]["properties"] = {"act": {"sub": "etl", "iss": URL, "sub_profile": "ai_agent"}}
    assert (await line.evaluate(body))["context"]["reason"] == "subject_not_you"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"subject": {"type": "agent", "id": "etl"}}',
        b'{"subject": {"type": "agent", "id": "etl", "id": "other"}, "action": {"name": "rollout"}, '
        b'"resource": {"type": "deploy", "id": "x"}}',
        json.dumps({**asked(), "resource": {"type": "deploy", "id": 7}}).encode(),
        json.dumps({**asked(), "resource": {"type": "nowhere", "id": "x"}}).encode(),
        json.dumps({**asked(), "context": []}).encode(),
        json.dumps({**asked(), "more": 1}).encode(),
        json.dumps({**asked(), "action": {"name": ""}}).encode(),
        json.dumps({**asked(), "context": {"approval": {"id": "x", "state": "signed elsewhere"}}}).encode(),
    ],
)
async def test_what_is_not_understood_is_refused(line: Pipeline, body: bytes) -> None:
    answer = await line.send("POST", "/access/v1/evaluation", body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert await line.types() == []


async def test_who_is_nobody_and_who_may_not_ask(line: Pipeline) -> None:
    line.keys = {**line.keys, "nobody": "x", "operator": "o" * 43}
    assert (await line.send("POST", "/access/v1/evaluation", asked(), by="nobody")).status_code == 401
    assert (await line.send("POST", "/access/v1/evaluation", asked(), by="operator")).status_code == 403
    assert (await line.send("POST", "/access/v1/evaluation", b"x" * 70_000)).status_code == 413


async def test_a_request_is_told_by_its_own_id(line: Pipeline) -> None:
    answer = await line.send("POST", "/access/v1/evaluation", asked(), headers={"X-Request-ID": "bfe9-7"})
    assert answer.headers["x-request-id"] == "bfe9-7"


async def batch(line: Pipeline, *environments: str, semantic: str | None = None) -> Any:
    body: dict[str, Any] = asked()
    del body["context"]
    body["evaluations"] = [{"context": {"environment": each}} for each in environments]
    if semantic:
        body["options"] = {"evaluations_semantic": semantic}
    return await line.send("POST", "/access/v1/evaluations", body)


async def test_a_batch_fills_in_its_defaults_and_stops_as_it_was_told(line: Pipeline) -> None:
    for semantic, expected in (
        (None, [False, True, False]),
        ("execute_all", [False, True, False]),
        ("deny_on_first_deny", [False]),
        ("permit_on_first_permit", [False, True]),
    ):
        told = (await batch(line, "production", "staging", "production", semantic=semantic)).json()
        assert [each["decision"] for each in told["evaluations"]] == expected
    assert (await batch(line, "staging", semantic="some_day")).status_code == 400
    assert (await batch(line, *["staging"] * 51)).status_code == 400


async def test_one_mistake_in_a_batch_is_a_no_of_its_own(line: Pipeline) -> None:
    body = {**asked(), "context": STAGING}
    body["evaluations"] = [{}, {"resource": {"type": "nowhere", "id": "x"}}, {"action": {}}, 7]
    told = (await line.send("POST", "/access/v1/evaluations", body)).json()["evaluations"]
    assert [each["decision"] for each in told] == [True, False, False, False]
    assert all(each["context"]["error"]["status"] == 400 for each in told[1:])


async def test_a_batch_without_a_list_is_one_evaluation(line: Pipeline) -> None:
    told = (await line.send("POST", "/access/v1/evaluations", {**asked(), "context": STAGING})).json()
    assert told["decision"] is True


async def test_the_metadata_says_where_and_which_draft(line: Pipeline) -> None:
    told = (await line.send("GET", "/.well-known/authzen-configuration")).json()
    assert told["policy_decision_point"] == URL
    assert told["access_request_endpoint"] == f"{URL}/access/v1/requests"
    assert told["interlock_access_request_drafts"] == ["1"]
    (key,) = (await line.send("GET", "/access/v1/jwks")).json()["keys"]
    assert key["use"] == "sig"
    assert "d" not in key


async def test_a_review_is_what_opens_one(line: Pipeline) -> None:
    review = await line.held(asked())
    assert review.state is ReviewState.PENDING
    card = (await line.office.desk.card(review.id)).content
    assert card["enforced_by"] == "caller"
    assert [e["enforced"] for e in await line.entries()] == ["caller"] * 2 + [""]
