"""Tasks in both shapes: durable before they are told, run once by the gateway, their asker's alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import Office
from tests.doors.mcp.a_connection import (
    CANARY,
    LOOK,
    MASKED,
    OLDER,
    SEND,
    WITH_TASKS,
    Place,
    Server,
    connected,
    listed,
)

from interlock.doors.mcp.answers import Answered
from interlock.doors.mcp.kept import MAX_KEPT, Kept, read_kept, write_kept
from interlock.doors.mcp.seams import Asker, McpRefused
from interlock.errors import LedgerCorrupt
from interlock.model.names import PersonId, ReviewId
from interlock.model.peer import Peer
from interlock.model.review import ReviewState, Verdict
from interlock.model.secret import Secret

TO = {"to": "press", "text": f"about {CANARY}"}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Place]:
    async with connected(tmp_path) as place:
        yield place


def everything(path: Path) -> bytes:
    """All bytes of a store."""
    return b"".join(each.read_bytes() for each in path.rglob("*") if each.is_file())


async def held(at: Place) -> str:
    """A task that waits for people."""
    created = await at.call("send", TO, WITH_TASKS)
    assert created["resultType"] == "task" and created["status"] == "working"
    assert {"createdAt", "lastUpdatedAt", "ttlMs", "pollIntervalMs"} <= created.keys()
    assert CANARY not in json.dumps(created)
    id_: str = created["taskId"]
    return id_


async def test_a_task_runs_once_approved_and_gives_its_result_masked(at: Place) -> None:
    id_ = await held(at)
    assert (await at.task("tasks/get", id_))["status"] == "working"
    await at.office.vote(await at.pending(), "dana")
    await at.work()
    await at.work()
    assert at.server.calls == [TO]
    got = await at.task("tasks/get", id_)
    assert got["status"] == "completed" and got["result"]["content"][0]["text"] == f"done for {MASKED}"
    assert await at.outcomes() == ["succeeded"] and CANARY not in json.dumps(await at.entries())
    waited = await at.call("interlock_await_approval", {"approval_id": id_})
    assert waited == got["result"]


async def test_which_tools_call_a_task_is_is_known_of_its_askers_own(at: Place) -> None:
    tasks, actor = at.calls.tasks, at.asker.actor
    id_ = await held(at)
    over = (await at.call("look", {"who": "x"}, OLDER, task={}))["task"]["taskId"]
    attached = await at.call("send", {**TO, "to": "others"})
    assert await tasks.tool_of(id_, actor) == "send" and await tasks.tool_of(over, actor) == "look"
    await at.office.vote(await at.office.desk.review(ReviewId(id_)), "dana")
    await at.work()
    assert at.server.calls == [{"who": "x"}, TO] and await tasks.tool_of(id_, actor) == "send"
    assert await tasks.tool_of(attached["structuredContent"]["interlock"]["approval_id"], actor) is None
    for task in (id_, over):
        assert await tasks.tool_of(task, (await at.another()).actor) is None
    for other in ("0" * 32, "", "x" * 1_000, 7, None, [id_], {"taskId": id_}):
        assert await tasks.tool_of(other, actor) is None


async def test_an_allowed_call_needs_no_task(at: Place) -> None:
    assert (await at.call("look", {"who": "x"}, WITH_TASKS))["content"]


async def test_a_task_outlives_the_process(tmp_path: Path) -> None:
    async with connected(tmp_path) as at:
        id_, actor, clock = await held(at), at.asker.actor, at.office.clock

    async def same(office: Office) -> Asker:
        return Asker(actor, Secret(""), Peer())

    async with connected(tmp_path, clock=clock, asker=same) as at:
        assert (await at.task("tasks/get", id_))["status"] == "working"
        await at.office.vote(await at.pending(), "dana")
        await at.work()
        assert at.server.calls == [TO]
    async with connected(tmp_path, clock=clock, asker=same) as at:
        await at.work()
        assert (await at.task("tasks/get", id_))["status"] == "completed" and at.server.calls == []


async def test_nobody_else_learns_of_a_task(at: Place) -> None:
    id_, other = await held(at), await at.another()
    for method in ("tasks/get", "tasks/cancel"):
        with pytest.raises(Answered, match="Unknown task"):
            await at.task(method, id_, asker=other)
    with pytest.raises(Answered, match="Unknown task"):
        await at.task("tasks/result", id_, OLDER, other)
    assert (await at.calls.tasks.answer(other, OLDER, "tasks/list", {})) == {"tasks": []}
    for name in ("interlock_await_approval", "interlock_cancel"):
        refused = await at.call(name, {"approval_id": id_}, asker=other)
        assert refused["structuredContent"]["interlock"]["code"] == "unknown_approval"
    assert (await at.pending()).state is ReviewState.PENDING


@pytest.mark.parametrize("params", [{}, {"taskId": 5}, {"taskId": "x"}, {"taskId": "x" * 10_000}])
async def test_what_is_no_task_is_unknown(at: Place, params: dict[str, Any]) -> None:
    with pytest.raises(Answered, match="Unknown task"):
        await at.calls.tasks.answer(at.asker, WITH_TASKS, "tasks/get", params)


async def test_methods_belong_to_their_version(at: Place) -> None:
    for client, method in ((WITH_TASKS, "tasks/list"), (WITH_TASKS, "tasks/result"), (OLDER, "tasks/update")):
        with pytest.raises(Answered, match="Method not found"):
            await at.calls.tasks.answer(at.asker, client, method, {})


@pytest.mark.parametrize("ending", ["denied", "expired"])
async def test_what_never_ran_is_completed_as_an_error(at: Place, ending: str) -> None:
    id_ = await held(at)
    if ending == "denied":
        await at.office.vote(await at.pending(), "dana", Verdict.DENY)
    else:
        at.office.clock.forward(minutes=31)
        await at.office.desk.expire_due()
    await at.work()
    got = await at.task("tasks/get", id_)
    assert got["status"] == "completed" and got["result"]["isError"] is True and at.server.calls == []
    assert got["result"]["structuredContent"]["interlock"]["status"] == ending


async def test_cancelling_before_the_run(at: Place) -> None:
    id_ = await held(at)
    assert await at.task("tasks/cancel", id_) == {"resultType": "complete"}
    assert (await at.task("tasks/get", id_))["status"] == "cancelled"
    again = await held(at)
    await at.office.vote(await at.pending(), "dana")
    assert (await at.task("tasks/cancel", again, OLDER))["status"] == "cancelled"
    await at.work()
    assert at.server.calls == [] and (await at.task("tasks/get", again))["status"] == "cancelled"
    with pytest.raises(Answered, match="over already"):
        await at.task("tasks/cancel", again, OLDER)


async def test_cancelling_a_run_stops_the_server_and_says_that_nobody_knows(tmp_path: Path) -> None:
    server = Server(hangs=asyncio.Event())
    async with connected(tmp_path, server=server) as at:
        id_ = await held(at)
        await at.office.vote(await at.pending(), "dana")
        work = asyncio.ensure_future(at.work())
        while not server.calls:
            await asyncio.sleep(0.01)
        cancelled = await at.call("interlock_cancel", {"approval_id": id_})
        assert cancelled["isError"] is False
        await work
        assert server.cancelled == 1 and await at.outcomes() == ["unknown"]
        assert (await at.task("tasks/get", id_))["status"] == "cancelled"


async def test_a_changed_definition_ends_the_task(at: Place) -> None:
    id_ = await held(at)
    await at.office.vote(await at.pending(), "dana")
    at.server.listing[1] = listed(SEND, inputSchema={"type": "object"})
    await at.work()
    got = await at.task("tasks/get", id_)
    assert got["status"] == "completed" and got["result"]["isError"] is True and at.server.calls == []


async def test_a_server_that_is_away_is_tried_again(at: Place) -> None:
    id_ = await held(at)
    await at.office.vote(await at.pending(), "dana")
    at.server.away = True
    await at.work()
    assert (await at.task("tasks/get", id_))["status"] == "working"
    at.server.away = False
    await at.work()
    assert (await at.task("tasks/get", id_))["status"] == "completed"


async def test_a_credential_that_is_gone_ends_the_task(at: Place) -> None:
    await held(at)
    review = await at.pending()
    await at.office.vote(review, "dana")
    await at.office.registry.revoke_key(at.asker.actor.key, PersonId("olivia"), "lost")
    await at.work()
    assert at.server.calls == []
    assert (await at.office.desk.review(review.id)).state is ReviewState.SUPERSEDED


async def test_an_error_of_the_server_fails_the_task(at: Place) -> None:
    id_ = await held(at)
    await at.office.vote(await at.pending(), "dana")
    at.server.answers = [McpRefused(-32010, f"no {CANARY}")]
    await at.work()
    got = await at.task("tasks/get", id_)
    assert got["status"] == "failed" and got["error"] == {"code": -32010, "message": f"no {MASKED}"}
    with pytest.raises(Answered, match=f"no {MASKED}"):
        await at.task("tasks/result", id_, OLDER)


async def test_a_server_that_asks_more_of_a_task_gets_no_answer(at: Place) -> None:
    id_ = await held(at)
    await at.office.vote(await at.pending(), "dana")
    at.server.answers = [{"resultType": "input_required", "requestState": "s"}]
    await at.work()
    assert (await at.task("tasks/get", id_))["result"]["isError"] is True
    assert await at.outcomes() == ["unknown"]


async def test_core_tasks_wait_list_and_give(at: Place) -> None:
    created = await at.call("send", TO, OLDER, task={"ttl": 60_000})
    assert set(created) == {"task"} and created["task"]["status"] == "working" and "ttl" in created["task"]
    id_ = created["task"]["taskId"]
    result = asyncio.ensure_future(at.task("tasks/result", id_, OLDER))
    (one,) = (await at.calls.tasks.answer(at.asker, OLDER, "tasks/list", {}))["tasks"]
    assert one["taskId"] == id_
    await at.office.vote(await at.pending(), "dana")
    await at.work()
    found = await result
    assert found["content"][0]["text"] == f"done for {MASKED}"
    assert found["_meta"] == {"io.modelcontextprotocol/related-task": {"taskId": id_}}


async def test_a_core_task_that_is_over_at_once_is_kept(tmp_path: Path) -> None:
    async with connected(tmp_path) as at:
        created = (await at.call("look", {"who": CANARY}, OLDER, task={}))["task"]
        assert created["status"] == "completed"
        denied = (await at.call("look", {}, OLDER, task={}))["task"]
        assert (await at.task("tasks/result", denied["taskId"], OLDER))["isError"] is True
        with pytest.raises(Answered, match="Unknown task"):
            await at.task("tasks/get", created["taskId"], OLDER, await at.another())
        actor, clock = at.asker.actor, at.office.clock

    async def same(office: Office) -> Asker:
        return Asker(actor, Secret(""), Peer())

    async with connected(tmp_path, clock=clock, asker=same) as at:
        found = await at.task("tasks/result", created["taskId"], OLDER)
        assert found["content"][0]["text"] == f"done for {MASKED}"
        clock.forward(hours=25)
        with pytest.raises(Answered, match="Unknown task"):
            await at.task("tasks/get", created["taskId"], OLDER)


def test_what_is_kept_is_bounded_and_read_as_it_was() -> None:
    for kept in (Kept({"content": []}), Kept(error={"code": 1, "message": "m"}), Kept(cancelled=True)):
        assert read_kept(write_kept(kept)) == kept
    much = read_kept(write_kept(Kept({"content": "x" * MAX_KEPT})))
    assert much.result is not None and much.result["isError"] is True
    for junk in (b"", b"[]", b"{}", b"\xff"):
        with pytest.raises(LedgerCorrupt):
            read_kept(junk)


async def test_nothing_of_it_lies_about_in_clear(tmp_path: Path) -> None:
    async with connected(tmp_path) as at:
        await held(at)
        await at.office.vote(await at.pending(), "dana")
        await at.work()
        await at.call(LOOK.name, {"who": CANARY}, OLDER, task={})
        await at.entries()
    stored = everything(tmp_path)
    assert len(stored) > 10_000 and CANARY.encode() not in stored


async def test_a_task_that_nobody_was_told_of_is_taken_back(at: Place) -> None:
    call = asyncio.ensure_future(at.call("send", TO, WITH_TASKS))
    await asyncio.sleep(0)  # it is at the gate by now
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    while not (found := await at.office.desk.reviews(None, 9)) or found[0].state is ReviewState.PENDING:
        await asyncio.sleep(0.01)
    assert found[0].state is ReviewState.WITHDRAWN


async def test_a_task_that_somebody_has_stays_when_a_second_asker_leaves(at: Place) -> None:
    id_ = await held(at)
    call = asyncio.ensure_future(at.call("send", TO, WITH_TASKS))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    async with asyncio.timeout(10):
        while "review.joined" not in {entry["type"] for entry in await at.entries()} or at.calls._left:
            await asyncio.sleep(0.01)
    # Whoever leaves takes back what is new, and has done so by now.
    assert "review.withdrawn" not in {entry["type"] for entry in await at.entries()}
    assert (await at.task("tasks/get", id_))["status"] == "working"
    assert (await at.pending()).state is ReviewState.PENDING
