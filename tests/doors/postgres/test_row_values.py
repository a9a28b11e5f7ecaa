"""Rows as values: only the fields that something is found in become NULL, in both formats, whatever they hold."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.postgres_fixture import Database

from interlock.doors.postgres.row_values import Row, read_row
from interlock.model.finding import Finding
from interlock.model.label import Label

POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
SSN, MAIL = "402-19-8877", "zq.canary@clinic.example"


def found(row: Row, *words: str) -> list[Finding]:
    return [Finding(row.text.index(w), row.text.index(w) + len(w), Label("phi.ssn"), 1.0, "test") for w in words]


def test_fields_of_a_text() -> None:
    row = read_row(b'(1,"a ""b"", \\\\c",,x,z)', binary=False)
    assert row is not None and row.text == '(1,"a ""b"", \\\\c",,x,z)'
    assert row.without(found(row, '"b""')) == b"(1,,,x,z)"
    assert row.without(found(row, "x,z")) == b'(1,"a ""b"", \\\\c",,,)'
    assert row.without([]) == row.text.encode()


@pytest.mark.parametrize(
    "value", [b"", b"x", b"(", b"(1", b"(1)x", b'("1)', b"(a(b)", b"[1,2)", b"(1,2]", b'(1,"a"b)', b"(" + b"," * 2000]
)
def test_what_is_no_row_in_text(value: bytes) -> None:
    assert read_row(value, binary=False) is None


def packed(*fields: tuple[int, bytes | None]) -> bytes:
    members = (struct.pack("!Ii", oid, -1 if each is None else len(each)) + (each or b"") for oid, each in fields)
    return struct.pack("!i", len(fields)) + b"".join(members)


def test_fields_in_binary() -> None:
    value = packed((23, b"\0\0\0\7"), (25, SSN.encode()), (25, None), (25, b"\xff\xfe"), (25, b""))
    row = read_row(value, binary=True)
    assert row is not None
    bare = packed((23, b"\0\0\0\7"), (25, None), (25, None), (25, b"\xff\xfe"), (25, b""))
    assert row.without(found(row, SSN)) == bare and row.without([]) == value


@given(st.binary(max_size=64))
def test_any_bytes(value: bytes) -> None:
    row = read_row(value, binary=True)
    assert row is None or row.without([]) == value
    try:
        told = read_row(value, binary=False)
    except UnicodeDecodeError:
        return
    assert told is None or told.without([]) == value


FIELDS = st.tuples(st.integers(1, 2**32 - 1), st.one_of(st.none(), st.binary(max_size=9)))


@given(st.lists(FIELDS, max_size=9))
def test_any_row(fields: list[tuple[int, bytes | None]]) -> None:
    value = packed(*fields)
    row = read_row(value, binary=True)
    assert row is not None
    everything = [Finding(0, len(row.text), Label("phi.ssn"), 1.0, "test")] if row.text else []
    bare = read_row(row.without(everything), binary=True)
    assert bare is not None and bare.text.strip("\n") == ""


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TYPE person AS (id int, code text, via text, seen date)",
        "CREATE TABLE visits (id int, who person)",
        f"INSERT INTO visits VALUES (1, ROW(7, '{SSN}', 'the front desk, \"2\"', '2026-01-02'))",
        "INSERT INTO visits VALUES (2, ROW(8, 'x', NULL, NULL))",
        f"CREATE TABLE notes AS SELECT 1 AS id, '{MAIL}'::text AS note",
        "GRANT ALL ON visits, notes TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, "", policy=POLICY) as running:
        running.definitions.masks = looking()
        yield running


@pytest.mark.parametrize("binary", [False, True])
async def test_a_composite_keeps_its_other_fields(gate: Gateway, binary: bool) -> None:
    async with await gate.connect() as connection, connection.cursor(binary=binary) as cursor:
        await cursor.execute("SELECT who FROM visits ORDER BY id")
        (first,), (second,) = await cursor.fetchall()
        assert SSN not in str(first)
        assert (b"the front desk" if binary else '(7,,"the front desk, ""2""",') in first
        assert second == (packed_eight() if binary else "(8,x,,)")


def packed_eight() -> bytes:
    return packed((23, b"\0\0\0\x08"), (25, b"x"), (25, None), (1082, None))


@pytest.mark.parametrize("binary", [False, True])
async def test_a_record_comes_as_a_tuple(gate: Gateway, binary: bool) -> None:
    async with await gate.connect() as connection, connection.cursor(binary=binary) as cursor:
        await cursor.execute("SELECT ROW(id, 'x'::text, note) FROM notes")
        ((told,),) = await cursor.fetchall()
        assert [str(each) if each is not None else None for each in told] == ["1", "x", None]


async def test_asyncpg_reads_it_with_its_types(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        row = await connection.fetchrow("SELECT who FROM visits WHERE id = 1")
        assert (row["who"]["id"], row["who"]["code"]) == (7, None)
        assert row["who"]["via"] == 'the front desk, "2"'
    finally:
        await connection.close()
