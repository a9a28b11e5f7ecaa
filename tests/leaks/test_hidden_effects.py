"""What a table does to what is written to it: known defaults and keys hide nothing, code of users' hides everything.

Each statement runs through a real door and, with the same text, on the server itself, in a transaction that is undone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING, Stage, stage

from interlock.upstreams.postgres import load_snapshot

SSN: Final = "943-71-2606"
CATALOG: Final = '[[column]]\nmatch = "public.people.ssn"\nlabels = ["phi.ssn"]'

KNOWN: Final = (
    "CREATE TABLE people (id int PRIMARY KEY, ssn text)",
    f"INSERT INTO people VALUES (1, '{SSN}')",
    "CREATE TABLE stamped (id serial PRIMARY KEY, note text, at timestamptz DEFAULT now(),"
    " key uuid DEFAULT gen_random_uuid(), code text DEFAULT 'c-' || lower('X'))",
    "INSERT INTO stamped (id, note) VALUES (100, 'old')",
    "CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, a text, loud text GENERATED ALWAYS AS (upper(a)) STORED)",
    "CREATE TABLE parted (id int, note text) PARTITION BY LIST (id)",
    "CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN (1, 2)",
    "CREATE TABLE keys (k text PRIMARY KEY, note text)",
    "CREATE TABLE follows (id int, k text REFERENCES keys ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO keys VALUES ('a', 'one'), ('b', 'two')",
    "INSERT INTO follows VALUES (1, 'a'), (2, 'b')",
)
HARMLESS: Final = (
    "INSERT INTO stamped (note) VALUES ('x') RETURNING id, note, code",
    "INSERT INTO stamped (note, at, key) VALUES ('x', DEFAULT, DEFAULT)"
    " RETURNING note, at > '2020-01-01', length(key::text)",
    "INSERT INTO stamped DEFAULT VALUES RETURNING id, code",
    "UPDATE stamped SET note = 'y', code = DEFAULT WHERE id = 100 RETURNING id, note, code",
    "DELETE FROM stamped WHERE id = 100 RETURNING id, note",
    "INSERT INTO made (a) VALUES ('x') RETURNING id, a, loud",
    "INSERT INTO parted VALUES (1, 'x') RETURNING id, note",
    "INSERT INTO keys VALUES ('c', 'three') RETURNING k, note",
    "UPDATE keys SET k = 'd' WHERE k = 'b' RETURNING k, note",
    "DELETE FROM keys WHERE k = 'a' RETURNING k, note",
    "MERGE INTO keys USING (VALUES ('a'), ('z')) v (k) ON keys.k = v.k WHEN MATCHED THEN UPDATE SET note = 'm'"
    " WHEN NOT MATCHED THEN INSERT VALUES (v.k, DEFAULT) RETURNING keys.k, note",
)

_COPIES: Final = "CREATE FUNCTION copies() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
_TELLS: Final = (
    "CREATE FUNCTION tells() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public"
    " AS 'SELECT ssn FROM people LIMIT 1'",
    "CREATE FUNCTION holds(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END'",
    "CREATE OPERATOR ==== (leftarg = text, rightarg = text, function = same)",
)
HIDDEN: Final = (
    f"{_COPIES} $$ BEGIN NEW.note := (SELECT ssn FROM people LIMIT 1); RETURN NEW; END $$",
    "CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    *_TELLS,
    "CREATE TABLE watched (id int, note text)",
    "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION copies()",
    "INSERT INTO watched VALUES (5, 'x')",
    "CREATE VIEW through AS SELECT id, note FROM watched",
    "CREATE TABLE ruled (id int, note text)",
    "CREATE RULE r AS ON INSERT TO ruled DO INSTEAD INSERT INTO stamped (note) SELECT ssn FROM people"
    " RETURNING 1, note",
    "CREATE TABLE sliced (id int, note text) PARTITION BY LIST (id)",
    "CREATE TABLE sliced_one PARTITION OF sliced FOR VALUES IN (1)",
    "CREATE TRIGGER t BEFORE INSERT ON sliced_one FOR EACH ROW EXECUTE FUNCTION copies()",
    "CREATE TABLE referred (k text PRIMARY KEY)",
    "INSERT INTO referred VALUES ('a')",
    "CREATE TABLE referring (k text REFERENCES referred ON DELETE CASCADE, note text)",
    "CREATE TRIGGER t AFTER DELETE ON referring FOR EACH ROW EXECUTE FUNCTION copies()",
    "CREATE TABLE by_default (id int, note text DEFAULT tells())",
    "CREATE TABLE checked (id int, note text CHECK (holds(note)))",
    "CREATE TABLE compared (id int, note text CHECK (note ==== 'x'))",
    "CREATE TABLE indexed (id int, note text)",
    "CREATE INDEX ON indexed (holds(note))",
    "CREATE DOMAIN held AS text CHECK (holds(VALUE))",
    "CREATE TYPE pair AS (a int, b held)",
    "CREATE TABLE domained (note text, d held)",
    "CREATE TABLE composed (note text, p pair[])",
    "CREATE TABLE keyed (id int, note text) PARTITION BY LIST (holds(note))",
    "CREATE TABLE keyed_one PARTITION OF keyed DEFAULT",
    "CREATE TABLE guarded (id int, note text)",
    "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON guarded USING (true)",
    "CREATE TABLE quoting (id int, note text DEFAULT pg_get_viewdef('through'::regclass))",
)
OPAQUE: Final = {
    "watched": "INSERT INTO watched (id) VALUES (1) RETURNING note",
    "updated": "UPDATE watched SET id = 6 WHERE id = 5 RETURNING note",
    "through": "INSERT INTO through (id) VALUES (1) RETURNING note",
    "ruled": "INSERT INTO ruled VALUES (1, 'x') RETURNING note",
    "sliced": "INSERT INTO sliced VALUES (1, 'x') RETURNING note",
    "sliced_one": "INSERT INTO sliced_one VALUES (1, 'x') RETURNING note",
    "referred": "DELETE FROM referred WHERE k = 'a' RETURNING k",
    "by_default": "INSERT INTO by_default (id) VALUES (1) RETURNING note",
    "checked": "INSERT INTO checked VALUES (1, 'x') RETURNING note",
    "compared": "INSERT INTO compared VALUES (1, 'x') RETURNING note",
    "indexed": "INSERT INTO indexed VALUES (1, 'x') RETURNING note",
    "domained": "INSERT INTO domained VALUES ('x', 'y') RETURNING note",
    "composed": "INSERT INTO composed VALUES ('x') RETURNING note",
    "keyed": "INSERT INTO keyed VALUES (1, 'x') RETURNING note",
    "keyed_one": "INSERT INTO keyed_one VALUES (1, 'x') RETURNING note",
    "guarded": "INSERT INTO guarded VALUES (1, 'x') RETURNING note",
    "quoting": "INSERT INTO quoting (id) VALUES (1) RETURNING note",
}
# Code of users runs on other kinds of writes of these tables alone.
BESIDE: Final = (
    "UPDATE ruled SET note = 'y' WHERE id = 7 RETURNING id, note",
    "DELETE FROM ruled WHERE id = 7 RETURNING id",
    "DELETE FROM watched WHERE id = 5 RETURNING id",
    "UPDATE referring SET note = 'y' WHERE k = 'b' RETURNING k",
    "INSERT INTO referring VALUES (NULL, 'x') RETURNING note",
)
_RESTART: Final = (
    "SELECT setval(pg_get_serial_sequence('stamped', 'id'), 1, false)",
    "SELECT setval(pg_get_serial_sequence('made', 'id'), 1, false)",
)


@pytest.fixture
def house(empty_database: Database) -> Database:
    grants = (
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC",
    )
    empty_database.execute(*KNOWN, *HIDDEN, *grants)
    return empty_database


@pytest.fixture
async def on_stage(tmp_path: Path, house: Database) -> AsyncIterator[Stage]:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running:
        yield running


async def through(running: Stage, text: str) -> list[Any]:
    async with await running.connect() as connection:
        await connection.execute("BEGIN")
        rows = await (await connection.execute(text.encode())).fetchall()
        await connection.execute("ROLLBACK")
        return list(rows)


def direct(house: Database, text: str) -> list[Any]:
    where = house.upstream
    given = {"host": where.host, "port": where.port, "dbname": where.database, "user": where.user}
    with psycopg.connect(**given, password=where.password.reveal()) as connection:  # type: ignore[arg-type]
        rows = connection.execute(text.encode()).fetchall()
        connection.rollback()
        return list(rows)


async def test_what_the_definitions_tell_comes_back_as_it_is(house: Database, on_stage: Stage) -> None:
    for text in (*HARMLESS, *BESIDE):
        house.execute(*_RESTART)
        found = await through(on_stage, text)
        house.execute(*_RESTART)
        assert found == direct(house, text), text


async def test_nothing_comes_back_where_code_of_users_runs(house: Database, on_stage: Stage) -> None:
    told = 0
    for name, text in OPAQUE.items():
        shown = direct(house, text)
        told += SSN in str(shown)
        try:
            found = await through(on_stage, text)
        except psycopg.Error:
            found = []
        assert SSN not in str(found), name
        assert found != shown, name
    assert told >= 6


async def test_a_value_that_moves_with_its_key_is_masked_where_it_went(house: Database, on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        await connection.execute("UPDATE keys SET k = p.ssn FROM people p WHERE p.id = 1 AND keys.k = 'a'")
        for text in ("SELECT k FROM keys", "SELECT k FROM follows"):
            assert SSN not in str(await (await connection.execute(text.encode())).fetchall())
    assert SSN in str(direct(house, "SELECT k FROM follows"))


async def test_the_snapshot_tells_which_are_which(house: Database) -> None:
    before = await load_snapshot(house.upstream)
    rewrites = {r.name for r in before.relations if r.rewrites}
    assert rewrites == OPAQUE.keys() - {"updated", "through", "quoting"} | {"referring"}
    on = {r.name: set(r.rewrites_on) for r in before.relations if r.rewrites}
    assert on["watched"] == {"insert", "update"} and on["ruled"] == {"insert"} and on["referring"] == {"delete"}
    every = ("sliced", "sliced_one", "referred", "by_default", "checked", "domained", "keyed_one", "guarded")
    assert [name for name in every if on[name] != {"insert", "update", "delete"}] == ["sliced_one"]
    house.execute("ALTER TABLE follows DROP CONSTRAINT follows_k_fkey")
    after = await load_snapshot(house.upstream)
    assert before.by_name["public", "keys"].key_moves and not after.by_name["public", "keys"].key_moves
    assert before.version != after.version
    house.execute("CREATE OR REPLACE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    house.execute("CREATE TRIGGER t BEFORE INSERT ON follows FOR EACH ROW EXECUTE FUNCTION other()")
    last = await load_snapshot(house.upstream)
    assert last.by_name["public", "follows"].rewrites and not last.by_name["public", "keys"].rewrites
    assert last.version != after.version
