"""Every message out: errors and notices with canaries in them, provoked through the real door in both protocols.

No canary comes, the code is the server's, and a sentence that is names alone comes as the server says it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from testkit.recording_link import Way
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING, DOWN, Stage, stage
from tests.promises.canaries import CATALOG, ROWS, TABLE, filling, sightings

from interlock.wire.postgres.sentences import sentence_for

SSN = ROWS[0][0].text
SAME = "the server's own"  # what is told is what the server says
OURS = "ours"
EITHER = "one of the two"

EXTRA = (
    "CREATE TYPE mood AS ENUM ('calm', 'angry')",
    "CREATE DOMAIN short AS text CONSTRAINT short_enough CHECK (length(value) < 5)",
    "CREATE FUNCTION refuses(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation USING MESSAGE ="
    " 'no: ' || $1, CONSTRAINT = $1, TABLE = $1, COLUMN = $1, DATATYPE = $1, SCHEMA = $1; END $$",
    "CREATE DOMAIN guarded AS text CHECK (refuses(value))",
    "CREATE TABLE visits (id int PRIMARY KEY, person int NOT NULL REFERENCES people, span int4range, mood mood,"
    " n smallint CHECK (n < 100), v varchar(3), label short, EXCLUDE USING gist (span WITH &&))",
    "INSERT INTO visits VALUES (1, 1, '[1,5)', 'calm', 1, 'abc', 'x')",
    "CREATE TABLE watched (id int, v text)",
    "CREATE FUNCTION screams() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN"
    " SELECT ssn INTO s FROM people WHERE id = 1; RAISE NOTICE 'relation \"%\" already exists, skipping', s"
    " USING ERRCODE = '42P07'; RAISE WARNING '%', s USING DETAIL = s, HINT = s;"
    " RAISE unique_violation USING MESSAGE = 'duplicate key value violates unique constraint \"' || s || '\"',"
    " CONSTRAINT = s, TABLE = s, COLUMN = s, DATATYPE = s, SCHEMA = s, DETAIL = s, HINT = s; END $$",
    "CREATE TRIGGER screams BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION screams()",
    "CREATE FUNCTION says(text, text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE s text; BEGIN"
    " SELECT ssn INTO s FROM people WHERE id = 1; RAISE EXCEPTION USING ERRCODE = $1, MESSAGE = format($2, s),"
    " DETAIL = s, HINT = 'Perhaps you meant to reference the column \"' || s || '\".', CONSTRAINT = s,"
    " TABLE = 'people', COLUMN = 'ssn'; END $$",
    "CREATE VIEW bad_numbers AS SELECT ssn::int AS n FROM people",
    "CREATE VIEW only_ulm AS SELECT * FROM cities WHERE name = 'Ulm' WITH CHECK OPTION",
    "CREATE TABLE parts (id int, v text) PARTITION BY LIST (v)",
    "CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED, v text)",
    "INSERT INTO late VALUES (1, 'x')",
    "CREATE TABLE put_off (id int, v text)",
    "CREATE CONSTRAINT TRIGGER screams AFTER INSERT ON put_off DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " EXECUTE FUNCTION screams()",
    "CREATE TABLE closed (id int)",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
    "REVOKE ALL ON closed FROM PUBLIC",
)


@dataclass(frozen=True)
class Case:
    """A statement that fails, and what is told: the server's own sentence, ours for its code, or this one."""

    text: str
    told: str = SAME
    rows: bytes = b""  # of a COPY
    at_commit: bool = False  # in the extended protocol that is behind the statement


CUT = "invalid input syntax for type "

