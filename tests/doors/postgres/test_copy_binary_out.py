"""COPY TO STDOUT in binary: masked where it is labelled, as from the server itself where it isn't."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.people.born"
labels = ["phi.date"]
"""
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
CAPPED = POLICY + '@id("cap") @row_cap("3")\npermit (principal, action in Interlock::Action::"export", resource);\n'
CANARY = "900-11-2222"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    prepare(empty_database)
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


def prepare(database: Database) -> None:
    database.execute(
        "CREATE TABLE people (id int, ssn text, born date, note text)",
        f"INSERT INTO people VALUES (1, '{CANARY}', '1980-02-03', 'a'), (2, NULL, NULL, NULL)",
        f"INSERT INTO people SELECT n, '{CANARY}', '1980-02-03', repeat('x', n) FROM generate_series(3, 500) AS t (n)",
        "CREATE TABLE plain (id int, f float8, t timestamptz, b bytea, v text[], n numeric)",
        "INSERT INTO plain SELECT n, n / 7.0, now(), decode(md5(n::text), 'hex'), ARRAY[n::text, NULL], n / 3.0"
        " FROM generate_series(1, 500) AS t (n)",
        "GRANT ALL ON people, plain TO PUBLIC",
    )


async def test_psycopg(gate: Gateway) -> None:
    text = "COPY people TO STDOUT (FORMAT binary)"
    async with await gate.connect() as connection, connection.cursor().copy(text) as copy:
        copy.set_types(["int4", "text", "date", "text"])
        rows = [row async for row in copy.rows()]
    assert rows[:2] == [(1, "[phi.ssn]", None, "a"), (2, None, None, None)]
    assert [(row[0], row[1], row[3]) for row in rows[2:]] == [(n, "[phi.ssn]", "x" * n) for n in range(3, 501)]


async def test_asyncpg(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        out = io.BytesIO()
        tag = await connection.copy_from_query("SELECT id, ssn FROM people", output=out, format="binary")
        assert tag == "COPY 500"
        assert CANARY.encode() not in out.getvalue()
        assert out.getvalue().count(b"[phi.ssn]") == 499
        table = io.BytesIO()
        await connection.copy_from_table("people", columns=["ssn"], output=table, format="binary")
        assert table.getvalue().count(b"[phi.ssn]") == 499
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "text",
    [
        "COPY plain TO STDOUT (FORMAT binary)",
        "COPY (SELECT * FROM plain ORDER BY id DESC) TO STDOUT (FORMAT binary)",
        "COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)",
        "COPY (SELECT id, note FROM people) TO STDOUT (FORMAT binary)",
    ],
)
async def test_what_is_not_labelled_is_as_the_server_sends_it(
    gate: Gateway, empty_database: Database, text: str
) -> None:
    with empty_database.admin() as direct, direct.cursor() as cursor, cursor.copy(text.encode()) as copy:
        expected = [bytes(data) for data in copy]
    connection = await gate.connect()
    async with connection, connection.cursor() as through, through.copy(text.encode()) as copied:
        assert [bytes(data) async for data in copied] == expected


async def test_an_expression_over_a_label_is_masked(gate: Gateway) -> None:
    async with await gate.connect() as connection, connection.cursor() as cursor:
        query = "COPY (SELECT reverse(ssn), length(ssn) FROM people) TO STDOUT (FORMAT binary)"
        async with cursor.copy(query) as copy:
            data = b"".join([bytes(each) async for each in copy])
    assert CANARY[::-1].encode() not in data
    assert data.count(b"[phi.ssn]") == 500


async def test_a_row_cap_counts_binary_rows(tmp_path: Path, empty_database: Database) -> None:
    prepare(empty_database)
    got: list[object] = []
    async with gateway(tmp_path, empty_database, CATALOG, policy=CAPPED) as gate, await gate.connect() as connection:
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            async with connection.cursor().copy("COPY people TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int4", "text", "date", "text"])
                async for row in copy.rows():
                    got.append(row)
    assert len(got) == 3
