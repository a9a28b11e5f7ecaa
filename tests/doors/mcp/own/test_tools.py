"""The tools themselves: what they say of themselves, what they take, and that none of them touches the gate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.a_gateway import POLICY
from tests.doors.mcp.own.a_server import Server, server, status
from tests.postgres_fixture import Database

from interlock.doors.mcp.own.definitions import DEFINITIONS
from interlock.model.review import ReviewState

ID = "01a2b3c4-0000-7000-8000-000000000000"
ONLY_ETL = POLICY.replace(
    'permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);',
    'permit (principal == Interlock::Agent::"etl", action in Interlock::Action::"session", resource);',
)
BAD: list[tuple[str, Any]] = [
    ("run_sql", {}),
    ("run_sql", []),
    ("run_sql", "SELECT 1"),
    ("run_sql", {"connection": "clinic"}),
    ("run_sql", {"connection": "clinic", "sql": ""}),
    ("run_sql", {"connection": "clinic", "sql": 7}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1\0"}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT '\ud800'"}),
    ("run_sql", {"connection": "clinic", "sql": "x" * 200_001}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "max_rows": 0}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "max_rows": 10_001}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "max_rows": True}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "wait_seconds": -1}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "wait_seconds": 1e400}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "ticket": "'; DROP TABLE log"}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "reveal": "people.ssn"}),
    ("run_sql", {"connection": "clinic", "sql": "SELECT 1", "approve": True}),
    ("connections", {"name": "clinic"}),
    ("my_reviews", {"state": "secret"}),
    ("my_reviews", {"limit": 101}),
    ("why", {}),
    ("why", {"id": "x" * 65}),
    ("await_approval", {"approval_id": ID, "verdict": "approve"}),
    ("await_approval", {"approval_id": ID, "approved": True}),
    ("cancel", {"approval_id": ID, "approve": True}),
]


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)", "CREATE TABLE people (id int, ssn text)"
    )
    empty_database.execute("GRANT ALL ON log, people TO PUBLIC")
    return empty_database


@pytest.fixture
async def own(tmp_path: Path, database: Database) -> AsyncIterator[Server]:
    async with server(tmp_path, database) as running:
        yield running


def test_their_schemas_are_schemas_with_bounds() -> None:
    for tool in DEFINITIONS:
        Draft202012Validator.check_schema(tool["inputSchema"])
        Draft202012Validator.check_schema(tool["outputSchema"])
        assert tool["inputSchema"]["additionalProperties"] is False
        for name, each in tool["inputSchema"]["properties"].items():
            bounds = {"maxLength", "maximum", "enum", "pattern"} & each.keys()
            assert bounds, f"{tool['name']}.{name} has no bound"


async def test_bad_arguments_are_refused_without_the_value(own: Server) -> None:
    before = len(await own.gate.bodies())
    for tool, arguments in BAD:
        result = await own.call(tool, arguments)
        assert result["isError"] and status(result)["code"] == "arguments", (tool, arguments)
        assert "DROP" not in json.dumps(result)
    assert len(await own.gate.bodies()) == before


async def test_nothing_votes_or_changes_the_gate(own: Server) -> None:
    review = status(await own.sql("DELETE FROM log", wait_seconds=0))["approval_id"]
    for name in ("approve", "vote", "interlock_approve", "review_approve", "set_policy", "comment", ""):
        result = await own.call(name, {"approval_id": review, "verdict": "approve"})
        assert status(result)["code"] == "unknown_tool", name
    assert (await own.gate.office.desk.review(review)).state is ReviewState.PENDING
    assert await own.gate.office.desk.votes(review) == []


async def test_no_sql_votes_either(own: Server) -> None:
    review = status(await own.sql("DELETE FROM log", wait_seconds=0))["approval_id"]
    for text in (
        f"SELECT interlock.approve('{review}')",
        f"SELECT * FROM interlock.approve('{review}')",
        f"SET interlock.approve = '{review}'",
        f"CALL interlock.vote('{review}', 'approve')",
    ):
        assert (await own.sql(text, wait_seconds=0))["isError"], text
    assert (await own.gate.office.desk.review(review)).state is ReviewState.PENDING
    assert await own.gate.office.desk.votes(review) == []


async def test_own_requests_are_listed_explained_and_taken_back(own: Server) -> None:
    review = status(await own.sql("DELETE FROM log", wait_seconds=0))["approval_id"]
    (listed,) = (await own.call("my_reviews", {"state": "pending"}))["structuredContent"]["reviews"]
    assert listed["approval_id"] == review and listed["status"] == "pending" and listed["runs_by_itself"] is True
    assert listed["reasons"] == ["Writes without a limit are signed for."]
    why = (await own.call("why", {"id": review}))["structuredContent"]
    assert why["code"] == "review_pending" and "await_approval" in why["next"]
    action = (await own.gate.office.desk.review(review)).action
    assert (await own.call("why", {"id": action}))["structuredContent"] == why
    taken = await own.call("cancel", {"approval_id": review})
    assert taken["structuredContent"] == {"approval_id": review, "status": "withdrawn"}
    again = await own.call("cancel", {"approval_id": review})
    assert again["isError"] and status(again)["code"] == "too_late"
    assert (await own.call("my_reviews", {"state": "pending"}))["structuredContent"] == {"reviews": []}
    assert (await own.call("why", {"id": review}))["structuredContent"]["code"] == "review_withdrawn"
    text = json.dumps(own.told)
    assert "unbounded-writes-are-signed" not in text and "officers" not in text and "olivia" not in text


async def test_what_answers_are_valid_against_the_schemas(own: Server) -> None:
    await own.sql("DELETE FROM log", wait_seconds=0)
    schemas = {tool["name"]: tool["outputSchema"] for tool in DEFINITIONS}
    review = (await own.call("my_reviews"))["structuredContent"]["reviews"][0]["approval_id"]
    for name, arguments in (
        ("run_sql", {"connection": "clinic", "sql": "SELECT 1 AS a, NULL, true, '{\"a\": 1}'::jsonb, 1.5::numeric"}),
        ("connections", {}),
        ("my_reviews", {}),
        ("why", {"id": review}),
        ("cancel", {"approval_id": review}),
    ):
        result = await own.call(name, arguments)
        assert not result["isError"], result
        Draft202012Validator(schemas[name]).validate(result["structuredContent"])


async def test_connections_are_those_that_policy_opens(tmp_path: Path, database: Database) -> None:
    async with server(tmp_path, database, policy=ONLY_ETL) as own:
        mine = (await own.call("connections"))["structuredContent"]["connections"]
        assert mine == [{"name": "clinic", "kind": "postgres", "environment": "production"}]
        assert (await own.call("connections", by="other"))["structuredContent"]["connections"] == []
        result = await own.sql("SELECT 1", by="other")
        assert result["isError"] and status(result)["sqlstate"] == "42501"