CASES: Final = (
    # names alone, and the client's own
    Case("SELECT * FROM nowhere"),
    Case("SELECT * FROM public.nowhere"),
    Case('SELECT * FROM "No Where"'),
    Case("SELECT nothing FROM people"),
    Case("SELECT p.nothing FROM people p"),
    Case("SELECT sn FROM people"),  # with a hint
    Case("SELECT people.id FROM people p"),
    Case("SELECT q.id FROM people p"),
    Case("SELECT id FROM people, visits"),
    Case("SELECT nofunction(id, ssn) FROM people"),
    Case("SELECT ssn + id FROM people"),
    Case("SELECT - ssn FROM people"),
    Case("SELECT ssn, count(*) FROM people"),
    Case("SELECT id FROM people WHERE ssn"),
    Case("SELECT id FROM people WHERE count(*) > 1"),
    Case("SELECT id FROM people UNION SELECT ssn FROM people"),
    Case("SELECT id FROM people UNION SELECT id, ssn FROM people"),
    Case("SELECT id::uuid FROM people"),
    Case("SELECT ssn::nosuchtype FROM people"),
    Case("SELECT (SELECT id, ssn FROM people)"),
    Case("SELECT 1 FROM people ORDER BY 2"),
    Case("SELECT DISTINCT id FROM people ORDER BY ssn"),
    Case("SELECT rank() FROM people"),
    Case("SELECT 1 FROM people p JOIN visits p ON true"),
    Case("INSERT INTO people (id, nothing) VALUES (1, 2)"),
    Case("INSERT INTO people (id, ssn) VALUES (1)"),
    Case("INSERT INTO people (id) VALUES (1, 2)"),
    Case("INSERT INTO people (id, id) VALUES (1, 2)"),
    Case("UPDATE people SET born = 1"),
    Case("INSERT INTO cities VALUES (1) ON CONFLICT (name) DO NOTHING"),
    Case("CREATE TABLE people (id int)"),
    Case("CREATE SCHEMA public", OURS),  # the database has another name here
    Case("UPDATE people SET nothing = 1"),
    Case("UPDATE people SET city = q.city"),
    Case("DELETE FROM people WHERE nofunction(ssn) > 1"),
    Case("INSERT INTO people (id, city) SELECT id, nothing FROM visits"),
    Case("CREATE TABLE twice (a int, a int)"),
    Case("CREATE TABLE nowhere.twice (a int)"),
    Case("CREATE TABLE odd (a nosuchtype)"),
    Case("DROP TABLE nowhere"),
    # constants of the client's own: what is quoted is left out all the same
    Case("SELECT 'x'::int", CUT + "integer"),
    Case("SELECT id FROM people WHERE born = 'soon'", CUT + "date"),
    Case("SELECT '2001-02-31'::date", "date/time field value out of range"),
    Case("SELECT '99999999999'::int", "value is out of range for type integer"),
    Case("SELECT 'glad'::mood", "invalid input value for enum mood"),
    Case("SELECT '{'::json", CUT + "json"),
    # stored values in the server's sentence
    Case("SELECT ssn::int FROM people", CUT + "integer"),
    Case("SELECT ssn::numeric FROM people", CUT + "numeric"),
    Case("SELECT note::date FROM people", CUT + "date"),
    Case("SELECT ssn::uuid FROM people", CUT + "uuid"),
    Case("SELECT ssn::inet FROM people", CUT + "inet"),
    Case("SELECT ssn::json FROM people", CUT + "json"),
    Case("SELECT (ssn || 'x')::regclass FROM people", OURS),
    Case("SELECT ssn::regtype FROM people", OURS),
    Case("SELECT ssn::regrole FROM people", OURS),
    Case("SELECT to_tsquery(ssn || ' & | x') FROM people", OURS),
    Case(f"SELECT ssn::regrole FROM people WHERE '{SSN}' <> ''", OURS),  # which of many guesses it was
    Case("SELECT now() AT TIME ZONE ssn FROM people", OURS),
    Case("SELECT to_date(ssn, 'Day') FROM people", OURS),
    Case("SELECT 1 / (code - code) FROM people"),
    Case("SELECT code::smallint FROM people"),
    Case("SELECT (SELECT ssn FROM people)"),
    Case("SELECT decode(ssn, 'hex') FROM people", OURS),
    Case("SELECT ssn::int FROM bad_numbers, people", OURS),
    Case("SELECT n FROM bad_numbers", OURS),  # a view may have code of users' in it
    Case("SELECT n FROM bad_numbers LIMIT 1", OURS),
    # constraints
    Case(f"INSERT INTO people (id, ssn) VALUES (99, '{SSN}')"),
    Case("UPDATE people SET ssn = (SELECT min(ssn) FROM people)"),
    Case("INSERT INTO people (ssn, note) SELECT 'a' || ssn, note FROM people"),
    Case("INSERT INTO people (id, ssn, note) SELECT id + 50, 'a' || ssn, 'no' FROM people"),
    Case("INSERT INTO people (id, mrn) SELECT id + 50, ssn || ssn || ssn FROM people"),
    Case("INSERT INTO visits (id, person, label) VALUES (50, 1000, 'a')"),
    Case("DELETE FROM people WHERE id = 1", "update or delete on table \"people\" violates foreign key constraint"
         ' "visits_person_fkey"'),
    Case("INSERT INTO visits (id, person, span) VALUES (51, 1, '[2,3)')"),
    Case("INSERT INTO visits (id, person, n) VALUES (51, 1, 1000)"),
    Case("INSERT INTO visits (id, person, v) SELECT 51, 1, ssn FROM people"),
    Case("INSERT INTO visits (id, person, label) SELECT 51, 1, ssn FROM people"),
    Case("INSERT INTO parts SELECT 1, ssn FROM people", EITHER),  # partitions may have triggers of their own
    Case("INSERT INTO only_ulm SELECT ssn, 1 FROM people", OURS),
    Case("INSERT INTO late VALUES (1, 'y')", at_commit=True),
    Case("UPDATE people SET city = ssn::regclass", OURS),
    Case("UPDATE people SET city = ssn::regclass::text", OURS),
    Case("CREATE UNIQUE INDEX one_city ON people ((1))"),
    Case("ALTER TABLE people ADD CONSTRAINT shorter CHECK (length(ssn) < 3)"),
    Case("ALTER TABLE people ALTER ssn TYPE varchar(3)"),
    Case("ALTER TABLE people ADD COLUMN ssn text"),
    Case("SELECT * FROM closed"),
    # code of users': nothing that it says, whatever it looks like
    Case("INSERT INTO watched VALUES (1, 'x')", OURS),
    Case("INSERT INTO put_off VALUES (1, 'x')", OURS),
    Case("SELECT says('23505', 'duplicate key value violates unique constraint \"%s\"')", OURS),
    Case("SELECT says('42P01', 'relation \"%s\" does not exist')", OURS),
    Case("SELECT says('42703', 'column \"ssn\" does not exist')", OURS),
    Case("SELECT says('22P02', 'invalid input syntax for type integer: \"%s\"')", OURS),
    Case("SELECT says('22012', 'division by zero')", OURS),
    Case("SELECT says('P0001', '%s')", OURS),
    Case("SELECT says('U0001', '%s')", "The server met an internal error."),
    Case("SELECT says('ABCDE', '%s')", "The server met an internal error."),
    Case("SELECT shout(1)", "The server met an internal error."),
    # COPY
    Case("COPY visits (id, person, n) FROM STDIN", CUT + "smallint", f"60\t1\t{SSN}\n".encode()),
    Case("COPY visits (id, person, n) FROM STDIN", SAME, b"60\t1\n"),
    Case("COPY visits (id, person, n) FROM STDIN", SAME, b"60\t1\t1\t1\n"),
    Case("COPY people (id, ssn) FROM STDIN", SAME, f"60\t{SSN}\n".encode()),
    Case("COPY visits (id, person, mood) FROM STDIN", "invalid input value for enum mood", f"60\t1\t{SSN}\n".encode()),
    Case("COPY visits (id, person, v) FROM STDIN", SAME, f"60\t1\t{SSN}\n".encode()),
    Case("COPY visits (id, person, n) FROM STDIN", SAME, b"60\t1\t1000\n"),
    Case("COPY (SELECT ssn::int FROM people) TO STDOUT", CUT + "integer"),
    Case("COPY (SELECT nothing FROM people) TO STDOUT"),
)  # fmt: skip


