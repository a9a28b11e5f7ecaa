"""What a text is and touches."""

from __future__ import annotations

import pytest
from tests.sql.clinic import AUDITED, NOTES, PATIENTS, PLAIN, STATE, WARDS, judge, relation, snapshot

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.sql.effects import (
    Begin,
    Commit,
    Deallocate,
    DiscardAll,
    GiveReason,
    ReleaseSavepoint,
    Reset,
    Rollback,
    RollbackTo,
    Savepoint,
    SearchPath,
    SessionEffect,
    SetLocal,
    SetSession,
)
from interlock.sql.session_state import SessionState
from interlock.sql.statement import Kind, Reach, Statement, analyse


def touched(statement: Statement) -> set[tuple[str, str]]:
    return {(t.verb, t.name) for t in statement.touches}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.EMPTY),
        ("; -- nothing", Kind.EMPTY),
        ("SELECT 1", Kind.QUERY),
        ("VALUES (1), (2)", Kind.QUERY),
        ("TABLE wards", Kind.QUERY),
        ("INSERT INTO wards (title) VALUES ('North')", Kind.WRITE),
        ("UPDATE wards SET beds = 3 WHERE id = 1", Kind.WRITE),
        ("DELETE FROM wards WHERE id = 1", Kind.WRITE),
        ("TRUNCATE wards", Kind.WRITE),
        ("WITH d AS (DELETE FROM wards WHERE id = 1 RETURNING id) SELECT * FROM d", Kind.WRITE),
        ("COPY wards TO STDOUT", Kind.COPY_OUT),
        ("COPY wards FROM STDIN", Kind.COPY_IN),
        ("DECLARE c CURSOR FOR SELECT 1", Kind.QUERY),
        ("FETCH c", Kind.CURSOR),
        ("CLOSE c", Kind.CURSOR),
        ("PREPARE p AS SELECT 1", Kind.OURS),
        ("EXECUTE p", Kind.OURS),
        ("LISTEN x", Kind.QUERY),
        ("UNLISTEN x", Kind.DISCARD),
        ("NOTIFY x", Kind.WRITE),
        ("LOCK wards", Kind.WRITE),
        ("LOCK wards IN ACCESS SHARE MODE", Kind.QUERY),
        ("EXPLAIN SELECT 1", Kind.EXPLAIN),
        ("BEGIN", Kind.TRANSACTION),
        ("SHOW server_version", Kind.SHOW),
        ("SET statement_timeout = 5", Kind.SET),
        ("DISCARD PLANS", Kind.DISCARD),
        ("DEALLOCATE x", Kind.DISCARD),
        ("CREATE TABLE x (a int)", Kind.SCHEMA),
        ("DROP TABLE patients", Kind.SCHEMA),
        ("ALTER TABLE patients ADD COLUMN x int", Kind.SCHEMA),
        ("CREATE INDEX ON patients (ssn)", Kind.SCHEMA),
        ("CREATE VIEW v AS SELECT ssn FROM patients", Kind.SCHEMA),
        ("COMMENT ON TABLE patients IS 'x'", Kind.SCHEMA),
        ("GRANT SELECT ON patients TO bob", Kind.PRIVILEGE),
        ("REVOKE SELECT ON patients FROM bob", Kind.PRIVILEGE),
        ("CREATE ROLE bob", Kind.PRIVILEGE),
        ("DROP ROLE bob", Kind.PRIVILEGE),
    ],
)
def test_kinds(text: str, kind: Kind) -> None:
    assert judge(text).kind is kind


