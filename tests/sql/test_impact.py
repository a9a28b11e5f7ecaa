"""What a write does besides its text, by the kinds of writes that it is; and what the server may be asked about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sql.clinic import NOTES, PATIENT_VIEW, STATE, judge, relation, snapshot

from interlock.model.impact import Impact
from interlock.sql.impact import NOT_BUILT_INS, impact_of

OWNERS = replace(
    relation(20010, "owners", ("id", 23), hidden=True),
    reaches=(
        "trigger log on update or delete calls public.log()",
        "trigger new on insert calls public.new()",
        "trigger empty on truncate calls public.empty()",
        "rule keep on any write",
        "insert: trigger odd of public.others calls public.odd()",
        "update: public.owned",
        "delete: public.owned",
        "delete: trigger deep of public.owned calls public.deep()",
        "delete: public.deeper",
        "and more",
    ),
)
PARTED = replace(relation(20011, "parted", ("id", 23), kind="p"), reaches=("insert: public.a", "delete: public.b"))
KNOWN = snapshot(frozenset({"mine"}), frozenset(), frozenset(), OWNERS, PARTED)

LOG = "Writing public.owners sets off trigger log on update or delete, which calls public.log()."
NEW = "Writing public.owners sets off trigger new on insert, which calls public.new()."
EMPTY = "Writing public.owners sets off trigger empty on truncate, which calls public.empty()."
KEEP = "Writing public.owners sets off rule keep on any write."
ODD = "Each insert of public.owners sets off trigger odd of public.others, which calls public.odd()."
UPDATED = "Each update of public.owners may change public.owned."
DELETED = "Each delete of public.owners may change public.owned."
DEEP = "Each delete of public.owners sets off trigger deep of public.owned, which calls public.deep()."
DEEPER = "Each delete of public.owners may change public.deeper."
MORE = "Writing public.owners does more than can be told here (and more)."


def impact(text: str) -> Impact:
    return impact_of(judge(text, KNOWN), STATE)


@pytest.mark.parametrize(("text", "beyond"), [
    ("DELETE FROM owners WHERE id = 3", (LOG, KEEP, DELETED, DEEP, DEEPER, MORE)),
    ("UPDATE owners SET id = 4", (LOG, KEEP, UPDATED, MORE)),
    ("INSERT INTO owners VALUES (1)", (NEW, KEEP, ODD, MORE)),
    ("INSERT INTO owners VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", (LOG, NEW, KEEP, ODD, UPDATED, MORE)),
    ("COPY owners FROM STDIN", (NEW, KEEP, ODD, MORE)),
    ("TRUNCATE owners", (EMPTY, KEEP, MORE)),
    ("MERGE INTO owners o USING notes n ON n.id = o.id WHEN MATCHED THEN DELETE",
     (LOG, NEW, KEEP, ODD, UPDATED, DELETED, DEEP, DEEPER, MORE)),
    ("WITH gone AS (DELETE FROM owners RETURNING id) SELECT id FROM notes", (LOG, KEEP, DELETED, DEEP, DEEPER, MORE)),
    ("UPDATE parted SET id = 1",
     ("Each insert of public.parted may change public.a.", "Each delete of public.parted may change public.b.")),
    ("DELETE FROM parted", ("Each delete of public.parted may change public.b.",)),
    ("DELETE FROM notes", ()),
    ("SELECT id FROM owners", ()),
    ("DELETE FROM patient_view", ("What else writing public.patient_view does isn't known.",)),
    ("DELETE FROM nowhere", ("What else it writes isn't known.",)),
    ("WITH a AS (DELETE FROM owners), b AS (DELETE FROM notes) UPDATE parted SET id = 2",
     (LOG, KEEP, DELETED, DEEP, DEEPER, MORE,
      "Each insert of public.parted may change public.a.", "Each delete of public.parted may change public.b.")),
])  # fmt: skip
def test_what_a_write_does_besides(text: str, beyond: tuple[str, ...]) -> None:
    assert set(impact(text).beyond) == set(beyond)
    assert len(impact(text).beyond) == len(beyond)


@pytest.mark.parametrize(("text", "relations", "writes", "planned"), [
    ("SELECT body FROM notes WHERE id = 3", (20002,), False, None),
    ("SELECT n.id FROM notes n JOIN wards w ON w.id = n.id", (20002, 20003), False, None),
    ("DELETE FROM owners WHERE id = 3", (20010,), True, None),
    ("UPDATE notes SET body = 'x' FROM wards w WHERE w.id = notes.id", (20002, 20003), True, None),
    ("COPY notes TO STDOUT", (20002,), False, 'SELECT * FROM "public"."notes"'),
    ("COPY (SELECT id FROM notes) TO STDOUT", (20002,), False, "SELECT id FROM notes"),
    ("DECLARE c CURSOR FOR SELECT id FROM notes", (20002,), False, "SELECT id FROM notes"),
])  # fmt: skip
def test_what_the_server_may_be_asked_about(
    text: str, relations: tuple[int, ...], writes: bool, planned: str | None
) -> None:
    found = impact(text)
    assert (found.because, found.nothing) == ("", False)
    asked = found.estimable
    assert asked is not None
    assert (asked.text.decode(), asked.relations, asked.writes) == (planned or text, relations, writes)
    assert (asked.search_path, asked.role, asked.settings) == (("public",), "gate", ())


@pytest.mark.parametrize("text", [
    "SELECT mine(id) FROM notes",
    "SELECT id FROM notes WHERE mine(id) > 3",
    "SELECT id FROM patient_view",
    "SELECT n FROM totals",
    "SELECT id FROM remote",
    "SELECT id FROM nowhere",
    "SELECT relname FROM pg_class",
    "DELETE FROM patient_view",
    "INSERT INTO notes SELECT id FROM patient_view",
    "TRUNCATE notes",
    "COPY notes FROM STDIN",
    "EXPLAIN SELECT id FROM notes",
    "CREATE TABLE made (id int)",
    "SELECT id INTO made FROM notes",
    "GRANT SELECT ON notes TO somebody",
    "SELECT query_to_xml('SELECT 1', true, true, '')",
    "SELECT * FROM table_to_xml('notes', true, true, '')",
])  # fmt: skip
def test_what_it_may_not_be_asked_about(text: str) -> None:
    found = impact(text)
    assert (found.estimable, found.because, found.nothing) == (None, NOT_BUILT_INS, False)


@pytest.mark.parametrize("schema", ["pg_temp_3", "pg_toast"])
def test_a_temporary_table_is_another_one_there(schema: str) -> None:
    statement = judge("SELECT id FROM notes")
    moved = replace(NOTES, schema=schema)
    touches = tuple(replace(t, relation=moved) for t in statement.touches)
    assert impact_of(replace(statement, touches=touches), STATE).estimable is None


@pytest.mark.parametrize("text", ["BEGIN", "COMMIT", "SET datestyle = 'iso'", "SHOW timezone", "FETCH 1 FROM c", ""])
def test_session_traffic_is_nothing(text: str) -> None:
    assert impact(text) == Impact(nothing=True)


def test_unless_something_is_known_nothing_is_said() -> None:
    assert Impact() == Impact((), None, "", nothing=False)
    assert PATIENT_VIEW.reaches == ()


def test_a_repr_holds_no_text() -> None:
    assert "canary" not in repr(impact("DELETE FROM notes WHERE body = 'canary'"))
