"""The catalog file: patterns, labels, every mistake at once."""

from __future__ import annotations

import pytest

from interlock.errors import MalformedInput, SettingsMistakes
from interlock.model.label import Label, parse_label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import EMPTY, parse_catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.sensitivity.labels import KNOWN, nearest

CLINIC = ConnectionName("clinic")
OTHER = ConnectionName("other")

TEXT = """
[[column]]
match = "public.patients.ssn"
labels = ["phi.ssn"]

[[column]]
match = "*.*.*_name"
labels = ["phi.name"]

[[column]]
match = "public.patients.first_name"
labels = ["phi.name.given"]

[[column]]
match = "billing.card*.pan"
labels = ["pci.pan", "pii"]
connection = "cli*"
"""


def labels(schema: str, table: str, column: str, connection: ConnectionName = CLINIC) -> set[str]:
    return set(parse_catalog(TEXT, "catalog.toml").labels(connection, schema, table, column))


def test_patterns() -> None:
    assert labels("public", "patients", "ssn") == {"phi.ssn"}
    assert labels("public", "patients", "SSN") == set()
    assert labels("private", "patients", "ssn") == set()
    assert labels("public", "patients", "first_name") == {"phi.name", "phi.name.given"}
    assert labels("x", "y", "last_name") == {"phi.name"}
    assert labels("billing", "cards", "pan") == {"pci.pan", "pii"}
    assert labels("billing", "cards", "pan", OTHER) == set()
    assert labels("billing", "carts", "pan") == set()


def test_patterns_are_not_regular_expressions() -> None:
    catalog = parse_catalog('[[column]]\nmatch = "public.t+.[a]"\nlabels = ["phi"]', "c")
    assert catalog.labels(CLINIC, "public", "t+", "[a]") == {"phi"}
    assert catalog.labels(CLINIC, "public", "tt", "a") == frozenset()


def test_every_mistake_with_the_nearest_valid_name() -> None:
    text = """
version = 1
[[column]]
match = "patients.ssn"
labels = ["phi.ssm"]
[[column]]
mach = "a.b.c"
labels = "phi"
[[column]]
match = "a.b.c"
labels = []
connection = 3
"""
    with pytest.raises(SettingsMistakes) as caught:
        parse_catalog(text, "catalog.toml")
    mistakes = caught.value.mistakes
    assert len(mistakes) == 8
    assert all(m.startswith("catalog.toml: ") for m in mistakes)
    assert any("'phi.ssn'" in m for m in mistakes)
    assert any("did you mean 'match'" in m for m in mistakes)


@pytest.mark.parametrize("text", ["[[column", "column = 1", "[column]\nmatch = 'a.b.c'", "column = [1]"])
def test_broken_files(text: str) -> None:
    with pytest.raises(SettingsMistakes):
        parse_catalog(text, "catalog.toml")


def test_digest_is_of_the_text() -> None:
    assert parse_catalog(TEXT, "a").digest == parse_catalog(TEXT, "b").digest
    assert parse_catalog(TEXT, "a").digest != parse_catalog(TEXT + "\n", "a").digest
    assert parse_catalog("", "a") == EMPTY


def test_known_labels_are_well_formed_and_every_parent_is_known() -> None:
    for label in KNOWN:
        assert parse_label(label) == label
        parent = label.rpartition(".")[0]
        assert not parent or Label(parent) in KNOWN
    assert nearest("phi.nmae.given") == "phi.name.given"
    assert nearest("zzzzzz") is None
    with pytest.raises(MalformedInput):
        parse_label("Phi")


def test_column_labels() -> None:
    patients = Relation(
        1,
        "public",
        "patients",
        "r",
        (Column(1, "id", 23), Column(3, "ssn", 25), Column(4, "first_name", 25)),
        False,
        "d",
    )
    wards = Relation(2, "public", "wards", "r", (Column(1, "id", 23),), False, "d")
    snapshot = Snapshot("v", 180000, (patients, wards), frozenset(), frozenset(), frozenset(), ("public",))
    catalog = parse_catalog(TEXT, "c")
    columns = ColumnLabels(snapshot, catalog, CLINIC)
    everything = {"phi.ssn", "phi.name", "phi.name.given", "pci.pan", "pii"}
    assert columns.for_column(1, 3) == {"phi.ssn"}
    assert columns.for_column(1, 1) == frozenset()
    assert columns.for_relation(1) == {"phi.ssn", "phi.name", "phi.name.given"}
    assert columns.for_relation(2) == frozenset()
    assert columns.for_connection() == everything, "also the labels of tables that the snapshot doesn't have"
    assert columns.for_column(1, 9) == everything, "what isn't known carries every label"
    assert columns.for_relation(9) == everything
    assert columns.of(patients, patients.columns[1]) == {"phi.ssn"}
    assert catalog.of_relation(CLINIC, patients) == columns.for_relation(1)
    assert ColumnLabels(snapshot, catalog, OTHER).for_connection() == everything - {"pci.pan", "pii"}
    assert ColumnLabels(snapshot, EMPTY, CLINIC).for_connection() == frozenset()