@pytest.fixture
def full(empty_database: Database) -> Database:
    """The canaries, and what can go wrong with them."""
    empty_database.execute(*TABLE, *filling(), *EXTRA, "ANALYZE")
    return empty_database


@pytest.fixture
async def on_stage(tmp_path: Path, full: Database) -> AsyncIterator[Stage]:
    """A gateway whose policy allows everything."""
    async with stage(tmp_path, full, CATALOG, policy=ANYTHING) as running:
        yield running


async def complaint(connection: psycopg.AsyncConnection[Any], case: Case, *, prepare: bool) -> psycopg.Error:
    """What is said to it."""
    try:
        async with connection.cursor() as cursor:
            if case.text.startswith("COPY"):
                async with cursor.copy(case.text.encode()) as copy:
                    if case.rows:
                        await copy.write(case.rows)
                    else:
                        async for _ in copy:
                            pass
            else:
                await cursor.execute(case.text.encode(), prepare=prepare or None)
                if cursor.description:
                    await cursor.fetchall()
    except psycopg.Error as error:
        return error
    raise AssertionError(f"nothing went wrong: {case.text}")


def fields(error: psycopg.Error) -> dict[str, str]:
    """Everything that a message says."""
    names = [name for name in dir(error.diag) if not name.startswith("_") and name != "encoding"]
    return {name: value for name in names if isinstance(value := getattr(error.diag, name), str)}


HIDDEN = ("message_detail", "context", "internal_query", "internal_position", "source_file", "source_line",
          "source_function")  # fmt: skip


