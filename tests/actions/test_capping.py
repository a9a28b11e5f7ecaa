"""For which units a door can hold a row cap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.actions.capping import cappable, parted
from interlock.model.payload import SqlStatement

from .test_from_sql import act, column, prepare

INSERT = "INSERT INTO wards VALUES (1, 'x', 2)"
SELECT = "SELECT id FROM wards"


@pytest.mark.parametrize(
    "texts",
    [
        [SELECT],
        [INSERT],
        ["COPY wards TO STDOUT"],
        ["LOCK wards IN ACCESS SHARE MODE"],
        ["NOTIFY wards, 'changed'"],
        [INSERT, SELECT, INSERT],
        ["BEGIN", INSERT],
        ["BEGIN", "SAVEPOINT a", INSERT, "RELEASE a", "COMMIT"],
        ["COMMIT", "BEGIN", SELECT, "ROLLBACK"],
        ["DECLARE c CURSOR FOR SELECT id FROM wards"],  # counted over its fetches
    ],
)
def test_rows_that_can_be_counted(texts: list[str]) -> None:
    assert cappable([prepare(text) for text in texts])


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["BEGIN"],
        ["TRUNCATE wards"],
        ["COPY wards FROM STDIN"],
        ["FETCH ALL FROM c"],
        ["LISTEN wards"],
        ["PREPARE q AS SELECT 1"],
        ["DROP TABLE wards"],
        [INSERT, "DROP TABLE wards"],
        [INSERT, "COMMIT", INSERT],
        [INSERT, "BEGIN"],
        [INSERT, "ROLLBACK TO a"],
        ["SET timezone = 'UTC'", INSERT],
        [INSERT, "DISCARD ALL"],
        [INSERT, "COMMIT", "RELEASE a"],
        ["BEGIN", INSERT, "ROLLBACK", "COMMIT"],
        ["CALL something()"],
        ["MERGE INTO wards USING notes ON true WHEN MATCHED THEN DELETE"],
    ],
)
def test_rows_that_cannot(texts: list[str]) -> None:
    assert not cappable([prepare(text) for text in texts])


def test_a_write_fetched_in_part_cannot() -> None:
    payload = SqlStatement(b"x", simple=False, max_rows=5)
    assert not cappable([prepare(f"{INSERT} RETURNING id", column("id", 20003, 1), payload=payload)])
    assert cappable([prepare(SELECT, column("id", 20003, 1), payload=payload)])
    assert cappable([prepare(INSERT, payload=replace(payload, max_rows=0))])


def test_the_action_says_so() -> None:
    assert act(prepare(INSERT)).cappable
    assert not act(prepare("TRUNCATE wards")).cappable


def test_parting() -> None:
    statements = [prepare(text).statement for text in ("BEGIN", INSERT, SELECT, "COMMIT")]
    assert parted("abcd", statements) == ("a", "bc", "d")
    assert parted("ab", statements[:1] + statements[-1:]) == ("ab", (), ())
