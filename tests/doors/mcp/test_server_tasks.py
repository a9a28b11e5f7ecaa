"""A server's own tasks: under an id of ours, followed to their end, masked as a direct result, recorded once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.doors.mcp.a_connection import CANARY, MASKED, OLDER, WITH_TASKS, AClient, Place, connected
from tests.doors.mcp.a_task_server import CORE, SERVERS_ID, TOOLS, TaskServer
from tests.doors.mcp.test_tasks import everything

from interlock.desk.deferrals import MOST_OF_ONE_ACTOR
from interlock.doors.mcp import following, handed
from interlock.doors.mcp.answers import MISSING_CAPABILITY, Answered
from interlock.doors.mcp.seams import MODERN, Client, McpRefused, Object
from interlock.errors import UpstreamFailed
from interlock.model.names import PersonId

WHO = {"who": "x"}
ERAS = [MODERN, CORE]
CLIENTS = {MODERN: WITH_TASKS, CORE: OLDER}


@asynccontextmanager
async def place(path: Path, server: TaskServer, **more: Any) -> AsyncIterator[Any]:
    """A connection to it, and so a `Place`."""
    async with connected(path, server=server, pinned=TOOLS, **more) as at:
        yield at
        at.calls.close()


async def begun(at: Place, version: str, tool: str = "later", client: Client | None = None) -> str:
    """A call that its server made a task of, handed out; its id."""
    asked: Any = {} if version == CORE else None
    answer = await at.call(tool, WHO, client or CLIENTS[version], task=asked)
    told = answer if version == MODERN else answer["task"]
    assert told["status"] == "working" and CANARY not in json.dumps(answer) and SERVERS_ID not in json.dumps(answer)
    id_: str = told["taskId"]
    return id_


async def over(at: Place, id_: str, client: Client) -> dict[str, Any]:
    """How it ended."""
    while True:
        got = await at.task("tasks/get", id_, client)
        assert CANARY not in json.dumps(got) and SERVERS_ID not in json.dumps(got)
        if got["status"] not in ("working", "input_required"):
            return got
        await asyncio.sleep(0.01)


async def becomes(at: Place, id_: str, status: str, client: Client = WITH_TASKS) -> dict[str, Any]:
    """It, once it is that."""
    while (got := await at.task("tasks/get", id_, client))["status"] != status:
        await asyncio.sleep(0.01)
    return got


async def test_it_is_followed_to_its_end_and_masked(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer()) as at:
        id_ = await begun(at, MODERN)
        assert SERVERS_ID not in id_ and await at.outcomes() == []
        got = await over(at, id_, WITH_TASKS)
        assert got["status"] == "completed" and got["result"]["content"][0]["text"] == f"later for {MASKED}"
        assert got["result"]["_meta"] == {"a": 1}
        assert await at.outcomes() == ["succeeded"] and len(at.server.calls) == 1
        assert CANARY not in json.dumps(await at.entries())
        stored = everything(tmp_path)
        assert CANARY.encode() not in stored and SERVERS_ID.encode() not in stored


async def test_in_the_older_shape_its_result_is_fetched_once_it_is_over(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(protocol_version=CORE)) as at:
        id_ = await begun(at, CORE)
        result = await at.task("tasks/result", id_, OLDER)
        assert result["content"][0]["text"] == f"later for {MASKED}"
        assert result["_meta"] == {"io.modelcontextprotocol/related-task": {"taskId": id_}, "a": 1}
        assert [method for method, _ in at.server.asked] == ["tools/call", "tasks/get", "tasks/get", "tasks/result"]
        assert at.server.asked[0][1]["task"] == {"ttl": 24 * 3600 * 1000}
        assert await at.outcomes() == ["succeeded"]


@pytest.mark.parametrize("client", [AClient(), OLDER], ids=["modern", "older"])
@pytest.mark.parametrize("version", ERAS)
async def test_who_takes_no_tasks_waits_for_the_result(tmp_path: Path, version: str, client: Client) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version)) as at:
        seen: list[str | None] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(message)

        answer = await at.call("always", WHO, client, progress=progress)
        assert answer["content"][0]["text"] == f"later for {MASKED}" and "task" not in answer
        assert f"busy with {MASKED}" in seen and await at.outcomes() == ["succeeded"]


async def test_a_task_is_asked_for_only_where_the_pinned_definition_takes_one(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(protocol_version=CORE)) as at:
        for tool, client, task, asked in (
            ("never", OLDER, {}, False),
            ("later", OLDER, None, False),
            ("later", OLDER, {"ttl": 5}, True),
            ("always", OLDER, None, True),
        ):
            at.server.answers, at.server.asked = [{"content": []}], []
            await at.call(tool, WHO, client, task=task)
            assert ("task" in at.server.asked[0][1]) is asked, tool
        at.server.capabilities, at.server.answers, at.server.asked = {}, [{"content": []}], []
        await at.call("always", WHO, OLDER)
        assert "task" not in at.server.asked[0][1], "a server that doesn't take them isn't asked for one"


async def test_nobody_else_has_it(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        id_, other = await begun(at, MODERN), await at.another()
        await becomes(at, id_, "working")
        for method in ("tasks/get", "tasks/cancel", "tasks/update"):
            for whose, which in ((other, id_), (at.asker, SERVERS_ID), (other, SERVERS_ID)):
                with pytest.raises(Answered, match="Unknown task"):
                    await at.task(method, which, asker=whose)
        with pytest.raises(Answered, match="Unknown task"):
            await at.task("tasks/result", id_, OLDER, other)
        assert (await at.calls.tasks.answer(other, OLDER, "tasks/list", {})) == {"tasks": []}
        assert len((await at.calls.tasks.answer(at.asker, OLDER, "tasks/list", {}))["tasks"]) == 1
        assert at.server.stopped == 0


async def test_another_credential_of_the_same_actor_hasnt_it_either(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        id_ = await begun(at, MODERN)
        _, key = await at.office.registry.issue_key(at.asker.actor.id, PersonId("olivia"), None)
        same = type(at.asker)(at.office.registry.authenticate(key), key, at.asker.peer)
        assert same.actor.id == at.asker.actor.id
        with pytest.raises(Answered, match="Unknown task"):
            await at.task("tasks/get", id_, asker=same)


async def test_who_hasnt_said_that_it_takes_tasks_is_told_so(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer()) as at:
        id_ = await begun(at, MODERN)
        with pytest.raises(Answered) as refused:
            await at.task("tasks/get", id_, AClient())
        assert refused.value.error.code == MISSING_CAPABILITY
        assert "io.modelcontextprotocol/tasks" in json.dumps(refused.value.error.data)


@pytest.mark.parametrize("version", ERAS)
async def test_cancelling_tells_the_server_and_nobody_knows_how_far_it_got(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version, looks=["working"])) as at:
        client = CLIENTS[version]
        id_ = await begun(at, version)
        cancelled = await at.task("tasks/cancel", id_, client)
        assert cancelled == {"resultType": "complete"} or cancelled["status"] == "cancelled"
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"]
        assert (await at.task("tasks/get", id_, client))["status"] == "cancelled"
        assert len(at.server.calls) == 1


async def test_a_client_that_waits_along_and_leaves_has_it_stopped(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        call = asyncio.ensure_future(at.call("later", WHO, AClient()))
        while len(at.server.asked) < 3:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"]


@pytest.mark.parametrize("version", ERAS)
async def test_an_error_that_it_ends_with_is_masked(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version, looks=["failed"])) as at:
        got = await over(at, await begun(at, version), CLIENTS[version])
        assert got["status"] == "failed" and await at.outcomes() == ["failed"]
        if version == MODERN:
            assert got["error"]["message"] == f"no {MASKED}" and got["error"]["code"] == -32010
        with pytest.raises(Answered, match=f"no {MASKED}"):
            await at.call("always", WHO, AClient() if version == MODERN else OLDER)


ANOTHER = {"resultType": "complete", "taskId": "another", "status": "completed", "result": {"content": []}}
OWN: dict[str, Any] = {"resultType": "complete", "taskId": SERVERS_ID}
A_TASK = {"resultType": "task", "taskId": SERVERS_ID, "status": "working", "pollIntervalMs": 1}


@pytest.mark.parametrize(
    "look",
    [
        ANOTHER,
        A_TASK,
        {**OWN, "status": "completed", "result": A_TASK},
        {**OWN, "status": "completed", "result": CANARY},
        {**OWN, "status": "completed", "result": {"content": CANARY}},
        {**OWN, "status": "completed"},
        {**OWN, "status": "failed", "error": CANARY},
        {**OWN, "status": CANARY},
        {**OWN, "status": None},
        McpRefused(-32602, f"no task {CANARY}"),
        UpstreamFailed(CANARY, code="upstream_junk"),
        {**OWN, "status": "cancelled"},
    ],
    ids=lambda look: "",
)
async def test_what_isnt_its_end_ends_it_all_the_same(tmp_path: Path, look: Any) -> None:
    async with place(tmp_path, TaskServer(looks=[look])) as at:
        got = await over(at, await begun(at, MODERN), WITH_TASKS)
        assert got["status"] == "completed" and got["result"]["isError"] is True
        assert await at.outcomes() == ["unknown"] and len(at.server.calls) == 1
        at.server.answers = []
        answer = await at.call("later", WHO, AClient())
        assert answer["isError"] is True and CANARY not in json.dumps(answer)


@pytest.mark.parametrize(
    "begun",
    [
        {"resultType": "task"},
        {"resultType": "task", "taskId": "", "status": "working"},
        {"resultType": "task", "taskId": "x" * 2_000, "status": "working"},
        {"resultType": "task", "taskId": 5, "status": "working"},
        {"resultType": "task", "taskId": "t", "status": CANARY},
    ],
    ids=lambda begun: "",
)
async def test_what_isnt_a_task_is_junk(tmp_path: Path, begun: Object) -> None:
    async with place(tmp_path, TaskServer(answers=[begun])) as at:
        answer = await at.call("later", WHO, WITH_TASKS)
        assert answer["isError"] is True and await at.outcomes() == ["unknown"]
        assert CANARY not in json.dumps(answer)


async def test_a_server_that_comes_back_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOKING", 0.01)
    away = UpstreamFailed("away", code="upstream_away")
    async with place(tmp_path, TaskServer(looks=[away] * following.MISSED + ["completed"])) as at:
        assert (await over(at, await begun(at, MODERN), WITH_TASKS))["status"] == "completed"
        assert await at.outcomes() == ["succeeded"]
        at.server.looks, at.server.answers = [away], []
        got = await over(at, await begun(at, MODERN), WITH_TASKS)
        assert got["result"]["isError"] is True and (await at.outcomes())[1:] == ["unknown"]


async def test_one_without_an_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed, "LONGEST", timedelta(seconds=0.2))
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        got = await over(at, await begun(at, MODERN), WITH_TASKS)
        assert got["result"]["structuredContent"]["interlock"]["code"] == "task_too_long"
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"] and len(at.calls.tasks.handed) == 0


async def test_a_credential_that_is_gone_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        await begun(at, MODERN)
        await at.office.registry.revoke_key(at.asker.actor.key, PersonId("olivia"), "lost")
        while len(at.calls.tasks.handed):
            await asyncio.sleep(0.01)
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"]


async def test_one_whose_node_died_says_so_and_isnt_run_again(tmp_path: Path) -> None:
    server = TaskServer(looks=["working"])
    async with place(tmp_path, server) as at:
        id_, asker, clock = await begun(at, MODERN), at.asker, at.office.clock
        under = at.calls.tasks.handed.under(id_, asker.actor)
        assert under is not None and under.run is not None
        at.calls.tasks.handed._under.clear()  # as if this node were another
        assert (await at.task("tasks/get", id_))["status"] == "working"
        assert await at.task("tasks/cancel", id_) == {"resultType": "complete"}
        clock.forward(minutes=4)
        got = await at.task("tasks/get", id_)
        assert got["status"] == "completed" and got["result"]["structuredContent"]["interlock"]["code"] == "unknown"
        under.run.cancel()
        await asyncio.wait([under.run])
        assert len(server.calls) == 1


async def test_who_has_as_many_as_may_be_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed, "MOST", 1)
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        await begun(at, MODERN)
        at.server.answers, at.server.looks = [], ["completed"]
        assert (await at.call("later", WHO, WITH_TASKS))["content"][0]["text"] == f"later for {MASKED}"
    assert MOST_OF_ONE_ACTOR == 100


# -- what a server asks in the middle of its task ---------------------------------------------------------------------

ELICITS: Any = {"elicitation": {}}
ASKING = ("input_required", "input_required", "completed")
YES = {"action": "accept", "content": {"yes": True}}


class Answers(AClient):
    """A client that answers."""

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  the seam's
        return YES


async def test_a_question_is_put_masked_and_answered_once(tmp_path: Path) -> None:
    client = AClient(capabilities={**WITH_TASKS.capabilities, **ELICITS})
    async with place(tmp_path, TaskServer(looks=list(ASKING), patient=True)) as at:
        id_ = await begun(at, MODERN, client=client)
        got = await becomes(at, id_, "input_required")
        assert got["inputRequests"]["q"]["params"]["message"] == f"Is it {MASKED}?"
        responses = {"q": YES, "unasked": {"a": 1}, "odd": 5}
        params = {"taskId": id_, "inputResponses": responses}
        assert await at.calls.tasks.answer(at.asker, client, "tasks/update", params) == {"resultType": "complete"}
        assert (await over(at, id_, client))["status"] == "completed"
        await at.calls.tasks.answer(at.asker, client, "tasks/update", params)
        assert at.server.given == [{"q": YES}] and await at.outcomes() == ["succeeded"]


async def test_what_a_client_cant_answer_ends_the_task(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["input_required"])) as at:
        got = await over(at, await begun(at, MODERN), WITH_TASKS)
        assert got["result"]["structuredContent"]["interlock"]["code"] == "input_required"
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"]


async def test_who_takes_no_tasks_is_asked_and_comes_again(tmp_path: Path) -> None:
    client = AClient(capabilities=ELICITS)
    async with place(tmp_path, TaskServer(looks=list(ASKING), patient=True)) as at:
        asked = await at.call("later", WHO, client)
        assert asked["resultType"] == "input_required"
        assert asked["inputRequests"]["q"]["params"]["message"] == f"Is it {MASKED}?"
        again = {"requestState": asked["requestState"], "inputResponses": {"q": YES}}
        answer = await at.call("later", WHO, client, **again)
        assert answer["content"][0]["text"] == f"later for {MASKED}"
        assert at.server.given == [{"q": YES}] and len(at.server.calls) == 1
        assert await at.outcomes() == ["succeeded"]


@pytest.mark.parametrize("version", ERAS)
async def test_a_client_of_before_that_waits_along_is_asked(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version, looks=list(ASKING), patient=True)) as at:
        answer = await at.call("always", WHO, Answers(CORE, ELICITS))
        assert answer["content"][0]["text"] == f"later for {MASKED}" and await at.outcomes() == ["succeeded"]
        assert at.server.given == [{"q": YES} if version == MODERN else YES]


@pytest.mark.parametrize("version", ERAS)
async def test_who_waits_for_the_result_of_a_task_is_asked(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version, looks=list(ASKING), patient=True)) as at:
        client = Answers(CORE, ELICITS)
        id_ = await begun(at, CORE, client=client)
        result = await at.task("tasks/result", id_, client)
        assert result["content"][0]["text"] == f"later for {MASKED}"
        assert at.server.given == [{"q": YES} if version == MODERN else YES]


@pytest.mark.parametrize("version", ERAS)
async def test_what_people_signed_for_gets_nothing_added(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version, looks=["input_required"])) as at:
        client = Answers(version, {**WITH_TASKS.capabilities, **ELICITS})
        id_ = await at.call("send", {"to": "x"}, client, task={})
        told = id_ if version == MODERN else id_["task"]
        await at.office.vote(await at.pending(), "dana")
        await at.work()
        assert (await over(at, told["taskId"], client))["status"] == "completed"
        await at.calls.running.stopping.settled()
        assert at.server.given == [] and at.server.stopped == 1 and await at.outcomes() == ["unknown"]
        assert len(at.server.calls) == 1


@pytest.mark.parametrize("version", ERAS)
async def test_an_approved_call_is_followed_by_the_gateway_itself(tmp_path: Path, version: str) -> None:
    async with place(tmp_path, TaskServer(protocol_version=version)) as at:
        client = CLIENTS[version]
        created = await at.call("send", {"to": "x"}, client, task={})
        id_ = created["taskId"] if version == MODERN else created["task"]["taskId"]
        await at.office.vote(await at.pending(), "dana")
        await at.work()
        assert (await over(at, id_, client))["status"] == "completed"
        assert await at.outcomes() == ["succeeded"] and len(at.server.calls) == 1


async def approved(at: Place) -> str:
    """A call that people signed for, and that its server made a task of; its id."""
    id_: str = (await at.call("send", {"to": "x"}, WITH_TASKS))["taskId"]
    await at.office.vote(await at.pending(), "dana")
    await at.work()  # comes back, though the server's task goes on
    assert (await at.task("tasks/get", id_))["status"] == "working"
    return id_


async def test_a_long_task_that_was_signed_for_leaves_room_for_others(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        id_ = await approved(at)
        at.server.looks = ["completed"]
        assert (await over(at, id_, WITH_TASKS))["status"] == "completed" and await at.outcomes() == ["succeeded"]


async def test_one_that_was_signed_for_ends_with_its_credential_too(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        await approved(at)
        await at.office.registry.revoke_key(at.asker.actor.key, PersonId("olivia"), "lost")
        while at.calls.tasks.running:
            await asyncio.sleep(0.01)
        await at.calls.running.stopping.settled()
        assert at.server.stopped == 1 and await at.outcomes() == ["unknown"] and len(at.server.calls) == 1


async def test_one_that_was_signed_for_is_stopped_by_who_asked_or_with_the_door(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        id_ = await approved(at)
        await at.task("tasks/cancel", id_)
        assert (await at.task("tasks/get", id_))["status"] == "cancelled"
        at.server.answers = []
        await approved(at)
        at.calls.close()
        while at.calls.tasks.running:
            await asyncio.sleep(0.01)
        assert await at.outcomes() == ["unknown", "unknown"] and at.office.authority.unended() == ()


async def test_the_runs_that_are_followed_end_with_the_door(tmp_path: Path) -> None:
    async with place(tmp_path, TaskServer(looks=["working"])) as at:
        await begun(at, MODERN)
        at.calls.close()
        while len(at.calls.tasks.handed):
            await asyncio.sleep(0.01)
        assert await at.outcomes() == ["unknown"] and at.office.authority.unended() == ()
