"""Statements that people must sign for: waited for, run once by the gateway, fetched masked by who asked alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.doors.mcp.own.a_server import CANARY, Server, rows, server, status
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState, Verdict

DELETE = "DELETE FROM log"
SIGNED_READS = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
@id("reads-are-signed") @review("officers:1") @because("Reads are signed for.")
forbid (principal, action in Interlock::Action::"read", resource);
"""


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{CANARY}')",
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)",
        "CREATE TABLE fires (at timestamptz); CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO fires VALUES (now()); RETURN NULL; END'",
        "GRANT ALL ON people, log, fires TO PUBLIC",
    )
    return empty_database


@pytest.fixture
async def own(tmp_path: Path, database: Database) -> AsyncIterator[Server]:
    async with server(tmp_path, database) as running:
        yield running


async def test_a_handle_then_signed_then_its_result(own: Server) -> None:
    held = await own.sql(DELETE, wait_seconds=0)
    told = status(held)
    assert held["isError"] and told["status"] == "pending_approval"
    assert held["content"][0]["text"].startswith("NOT EXECUTED.")
    review = told["approval_id"]
    again = await own.call("await_approval", {"approval_id": review, "seconds": 0})
    assert status(again)["status"] == "pending_approval"
    await own.gate.sign()
    done = await own.call("await_approval", {"approval_id": review})
    assert not done["isError"], done
    assert done["structuredContent"]["results"][0]["command"] == "DELETE 2"
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[0]]
    once_more = await own.call("await_approval", {"approval_id": review})
    assert once_more == done
    releases = [b for b in await own.gate.bodies() if b'"sql.delete"' in b and b"action.released" in b]
    assert len(releases) == 1


async def test_a_call_waits_along_and_tells_of_it(own: Server) -> None:
    asking = asyncio.ensure_future(own.sql(DELETE))
    await own.gate.sign()
    done = await asking
    assert not done["isError"], done
    assert done["structuredContent"]["results"][0]["row_count"] == 2
    assert any("/reviews/" in each for each in own.progress)


async def test_a_signed_read_comes_masked(tmp_path: Path, database: Database) -> None:
    async with server(tmp_path, database, policy=SIGNED_READS) as own:
        asking = asyncio.ensure_future(own.sql("SELECT id, ssn FROM people"))
        await own.gate.sign()
        result = await asking
        assert rows(result)[0][0] == 1
        assert result["structuredContent"]["masked"] == ["phi.ssn"]
        assert CANARY not in json.dumps(own.told)


async def test_people_say_no(own: Server) -> None:
    asking = asyncio.ensure_future(own.sql(DELETE))
    await own.gate.sign(verdict=Verdict.DENY)
    result = await asking
    assert result["isError"] and status(result)["code"] == "review_denied"
    assert result["content"][0]["text"].startswith("NOT EXECUTED.")
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[2]]


async def test_an_identical_call_joins(own: Server) -> None:
    one = status(await own.sql(DELETE, wait_seconds=0))["approval_id"]
    other = status(await own.sql("delete  from log", wait_seconds=0))["approval_id"]
    assert one == other


async def test_a_client_that_leaves_takes_its_request_back(own: Server) -> None:
    asking = asyncio.ensure_future(own.sql(DELETE))
    (review,) = await own.gate.pending()
    while not own.progress:
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await own.own.stop(10)
    assert (await own.gate.office.desk.review(review.id)).state is ReviewState.WITHDRAWN
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[2]]


async def test_a_client_that_has_the_id_may_leave(own: Server) -> None:
    review = status(await own.sql(DELETE, wait_seconds=0))["approval_id"]
    asking = asyncio.ensure_future(own.sql(DELETE))
    while not own.progress:
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await own.own.stop(10)
    assert (await own.gate.office.desk.review(review)).state is ReviewState.PENDING


async def test_one_of_two_that_wait_may_leave(own: Server) -> None:
    first = asyncio.ensure_future(own.sql(DELETE))
    (review,) = await own.gate.pending()
    while len(own.progress) < 1:
        await asyncio.sleep(0)
    second = asyncio.ensure_future(own.sql(DELETE))
    while len(own.progress) < 2:
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    await own.own.stop(10)
    assert (await own.gate.office.desk.review(review.id)).state is ReviewState.PENDING
    await own.gate.sign()
    assert not (await second)["isError"]


async def test_a_client_that_leaves_before_the_door_has_answered(own: Server) -> None:
    asking = asyncio.ensure_future(own.sql(DELETE))
    await own.gate.pending()  # opened, and maybe not told of yet
    asking.cancel()
    await asyncio.wait([asking])
    await own.own.stop(10)
    assert await own.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 10) == []


async def test_in_a_transaction_it_is_held_with_the_session_open(own: Server) -> None:
    asking = asyncio.ensure_future(own.sql("BEGIN; DELETE FROM log; COMMIT"))
    await own.gate.sign()
    result = await asking
    if result["isError"]:  # held for longer than a transaction may wait: asked again, it joins
        assert status(result)["approval_id"]
    else:
        assert rows(await own.sql("SELECT count(*) FROM log")) == [[0]]


async def test_an_attached_wait_ends_with_a_handle_and_joins_later(own: Server) -> None:
    held = await own.sql("BEGIN; DELETE FROM log; COMMIT", wait_seconds=0)
    told = status(held)
    assert held["isError"] and told["approval_id"]
    await own.gate.sign()
    done = await own.sql("BEGIN; DELETE FROM log; COMMIT")
    assert not done["isError"], done
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[0]]


async def test_nobody_else_learns_of_it(own: Server) -> None:
    review = status(await own.sql(DELETE, wait_seconds=0))["approval_id"]
    for name, arguments in (
        ("await_approval", {"approval_id": review}),
        ("cancel", {"approval_id": review}),
        ("why", {"id": review}),
    ):
        theirs = await own.call(name, arguments, by="other")
        nobodys = await own.call(name, {next(iter(arguments)): "01a2b3c4-0000-7000-8000-000000000000"}, by="other")
        assert theirs == nobodys and status(theirs)["code"] == "unknown_approval"
    listed = await own.call("my_reviews", by="other")
    assert listed["structuredContent"] == {"reviews": []}
    assert (await own.gate.office.desk.review(review)).state is ReviewState.PENDING
