"""Whether the rows that come back, and the command tag's count, are all the rows that a statement reads or changes."""

from __future__ import annotations

import pytest

from interlock.model.snapshot import EVERY_WRITE, Relation

from .clinic import INT, TEXT, judge, relation, snapshot

PARENT = relation(20010, "stays", ("id", INT), writes_more=frozenset({"delete"}))
AUDITED = relation(20011, "logged", ("id", INT), ("what", TEXT), hidden=True, writes_more=frozenset({"insert"}))
SERIAL = relation(20012, "numbered", ("id", INT), ("what", TEXT), hidden=True)
PARTS = relation(20013, "parts", ("id", INT), kind="p", hidden=True, children=(20014,))
PART = relation(20014, "part_one", ("id", INT), hidden=True, writes_more=frozenset({"delete"}))
QUIET = relation(20015, "quiet", ("id", INT), kind="p", hidden=True, children=(20016,))
QUIET_PART = relation(20016, "quiet_one", ("id", INT), hidden=True)
UNKNOWN = Relation(20017, "public", "unlooked", "r", (), False, "x")
KNOWN = snapshot(
    frozenset({"mine"}), frozenset(), frozenset(), PARENT, AUDITED, SERIAL, PARTS, PART, QUIET, QUIET_PART, UNKNOWN
)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ssn FROM patients",
        "VALUES (1), (2)",
        "SELECT x FROM patient_view",
        "SELECT id FROM patients FOR UPDATE",
        "SELECT count(*), random() FROM wards",
        "COPY wards TO STDOUT",
        "COPY (SELECT id FROM wards) TO STDOUT",
        "EXPLAIN SELECT id FROM wards",
        "INSERT INTO wards VALUES (1, 'x', 2)",
        "INSERT INTO numbered (what) VALUES ('x') RETURNING id",
        "UPDATE wards SET beds = 3 WHERE id = 1 RETURNING *",
        "DELETE FROM notes",
        "WITH w AS (SELECT id FROM wards) DELETE FROM notes USING w WHERE notes.id = w.id",
        "INSERT INTO stays VALUES (1)",
        "UPDATE stays SET id = 2",
        "UPDATE logged SET what = 'x'",
        "DELETE FROM quiet",
        "UPDATE quiet SET id = 2",
    ],
)
def test_all_rows_are_counted(text: str) -> None:
    statement = judge(text, KNOWN)
    assert statement.refusal is None and statement.countable


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM stays",
        "INSERT INTO logged VALUES (1, 'x')",
        "INSERT INTO logged VALUES (1, 'x') ON CONFLICT DO NOTHING",
        "INSERT INTO parts VALUES (1)",
        "UPDATE parts SET id = 2",
        "DELETE FROM unlooked",
        "DELETE FROM patient_view",
        "DELETE FROM remote",
        "DELETE FROM nowhere",
        "SELECT id FROM nowhere",
        "SELECT mine(1)",
        "DELETE FROM wards WHERE id = mine(1)",
        "WITH d AS (DELETE FROM wards RETURNING id) SELECT id FROM d",
        "WITH d AS (DELETE FROM wards RETURNING id) DELETE FROM notes USING d WHERE notes.id = d.id",
        "TRUNCATE wards",
        "DROP TABLE wards",
        "GRANT SELECT ON wards TO PUBLIC",
        "SHOW timezone",
    ],
)
def test_some_rows_are_not(text: str) -> None:
    assert not judge(text, KNOWN).countable


def test_an_upsert_is_an_update_too() -> None:
    known = snapshot(
        frozenset(), frozenset(), frozenset(), relation(20020, "t", ("id", INT), writes_more=frozenset({"update"}))
    )
    assert judge("INSERT INTO t VALUES (1)", known).countable
    assert not judge("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", known).countable


def test_unless_a_snapshot_knows_better_every_write_writes_more() -> None:
    assert UNKNOWN.writes_more == EVERY_WRITE
