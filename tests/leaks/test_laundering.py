"""leaks.md, "laundering": what one session leaves somewhere, another reads. No canary comes out of either.

Each attack is a session's statements, each neighbour something harmless of the same form that must come back unchanged.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
CANARY: Final = "900554444"
FORMS: Final = (CANARY, CANARY[::-1], CANARY.encode().hex(), "OTAwNTU0NDQ0")
READS: Final = (
    "SELECT * FROM notes",
    "SELECT upper(text) FROM notes",
    "SELECT * FROM stolen",
    "SELECT last_value FROM s",
)

ATTACKS: Final = {
    "create table as": ("CREATE TABLE stolen AS SELECT ssn AS x FROM people",),
    "select into": ("SELECT reverse(ssn) AS x INTO stolen FROM people",),
    "insert select": ("INSERT INTO notes SELECT id, ssn FROM people",),
    "update from": ("UPDATE notes SET text = ssn FROM people",),
    "update of its own": ("UPDATE notes SET text = (SELECT max(ssn) FROM people)",),
    "temporary table": (
        "CREATE TEMP TABLE t AS SELECT ssn FROM people",
        "SELECT * FROM t",
        "SELECT md5(ssn), ssn || '' FROM t",
    ),
    "through a temporary table": (
        "CREATE TEMP TABLE t (x text)",
        "INSERT INTO t SELECT ssn FROM people",
        "INSERT INTO notes SELECT 7, x FROM t",
    ),
    "temporary table to a table": ("CREATE TEMP TABLE t AS SELECT ssn FROM people", "CREATE TABLE stolen AS TABLE t"),
    "temporary view that shadows": (
        "CREATE TEMP VIEW notes AS SELECT id, ssn AS text FROM people",
        "SELECT text FROM notes",
        "COPY (SELECT text FROM notes) TO STDOUT",
    ),
    "temporary table that shadows": (
        "CREATE TEMP TABLE notes AS SELECT id, ssn AS text FROM people",
        "SELECT text FROM notes",
        "COPY notes TO STDOUT",
    ),
    "prepared, then shadowed": (
        "PREPARE q AS SELECT text FROM notes",
        "CREATE TEMP TABLE notes AS SELECT id, ssn AS text FROM people",
        "EXECUTE q",
    ),
    "prepared under another path": (
        "SET search_path = other, public",
        "PREPARE q AS SELECT text FROM notes",
        "EXECUTE q",
        "SET search_path = public",
        "EXECUTE q",
    ),
    "search path": ("SET search_path = other", "SELECT text FROM notes", "SELECT lower(text) FROM notes"),
    "search path to temporary": ("SET search_path = pg_temp, public",),
    "role": ("SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "SELECT ssn FROM people"),
    "cursor over a temporary table": (
        "CREATE TEMP TABLE t AS SELECT ssn FROM people",
        "BEGIN",
        "DECLARE c CURSOR FOR SELECT ssn FROM t",
        "FETCH ALL FROM c",
        "COMMIT",
    ),
    "a view": ("CREATE VIEW stolen AS SELECT ssn AS x FROM people",),
    "a materialised view": ("CREATE MATERIALIZED VIEW stolen AS SELECT ssn AS x FROM people",),
    "custom setting": (
        "SET my.x = 'a'",
        "SELECT set_config('my.x', max(ssn), false) FROM people",
        "SELECT current_setting('my.x')",
    ),
    "large object": ("SELECT lo_from_bytea(0, ssn::bytea) FROM people", "SELECT lo_put(1, 0, ssn::bytea) FROM people"),
    "advisory lock": (
        "SELECT pg_advisory_lock(ssn::bigint) FROM people",
        "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'",
    ),
    "sequence value": (
        "SELECT setval('s', ssn::bigint) FROM people",
        "SELECT nextval('s')",
        "SELECT last_value FROM s",
    ),
    "temporary default": (
        "CREATE TEMP TABLE t (a int, x text DEFAULT current_setting('my.x', true))",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT * FROM t",
    ),
    "notification": ("LISTEN c", "SELECT pg_notify('c', ssn) FROM people", "SELECT 1"),
}
NEIGHBOURS: Final[dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]] = {
    "create table as": (("CREATE TABLE plain AS SELECT town FROM people", "SELECT * FROM plain"), [("Ulm",)]),
    "insert select": (("INSERT INTO further SELECT id, town FROM people", "SELECT * FROM further"), [(1, "Ulm")]),
    "temporary table": (
        ("CREATE TEMP TABLE t AS SELECT id, town, ssn FROM people", "SELECT id, town FROM t"),
        [(1, "Ulm")],
    ),
    "temporary constants": (
        ("CREATE TEMP TABLE t (ssn text)", "INSERT INTO t VALUES ('none')", "SELECT lower(ssn) FROM t"),
        [("none",)],
    ),
    "temporary view": (("CREATE TEMP VIEW v AS SELECT town FROM people", "SELECT upper(town) FROM v"), [("ULM",)]),
    "search path": (("SET search_path = other", "SELECT id FROM notes"), [(1,)]),
    "a count": (("CREATE TEMP TABLE t AS SELECT count(ssn) AS n FROM people", "SELECT n FROM t"), [(1,)]),
    "a view": (("CREATE VIEW v AS SELECT town FROM people", "SELECT * FROM v"), [("Ulm",)]),
    "sequence": (("SELECT last_value FROM s",), [(1,)]),
}


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE people (id int PRIMARY KEY, ssn text, town text)",
        f"INSERT INTO people VALUES (1, '{CANARY}', 'Ulm')",
        "CREATE TABLE notes (id int, text text); INSERT INTO notes VALUES (1, 'old')",
        "CREATE TABLE further (id int, text text)",
        "CREATE SCHEMA other; CREATE VIEW other.notes AS SELECT id, ssn AS text FROM people",
        "CREATE SEQUENCE s",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {empty_database.user}",
        f"GRANT ALL ON SCHEMA public, other TO {empty_database.user}",
        f"GRANT SELECT ON other.notes TO {empty_database.user}; GRANT ALL ON SEQUENCE s TO {empty_database.user}",
    )
    return empty_database


async def told(gate: Gateway, statements: tuple[str, ...]) -> str:
    """Everything that a session is told, errors and notifications with it."""
    said: list[str] = []
    session = await gate.connect()
    session.add_notify_handler(lambda notify: said.append(notify.payload))
    for statement in statements:
        try:
            cursor = session.cursor()
            if statement.startswith("COPY"):
                async with cursor.copy(statement.encode()) as copy:
                    said += [bytes(data).decode() async for data in copy]
            else:
                await cursor.execute(statement.encode())
                said.append(str(await cursor.fetchall() if cursor.description else ""))
        except psycopg.Error as error:
            said.append(f"{error} {error.diag.message_detail} {error.diag.message_hint}")
        if session.broken:
            break
    await session.close()
    return "\n".join(said)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_nothing_comes_out_elsewhere(tmp_path: Path, people: Database, attack: str) -> None:
    async with gateway(tmp_path, people, CATALOG, policy=POLICY) as gate:
        said = await told(gate, ATTACKS[attack]) + await told(gate, READS)
        bodies = b"".join(await gate.bodies()).decode()
    leaks = [form for form in FORMS if form in said or form in bodies]
    assert leaks == [], attack


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
async def test_what_is_harmless_comes_back_unchanged(tmp_path: Path, people: Database, neighbour: str) -> None:
    statements, rows = NEIGHBOURS[neighbour]
    async with gateway(tmp_path, people, CATALOG, policy=POLICY) as gate, await gate.connect() as session:
        for statement in statements:
            cursor = await session.execute(statement.encode())
        assert await cursor.fetchall() == rows
