"""Values that come from elsewhere are written only where no label is in reach."""

from __future__ import annotations

import pytest
from tests.actions.test_from_sql import act, prepare

LABELLED = [
    "INSERT INTO notes (body) SELECT ssn FROM patients",
    "INSERT INTO wards (title) SELECT ssn FROM patients",
    "INSERT INTO wards (title) SELECT city FROM patients",
    "INSERT INTO wards (title) SELECT x FROM patient_view",
    "INSERT INTO wards (title) SELECT adbin FROM pg_attrdef",
    "INSERT INTO wards (title) SELECT pg_get_viewdef(20004)",
    "UPDATE notes SET body = ssn FROM patients",
    "UPDATE wards SET title = (SELECT ssn FROM patients LIMIT 1) WHERE id = 1",
    "UPDATE wards SET beds = 1 + (SELECT count(*) FROM patients WHERE ssn LIKE '1%') WHERE id = 1",
    "UPDATE patients SET ssn = upper(ssn) WHERE id = 1",
    "INSERT INTO wards (title) VALUES ((SELECT ssn FROM patients LIMIT 1))",
    "WITH x AS (UPDATE wards SET title = ssn FROM patients) SELECT 1",
    "WITH p AS (SELECT ssn FROM patients) UPDATE wards SET title = p.ssn FROM p",
    "INSERT INTO wards (title) VALUES (leak())",
    "INSERT INTO wards (id) SELECT id FROM nobody_knows",
]
UNLABELLED = [
    "UPDATE wards SET beds = beds + 1 WHERE id = 1",
    "INSERT INTO wards (title) SELECT title FROM wards",
    "INSERT INTO wards (title) VALUES (upper('x'))",
    "INSERT INTO wards (id, title) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
]


@pytest.mark.parametrize("text", LABELLED)
def test_where_a_label_is_in_reach_it_is_refused(text: str) -> None:
    assert act(prepare(text)).refusal is not None


@pytest.mark.parametrize("text", UNLABELLED)
def test_where_none_is_it_passes(text: str) -> None:
    action = act(prepare(text))
    assert action.refusal is None
    assert action.exposure.labels == frozenset()
