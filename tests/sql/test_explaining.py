"""EXPLAIN: of which columns a plan tells something, and when it may show more than that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sql.clinic import judge, snapshot

from interlock.model.snapshot import Snapshot
from interlock.sql.shape import Kind, Reach

BASE = snapshot()
TOLD = {column.number: column.name for column in BASE.by_name["public", "patients"].columns}


def told(text: str, schema: Snapshot = BASE) -> set[str] | None:
    plan = judge(text, schema).plan
    if plan is None:
        return None
    return {next(c.name for c in schema.by_oid[s.relation].columns if c.number == s.number) for s in plan}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("EXPLAIN SELECT id, ssn FROM patients", set()),
        ("EXPLAIN SELECT * FROM patients", set()),
        ("EXPLAIN (VERBOSE, FORMAT json) SELECT p.ssn AS x FROM patients p", set()),
        ("EXPLAIN SELECT ssn FROM patients WHERE id = 1", {"id"}),
        ("EXPLAIN SELECT id FROM patients WHERE ssn = '1'", {"ssn"}),
        ("EXPLAIN SELECT id FROM patients WHERE ssn = $1", {"ssn"}),
        ("EXPLAIN SELECT id FROM patients ORDER BY ssn", {"ssn"}),
        ("EXPLAIN SELECT DISTINCT ssn FROM patients", {"ssn"}),
        ("EXPLAIN SELECT ssn FROM patients UNION SELECT title FROM wards", {"ssn", "title"}),
        ("EXPLAIN SELECT count(*) FROM patients GROUP BY ssn", {"ssn"}),
        ("EXPLAIN SELECT count(ssn) FROM patients", {"ssn"}),
        ("EXPLAIN SELECT upper(ssn), id FROM patients", {"ssn"}),
        ("EXPLAIN SELECT ssn, CASE WHEN ssn > '5' THEN 1 END FROM patients", {"ssn"}),
        ("EXPLAIN SELECT id FROM patients LIMIT (SELECT length(ssn) FROM patients LIMIT 1)", {"ssn"}),
        ("EXPLAIN SELECT x.n FROM patients, LATERAL (SELECT ssn || '1' AS n) x", {"ssn"}),
    ],
)
def test_a_plan_tells_of_what_is_tested_or_made_something_of(text: str, columns: set[str]) -> None:
    found = told(text)
    assert found is not None
    assert columns <= found
    assert ("ssn" in found) == ("ssn" in columns)
    statement = judge(text)
    assert statement.kind is Kind.EXPLAIN
    assert statement.lineage is not None
    assert (statement.lineage.outputs, statement.lineage.writes, statement.written) == ((), (), ())


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT x FROM patient_view",
        "EXPLAIN SELECT id FROM patients WHERE leak(id) = 1",
        "EXPLAIN SELECT nothing FROM nowhere",
        "EXPLAIN DELETE FROM patients WHERE id = 1",
        "EXPLAIN INSERT INTO wards (title) SELECT ssn FROM patients",
        "EXPLAIN UPDATE patients SET ssn = '1'",
        "EXPLAIN SELECT prosrc FROM pg_proc",
        "EXPLAIN SELECT most_common_vals FROM pg_stats",
    ],
)
def test_where_more_could_be_shown_there_is_no_plain_plan(text: str) -> None:
    statement = judge(text)
    assert statement.plan is None
    assert statement.lineage is None
    assert statement.reach is Reach.CONNECTION


def test_hidden_effects_children_and_generated_columns_hide_a_plan() -> None:
    patients = BASE.by_name["public", "patients"]
    generated = replace(patients.columns[0], generated=True)
    for changed in (
        replace(patients, hidden_effects=True),
        replace(patients, kind="p"),
        replace(patients, children=(20003,)),
        replace(patients, columns=(generated, *patients.columns[1:])),
    ):
        relations = tuple(changed if r.oid == changed.oid else r for r in BASE.relations)
        assert told("EXPLAIN SELECT id FROM patients", replace(BASE, version="other", relations=relations)) is None
