"""The demo's own catalog and policy: they load, and every PHI column of the clinic carries a label."""

from __future__ import annotations

from importlib import resources

import pytest

from interlock.demo.clinic import make_clinic
from interlock.demo.script import BECAUSE
from interlock.demo.truth import PROTECTED
from interlock.model.names import ConnectionName
from interlock.sensitivity.catalog import Catalog, parse_catalog

UNLABELLED = {
    "departments": {"id", "name", "floor"},
    "staff": {"id", "role", "department_id"},
    "patients": {"id", "state"},
    "encounters": {"id", "patient_id", "department_id", "staff_id", "kind"},
    "notes": {"id", "encounter_id", "patient_id", "author_id", "body"},
    "medications": {"id", "patient_id", "encounter_id"},
    "claims": {"id", "patient_id", "encounter_id"},
}


def _file(name: str) -> str:
    return (resources.files("interlock.demo") / "files" / name).read_text()


@pytest.fixture
def catalog() -> Catalog:
    return parse_catalog(_file("clinic.toml"), "clinic.toml")


def test_every_column_is_labelled_but_those_that_say_nothing_and_one_that_content_detection_is_for(
    catalog: Catalog,
) -> None:
    for table, rows in make_clinic(5, 1).tables.items():
        bare = {c for c in rows[0]._fields if not catalog.labels(ConnectionName("clinic"), "public", table, c)}
        assert bare == UNLABELLED[table], table


def test_what_the_script_calls_protected_is_phi(catalog: Catalog) -> None:
    for column in PROTECTED:
        labels = catalog.labels(ConnectionName("clinic"), "public", "patients", column)
        assert any(label.startswith("phi.") for label in labels), column


def test_the_policy_gives_the_reason_that_the_script_looks_for() -> None:
    assert BECAUSE in _file("demo.cedar")
