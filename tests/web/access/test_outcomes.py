"""How it ended, as who was told yes says: on record as a claim of theirs, once, and good for nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.stores.a_store import HandClock
from tests.web.access.a_guarded_pipeline import URL, Pipeline, asked, denial_of, pipeline

from interlock.model.review import ReviewState
from interlock.web.access.problems import OUTCOMES, REQUESTS

STAGING = {**asked(), "context": {"environment": "staging"}}


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


async def told(line: Pipeline, token: Any, outcome: Any = "succeeded", *, by: str = "etl") -> httpx.Response:
    return await line.send("POST", OUTCOMES, {"token": token, "outcome": outcome}, by=by)


async def test_an_end_is_on_record_as_the_caller_s_word(line: Pipeline) -> None:
    yes = (await line.evaluate(await line.approved(asked())))["context"]
    assert yes["outcome"]["endpoint"] == URL + OUTCOMES
    answer = await told(line, yes["outcome"]["token"], "failed")
    assert (answer.status_code, answer.json()) == (200, {"evaluation_id": yes["evaluation_id"], "outcome": "failed"})
    *_, released, unknown, ended = await line.entries()
    assert [each["type"] for each in (released, unknown, ended)] == [
        "action.released",
        "action.unknown",
        "action.ended",
    ]
    assert {each["act"] for each in (released, unknown, ended)} == {yes["evaluation_id"]}
    assert (ended["enforced"], ended["actor"]["id"]) == ("caller", "etl")
    assert ended["d"] == {"outcome": "failed", "rows": 0, "sqlstate": "", "review": released["d"]["review"]}
    (review,) = await line.office.desk.reviews(None, 10)
    assert review.state is ReviewState.UNKNOWN  # what we know of it is the same as before
    assert line.office.authority.unended() == ()


async def test_the_same_again_is_no_second_entry_and_another_is_refused(line: Pipeline) -> None:
    token = (await line.evaluate(STAGING))["context"]["outcome"]["token"]
    assert [(await told(line, token)).status_code for _ in range(2)] == [200, 200]
    assert (await told(line, token, "failed")).status_code == 409
    assert (await line.types()).count("action.ended") == 1


async def test_only_who_was_told_yes_can_say_it(line: Pipeline) -> None:
    token = (await line.evaluate(STAGING))["context"]["outcome"]["token"]
    denied = await line.evaluate(asked())
    for by, sent in (
        ("other", token),
        ("etl", token[:-4] + "AAAA"),
        ("etl", "x.y.z"),
        ("etl", denial_of(denied)["binding_token"]),
    ):
        answer = await told(line, sent, by=by)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_outcome_token")
    assert "outcome" not in denied["context"]
    assert "action.ended" not in await line.types()


async def test_an_outcome_token_asks_nobody_to_sign(line: Pipeline) -> None:
    yes = (await line.evaluate(STAGING))["context"]
    denial = {"binding_token": yes["outcome"]["token"], "expires_at": "2099-01-01T00:00:00Z"}
    answer = await line.send("POST", REQUESTS, {**STAGING, "denial": denial}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_denial_binding")


async def test_it_can_be_said_for_a_week(tmp_path: Path) -> None:
    clock = HandClock()
    async with pipeline(tmp_path, clock=clock) as line:
        first, second = [(await line.evaluate(STAGING))["context"]["outcome"]["token"] for _ in range(2)]
        clock.forward(days=6)
        assert (await told(line, first)).status_code == 200
        clock.forward(days=2)
        answer = await told(line, second)
        assert (answer.status_code, answer.json()["code"]) == (410, "outcome_too_late")
        assert (await line.types()).count("action.ended") == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"token": "a"},
        {"token": 1, "outcome": "failed"},
        {"token": "a", "outcome": "unknown"},
        {"token": "a", "outcome": "failed", "rows": 1},
        b"{",
        b"\xff",
    ],
)
async def test_what_isnt_understood_is_refused(line: Pipeline, body: Any) -> None:
    assert (await line.send("POST", OUTCOMES, body)).status_code == 400
    assert await line.types() == []