def test_touches() -> None:
    assert touched(judge("SELECT 1 FROM patients, notes")) == {
        (verb.SQL_SELECT, "public.patients"),
        (verb.SQL_SELECT, "public.notes"),
    }
    assert touched(judge("COPY (SELECT id FROM patients) TO STDOUT")) == {
        (verb.SQL_SELECT, "public.patients"),
        (verb.SQL_COPY_OUT, "public.patients"),
    }
    assert touched(judge("DELETE FROM patients WHERE id = 1 RETURNING ssn")) == {
        (verb.SQL_DELETE, "public.patients"),
        (verb.SQL_SELECT, "public.patients"),
    }
    assert touched(judge("UPDATE wards SET beds = 1 FROM patients WHERE wards.id = patients.id")) == {
        (verb.SQL_UPDATE, "public.wards"),
        (verb.SQL_SELECT, "public.patients"),
    }
    assert touched(judge("EXPLAIN DELETE FROM patients WHERE id IN (SELECT id FROM notes)")) == {
        (verb.SQL_EXPLAIN, "public.patients"),
        (verb.SQL_EXPLAIN, "public.notes"),
    }
    assert touched(judge("DROP TABLE patients, elsewhere.t")) == {
        (verb.SQL_DROP, "public.patients"),
        (verb.SQL_DROP, "elsewhere.t"),
    }
    assert touched(judge("CREATE VIEW v AS SELECT ssn FROM patients")) == {
        (verb.SQL_CREATE, "v"),
        (verb.SQL_SELECT, "public.patients"),
    }
    assert touched(judge("REVOKE SELECT ON patients FROM bob")) == {(verb.SQL_REVOKE, "public.patients")}
    assert touched(judge("CREATE ROLE bob")) == {(verb.SQL_ROLE, "")}
    assert touched(judge("SELECT 1")) == set()


def test_common_table_expressions_and_their_scopes() -> None:
    hides = judge("WITH patients AS (SELECT 1 AS a) SELECT a FROM patients")
    assert touched(hides) == {(verb.SQL_SELECT, "public.patients")}, "counted as the relation too"
    only = judge("WITH x AS (SELECT 1 AS a) SELECT a FROM x")
    assert (only.touches, only.reach) == ((), Reach.NONE)
    later = judge("WITH y AS (SELECT a FROM x), x AS (SELECT 1 AS a) SELECT a FROM y")
    assert later.reach is Reach.CONNECTION, "x isn't in scope of y: it is a relation that we don't know"
    recursive = judge("WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x WHERE a < 9) SELECT a FROM x")
    assert recursive.reach is Reach.NONE
    outside = judge("SELECT (WITH x AS (SELECT 1 AS a) SELECT a FROM x), a FROM x")
    assert outside.reach is Reach.CONNECTION
    target = judge("WITH patients AS (SELECT 1) DELETE FROM patients WHERE id = 1")
    assert touched(target) == {(verb.SQL_DELETE, "public.patients")}
    qualified = judge("WITH patients AS (SELECT 1 AS id) SELECT id FROM public.patients")
    assert qualified.touches[0].relation == PATIENTS


def test_search_path() -> None:
    mine = relation(20100, "pg_class", ("x", 25))
    known = snapshot(frozenset(), frozenset(), frozenset(), mine)
    assert judge("SELECT relname FROM pg_class", known).touches[0].is_catalog, "pg_catalog is implied first"
    late = SessionState(("public", "pg_catalog"), "gate")
    assert judge("SELECT x FROM pg_class", known, late).touches[0].relation == mine
    assert judge("SELECT id FROM patients", PLAIN, SessionState(("other",), "gate")).reach is Reach.CONNECTION
    assert judge("SELECT id FROM db.public.patients").reach is Reach.CONNECTION


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("SELECT 1", Reach.NONE),
        ("SELECT relname FROM pg_class", Reach.NONE),
        (
            "SELECT c.relname, n.nspname FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = relnamespace",
            Reach.NONE,
        ),
        ("SELECT table_name FROM information_schema.tables", Reach.NONE),
        ("SELECT * FROM pg_namespace", Reach.NONE),
        ("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0", Reach.NONE),
        ("SELECT ssn FROM patients", Reach.TABLES),
        ("SELECT upper(p.ssn) || 'x' FROM patients AS p JOIN notes n ON n.patient_id = p.id", Reach.TABLES),
        ("SELECT row_to_json(p) FROM patients p", Reach.TABLES),
        ("SELECT extract(year FROM born), born AT TIME ZONE 'utc', ssn COLLATE \"C\" FROM patients", Reach.TABLES),
        ("SELECT g FROM generate_series(1, 3) AS g", Reach.NONE),
        ("SELECT key, value FROM patients, jsonb_each_text(extra)", Reach.TABLES),
        ("SELECT x.n FROM (SELECT count(*) AS n FROM patients GROUP BY city HAVING count(*) > 1) x", Reach.TABLES),
        ("SELECT id, rank() OVER (PARTITION BY city ORDER BY born) FROM patients", Reach.TABLES),
        ("SELECT '{}'::jsonb, DATE '2020-01-01', ARRAY[1]::int[], 'pg_class'::regclass", Reach.NONE),
    ],
)
def test_what_can_be_read_keeps_its_reach(text: str, reach: Reach) -> None:
    statement = judge(text)
    assert (statement.reach, statement.because, statement.refusal) == (reach, (), None)


