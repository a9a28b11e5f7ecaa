"""Derived labels in the labels of columns: by name, by place, in families, and gone once they are cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.stores.a_store import NOW

from interlock.model.derived import DerivedColumn, Origin, Place, column_name, places_of
from interlock.model.exposure import Carry
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.columns import ColumnLabels

CLINIC = ConnectionName("clinic")
CATALOG = parse_catalog('[[column]]\nmatch = "public.patients.ssn"\nlabels = ["phi.ssn"]\n', "c.toml")
SSN, MRN = Label("phi.ssn"), Label("phi.mrn")
TEXT = "clinic/public.notes.text"


def table(oid: int, name: str, *columns: str, schema: str = "public", children: tuple[int, ...] = ()) -> Relation:
    listed = tuple(Column(n, column, 25) for n, column in enumerate(columns, 1))
    return Relation(oid, schema, name, "r", listed, False, "x", children)


PATIENTS, NOTES = table(1, "patients", "id", "ssn"), table(2, "notes", "id", "text")


def snapshot(*relations: Relation) -> Snapshot:
    return Snapshot(repr(relations), 180000, relations, frozenset(), frozenset(), frozenset(), ("public",))


def derived(column: str, *labels: Label, places: frozenset[Place] = frozenset()) -> DerivedColumn:
    origin = Origin(NOW, ActionId("a"), "etl")
    return DerivedColumn(column, dict.fromkeys(labels, origin), places)


def labels(known: Snapshot, *found: DerivedColumn, before: ColumnLabels | None = None) -> ColumnLabels:
    return ColumnLabels(known, CATALOG, CLINIC, before, found)


def test_a_column_carries_what_was_derived_for_its_name_and_no_other_does() -> None:
    known = labels(snapshot(PATIENTS, NOTES), derived(TEXT, MRN))
    assert known.for_column(2, 2) == {MRN}
    assert known.for_column(2, 1) == frozenset()
    assert known.for_column(1, 2) == {SSN}
    assert known.for_relation(2) == {MRN}
    assert known.for_connection() == {SSN, MRN} == known.for_column(99, 1)


def test_a_table_that_is_about_to_be_made_has_them_from_its_first_row() -> None:
    about = derived("clinic/public.copy.ssn", SSN)
    before = labels(snapshot(PATIENTS), about)
    after = labels(snapshot(PATIENTS, table(3, "copy", "ssn")), about, before=before)
    assert after.for_column(3, 1) == {SSN}


def test_renaming_shakes_nothing_off_once_the_place_is_known() -> None:
    placed = derived(TEXT, MRN, places=frozenset({(2, 2)}))
    for moved in (
        table(2, "renamed", "id", "text"),
        table(2, "notes", "id", "other"),
        table(2, "notes", "id", "text", schema="elsewhere"),
    ):
        assert labels(snapshot(moved), placed).for_column(2, 2) == {MRN}


def test_renaming_shakes_nothing_off_before_the_place_is_on_record() -> None:
    by_name, moved = derived(TEXT, MRN), snapshot(table(2, "renamed", "id", "text"))
    before = labels(snapshot(NOTES), by_name)
    assert labels(moved, by_name, before=before).for_column(2, 2) == {MRN}
    assert labels(moved, by_name).for_column(2, 2) == frozenset()


def test_what_was_cleared_is_gone_in_the_same_snapshot_and_in_the_next() -> None:
    known = snapshot(PATIENTS, NOTES)
    before = labels(known, derived(TEXT, MRN, places=frozenset({(2, 2)})))
    assert labels(known, before=before).for_column(2, 2) == frozenset()
    assert labels(snapshot(PATIENTS, NOTES, table(3, "t", "x")), before=before).for_column(2, 2) == frozenset()
    assert labels(known, before=before).for_connection() == {SSN}
    assert labels(known, before=before).for_column(1, 2) == {SSN}


def test_families_and_generated_columns_share_them() -> None:
    child = table(4, "notes_2026", "id", "text")
    parent = table(2, "notes", "id", "text", children=(4,))
    made = replace(NOTES, oid=5, name="made", columns=(*NOTES.columns, Column(3, "upper", 25, generated=True)))
    known = labels(
        snapshot(child, parent, made),
        derived("clinic/public.notes_2026.text", MRN),
        derived("clinic/public.made.text", MRN),
    )
    assert known.for_column(2, 2) == {MRN} == known.for_column(4, 2)
    assert known.for_column(2, 1) == frozenset() == known.for_column(4, 1)
    assert known.for_column(5, 3) == {MRN}
    assert known.for_column(5, 1) == frozenset()
    assert known.for_relation(4) == {MRN}


def test_names_with_dots_label_every_column_that_is_written_so() -> None:
    one, other = table(6, "a.b", "c", schema="s"), table(7, "b", "c", schema="s.a")
    known = labels(snapshot(one, other), derived("clinic/s.a.b.c", MRN))
    assert known.for_column(6, 1) == {MRN} == known.for_column(7, 1)


def test_every_column_of_a_relation_may_be_named_at_once() -> None:
    known = labels(snapshot(PATIENTS, NOTES), derived("clinic/public.notes.*", MRN))
    assert known.for_column(2, 1) == {MRN} == known.for_column(2, 2)
    assert known.for_column(1, 1) == frozenset()


def test_a_column_of_another_connection_is_none_of_ours() -> None:
    assert places_of(CLINIC, snapshot(NOTES), "other/public.notes.text") == frozenset()
    assert places_of(CLINIC, snapshot(NOTES), "clinic/notes.text") == frozenset()


def test_a_later_statement_of_the_same_action_meets_what_an_earlier_one_wrote() -> None:
    known = labels(snapshot(PATIENTS, NOTES))
    then = known.carrying([Carry(TEXT, frozenset({SSN}))])
    assert then.for_column(2, 2) == {SSN}
    assert known.for_column(2, 2) == frozenset()
    assert known.carrying([]) is known
    more = then.carrying([Carry(TEXT, frozenset({MRN})), Carry("clinic/public.notes.id", frozenset({SSN}))])
    assert more.for_column(2, 2) == {SSN, MRN}
    assert more.for_column(2, 1) == {SSN}


_NAMES = st.sampled_from(["notes", "copy", "a.b", "a", "b", "c.d"])


@given(st.lists(st.tuples(_NAMES, _NAMES, _NAMES), max_size=6, unique=True))
def test_every_column_is_found_by_what_it_is_called(called: Sequence[tuple[str, str, str]]) -> None:
    by_table: dict[tuple[str, str], list[str]] = {}
    for schema, name, column in called:
        by_table.setdefault((schema, name), []).append(column)
    relations = [
        table(oid, name, *columns, schema=schema) for oid, ((schema, name), columns) in enumerate(by_table.items(), 1)
    ]
    known = snapshot(*relations)
    for relation in relations:
        for each in relation.columns:
            called_now = column_name(CLINIC, known, (relation.oid, each.number))
            assert called_now == f"clinic/{relation.qualified}.{each.name}"
            assert (relation.oid, each.number) in places_of(CLINIC, known, called_now)
