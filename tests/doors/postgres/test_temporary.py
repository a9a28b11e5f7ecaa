"""What a session has of its own: temporary tables and views carry the labels of what was written into them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "*.*.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
CANARY, HARMLESS, MASKED = "900-55-4444", "harmless", "[phi.ssn]"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int PRIMARY KEY, ssn text, town text)",
        f"INSERT INTO people VALUES (1, '{CANARY}', 'Ulm')",
        "CREATE TABLE notes (id int, text text)",
        f"INSERT INTO notes VALUES (1, '{HARMLESS}')",
        "CREATE FUNCTION filling() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO t SELECT id, ssn FROM people; RETURN 'filled'; END $$",
        "CREATE FUNCTION making() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " CREATE TEMP TABLE notes AS SELECT id, ssn AS text FROM people; RETURN 'made'; END $$",
        "CREATE FUNCTION told(int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT ssn FROM people WHERE id = $1 $$",
        "CREATE FUNCTION said(int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN"
        " RETURN (SELECT ssn FROM people WHERE id = $1); END $$",
        "CREATE TYPE mood AS ENUM ('glad')",
        f"GRANT ALL ON people, notes TO {empty_database.user}",
        f"GRANT ALL ON SCHEMA public TO {empty_database.user}",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


async def run(session: psycopg.AsyncConnection[Any], *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    for statement in statements:
        cursor = await session.execute(statement.encode())
    return await cursor.fetchall() if cursor.description else []


FILLED = [
    ("CREATE TEMP TABLE t AS SELECT id, ssn AS v FROM people",),
    ("CREATE TEMP TABLE t (id, v) ON COMMIT PRESERVE ROWS AS SELECT id, reverse(ssn) FROM people",),
    ("SELECT id, ssn AS v INTO TEMP t FROM people",),
    ("SELECT id, ssn AS v INTO TEMPORARY TABLE t FROM people",),
    ("CREATE TEMP TABLE t (id int, v text)", "INSERT INTO t SELECT id, ssn FROM people"),
    ("CREATE TABLE pg_temp.t (id int, v text)", "INSERT INTO pg_temp.t SELECT id, lower(ssn) FROM people"),
    (
        "CREATE TEMP TABLE t (id int, v text)",
        "INSERT INTO t VALUES (1, 'x')",
        "UPDATE t SET v = ssn FROM people AS p WHERE p.id = t.id",
    ),
    ("CREATE TEMP VIEW t AS SELECT id, ssn AS v FROM people",),
    ("CREATE TEMP TABLE a AS SELECT id, ssn FROM people", "CREATE VIEW t AS SELECT id, ssn AS v FROM a"),
    ("CREATE TEMP TABLE a AS SELECT id, ssn AS v FROM people", "ALTER TABLE a RENAME TO t"),
    (
        "CREATE TEMP TABLE t AS SELECT id, ssn AS w FROM people",
        "ALTER TABLE t RENAME COLUMN w TO v",
        "CREATE INDEX ON t (v)",
        "ALTER TABLE t ADD COLUMN more int",
    ),
    (
        "CREATE TEMP TABLE t (id int, w text, v text GENERATED ALWAYS AS (upper(w)) STORED)",
        "INSERT INTO t (id, w) SELECT id, ssn FROM people",
    ),
    ("CREATE TEMP TABLE t (id int, v text)", "SELECT filling()"),
    ("CREATE TEMP TABLE people (id int, ssn text)", "CREATE TEMP TABLE t AS SELECT 1 AS id, said(1) AS v"),
]


@pytest.mark.parametrize("filled", FILLED, ids=range(len(FILLED)))
async def test_what_is_written_into_them_keeps_its_labels(gate: Gateway, filled: tuple[str, ...]) -> None:
    async with await gate.connect() as session:
        await run(session, *filled)
        for query in ("SELECT v FROM t", "SELECT upper(v) FROM t", "TABLE t", "SELECT t::text FROM t"):
            rows = await run(session, query)
            assert rows, query
            assert not any(hidden in str(rows) for hidden in (CANARY, CANARY[::-1])), query
        assert await run(session, "SELECT count(*) FROM t") == [(1,)]
    assert gate.office.authority.derived.connections() == ()


async def test_what_is_harmless_comes_back_unchanged(gate: Gateway) -> None:
    async with await gate.connect() as session:
        await run(
            session,
            "CREATE TEMP TABLE t (id serial, ssn text, town text)",
            "INSERT INTO t (ssn, town) VALUES ('none', 'Ulm')",
            "INSERT INTO t (ssn, town) SELECT count(ssn)::text, town FROM people GROUP BY town",
        )
        assert await run(session, "SELECT * FROM t ORDER BY id") == [(1, "none", "Ulm"), (2, "1", "Ulm")]
        await run(session, "CREATE TEMP TABLE u AS SELECT id, ssn, town FROM people")
        assert await run(session, "SELECT id, ssn, town FROM u") == [(1, MASKED, "Ulm")]
        await run(session, "CREATE TEMP VIEW v AS SELECT town, upper(town) AS up FROM people")
        assert await run(session, "SELECT * FROM v") == [("Ulm", "ULM")]


async def test_they_shadow_others_of_their_name(gate: Gateway) -> None:
    async with await gate.connect() as session, await gate.connect() as other:
        await run(
            session, "CREATE TEMP TABLE notes (id int, text text)", "INSERT INTO notes SELECT id, ssn FROM people"
        )
        assert await run(session, "SELECT text FROM notes") == [(MASKED,)]
        assert await run(session, "SELECT text FROM public.notes") == [(HARMLESS,)]
        assert await run(other, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "DROP TABLE notes")
        assert await run(session, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "CREATE TEMP VIEW people AS SELECT 1 AS id, 'mine'::text AS ssn")
        assert await run(session, "SELECT ssn FROM people") == [("mine",)]
        assert await run(session, "SELECT ssn FROM public.people") == [(MASKED,)]


async def test_prepared_before_another_relation_hid_the_table(gate: Gateway) -> None:
    """The server would go on with what it planned; here it is planned anew, as the text is judged anew."""
    async with await gate.connect() as session:
        query = b"SELECT ssn FROM people WHERE id = %s"
        assert await (await session.execute(query, (1,), prepare=True)).fetchall() == [(MASKED,)]
        await run(session, "PREPARE named AS SELECT ssn FROM people", "EXECUTE named")
        await run(session, "CREATE TEMP TABLE first (a int)", "CREATE TEMP TABLE people (id int, ssn text)")
        await run(session, "INSERT INTO people VALUES (1, 'mine')")
        assert await (await session.execute(query, (1,), prepare=True)).fetchall() == [("mine",)]
        assert await run(session, "EXECUTE named") == [("mine",)]
        await run(session, "DROP TABLE people")
        assert await (await session.execute(query, (1,), prepare=True)).fetchall() == [(MASKED,)]


@pytest.mark.parametrize("function", ["told", "said"])
async def test_a_function_that_planned_the_table_before(gate: Gateway, function: str) -> None:
    """Its kept plan goes on with the table that is hidden by now."""
    async with await gate.connect() as session:
        assert await run(session, f"SELECT {function}(1)") == [(MASKED,)]
        await run(session, "CREATE TEMP TABLE first (a int)", "CREATE TEMP TABLE people (id int, ssn text)")
        assert CANARY not in str(await run(session, f"SELECT {function}(1)"))


async def test_transactions_take_them_back_and_labels_stay(gate: Gateway) -> None:
    async with await gate.connect() as session:
        await run(session, "BEGIN", "SAVEPOINT s", "CREATE TEMP TABLE notes AS SELECT ssn AS text FROM people")
        assert await run(session, "SELECT text FROM notes") == [(MASKED,)]
        await run(session, "ROLLBACK TO s")
        assert await run(session, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "CREATE TEMP TABLE notes ON COMMIT DROP AS SELECT ssn AS text FROM people")
        assert await run(session, "SELECT text FROM notes") == [(MASKED,)]
        await run(session, "COMMIT")
        assert await run(session, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "BEGIN", "CREATE TEMP TABLE notes (text text)")
        with pytest.raises(psycopg.Error):
            await run(session, "SELECT 1/0")
        await run(session, "ROLLBACK")
        assert await run(session, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "CREATE TEMP TABLE kept (v text) ON COMMIT DELETE ROWS")
        await run(session, "BEGIN", "INSERT INTO kept SELECT ssn FROM people")
        assert await run(session, "SELECT v FROM kept") == [(MASKED,)]
        await run(session, "COMMIT")
        assert await run(session, "SELECT v FROM kept") == []


@pytest.mark.parametrize("discard", ["DISCARD TEMP", "DISCARD ALL"])
async def test_discarding_drops_them(gate: Gateway, discard: str) -> None:
    async with await gate.connect() as session:
        await run(session, "CREATE TEMP TABLE notes AS SELECT ssn AS text FROM people", discard)
        assert await run(session, "SELECT text FROM notes") == [(HARMLESS,)]
        await run(session, "CREATE TEMP TABLE notes (id int)")
        assert await run(session, "SELECT * FROM notes") == []


async def test_cursors_go_by_what_they_were_declared_for(gate: Gateway) -> None:
    async with await gate.connect() as session:
        await run(session, "CREATE TEMP TABLE t (v text)", "INSERT INTO t VALUES ('mine')", "BEGIN")
        await run(session, "DECLARE before CURSOR FOR SELECT v FROM t")
        await run(session, "INSERT INTO t SELECT ssn FROM people", "DECLARE behind CURSOR FOR SELECT v FROM t")
        assert await run(session, "FETCH ALL FROM before") == [("mine",)]
        assert await run(session, "FETCH ALL FROM behind") == [(MASKED,), (MASKED,)]
        await run(session, "COMMIT")


async def test_what_leaves_them_for_a_table_is_on_record(gate: Gateway) -> None:
    async with await gate.connect() as session, await gate.connect() as other:
        await run(session, "CREATE TEMP TABLE t AS SELECT id, ssn FROM people")
        await run(session, "INSERT INTO notes SELECT id + 1, ssn FROM t")
        assert await run(other, "SELECT id, text FROM notes ORDER BY id") == [(1, MASKED), (2, MASKED)]


async def test_code_that_makes_one_ends_the_session(gate: Gateway) -> None:
    for first in ((), ("CREATE TEMP TABLE t (a int)",)):
        session = await gate.connect()
        await run(session, "SELECT 1", *first)
        with pytest.raises(psycopg.OperationalError):
            await run(session, "SELECT making()", "SELECT text FROM notes")
        await session.close()


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TEMP SEQUENCE s",
        "CREATE TEMP TABLE t () INHERITS (people)",
        "CREATE TEMP TABLE text (a int)",
        "CREATE TEMP TABLE regclass AS SELECT 1",
        "CREATE TEMP VIEW pg_class AS SELECT 1 AS oid",
        "CREATE TEMP TABLE mood (a int)",
        "CREATE TEMP TABLE _text (a int)",
        "CREATE TABLE pg_temp_3.t (a int)",
        "CREATE TEMP TABLE t (a int) PARTITION BY LIST (a)",
        "CREATE TYPE pg_temp.m AS ENUM ('a')",
        "CREATE DOMAIN pg_temp.text AS int",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE own, notes",
        "ALTER TABLE own RENAME TO text",
        "ALTER TABLE own SET SCHEMA public",
        "ALTER TABLE own INHERIT people",
        "ALTER TABLE own ADD COLUMN b text DEFAULT told(1)",
        "CREATE TRIGGER x BEFORE INSERT ON own EXECUTE FUNCTION told()",
        "CREATE TEMP TABLE a (a int); SELECT * FROM own",
    ],
)
async def test_what_cant_be_exact_is_refused(gate: Gateway, text: str) -> None:
    async with await gate.connect() as session:
        await run(session, "CREATE TEMP TABLE own (a int)")
        with pytest.raises((psycopg.errors.FeatureNotSupported, psycopg.errors.InsufficientPrivilege)):
            await run(session, text)
        assert await run(session, "SELECT * FROM own") == []