def test_effect_free_must_be_proved() -> None:
    assert judge("SELECT count(*), max(born) FROM patients WHERE city LIKE 'A%'").effect_free
    for text in (
        "SELECT id FROM patients FOR UPDATE",
        "SELECT random()",
        "SELECT id FROM audited",
        "SELECT x FROM patient_view",
        "SELECT mine(id) FROM patients",
        "SELECT pg_sleep(1)",
        "SELECT p FROM patients p",
        "DELETE FROM wards WHERE id = 1",
        "COPY wards TO STDOUT",
        "EXPLAIN SELECT 1",
        "SELECT table_name FROM information_schema.tables",
        "BEGIN",
    ):
        assert not judge(text).effect_free, text


@pytest.mark.parametrize(
    ("where", "unbounded"),
    [
        ("", True),
        ("WHERE true", True),
        ("WHERE 1 = 1", True),
        ("WHERE id = id", True),
        ("WHERE id = 1 OR true", True),
        ("WHERE id IS NOT NULL", True),
        ("WHERE $1 = 1", True),
        ("WHERE id = 1", False),
        ("WHERE id = 1 AND true", False),
        ("WHERE id IN (SELECT patient_id FROM notes)", False),
    ],
)
def test_unbounded(where: str, unbounded: bool) -> None:
    assert judge(f"DELETE FROM patients {where}").unbounded is unbounded
    assert judge(f"UPDATE patients SET city = 'x' {where}").unbounded is unbounded


def test_truncate_is_unbounded_and_cascades() -> None:
    plain = judge("TRUNCATE patients, notes")
    assert plain.unbounded
    assert {w.relation for w in plain.written} == {PATIENTS, NOTES}
    assert touched(plain) == {(verb.SQL_TRUNCATE, "public.patients"), (verb.SQL_TRUNCATE, "public.notes")}
    assert judge("TRUNCATE patients CASCADE").reach is Reach.CONNECTION


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("SELECT id, ssn FROM patients", False),
        ("SELECT id FROM patients LIMIT 5", False),
        ("SELECT id FROM patients WHERE vip", True),
        ("SELECT id FROM patients WHERE ssn = '1'", True),
        ("SELECT id FROM patients ORDER BY ssn", True),
        ("SELECT city FROM patients GROUP BY city", True),
        ("SELECT DISTINCT city FROM patients", True),
        ("SELECT city FROM patients UNION SELECT title FROM wards", True),
        ("SELECT city FROM patients UNION ALL SELECT title FROM wards", False),
        ("SELECT ssn::int FROM patients", True),
        ("SELECT CASE ssn WHEN '1' THEN 1 END FROM patients", True),
        ("SELECT p.id FROM patients p JOIN notes n USING (id)", True),
        ("SELECT (SELECT count(*) FROM notes)", True),
        ("INSERT INTO wards (id) VALUES (1) ON CONFLICT DO NOTHING", True),
        ("INSERT INTO wards (id) VALUES (1)", False),
    ],
)
def test_filters(text: str, filters: bool) -> None:
    assert judge(text).filters is filters


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO wards VALUES (1, 'x', NULL), ($1, $2, DEFAULT)",
        "INSERT INTO wards DEFAULT VALUES",
        "INSERT INTO wards (id, title) VALUES (-1, DATE '2020-01-01') ON CONFLICT (id) DO UPDATE SET title = 'y'",
        "INSERT INTO wards (title) VALUES (now()), (CURRENT_TIMESTAMP), ('[1]'::jsonb), (ARRAY[1, 2]), (TRUE)",
        "UPDATE wards SET title = $1, beds = DEFAULT WHERE id = 1",
    ],
)
def test_writes_of_constants_pass(text: str) -> None:
    statement = judge(text)
    assert (statement.kind, statement.refusal, statement.computed) == (Kind.WRITE, None, None)


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("INSERT INTO wards (title) SELECT ssn FROM patients", {2: {3}}),
        ("INSERT INTO wards (title) VALUES ((SELECT ssn FROM patients LIMIT 1))", {2: {3}}),
        ("INSERT INTO wards (title) VALUES (upper('x'))", {2: set()}),
        ("UPDATE wards SET (beds, title) = (SELECT id, ssn FROM patients)", {3: {1}, 2: {3}}),
        ("WITH p AS (SELECT ssn FROM patients) UPDATE wards SET title = p.ssn FROM p", {2: {3}}),
        ("WITH x AS (UPDATE wards SET title = ssn FROM patients) SELECT 1", {2: {3}}),
        ("MERGE INTO wards USING patients p ON wards.id = p.id WHEN MATCHED THEN UPDATE SET title = ssn", {2: {3}}),
        (
            "MERGE INTO wards w USING patients p ON w.id = p.id WHEN NOT MATCHED THEN INSERT (title) VALUES (ssn)",
            {2: {3}},
        ),
    ],
)
def test_what_is_written_from_what(text: str, flows: dict[int, set[int]]) -> None:
    """Which labels that takes along is for the action to say (tests/actions/test_carries.py)."""
    statement = judge(text)
    assert (statement.kind, statement.refusal, statement.computed) == (Kind.WRITE, None, None)
    assert statement.lineage is not None
    found = {w.target.number: {s.number for s in w.sources} for w in statement.lineage.writes}
    assert found == flows


