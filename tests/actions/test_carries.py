"""What a write takes along: labels follow the data, column by column."""

from __future__ import annotations

import pytest
from tests.actions.test_from_sql import ALL, act, prepare

SSN, TITLE = "phi.ssn", "clinic/public.wards.title"
PINNED = "clinic/public.totals.n"  # a materialised view: whatever it shows is put on record when definitions change

CARRYING = [
    ("INSERT INTO notes (body) SELECT ssn FROM patients", {"clinic/public.notes.body": {SSN}}),
    ("INSERT INTO wards (title) SELECT ssn || name FROM patients", {TITLE: {SSN, "phi.name"}}),
    ("INSERT INTO wards (title) VALUES ((SELECT ssn FROM patients LIMIT 1))", {TITLE: {SSN}}),
    ("INSERT INTO wards (title) SELECT CASE WHEN ssn LIKE '1%' THEN 'a' END FROM patients", {TITLE: {SSN}}),
    ("UPDATE notes SET body = ssn FROM patients", {"clinic/public.notes.body": {SSN}}),
    ("UPDATE wards SET title = (SELECT ssn FROM patients LIMIT 1) WHERE id = 1", {TITLE: {SSN}}),
    ("WITH x AS (UPDATE wards SET title = ssn FROM patients) SELECT 1", {TITLE: {SSN}}),
    ("WITH p AS (SELECT ssn FROM patients) UPDATE wards SET title = p.ssn FROM p", {TITLE: {SSN}}),
    ("UPDATE patients SET city = ssn WHERE id = 1", {"clinic/public.patients.city": {SSN}}),
    ("INSERT INTO wards (id, title) SELECT id, ssn FROM patients ON CONFLICT (id) DO NOTHING", {TITLE: {SSN}}),
    (
        "INSERT INTO wards (id) SELECT 1 ON CONFLICT (id) DO UPDATE SET title = (SELECT ssn FROM patients LIMIT 1)",
        {TITLE: {SSN}},
    ),
    ("MERGE INTO wards w USING patients p ON w.id = p.id WHEN MATCHED THEN UPDATE SET title = ssn", {TITLE: {SSN}}),
    ("CREATE TABLE made AS SELECT id, ssn AS x FROM patients", {"clinic/public.made.x": {SSN}}),
    ("SELECT ssn AS x INTO made FROM patients", {"clinic/public.made.x": {SSN}}),
    ("INSERT INTO wards (title) SELECT x FROM patient_view", {TITLE: ALL}),
    ("INSERT INTO wards (title) VALUES (leak())", {TITLE: ALL}),
    ("INSERT INTO wards (title) SELECT pg_get_viewdef(20004)", {TITLE: ALL}),
    ("INSERT INTO wards (id) SELECT id FROM nobody_knows", {"clinic/public.wards.id": ALL}),
]
CARRYING_NOTHING = [
    "UPDATE wards SET beds = beds + 1 WHERE id = 1",
    "INSERT INTO wards (title) SELECT title FROM wards",
    "INSERT INTO wards (title) SELECT city FROM patients",
    "INSERT INTO wards (title) VALUES (upper('x'))",
    "INSERT INTO wards (id, title) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
    "INSERT INTO wards (beds) SELECT count(*) FROM patients",
    "CREATE TABLE made AS SELECT id, city FROM patients",
]


@pytest.mark.parametrize(("text", "carried"), CARRYING)
def test_labels_follow_the_data(text: str, carried: dict[str, set[str]]) -> None:
    action = act(prepare(text))
    assert action.refusal is None
    assert {c.column: set(c.labels) for c in action.exposure.carries if c.column != PINNED} == carried
    assert action.exposure.labels >= frozenset().union(*carried.values()), "policy sees what moves"


@pytest.mark.parametrize("text", CARRYING_NOTHING)
def test_harmless_writes_take_nothing_along(text: str) -> None:
    action = act(prepare(text))
    assert action.refusal is None
    assert [c for c in action.exposure.carries if c.column != PINNED] == []
    assert action.exposure.labels == frozenset() or text.startswith("CREATE")


def test_a_label_that_is_there_already_is_not_carried() -> None:
    action = act(prepare("UPDATE patients SET ssn = upper(ssn) WHERE id = 1"))
    assert (action.refusal, action.exposure.carries) == (None, ())
    assert action.exposure.writes == {SSN}


def test_values_of_catalogs_are_not_written_where_labels_are() -> None:
    assert act(prepare("INSERT INTO wards (title) SELECT adbin FROM pg_attrdef")).refusal is not None
