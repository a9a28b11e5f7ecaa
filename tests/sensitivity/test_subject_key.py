"""Whose row is it: by a table's own kind, by foreign keys, by tables between, by names, and by nobody."""

from __future__ import annotations

from interlock.sensitivity.subject_key import ForeignKey, How, SubjectKey, Table, TableShape, subject_keys


def table(name: str, *columns: str, pk: str = "id", **keys: str) -> TableShape:
    """A table with single-column foreign keys, `column=target`."""
    foreign = tuple(ForeignKey((column,), ("public", target), ("id",)) for column, target in keys.items())
    return TableShape(("public", name), (pk, *columns, *keys), (pk,) if pk else (), foreign)


CLINIC = (
    table("departments", "name"),
    table("staff", "name", department_id="departments"),
    table("patients", "mrn"),
    table("encounters", staff_id="staff", patient_id="patients", department_id="departments"),
    table("notes", encounter_id="encounters"),
    table("attachments", note_id="notes"),
    table("rota", staff_id="staff"),
    table("orphans", "patient_id", "x"),
    table("lookups", "code", pk=""),
)
FOUND = subject_keys(CLINIC)


def of(name: str) -> SubjectKey:
    return FOUND["public", name]


def test_a_table_of_people_is_its_own_subject() -> None:
    assert (of("patients").how, of("patients").column) == (How.OWN, "id")
    assert (of("staff").how, of("staff").subject) == (How.OWN, ("public", "staff"))


def test_foreign_keys_lead_to_the_patient_before_the_staff() -> None:
    assert of("encounters") == SubjectKey(How.FOREIGN_KEY, "patient_id", ("public", "patients"))
    assert of("rota") == SubjectKey(How.FOREIGN_KEY, "staff_id", ("public", "staff"))


def test_tables_between_lead_there_too() -> None:
    between: tuple[Table, ...] = (("public", "encounters"),)
    assert of("notes") == SubjectKey(How.BY_WAY_OF, "encounter_id", ("public", "patients"), between)
    assert of("attachments").way == (("public", "notes"), ("public", "encounters"))
    assert "by way of public.notes, public.encounters" in of("attachments").told


def test_without_keys_a_name_tells() -> None:
    assert of("orphans") == SubjectKey(How.NAME, "patient_id")
    more = subject_keys([table("t", "MRN"), table("u", "pt_no"), table("v", "mood")])
    assert [key.how for key in more.values()] == [How.NAME, How.NAME, How.NOBODY]


def test_a_table_that_belongs_to_nobody_says_so() -> None:
    assert of("departments").told == "none found"
    assert of("lookups").how is How.NOBODY


def test_keys_in_a_circle_end() -> None:
    found = subject_keys([table("a", b_id="b"), table("b", a_id="a"), table("c", c_id="c")])
    assert {key.how for key in found.values()} == {How.NOBODY}


def test_a_name_of_a_patient_beats_a_foreign_key_to_staff() -> None:
    found = subject_keys([table("staff"), table("orders", "patient_id", ordered_by="staff")])
    assert found["public", "orders"] == SubjectKey(How.NAME, "patient_id")


def test_a_key_of_several_columns_leads_nowhere() -> None:
    both = ForeignKey(("a", "b"), ("public", "patients"), ("a", "b"))
    found = subject_keys([table("patients"), TableShape(("public", "t"), ("a", "b"), ("a", "b"), (both,))])
    assert found["public", "t"].how is How.NOBODY