def test_a_table_made_of_a_query() -> None:
    for text in (
        "CREATE TABLE made AS SELECT id, ssn AS x FROM patients",
        "SELECT id, ssn AS x INTO made FROM patients",
    ):
        statement = judge(text)
        assert (statement.kind, statement.refusal) == (Kind.SCHEMA, None)
        assert {(t.verb, t.name) for t in statement.touches} == {
            ("sql.create", "public.made"),
            ("sql.select", "public.patients"),
        }
        assert statement.lineage is not None
        assert [(w.made, {s.number for s in w.sources}) for w in statement.lineage.writes] == [
            (("", "made", "id"), {1}),
            (("", "made", "x"), {3}),
        ]


def test_merge_is_bounded_by_its_clauses() -> None:
    merge = "MERGE INTO wards w USING patients p ON w.id = p.id WHEN MATCHED THEN UPDATE SET beds = 1"
    statement = judge(merge)
    assert ("sql.merge", "public.wards") in {(t.verb, t.name) for t in statement.touches}
    assert not statement.unbounded and not statement.countable
    assert statement.written[0].columns == frozenset({"beds"})
    assert judge(merge + " WHEN NOT MATCHED BY SOURCE THEN DELETE").unbounded
    assert not judge(merge + " WHEN NOT MATCHED BY SOURCE AND w.id = 5 THEN DELETE").unbounded
    assert judge("MERGE INTO wards w USING patients p ON true WHEN MATCHED THEN DELETE").unbounded
    assert judge(merge + " WHEN NOT MATCHED BY SOURCE THEN DELETE").written[0].columns is None


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE pg_class SET relname = 'x'",
        "DELETE FROM pg_catalog.pg_class",
    ],
)
def test_other_writes_are_refused(text: str) -> None:
    statement = judge(text)
    assert statement.kind is Kind.REFUSED
    assert statement.refusal is not None


def test_what_is_written() -> None:
    (written,) = judge("UPDATE wards SET title = 'x' WHERE id = 1").written
    assert (written.relation, written.columns) == (WARDS, frozenset({"title"}))
    (every,) = judge("INSERT INTO wards VALUES (1)").written
    assert (every.relation, every.columns) == (WARDS, None)
    (both,) = judge("INSERT INTO wards (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET title = 'y'").written
    assert both.columns == frozenset({"id", "title"})
    hidden = judge("INSERT INTO audited (id) VALUES (1)")
    assert (hidden.written[0].relation, hidden.reach) == (AUDITED, Reach.CONNECTION)


