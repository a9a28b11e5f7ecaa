"""Calls that a server asks about: relayed with a state of ours, gone on with once, by the same asker alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.mcp.a_connection import CANARY, MASKED, POLICY, AClient, Place, connected

from interlock.doors.mcp.answers import Answered
from interlock.doors.mcp.seams import Asker
from interlock.model.peer import Peer
from interlock.model.secret import Secret

ASKS = {
    "resultType": "input_required",
    "requestState": "theirs",
    "inputRequests": {
        "q": {"method": "elicitation/create", "params": {"message": f"Who is {CANARY}?", "_meta": {"a": 1}}},
    },
}
ELICITS = AClient(capabilities={"elicitation": {}})
WHO = {"who": "x"}
REPLY = {"q": {"action": "accept", "content": {"a": "b"}}}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Place]:
    async with connected(tmp_path) as place:
        yield place


async def asked(at: Place, name: str = "look", arguments: dict[str, str] | None = None) -> dict[str, Any]:
    """A call that its server asks about."""
    at.server.answers.insert(0, ASKS)
    return await at.call(name, arguments or WHO, ELICITS)


async def test_the_question_is_masked_and_the_state_is_ours(at: Place) -> None:
    question = await asked(at)
    assert question["resultType"] == "input_required"
    assert question["inputRequests"]["q"]["params"] == {"message": f"Who is {MASKED}?"}
    assert "theirs" not in json.dumps(question) and await at.outcomes() == []
    answer = await at.call("look", WHO, ELICITS, requestState=question["requestState"], inputResponses=REPLY)
    assert answer["content"][0]["text"] == f"done for {MASKED}"
    assert at.server.asked[-1][1] == {
        "name": "look",
        "arguments": WHO,
        "requestState": "theirs",
        "inputResponses": REPLY,
    }
    assert await at.outcomes() == ["succeeded"]
    assert [entry["type"] for entry in await at.entries()].count("action.released") == 1


async def test_what_people_signed_for_gets_nothing_added(at: Place) -> None:
    to = {"to": "press"}
    await at.call("send", to, ELICITS)
    await at.office.vote(await at.pending(), "dana")
    at.server.answers = [ASKS]
    answer = await at.call("send", to, ELICITS)
    assert answer["isError"] and answer["structuredContent"]["interlock"]["code"] == "input_required"
    assert len(at.server.calls) == 1 and await at.outcomes() == ["unknown"]


async def test_what_was_approved_goes_on_by_a_state_alone(at: Place) -> None:
    to = {"to": "press"}
    await at.call("send", to, ELICITS)
    await at.office.vote(await at.pending(), "dana")
    at.server.answers = [{"resultType": "input_required", "requestState": "theirs"}, {"content": []}]
    client = AClient(capabilities=ELICITS.capabilities)
    state = (await at.call("send", to, client))["requestState"]
    assert client.hushed
    answer = await at.call("send", to, client, requestState=state, inputResponses=REPLY)
    assert not answer.get("isError") and len(at.server.calls) == 2
    assert at.server.asked[-1][1] == {"name": "send", "arguments": to, "requestState": "theirs"}
    with pytest.raises(Answered):
        await at.call("send", to, client, requestState=state)


async def test_a_state_is_good_once_and_only_for_what_it_was_given_for(at: Place) -> None:
    state, other = (await asked(at))["requestState"], await at.another()
    with pytest.raises(Answered):
        await at.call("look", {"who": "y"}, ELICITS, requestState=state)
    with pytest.raises(Answered):
        await at.call("send", {"to": "x"}, ELICITS, requestState=state)
    with pytest.raises(Answered):
        await at.call("look", WHO, ELICITS, asker=other, requestState=state)
    for wrong in (None, 5, "", "x", "é", state[:-8] + "AAAAAAAA", "A" * 1_000_000):
        with pytest.raises(Answered):
            await at.call("look", WHO, ELICITS, requestState=wrong)
    assert len(at.server.calls) == 1
    await at.call("look", WHO, ELICITS, requestState=state)
    with pytest.raises(Answered):
        await at.call("look", WHO, ELICITS, requestState=state)
    assert len(at.server.calls) == 2 and "request_state" in await at.refusals()


async def test_only_what_was_asked_is_answered(at: Place) -> None:
    """Nobody decided on more: no policy has seen it."""
    state = (await asked(at))["requestState"]
    more = {**REPLY, "unasked": {"command": "DROP"}, "odd": 5}
    await at.call("look", WHO, ELICITS, requestState=state, inputResponses=more)
    assert at.server.asked[-1][1]["inputResponses"] == REPLY
    at.server.answers = [{"resultType": "input_required", "requestState": "theirs"}]
    state = (await at.call("look", WHO, ELICITS))["requestState"]
    await at.call("look", WHO, ELICITS, requestState=state, inputResponses=more)
    assert "inputResponses" not in at.server.asked[-1][1]


async def test_another_credential_of_the_same_actor_doesnt_go_on(at: Place) -> None:
    state = (await asked(at))["requestState"]
    other = Asker(await at.office.agent(), Secret(""), Peer())
    assert other.actor.id == at.asker.actor.id and other.actor.key != at.asker.actor.key
    with pytest.raises(Answered):
        await at.call("look", WHO, ELICITS, asker=other, requestState=state)
    assert len(at.server.calls) == 1


async def test_what_policy_forbids_by_now_doesnt_go_on(at: Place) -> None:
    state = (await asked(at))["requestState"]
    rules: Any = at.calls.gate.rules
    rules._policy, rules._made = POLICY.replace('Action::"read"', 'Action::"write"'), None
    answer = await at.call("look", WHO, ELICITS, requestState=state)
    assert answer["isError"] and len(at.server.calls) == 1 and await at.outcomes() == ["unknown"]


async def test_what_a_client_cant_answer_ends_the_call(at: Place) -> None:
    at.server.answers = [ASKS]
    with pytest.raises(Answered, match="can't answer: elicitation"):
        await at.call("look", WHO, AClient())
    assert await at.outcomes() == ["unknown"]


@pytest.mark.parametrize(
    "asks",
    [
        {},
        {"inputRequests": 5},
        {"inputRequests": {"q": {"method": "tools/call"}}},
        {"inputRequests": {"q": "x"}},
        {"inputRequests": {f"q{n}": {"method": "elicitation/create"} for n in range(17)}},
        {"inputRequests": {CANARY + " x": {"method": "elicitation/create"}}},
        {"requestState": 5},
        {"requestState": "x" * 100_000},
        {"inputRequests": {"q": {"method": "elicitation/create", "params": 5}}},
    ],
)
async def test_what_isnt_a_question_ends_the_call(at: Place, asks: dict[str, Any]) -> None:
    at.server.answers = [{"resultType": "input_required", **asks}]
    with pytest.raises(Answered):
        await at.call("look", WHO, ELICITS)
    assert await at.outcomes() == ["unknown"]


async def test_a_server_that_never_stops_asking_is_stopped(at: Place) -> None:
    at.server.answers = [ASKS] * 20
    question = await at.call("look", WHO, ELICITS)
    with pytest.raises(Answered, match="keeps asking"):
        for _ in range(20):
            question = await at.call("look", WHO, ELICITS, requestState=question["requestState"], inputResponses=REPLY)
    assert len(at.server.calls) == 11 and await at.outcomes() == ["unknown"]


async def test_what_nobody_goes_on_with_is_recorded_as_unknown(at: Place) -> None:
    state = (await asked(at))["requestState"]
    at.calls.close()
    assert await at.outcomes() == ["unknown"] and at.office.authority.unended() == ()
    with pytest.raises(Answered):
        await at.call("look", WHO, ELICITS, requestState=state)
