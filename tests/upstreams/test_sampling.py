"""Samples of a real PostgreSQL: which tables, how much of them, what is missing, and that nothing is changed or run."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psycopg
import pytest
from tests.postgres_fixture import ClinicDatabase, Database

from interlock.errors import UpstreamFailed
from interlock.model.secret import Secret
from interlock.sensitivity.sampled import FoundTable, Look, TableSample
from interlock.sensitivity.subject_key import subject_keys
from interlock.upstreams.sampling import Bounds, sampling


async def looked(database: Database, bounds: Bounds | None = None) -> Look:
    async with sampling(database.upstream, bounds=bounds or Bounds()) as session:
        return await session.look()


async def sampled(database: Database, name: str, bounds: Bounds | None = None) -> TableSample:
    async with sampling(database.upstream, bounds=bounds or Bounds()) as session:
        return await session.sample(named(await session.look(), name))


def named(look: Look, name: str) -> FoundTable:
    return next(table for table in look.tables if table.name == name)


def values(database: Database, sample: TableSample, table: FoundTable, column: str) -> tuple[str, ...]:
    number = next(c.number for c in table.columns if c.name == column)
    return tuple(sample.columns[number].values)


async def test_the_clinics_tables_and_keys_are_found_and_no_view(clinic: ClinicDatabase) -> None:
    look = await looked(clinic)
    assert [table.name for table in look.tables] == [
        "claims",
        "departments",
        "encounters",
        "medications",
        "notes",
        "patients",
        "staff",
    ]
    assert (look.missing, look.cut) == ((), 0)
    patients = named(look, "patients")
    assert patients.primary_key == ("id",)
    assert [c.type_name for c in patients.columns if c.name in ("ssn", "birth_date", "preferences")] == [
        "text",
        "date",
        "jsonb",
    ]
    told = {table[1]: key.told for table, key in subject_keys([table.shape for table in look.tables]).items()}
    assert told["notes"] == "patient_id (foreign key to public.patients)"
    assert told["patients"] == "id (a table of people)"
    assert told["departments"] == "none found"


async def test_samples_are_what_is_there_and_bounded(clinic: ClinicDatabase) -> None:
    look = await looked(clinic)
    patients, notes = named(look, "patients"), named(look, "notes")
    sample = await sampled(clinic, "patients")
    found = values(clinic, sample, patients, "ssn")
    assert 200 <= len(found) <= 256
    assert set(found) <= {p.ssn for p in clinic.truth.patients}
    assert sample.columns[1].rows <= 500
    few = Bounds(rows=20, values=5, characters=16)
    short = values(clinic, await sampled(clinic, "notes", few), notes, "body")
    assert len(short) <= 5
    assert max(map(len, short)) <= 16


async def test_enough_is_enough(clinic: ClinicDatabase) -> None:
    async with sampling(clinic.upstream, bounds=Bounds(bytes=1)) as session:
        look = await session.look()
        assert (await session.sample(look.tables[0])).failed == ""
        assert (await session.sample(look.tables[1])).failed == "enough was read of other tables"
    look = await looked(clinic, Bounds(tables=2))
    assert (len(look.tables), look.cut) == (2, 5)


async def test_odd_names_types_and_nothing_at_all(empty_database: Database) -> None:
    empty_database.execute(
        'CREATE SCHEMA "Odd ""one"',
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE DOMAIN tin AS text",
        """CREATE TABLE "Odd ""one"."sel;ect" ("a""b" text, "from" mood, d tin, e int[], f bytea, g jsonb, h inet,
             "i j" date, k varchar(3)[], l text)""",
        """INSERT INTO "Odd ""one"."sel;ect" VALUES
             ('x', 'good', '9', '{1,2}', '\\x00ff', '{"k": "v"}', '10.0.0.1', '2020-02-03', '{a,b}',
              repeat('w', 5000))""",
        f'GRANT USAGE ON SCHEMA "Odd ""one" TO {empty_database.user}',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "Odd ""one" TO {empty_database.user}',
        "CREATE TABLE nothing ()",
        "CREATE TABLE none_there (a text)",
        f"GRANT SELECT ON nothing, none_there TO {empty_database.user}",
    )
    look = await looked(empty_database)
    sample = await sampled(empty_database, "sel;ect")
    told = {
        c.name: sample.columns[c.number].values for c in named(look, "sel;ect").columns if c.number in sample.columns
    }
    assert sample.failed == ""
    assert told == {
        'a"b': ("x",),
        "from": ("good",),
        "d": ("9",),
        "e": ("{1,2}",),
        "g": ('{"k": "v"}',),
        "h": ("10.0.0.1",),
        "i j": ("2020-02-03",),
        "k": ("{a,b}",),
        "l": ("w" * 1024,),
    }
    assert (await sampled(empty_database, "nothing")).columns == {}
    assert (await sampled(empty_database, "none_there")).columns[1].values == ()
    assert next(c for c in named(look, "sel;ect").columns if c.name == "d").type_name == "text"


async def test_partitions_are_read_once_and_by_their_parent(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE p (k int, v text) PARTITION BY LIST (k)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)",
        "INSERT INTO p VALUES (1, 'one'), (2, 'two')",
        "CREATE TABLE up (v text)",
        "CREATE TABLE down () INHERITS (up)",
        "INSERT INTO up VALUES ('above')",
        "INSERT INTO down VALUES ('below')",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {empty_database.user}",
    )
    look = await looked(empty_database)
    assert [table.name for table in look.tables] == ["down", "p", "up"]
    assert set((await sampled(empty_database, "p")).columns[2].values) == {"one", "two"}
    assert (await sampled(empty_database, "up")).columns[1].values == ("above",)


async def test_a_large_table_is_sampled_all_over(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE big AS SELECT n::text AS v, repeat('x', 100) AS pad FROM generate_series(1, 200000) AS n",
        "ANALYZE big",
        f"GRANT SELECT ON big TO {empty_database.user}",
    )
    found = [int(value) for value in (await sampled(empty_database, "big")).columns[1].values]
    assert len(found) == 256
    assert max(found) > 5000  # not the first pages alone


async def test_what_is_missing_is_said_as_the_grant_that_would_give_it(empty_database: Database) -> None:
    user = empty_database.user
    empty_database.execute(
        "CREATE SCHEMA shut",
        "CREATE TABLE shut.t (a text)",
        "CREATE TABLE closed (a text)",
        "CREATE TABLE half (a text, b text, c text)",
        f"GRANT SELECT (b) ON half TO {user}",
        "INSERT INTO half VALUES ('1', '2', '3')",
    )
    look = await looked(empty_database)
    assert look.missing == (
        f'GRANT USAGE ON SCHEMA "shut" TO "{user}";',
        f'GRANT SELECT ON TABLE "public"."closed" TO "{user}";',
        f'GRANT SELECT ("a", "c") ON TABLE "public"."half" TO "{user}";',
    )
    sample = await sampled(empty_database, "half")
    assert {number: column.values for number, column in sample.columns.items()} == {2: ("2",)}
    assert (await sampled(empty_database, "closed")).columns == {}
    empty_database.execute(*look.missing)
    assert (await looked(empty_database)).missing == (f'GRANT SELECT ON TABLE "shut"."t" TO "{user}";',)


async def test_nothing_can_be_written_and_row_security_stays(empty_database: Database) -> None:
    user = empty_database.user
    empty_database.execute(
        "CREATE TABLE trace (a text)",
        "CREATE TABLE t (a text)",
        "INSERT INTO t VALUES ('mine'), ('theirs')",
        """CREATE FUNCTION mark(v text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
             AS $$ BEGIN INSERT INTO public.trace VALUES (v); RETURN true; END $$""",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY marked ON t USING (mark(a))",
        "CREATE TABLE u (a text)",
        "INSERT INTO u VALUES ('mine'), ('theirs')",
        "ALTER TABLE u ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON u USING (a = 'mine')",
        f"GRANT SELECT ON t, u TO {user}",
    )
    assert (await sampled(empty_database, "t")).failed == "the server refused (SQLSTATE 25006)"
    assert (await sampled(empty_database, "u")).columns[1].values == ("mine",)
    with empty_database.admin() as admin:
        assert admin.execute("SELECT count(*) FROM trace").fetchone() == (0,)


async def test_a_lock_or_a_slow_table_is_passed_over(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE t (a text)",
        "INSERT INTO t VALUES ('x')",
        "CREATE TABLE u (a text)",
        "INSERT INTO u VALUES ('x')",
        "ALTER TABLE u ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY slow ON u USING (pg_sleep(20) IS NOT NULL)",
        f"GRANT SELECT ON t, u TO {empty_database.user}",
    )
    quick = Bounds(lock=50, statement=300)
    with psycopg.connect(empty_database.server.conninfo(empty_database.name)) as holder:
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        assert (await sampled(empty_database, "t", quick)).failed == "somebody holds a lock on it (SQLSTATE 55P03)"
    assert (await sampled(empty_database, "u", quick)).failed == "it took too long (SQLSTATE 57014)"
    assert (await sampled(empty_database, "t", quick)).columns[1].values == ("x",)


async def test_a_server_that_is_away_or_goes_says_so_without_values(empty_database: Database) -> None:
    wrong = replace(empty_database.upstream, password=Secret("zq-canary"))
    with pytest.raises(UpstreamFailed) as refused:
        async with sampling(wrong):
            pass
    assert "zq-canary" not in str(refused.value)
    with pytest.raises(UpstreamFailed):
        async with sampling(empty_database.upstream) as session:
            await session.look()
            await asyncio.to_thread(
                empty_database.execute,
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{empty_database.user}'",
            )
            await session.look()


async def test_a_superuser_is_refused(empty_database: Database) -> None:
    mighty = replace(
        empty_database.upstream, user=empty_database.server.superuser, password=empty_database.server.password
    )
    with pytest.raises(UpstreamFailed) as refused:
        async with sampling(mighty):
            pass
    assert refused.value.code == "login_too_mighty"
