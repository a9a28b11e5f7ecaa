"""The same request under the same Idempotency-Key is answered once and not done twice; secrets aren't kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.web.conftest import By
from tests.web.in_memory import Clock, Office, content

from interlock.model.names import KeyId
from interlock.web import idempotency
from interlock.web.idempotency import Answers
from interlock.web.problems import Refused

HOLDER = {"holder": "etl-agent", "made_by": "owen"}


async def test_a_repeat_gets_the_first_answer_and_does_nothing(office: Office, by: By) -> None:
    review = office.desk.open(content())
    path, headers = f"/api/reviews/{review.id}/withdraw", {"Idempotency-Key": '"one"'}
    agent = by("agent-key")
    first, again = [await agent.post(path, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert (await agent.post(path)).status_code == 409  # without the key it is asked anew


async def test_the_key_is_the_callers_own(office: Office, by: By) -> None:
    review = office.desk.open(content())
    path, headers = f"/api/reviews/{review.id}/withdraw", {"Idempotency-Key": "one"}
    assert (await by("agent-key").post(path, headers=headers)).status_code == 200
    assert (await by("other-agent-key").post(path, headers=headers)).status_code == 404
    assert (await by("wrong").post(path, headers=headers)).status_code == 401


async def test_the_key_is_of_one_credential_and_of_those_it_acts_for(office: Office, by: By) -> None:
    """One agent may act for many: what it got for one of them isn't told when it acts for another."""
    agent, others = office.registry.keys["agent-key"], office.registry.keys["owen-key"]
    office.registry.keys["renewed"] = replace(agent, key=KeyId("renewed"))
    office.registry.keys["for-owen"] = replace(agent, chain=(others,))
    first, second = [f"/api/reviews/{office.desk.open(content()).id}/withdraw" for _ in range(2)]
    headers = {"Idempotency-Key": "one"}
    await by("agent-key").post(first, headers=headers)
    codes = [
        (await by(token).post(second, headers=headers)).json().get("code")
        for token in ("renewed", "for-owen", "agent-key")
    ]
    assert [code == "idempotency_mismatch" for code in codes] == [False, False, True]


async def test_another_request_under_the_same_key_is_refused(by: By) -> None:
    operator, headers = by("operator-token"), {"Idempotency-Key": "one"}
    await operator.post("/api/operator/keys", json=HOLDER, headers=headers)
    for body in ({**HOLDER, "made_by": "priya"}, {}):
        answer = await operator.post("/api/operator/keys", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


async def test_what_is_shown_once_is_never_kept(office: Office, by: By) -> None:
    operator, headers = by("operator-token"), {"Idempotency-Key": "one"}
    made = await operator.post("/api/operator/keys", json=HOLDER, headers=headers)
    assert made.status_code == 201
    again = await operator.post("/api/operator/keys", json=HOLDER, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_replayed")
    assert made.json()["token"] not in again.text
    assert len(office.registry.issued) == 1


async def test_while_the_first_runs_the_second_is_refused(
    office: Office, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    plain = office.registry.issue_key

    async def slow(*given: object) -> object:
        begun.set()
        await go_on.wait()
        return await plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(office.registry, "issue_key", slow)
    operator, headers = by("operator-token"), {"Idempotency-Key": "one"}
    first = asyncio.create_task(operator.post("/api/operator/keys", json=HOLDER, headers=headers))
    await begun.wait()
    second = await operator.post("/api/operator/keys", json=HOLDER, headers=headers)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
    go_on.set()
    assert (await first).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", '"open', "é", "x" * 129])
async def test_a_key_that_is_none_is_refused(by: By, key: str) -> None:
    headers = [(b"idempotency-key", key.encode())]
    answer = await by("operator-token").post("/api/operator/keys", json=HOLDER, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")


async def test_too_fast_isnt_kept(office: Office, by: By) -> None:
    agent = by("agent-key")
    for _ in range(120):
        await agent.get("/api/whoami")
    review = office.desk.open(content())
    path, headers = f"/api/reviews/{review.id}/withdraw", {"Idempotency-Key": "one"}
    hasty = await agent.post(path, headers=headers)
    assert (hasty.status_code, int(hasty.headers["retry-after"]) >= 1) == (429, True)
    office.clock.pass_time(timedelta(seconds=int(hasty.headers["retry-after"])))
    assert (await agent.post(path, headers=headers)).status_code == 200


def test_answers_are_kept_for_a_day_and_no_more_than_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    answers = Answers(clock)
    monkeypatch.setattr(idempotency, "MAX_KEPT_PER_CALLER", 3)
    monkeypatch.setattr(idempotency, "MAX_KEPT", 5)
    for number in range(4):
        assert answers.begin("a", str(number), b"p") is None
        answers.end("a", str(number), 200, (), b"done")
    assert answers.begin("a", "3", b"p") is not None
    assert answers.begin("a", "0", b"p") is None  # forgotten, so asked anew
    clock.pass_time(timedelta(hours=24))
    assert answers.begin("a", "3", b"p") is None


def test_a_caller_whose_every_request_runs_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(Clock())
    monkeypatch.setattr(idempotency, "MAX_KEPT_PER_CALLER", 2)
    answers.begin("a", "1", b"p")
    answers.begin("a", "2", b"p")
    with pytest.raises(Refused) as refused:
        answers.begin("a", "3", b"p")
    assert refused.value.code == "too_many_in_flight"
    assert answers.begin("b", "1", b"p") is None


def test_kept_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(Clock())
    monkeypatch.setattr(idempotency, "MAX_KEPT_BYTES", 10)
    for number in range(3):
        answers.begin("a", str(number), b"p")
        answers.end("a", str(number), 200, (), b"12345")
    assert answers.begin("a", "0", b"p") is None
    assert answers.begin("a", "2", b"p") is not None


async def test_get_takes_no_notice(by: By) -> None:
    answers: list[httpx.Response] = [
        await by("agent-key").get("/api/whoami", headers={"Idempotency-Key": "a b"}) for _ in range(2)
    ]
    assert {answer.status_code for answer in answers} == {200}
