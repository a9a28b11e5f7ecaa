"""The oracle itself, held against what was written down by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sql.differential.a_colliding_database import PARAMETERS, Colliding, colliding

from interlock.demo.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> Iterator[Colliding]:
    with colliding(postgres) as made:
        yield made


# Each output as its sources, `=` before it where it plainly is the one stored column.
OUTPUTS: list[tuple[str, list[str]]] = [
    ("SELECT id, name AS ssn FROM patients", ["=patients.id", "=patients.name"]),
    ("SELECT p.name || p.age FROM patients p", ["patients.age patients.name"]),
    ("SELECT name FROM name", ["=name.name"]),
    ("SELECT name.name FROM patients name", ["=patients.name"]),
    ("SELECT patients FROM notes", ["=notes.patients"]),
    ("SELECT patients FROM notes, visits patients", ["=notes.patients"]),  # the column wins over the whole row
    ("SELECT name FROM name n", ["=name.name"]),
    ("SELECT p FROM other.patients p", [
        "other.patients.extra other.patients.id other.patients.name other.patients.ssn"]),
    ("SELECT row_to_json(n) FROM name n", ["name.Name name.id name.name name.select"]),
    ("SELECT ssn(p) FROM patients p", ["=patients.ssn"]),
    ("SELECT (p).ssn FROM patients p", ["=patients.ssn"]),
    ("SELECT (p.home).zip, (p).home.street FROM patients p", ["patients.home", "patients.home"]),
    ("SELECT (coalesce(p, p)).ssn, ((ARRAY[p])[id]).name, ((SELECT p)).age, (CASE WHEN age > 3 THEN p END).ssn "
     "FROM patients p", ["patients.ssn", "patients.id patients.name", "patients.age", "patients.age patients.ssn"]),
    ("SELECT (p.home).* FROM patients p", ["patients.home"] * 3),
    ("SELECT * FROM (SELECT * FROM other.codes) c (a, b)", [
        "=other.codes.code", "=other.codes.name", "=other.codes.info"]),
    ("SELECT count(*), count(ssn), count(*) FILTER (WHERE age > 3), max(age) FROM patients", [
        "", "", "", "patients.age"]),
    ("SELECT EXISTS (SELECT ssn FROM patients), 1 IN (SELECT age FROM patients)", ["", "patients.age"]),
    ("SELECT row_number() OVER (ORDER BY ssn), lag(name) OVER (ORDER BY age) FROM patients", ["", "patients.name"]),
    ("SELECT CASE WHEN ssn = 'x' THEN name END FROM patients", ["patients.name patients.ssn"]),
    ("SELECT string_agg(name, ',' ORDER BY age) FILTER (WHERE ssn > 'b') FROM patients", [
        "patients.name patients.ssn"]),
    ("SELECT id FROM patients p JOIN visits v USING (id)", ["=patients.id"]),
    ("SELECT id FROM patients p RIGHT JOIN visits v USING (id)", ["=visits.id"]),
    ("SELECT id FROM patients p FULL JOIN visits v USING (id)", ["patients.id visits.id"]),
    ("SELECT j.x FROM (patients p JOIN visits v ON true) AS j (a, x)", ["=patients.name"]),
    ("SELECT u.id FROM patients p LEFT JOIN visits v USING (id) AS u", ["=patients.id"]),
    ("SELECT name FROM patients UNION SELECT ssn FROM visits", ["patients.name visits.ssn"]),
    ("SELECT name FROM patients EXCEPT SELECT ssn FROM visits", ["patients.name"]),
    ("SELECT name FROM patients INTERSECT SELECT ssn FROM visits", ["patients.name visits.ssn"]),
    ("WITH patients AS (SELECT note AS ssn FROM visits) SELECT ssn FROM patients", ["=visits.note"]),
    ("WITH patients AS (SELECT ssn AS z FROM patients) SELECT z FROM patients", ["=patients.ssn"]),
    ("WITH patients AS (SELECT 1) SELECT ssn FROM public.patients", ["=patients.ssn"]),
    ("WITH RECURSIVE q (n, s) AS (SELECT id, name FROM patients UNION ALL SELECT n + 1, ssn FROM q, visits) "
     "SELECT s, n FROM q", ["patients.name visits.ssn", "patients.id"]),
    ("WITH RECURSIVE q (a, b, c) AS (SELECT 1, name, ssn FROM name, visits v (x1, x2, x3) UNION ALL "
     "SELECT a + 1, c, b FROM q) SELECT b, c FROM q", ["name.name visits.ssn", "name.name visits.ssn"]),
    ("WITH RECURSIVE q (n, s) AS (SELECT id, ssn FROM patients UNION ALL SELECT n, s FROM q) SEARCH DEPTH FIRST BY s "
     "SET o CYCLE n SET c USING p SELECT o, c, p FROM q", ["patients.ssn", "patients.id", "patients.id"]),
    ("SELECT x FROM patients, LATERAL (SELECT ssn AS x) AS l", ["=patients.ssn"]),
    ("SELECT (SELECT (SELECT p.ssn) FROM visits v LIMIT 1) FROM patients p", ["patients.ssn"]),
    ("SELECT u.t, u.n FROM patients, unnest(tags) WITH ORDINALITY AS u (t, n)", ["patients.tags", ""]),
    ("SELECT v.a FROM patients p, LATERAL (VALUES (p.ssn), (p.name)) AS v (a)", ["patients.name patients.ssn"]),
    ("SELECT upper(name), max(ssn) FROM patients GROUP BY name", ["patients.name", "patients.ssn"]),
    ("SELECT GROUPING(name), name FROM patients GROUP BY ROLLUP (name)", ["", "=patients.name"]),
    ("SELECT id, twice, hidden FROM totals", [
        "=totals.id", "=totals.twice", "=totals.hidden"]),
    ("SELECT name FROM people", ["=people.name"]),
    ("SELECT name FROM ONLY people", ["=people.name"]),
    ("SELECT note FROM events", ["=events.note"]),
    ("SELECT ssn FROM adults", ["=adults.ssn patients.name"]),
    ("SELECT ssn, name FROM visited_adults", [
        "=adults.ssn patients.name visited_adults.ssn", "=patients.name visited.name visited_adults.name"]),
    ("SELECT n, ssn FROM counted", ["counted.n", "counted.ssn patients.ssn"]),
    ("SELECT ssn FROM kept", ["kept.ssn patients.ssn"]),
    ("SELECT (patients).name FROM rows_of", ["patients.name rows_of.patients"]),
    ("SELECT ssn_of(v.patient) FROM visits v", ["patients.ssn"]),
    ("SELECT initials(p), (r.patients).initials FROM patients p, rows_of r", [
        "patients.age patients.name", "patients.age patients.name rows_of.patients"]),
    ("SELECT s.note FROM patients p, seen_by(p.id) s", ["=visits.note"]),
    ("SELECT ctid FROM patients", [""]),
    ("SELECT v FROM visits v", [
        "visits.age visits.codes visits.day visits.id visits.name visits.note visits.patient visits.ssn"]),
    ("INSERT INTO name (id, name) SELECT id, ssn FROM patients RETURNING name, \"Name\", old.name", [
        "=name.name patients.ssn", "=name.Name", "=name.name"]),
    ("UPDATE name SET name = ssn FROM visits RETURNING old.name, (old).name, name(old)", [
        "=name.name", "=name.name visits.ssn", "=name.name visits.ssn"]),  # as the server has it: only the first is old
    ("WITH w AS (UPDATE name SET name = ssn FROM visits RETURNING name.name AS z) SELECT z FROM w", [
        "=name.name visits.ssn"]),
    ("DELETE FROM notes USING visits v RETURNING notes.note, v.ssn", ["=notes.note", "=visits.ssn"]),
]  # fmt: skip

FILTERS: list[tuple[str, str]] = [
    ("SELECT id FROM patients WHERE ssn LIKE '1%' ORDER BY name", "patients.name patients.ssn"),
    ("SELECT name AS ssn FROM patients ORDER BY ssn", "patients.name"),  # an output's name first
    ("SELECT sum(age) AS name FROM patients GROUP BY name", "patients.name"),  # an input's name first
    ("SELECT DISTINCT ON (age) id FROM patients", "patients.age"),
    ("SELECT DISTINCT id FROM patients", "patients.id"),
    ("SELECT 1 FROM patients NATURAL JOIN totals",
     "patients.age patients.id patients.name patients.ssn totals.age totals.id totals.name totals.ssn"),
    ("SELECT rank() OVER w FROM patients WINDOW w AS (PARTITION BY ssn ORDER BY born)", "patients.born patients.ssn"),
    ("SELECT count(ssn), count(*) FILTER (WHERE age > 3) FROM patients HAVING max(id) > 1",
     "patients.age patients.id patients.ssn"),
    ("SELECT min(age), max(max(born)) OVER (), sum(id) FROM patients", "patients.age patients.born"),
    ("SELECT id FROM patients LIMIT (SELECT max(patient) FROM visits)", "visits.patient"),
    ("SELECT id FROM patients LIMIT (SELECT max(patient) FROM visits WHERE note > 'x')", "visits.note visits.patient"),
    ("SELECT 1 WHERE EXISTS (SELECT FROM visits WHERE note = 'x')", "visits.note"),
    ("SELECT 1 WHERE 3 IN (SELECT age FROM visits)", "visits.age"),
    ("SELECT CASE WHEN age > 3 THEN 1 ELSE 2 END FROM patients", "patients.age"),
    ("SELECT string_agg(name, ',' ORDER BY ssn) FROM patients", "patients.ssn"),
    ("SELECT name FROM patients UNION ALL SELECT ssn FROM visits", ""),
    ("SELECT name FROM patients UNION SELECT ssn FROM visits", "patients.name visits.ssn"),
    ("SELECT n FROM counted", "patients.age patients.name patients.ssn"),
    ("SELECT 1 FROM patients, generate_series(1, age)", "patients.age"),
    ("SELECT count(*) FROM (SELECT generate_series(1, age) FROM patients) q", "patients.age"),
    ("SELECT 1 FROM patients, upper(ssn) u", ""),  # always one row
    ("SELECT ssn_of(3)", "patients.id"),
    ("SELECT id FROM adults WHERE ssn = 'x'", "adults.ssn patients.born patients.name"),
    ("WITH q AS (SELECT 1 FROM visits WHERE note = 'x') SELECT 1", ""),  # never runs
    ("SELECT id FROM kept", ""),
    ("INSERT INTO name (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE name.\"select\" > 3",
     "name.id name.select"),
    ("MERGE INTO name n USING visits v ON n.id = v.patient WHEN MATCHED AND v.age > 3 THEN DELETE",
     "name.id visits.age visits.patient"),
    ("UPDATE adults SET name = 'x'", "patients.born"),
    ("INSERT INTO adults (name) VALUES ('x')", ""),
]  # fmt: skip

WRITES: list[tuple[str, dict[str, str]]] = [
    ("INSERT INTO name VALUES (1, $2)", {"name.id": "", "name.name": ""}),
    ("INSERT INTO name (name, id) SELECT ssn, age FROM patients",
     {"name.id": "patients.age", "name.name": "patients.ssn"}),
    ("INSERT INTO name (id) SELECT patient FROM visits ON CONFLICT (id) DO UPDATE SET \"Name\" = excluded.id || 'x'",
     {"name.id": "visits.patient", "name.Name": "visits.patient"}),
    ("UPDATE name SET (name, \"Name\") = (SELECT v.note, v.ssn FROM visits v WHERE v.id = name.id)",
     {"name.name": "visits.note", "name.Name": "visits.ssn"}),
    ("UPDATE name n SET (name, \"select\") = (v.note, 3) FROM visits v",
     {"name.name": "visits.note", "name.select": ""}),
    ("UPDATE patients SET home.street = name, tags[1] = ssn",
     {"patients.home": "patients.home patients.name", "patients.tags": "patients.ssn patients.tags"}),
    ("MERGE INTO name n USING visits v ON true WHEN MATCHED THEN UPDATE SET name = v.ssn "
     "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (age, note)",
     {"name.id": "visits.age", "name.name": "visits.note visits.ssn"}),
    ("MERGE INTO name n USING visits v ON true WHEN MATCHED AND v.age > 3 THEN UPDATE SET (name, id) = "
     "(SELECT v.ssn, 1) WHEN MATCHED THEN UPDATE SET (id, name) = (SELECT v.age, 'x')",
     {"name.id": "visits.age", "name.name": "visits.ssn"}),
    ("INSERT INTO adults (id, name) SELECT id, note FROM notes",
     {"adults.id": "notes.id", "patients.id": "notes.id", "adults.name": "notes.note", "patients.ssn": "notes.note"}),
    ("WITH w AS (INSERT INTO name (id, name) SELECT id, note FROM notes RETURNING *) UPDATE visits SET note = w.name "
     "FROM w", {"name.id": "notes.id", "name.name": "notes.note", "visits.note": "name.name notes.note"}),
    ("DELETE FROM name", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OUTPUTS)
def test_an_output_comes_from_what_was_written_down(database: Colliding, text: str, expected: list[str]) -> None:
    told = database.oracle.told(text, PARAMETERS)
    assert told is not None
    assert [f"{'=' if c.plain else ''}{database.spoken(c.sources)}" for c in told.outputs] == expected


@pytest.mark.parametrize(("text", "expected"), FILTERS)
def test_what_a_statement_tests_is_what_was_written_down(database: Colliding, text: str, expected: str) -> None:
    told = database.oracle.told(text, PARAMETERS)
    assert told is not None
    assert database.spoken(told.filters) == expected


@pytest.mark.parametrize(("text", "expected"), WRITES)
def test_what_is_written_is_what_was_written_down(database: Colliding, text: str, expected: dict[str, str]) -> None:
    told = database.oracle.told(text, PARAMETERS)
    assert told is not None
    assert {database.names[t]: database.spoken(s) for t, s in told.writes.items()} == expected


def test_a_refused_statement_has_no_tree(database: Colliding) -> None:
    assert database.oracle.told("SELECT nowhere FROM patients") is None