@pytest.mark.parametrize("protocol", ["simple", "extended"])
async def test_no_complaint_holds_a_value_and_harmless_ones_are_the_servers(
    on_stage: Stage, full: Database, protocol: str
) -> None:
    wrong: list[object] = []
    line = f"host={full.server.host} port={full.server.port} dbname={full.name} user={full.user} sslmode=disable"
    async with (
        await psycopg.AsyncConnection.connect(line, password=full.password.reveal(), autocommit=True) as directly,
        await on_stage.connect() as through,
    ):
        for case in CASES:
            if protocol == "extended" and ";" in case.text:
                continue
            since = on_stage.tape.note(case.text)
            theirs = fields(await complaint(directly, case, prepare=protocol == "extended"))
            told = fields(await complaint(through, case, prepare=protocol == "extended"))
            seen = sightings(b"".join(c.data for c in on_stage.tape.since(since, DOWN, Way.ANSWERED)))
            wanted = replace(case, told=OURS) if case.at_commit and protocol == "extended" else case
            wrong += [(case.text, problem) for problem in problems(wanted, theirs, told, seen)]
    assert not wrong, "\n".join(map(repr, wrong))


def problems(case: Case, theirs: dict[str, str], told: dict[str, str], seen: set[str]) -> list[object]:
    """What is wrong with what was told."""
    found: list[object] = list(seen)
    code = told["sqlstate"]
    if code != theirs["sqlstate"] and code != "XX000":
        found.append((theirs["sqlstate"], code, told["message_primary"]))
    by_case = {SAME: {theirs["message_primary"]}, OURS: {sentence_for(code)}}
    expected = by_case.get(case.told, by_case[SAME] | by_case[OURS] if case.told == EITHER else {case.told})
    if told["message_primary"] not in expected:
        found.append((expected, told["message_primary"]))
    found += [(name, told[name]) for name in HIDDEN if name in told]
    if case.told == SAME:
        worth = _WORTH[1:] if case.text.startswith("COPY") else _WORTH
        found += [(name, theirs.get(name), told.get(name)) for name in worth if told.get(name) != theirs.get(name)]
    return found


_WORTH = ("statement_position", "schema_name", "table_name", "column_name", "constraint_name", "datatype_name",
          "message_hint")  # fmt: skip


# -- notices ---------------------------------------------------------------------------------------------------------

NOTICES: Final = (
    ("CREATE TABLE IF NOT EXISTS people (id int)", SAME),
    ("DROP TABLE IF EXISTS nowhere", SAME),
    ("DROP SCHEMA IF EXISTS nowhere", SAME),
    ("COMMIT", SAME),
    ("ROLLBACK", SAME),
    ("INSERT INTO watched VALUES (1, 'x')", OURS),
    ("SELECT shout(1)", OURS),
)


@pytest.mark.parametrize("prepare", [False, True])
async def test_notices_of_users_code_lose_their_words_and_the_servers_keep_them(
    on_stage: Stage, full: Database, prepare: bool
) -> None:
    line = f"host={full.server.host} port={full.server.port} dbname={full.name} user={full.user} sslmode=disable"
    async with (
        await psycopg.AsyncConnection.connect(line, password=full.password.reveal(), autocommit=True) as directly,
        await on_stage.connect() as through,
    ):
        for text, told in NOTICES:
            theirs, ours = [await noticed(c, text, prepare=prepare) for c in (directly, through)]
            assert theirs and [n["sqlstate"] for n in ours] == [n["sqlstate"] for n in theirs], text
            for mine, server in zip(ours, theirs, strict=True):
                code = mine["sqlstate"]
                ours_is = "The server sent a notice; its text is withheld." if code == "00000" else sentence_for(code)
                assert mine["message_primary"] == (server["message_primary"] if told == SAME else ours_is), text
                assert not set(mine) & {*HIDDEN, "message_hint"}
        assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))


async def noticed(connection: psycopg.AsyncConnection[Any], text: str, *, prepare: bool) -> list[dict[str, str]]:
    """The notices that a statement brings, whatever comes of it."""
    found: list[dict[str, str]] = []

    def heard(diagnostic: Any) -> None:
        names = [name for name in dir(diagnostic) if not name.startswith("_") and name != "encoding"]
        found.append({name: v for name in names if isinstance(v := getattr(diagnostic, name), str)})

    connection.add_notice_handler(heard)
    try:
        await connection.execute(text.encode(), prepare=prepare or None)
    except psycopg.Error:
        pass
    finally:
        connection.remove_notice_handler(heard)
    return found


# -- places, blocks, caps --------------------------------------------------------------------------------------------


