"""SQL by tool calls, against a real server: the one path of the PostgreSQL door, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.doors.mcp.own.a_server import CANARY, Server, rows, server, status
from tests.postgres_fixture import Database

from interlock.model.names import PersonId


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{CANARY}')",
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)",
        "GRANT ALL ON people, log TO PUBLIC",
    )
    return empty_database


@pytest.fixture
async def own(tmp_path: Path, database: Database) -> AsyncIterator[Server]:
    async with server(tmp_path, database) as running:
        yield running


async def test_rows_come_masked_and_typed(own: Server) -> None:
    result = await own.sql("SELECT id, ssn FROM people")
    ((number, ssn),) = rows(result)
    assert number == 1 and isinstance(ssn, str) and CANARY not in ssn
    (told,) = result["structuredContent"]["results"]
    assert told["columns"] == [{"name": "id", "type": "int4"}, {"name": "ssn", "type": "text"}]
    assert told["row_count"] == 1 and told["truncated"] is False and told["command"] == "SELECT 1"
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert CANARY not in json.dumps(own.told)


async def test_the_labels_of_what_was_masked_are_told(own: Server) -> None:
    assert (await own.sql("SELECT ssn FROM people"))["structuredContent"]["masked"] == ["phi.ssn"]
    assert (await own.sql("SELECT id FROM people"))["structuredContent"]["masked"] == []


async def test_several_statements_are_one_session_and_the_next_call_is_another(own: Server) -> None:
    text = "BEGIN; INSERT INTO log VALUES (7); SELECT count(*) FROM log; COMMIT"
    results = (await own.sql(text))["structuredContent"]["results"]
    assert [each["command"] for each in results] == ["BEGIN", "INSERT 0 1", "SELECT 1", "COMMIT"]
    assert results[1]["row_count"] == 1 and results[1]["truncated"] is False and results[2]["rows"] == [[3]]
    assert not (await own.sql("SET search_path = pg_catalog"))["isError"]
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[3]]


async def test_a_transaction_that_is_left_open_is_told_to_be_gone(own: Server) -> None:
    result = await own.sql("BEGIN; INSERT INTO log VALUES (8)")
    assert result["isError"] and status(result)["sqlstate"] == "25000"
    assert rows(await own.sql("SELECT count(*) FROM log WHERE id = 8")) == [[0]]


async def test_a_denial_has_a_code_and_a_sentence(own: Server) -> None:
    result = await own.sql("DROP TABLE log")
    told = status(result)
    assert result["isError"] and told["status"] == "denied" and told["sqlstate"] == "42501" and told["code"]
    assert result["content"][0]["text"].startswith("NOT EXECUTED. ")
    assert "no-drops" not in json.dumps(result)  # the policy's id is for operators


async def test_the_servers_error_comes_without_values(own: Server) -> None:
    result = await own.sql("SELECT 1; SELECT ssn::int FROM people")
    told = status(result)
    assert result["isError"] and told == {"status": "failed", "code": "sql_error", "sqlstate": told["sqlstate"]}
    assert len(result["structuredContent"]["results"]) <= 1
    assert CANARY not in json.dumps(own.told)


async def test_copy_is_refused(own: Server) -> None:
    for text in ("COPY people TO STDOUT", " copy log from stdin", "/* x */ COPY log FROM STDIN"):
        assert (await own.sql(text, wait_seconds=0))["isError"], text
    assert CANARY not in json.dumps(own.told)
    assert rows(await own.sql("SELECT count(*) FROM log")) == [[2]]


async def test_rows_beyond_the_limit_are_counted_and_not_returned(own: Server) -> None:
    result = await own.sql("SELECT id FROM log ORDER BY id; SELECT 1", max_rows=1)
    first, second = result["structuredContent"]["results"]
    assert first["rows"] == [[1]] and first["row_count"] == 2 and first["truncated"] is True
    assert second["rows"] == [] and second["truncated"] is True


async def test_bytes_beyond_the_limit_are_counted_and_not_returned(own: Server) -> None:
    result = await own.sql("SELECT repeat('x', 300000) FROM generate_series(1, 6)")
    (told,) = result["structuredContent"]["results"]
    assert len(told["rows"]) == 3 and told["row_count"] == 6 and told["truncated"] is True


async def test_a_result_that_never_ends_is_given_up(own: Server) -> None:
    result = await own.sql("SELECT repeat('x', 100000) FROM generate_series(1, 100000)")
    assert result["isError"] and status(result)["sqlstate"] == "54000"


async def test_a_statement_that_takes_too_long_is_given_up(tmp_path: Path, database: Database) -> None:
    async with server(tmp_path, database, longest=0.5) as own:
        result = await own.sql("SELECT pg_sleep(30)", wait_seconds=0)
        assert result["isError"], result
        assert status(result)["sqlstate"] == "57014" or "approval_id" in status(result)


async def test_the_reason_and_the_ticket_are_shown_to_who_decides(own: Server) -> None:
    held = await own.sql("DELETE FROM log", reason="it's for the report", ticket="CHG-1", wait_seconds=0)
    card = (await own.gate.office.desk.card(status(held)["approval_id"])).content
    assert card["reason_given"] == "it's for the report" and card["ticket_given"] == "CHG-1"


async def test_an_unknown_connection(own: Server) -> None:
    result = await own.call("run_sql", {"connection": "moon", "sql": "SELECT 1"})
    assert status(result)["code"] == "unknown_connection"


async def test_a_door_that_is_full_says_so(own: Server) -> None:
    sessions = [await own.gate.connect() for _ in range(own.gate.door._limits.sessions_per_actor)]
    try:
        result = await own.sql("SELECT 1")
        assert result["isError"] and status(result)["sqlstate"] == "53300"
    finally:
        for each in sessions:
            await each.close()


async def test_each_call_is_a_recorded_session_of_the_asker(own: Server) -> None:
    await own.sql("SELECT id FROM log")
    entries = [json.loads(body.partition(b"\n\n")[0]) for body in await own.gate.bodies()]
    released = [e["d"] for e in entries if e.get("t", e.get("type")) == "action.released"]
    assert [each["verbs"] for each in released] == [["session.open"], ["sql.select"]]


async def test_a_revoked_credential_opens_nothing(own: Server) -> None:
    asker = own.asker()
    await own.gate.office.registry.revoke_key(asker.actor.key, PersonId("olivia"), "lost")
    result = await own.own.call(asker, None, "run_sql", {"connection": "clinic", "sql": "SELECT 1"})
    assert result["isError"] and status(result)["sqlstate"] == "28P01"