@pytest.mark.parametrize(
    ("text", "describe", "width"),
    [
        ("SELECT id, ssn FROM patients", "SELECT id, ssn FROM patients", 2),
        ("SELECT * FROM patients", "SELECT * FROM patients", None),
        ("VALUES (1, 2), (3, 4)", "VALUES (1, 2), (3, 4)", 2),
        ("SELECT 1 UNION SELECT 2", "SELECT 1 UNION SELECT 2", 1),
        ("DELETE FROM wards WHERE id = 1", None, 0),
        ("DELETE FROM wards WHERE id = 1 RETURNING id", "DELETE FROM wards WHERE id = 1 RETURNING id", 1),
        ("EXPLAIN SELECT 1, 2", "EXPLAIN SELECT 1, 2", 1),
        ("SHOW timezone", "SHOW timezone", 1),
        ("COPY ( SELECT id, (1) FROM patients ) TO STDOUT", "SELECT id, (1) FROM patients", 2),
        ("COPY notes TO STDOUT", 'SELECT * FROM "public"."notes"', 3),
        ("COPY notes (body) TO STDOUT", 'SELECT "body" FROM "public"."notes"', 1),
        ("BEGIN", None, None),
    ],
)
def test_the_witness(text: str, describe: str | None, width: int | None) -> None:
    statement = judge(text)
    assert statement.describe == (None if describe is None else describe.encode())
    assert statement.width == width


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("BEGIN", Begin()),
        ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", Begin()),
        ("COMMIT", Commit()),
        ("END", Commit()),
        ("ROLLBACK", Rollback()),
        ("SAVEPOINT a", Savepoint("a")),
        ("ROLLBACK TO SAVEPOINT a", RollbackTo("a")),
        ("RELEASE a", ReleaseSavepoint("a")),
        ("SET TIME ZONE 'UTC'", SetSession("timezone", "UTC", True)),
        ('SET LOCAL "TimeZone" TO UTC', SetLocal("timezone", "utc", True)),
        ("SET datestyle TO ISO, MDY", SetSession("datestyle", "iso, mdy", True)),
        ("SET statement_timeout = '5s'", SetSession("statement_timeout", "5s", False)),
        ("SET NAMES 'utf8'", SetSession("client_encoding", "utf8", False)),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", None),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", None),
        ("RESET timezone", Reset("timezone")),
        ("SET timezone TO DEFAULT", Reset("timezone")),
        ("RESET ALL", Reset(None)),
        ("SET interlock.reason = 'ticket 7'", GiveReason("ticket 7")),
        ("SET search_path = public", SearchPath()),
        ("SET LOCAL search_path TO \"$user\", public, ''", SearchPath()),
        ("SET SCHEMA 'public'", SearchPath()),
        ("SET search_path = ''", SearchPath()),
        ("SET search_path TO DEFAULT", SearchPath()),
        ("RESET search_path", SearchPath()),
        ("SET row_security = off", SearchPath()),
        ("RESET row_security", SearchPath()),
        ("SET synchronize_seqscans TO off", SetSession("synchronize_seqscans", "off", False)),
        ("SET standard_conforming_strings = on", SetSession("standard_conforming_strings", "on", False)),
        ("SET check_function_bodies = false", SetSession("check_function_bodies", "false", False)),
        ("SET xmloption = content", SetSession("xmloption", "content", False)),
        ("SET default_tablespace = ''", SetSession("default_tablespace", "", False)),
        ("SET default_table_access_method = heap", SetSession("default_table_access_method", "heap", False)),
        ("SET bytea_output = 'hex'", SetSession("bytea_output", "hex", False)),
        ("SET LOCAL jit = off", SetLocal("jit", "off", False)),
        ("DISCARD ALL", DiscardAll()),
        ("DEALLOCATE ALL", Deallocate(None)),
        ("DEALLOCATE x", Deallocate("x")),
    ],
)
def test_session_effects(text: str, effect: SessionEffect | None) -> None:
    statement = judge(text)
    assert statement.refusal is None
    assert statement.is_session_traffic
    assert statement.effect == effect


@pytest.mark.parametrize(
    "text",
    [
        "SET search_path = pg_temp",
        'SET search_path = "Pg_Temp_3"',
        "SET search_path = 'a, b'",
        "SET search_path FROM CURRENT",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SET standard_conforming_strings = off",
        "SET client_encoding = 'SQL_ASCII'",
        "SET NAMES 'latin1'",
        "SET datestyle = 'German'",
        "SET interlock.other = 'x'",
        "SET my.custom = 'x'",
        "SET session_replication_role = replica",
        "SET row_security = maybe",
        "SET xmloption = document",
        "SET default_tablespace = 'fast'",
        "SET default_table_access_method = mine",
        "SET default_with_oids = on",
        "SET backslash_quote = on",
        "SET bytea_output = 'escape'",
        "SET debug_print_parse = on",
        "SET log_statement = 'all'",
        "SET timezone FROM CURRENT",
        "SET TRANSACTION SNAPSHOT '00000003-1'",
        "RESET ROLE",
        "SHOW ALL",
        "SHOW interlock.other",
        "SHOW primary_conninfo",
        "BEGIN; COMMIT",
        "COMMIT AND CHAIN",
        "PREPARE TRANSACTION 'x'",
        "COMMIT PREPARED 'x'",
    ],
)
def test_session_statements_refused(text: str) -> None:
    statement = judge(text)
    assert statement.kind is Kind.REFUSED
    assert statement.effect is None