async def test_a_place_is_told_only_in_the_text_that_was_sent(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        for text, place in (
            ("SELECT nothing FROM people", "8"),
            ("SELECT 'größe', nothing FROM people", "17"),
            ("SELECT 1; SELECT nothing FROM people", None),
            ("PREPARE p AS SELECT nothing FROM people", None),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT nothing FROM people", None),
            ("COPY (SELECT nothing FROM people) TO STDOUT", None),
        ):
            with pytest.raises(psycopg.errors.UndefinedColumn) as error:
                await connection.execute(text.encode())
            assert error.value.diag.statement_position == place, text
            assert error.value.diag.message_primary == 'column "nothing" does not exist'


async def test_a_block_and_a_cap_tell_the_same(tmp_path: Path, full: Database) -> None:
    capped = "".join(
        f'@id("{group}") {cap} permit (principal, action in Interlock::Action::"{group}", resource);'
        for group, cap in (("session", ""), ("read", ""), ("write", '@row_cap("100")'))
    )
    text = f"INSERT INTO people (id, ssn) VALUES (99, '{SSN}')"
    async with stage(tmp_path, full, CATALOG, policy=capped) as running, await running.connect() as connection:
        for begin in (b"SELECT 1", b"BEGIN"):
            await connection.execute(begin)
            with pytest.raises(psycopg.errors.UniqueViolation) as error:
                await connection.execute(text.encode())
            await connection.execute(b"ROLLBACK")
            assert error.value.diag.message_primary == (
                'duplicate key value violates unique constraint "people_ssn_key"'
            )
            assert error.value.diag.constraint_name == "people_ssn_key"
            assert error.value.diag.message_detail is None
        assert not sightings(running.tape.bytes(DOWN, Way.ANSWERED))


# -- plans -----------------------------------------------------------------------------------------------------------


PLANS: Final = (
    "EXPLAIN SELECT id, ssn FROM people",
    "EXPLAIN (VERBOSE) SELECT * FROM people WHERE id = 2",
    "EXPLAIN (COSTS off) SELECT p.id FROM people p JOIN cities c ON c.name = p.city WHERE c.visits > 3",
    "EXPLAIN (FORMAT json) SELECT city, count(*) FROM people GROUP BY city ORDER BY 2",
    "EXPLAIN SELECT 'ein Wort' FROM cities LIMIT 3",
)
TELLING: Final = (
    f"EXPLAIN SELECT id FROM people WHERE ssn = '{SSN}'",
    "EXPLAIN SELECT id FROM people WHERE note LIKE 'patient%'",
    "EXPLAIN SELECT id FROM people ORDER BY ssn",
    "EXPLAIN SELECT unnest(codes) FROM people",
    "EXPLAIN SELECT * FROM people_view",
    "EXPLAIN SELECT * FROM hidden_in_a_view",
    "EXPLAIN SELECT * FROM ranged WHERE id > 0",
    "EXPLAIN INSERT INTO cities SELECT ssn, 1 FROM people",
    "EXPLAIN (VERBOSE) INSERT INTO by_default (id) VALUES (1)",
    "EXPLAIN (VERBOSE) SELECT leak(id) FROM people",
)
WITH_TEXTS = (
    f"CREATE VIEW hidden_in_a_view AS SELECT id FROM people WHERE ssn <> '{SSN}'",
    "CREATE TABLE ranged (id int, v text) PARTITION BY LIST (v)",
    f"CREATE TABLE ranged_one PARTITION OF ranged FOR VALUES IN ('{SSN}')",
    f"CREATE TABLE by_default (id int, v text DEFAULT '{SSN}')",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
)


@pytest.mark.parametrize("prepare", [False, True])
async def test_plans_come_as_they_are_unless_they_tell_of_values(
    on_stage: Stage, full: Database, prepare: bool
) -> None:
    full.execute(*WITH_TEXTS, "ANALYZE")
    await on_stage.gateway.definitions.refresh()
    line = f"host={full.server.host} port={full.server.port} dbname={full.name} user={full.user} sslmode=disable"
    async with (
        await psycopg.AsyncConnection.connect(line, password=full.password.reveal(), autocommit=True) as directly,
        await on_stage.connect() as through,
    ):
        for text in PLANS:
            shown = [await (await c.execute(text.encode(), prepare=prepare)).fetchall() for c in (through, directly)]
            assert shown[0] == shown[1], text
        for text in TELLING:
            rows = await (await through.execute(text.encode(), prepare=prepare)).fetchall()
            assert rows
            assert {row[0] for row in rows} in ({"[phi.*]"}, {"[masked.*]"}, {"[phi.ssn]"}), (text, rows)
        assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))