def test_a_setting_is_refused_by_name() -> None:
    refusal = judge("SET search_path = 'not a schema'").refusal
    assert refusal is not None
    assert "search_path" in refusal.sentence
    assert "schema" not in refusal.sentence
    unknown = judge("SELECT set_config('what 123456789', 'x', false)").refusal
    assert unknown is not None
    assert "123456789" not in unknown.sentence


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (ANALYZE) SELECT 1",
        "EXPLAIN (ANALYZE on, FORMAT json) SELECT 1",
        "EXPLAIN (SETTINGS) SELECT 1",
        "EXPLAIN EXECUTE x",
        "EXPLAIN CREATE TABLE x AS SELECT 1",
        "EXPLAIN DECLARE c CURSOR FOR SELECT 1",
    ],
)
def test_explains_refused(text: str) -> None:
    assert judge(text).kind is Kind.REFUSED


def test_schema_changes_whose_effect_on_data_cannot_be_read_reach_everything() -> None:
    assert judge("DROP TABLE patients").reach is Reach.TABLES
    assert judge("CREATE TABLE x (a int DEFAULT 5, b text)").reach is Reach.TABLES
    for text in (
        "DROP TABLE patients CASCADE",
        "DROP TABLE unknown",
        "DROP SCHEMA public",
        "DROP POLICY p ON patients",
        "CREATE TABLE x (LIKE patients)",
        "CREATE TABLE x () INHERITS (patients)",
        "CREATE TABLE x (a text DEFAULT leak())",
        "ALTER TABLE patients RENAME COLUMN ssn TO x",
        "ALTER TABLE notes ALTER COLUMN body TYPE text USING leak(body)",
        "CREATE INDEX ON patients (leak(ssn))",
        "CREATE VIEW v AS SELECT leak(ssn) FROM patients",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
        "GRANT SELECT ON patients TO bob",
        "ALTER TABLE patients DISABLE TRIGGER ALL",
    ):
        assert judge(text).reach is Reach.CONNECTION, text


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TEMP TABLE x (a int)",
        "CREATE TABLE pg_temp.x (a int)",
        "CREATE TEMP VIEW patients AS SELECT 1",
        "CREATE TEMP TABLE x AS SELECT ssn FROM patients",
        "SELECT ssn INTO TEMP x FROM patients",
    ],
)
def test_temporary_objects_are_the_session_s(text: str) -> None:
    statement = judge(text)
    assert (statement.kind, statement.refusal, statement.temporary) == (Kind.SCHEMA, None, True)


def test_a_view_goes_by_its_query() -> None:
    view = judge("CREATE VIEW v AS SELECT ssn FROM patients")
    assert (view.kind, view.reach, view.defines) == (Kind.SCHEMA, Reach.TABLES, True)


def test_a_schema_with_tables_in_it_is_refused() -> None:
    assert judge("CREATE SCHEMA s CREATE TABLE x (a int)").kind is Kind.REFUSED


def test_names_that_carry_data_refuse_the_statement() -> None:
    for text in (
        'SELECT 1 AS "123-45-6789"',
        'SELECT 1 AS "a@b.example"',
        "SELECT 1 AS ssn_123456789",
        f"SELECT 1 AS {'x' * 64}",
        'SELECT 1 AS U&"\\0061"',
        'SELECT 1 AS "a\u202eb"',
        'SELECT 1 AS "a\u200bb"',
        'SELECT 1 AS "a\nb"',
        'SELECT 1 AS "１２３４５６"',
        'DROP TABLE "123-45-6789"',
    ):
        statement = judge(text)
        assert statement.kind is Kind.REFUSED
        assert statement.touches == ()
        assert statement.refusal is not None
        assert statement.refusal.code == "finding_in_code"
    dated = relation(20200, "sales_20240101", ("id", 23))
    known = snapshot(frozenset(), frozenset(), frozenset(), dated)
    assert judge("SELECT id FROM sales_20240101", known).refusal is None


def test_nothing_but_not_understood() -> None:
    for text in (b"\xff", b"a\0b", b"SELECT", b"nonsense", b"SELECT '", b"\xef\xbb\xbf"):
        try:
            analyse(text, PLAIN, STATE)
        except NotUnderstood as error:
            assert error.code == "not_understood"
