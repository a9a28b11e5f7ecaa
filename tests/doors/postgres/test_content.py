"""The third witness through a real gateway: what is found in unlabelled values doesn't leave, and counts."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.doors.postgres.test_deferred import ask, fetched, settled, working
from tests.postgres_fixture import Database


CATALOG = '[[column]]\nmatch = "public.visits.mrn"\nlabels = ["phi.mrn"]\n'
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
SSN, PAN, MAIL = "123-45-6789", "4111 1111 1111 1111", "dana@clinic.example"
QUERY = "SELECT id, note, doc, raw, tags, mrn FROM visits ORDER BY id"
STORED: list[tuple[Any, ...]] = [
    (1, "came in well", {"said": "nothing"}, {"n": 1}, ["a"], "[phi.mrn]"),
    (2, f"ssn {SSN}", {"card": PAN}, {"mail": MAIL}, [MAIL], "[phi.mrn]"),
    (3, f"{MAIL} {SSN}", None, None, None, None),
    (4, None, {"n": [1, 2]}, {"n": 0.4111111111111111}, [], "[phi.mrn]"),
]
MASKED = [
    STORED[0],
    (2, "ssn [pii.ssn]", {"card": "[pci.pan]"}, {"mail": "[pii.email]"}, ["[pii.email]"], "[phi.mrn]"),
    (3, "[pii.email] [pii.ssn]", None, None, None, None),
    STORED[3],
]
ONCE = {"pii.ssn": 2, "pii.email": 3, "pci.pan": 1, "phi.mrn": 3}


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    prepare(empty_database)
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        running.definitions.masks = looking()
        yield running


def prepare(database: Database) -> None:
    with database.admin() as connection:
        connection.execute("CREATE TABLE visits (id int, note text, doc jsonb, raw json, tags text[], mrn varchar)")
        for id_, note, doc, raw, tags, mrn in STORED:
            values = (id_, note, *(json.dumps(each) if each else None for each in (doc, raw)), tags, mrn and "M-1")
            connection.execute("INSERT INTO visits VALUES (%s, %s, %s, %s, %s, %s)", values)
        connection.execute("GRANT ALL ON visits TO PUBLIC")


async def count_to(gate: Gateway, expected: Mapping[str, int]) -> None:
    """Entries come a moment behind the answer: returns once they tell of exactly so many."""
    async with asyncio.timeout(10):
        while await counted(gate) != expected:
            await asyncio.sleep(0.01)


async def counted(gate: Gateway) -> Counter[str]:
    told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    total: Counter[str] = Counter()
    for entry in told:
        if entry["type"] == "mask.applied":
            total.update({each["label"]: each["count"] for each in entry["d"]["counts"]})
    return total


@pytest.mark.parametrize("binary", [False, True])
async def test_a_select_in_both_formats(gate: Gateway, binary: bool) -> None:
    async with await gate.connect() as connection, connection.cursor(binary=binary) as cursor:
        for times in (1, 2):
            await cursor.execute(QUERY, prepare=True)
            assert await cursor.fetchall() == MASKED
            await count_to(gate, {label: count * times for label, count in ONCE.items()})


async def test_expressions_asyncpg_and_returning(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        text = "SELECT upper(note), doc->>'card', doc::text, length(note) FROM visits WHERE id = $1"
        assert tuple(await connection.fetchrow(text, 2)) == ("[pii.ssn]", "[pci.pan]", "[pci.pan]", 15)
        assert tuple(await connection.fetchrow(text, 1)) == ("CAME IN WELL", None, '{"said": "nothing"}', 12)
        changed = "UPDATE visits SET id = id WHERE id = 3 RETURNING note, mrn"
        assert tuple(await connection.fetchrow(changed)) == ("[pii.*]", None)
    finally:
        await connection.close()


async def test_a_cursor(gate: Gateway) -> None:
    async with await gate.connect() as connection, connection.transaction():
        for binary in (False, True):
            name = f"c{binary:d}"
            async with connection.cursor(name, binary=binary) as cursor:
                await cursor.execute(QUERY)
                assert [await cursor.fetchone() for _ in range(2)] + await cursor.fetchall() == MASKED
    await count_to(gate, {label: count * 2 for label, count in ONCE.items()})


@pytest.mark.parametrize("format", ["text", "csv, FORCE_QUOTE *", "binary"])
async def test_a_copy(gate: Gateway, empty_database: Database, format: str) -> None:
    text = f"COPY visits (id, note, doc, raw, mrn) TO STDOUT (FORMAT {format})".encode()
    out = io.BytesIO()
    async with await gate.connect() as connection, connection.cursor().copy(text) as copy:
        async for block in copy:
            out.write(block)
    assert not [each for each in (SSN, PAN, MAIL) if each.encode() in out.getvalue()]
    await count_to(gate, ONCE)
    if format == "text":
        assert out.getvalue().splitlines()[1] == b'2\t[pii.ssn]\t"[pci.pan]"\t"[pii.email]"\t[phi.mrn]'
    if format == "binary":  # version 1, then the string
        assert b"\x00\x00\x00\x0c\x01" + b'"[pci.pan]"' in out.getvalue()
    query = b"SELECT id, note, doc, raw FROM visits WHERE id IN (1, 4)"
    harmless = b"COPY (%s) TO STDOUT (FORMAT %s)" % (query, format.encode())
    async with await gate.connect() as connection, connection.cursor().copy(harmless) as copy:
        shown = b"".join([bytes(block) async for block in copy])
    with empty_database.admin() as admin, admin.cursor().copy(harmless) as direct:
        assert shown == b"".join(bytes(block) for block in direct)


async def test_off_by_default_and_where_nothing_is_masked(gate: Gateway) -> None:
    gate.definitions.masks = None
    async with await gate.connect() as connection:
        cursor = await connection.execute(QUERY)
        assert await cursor.fetchall() == STORED
    await count_to(gate, {"phi.mrn": 3})
    gate.definitions.masks = looking()
    gate.definitions.connection = replace(gate.definitions.connection, unsafe_observe=True)
    async with await gate.connect() as connection:
        cursor = await connection.execute("SELECT note, mrn FROM visits WHERE id = 2")
        assert await cursor.fetchall() == [(f"ssn {SSN}", "M-1")]


async def test_a_deferred_run(tmp_path: Path, empty_database: Database) -> None:
    prepare(empty_database)
    async with gateway(tmp_path, empty_database, CATALOG) as gate:
        gate.definitions.masks = looking()
        async with working(gate):
            review = await ask(gate, "COPY visits (id, note) TO STDOUT")
            await gate.sign()
            await settled(gate, review)
            _, rows, _ = await fetched(gate, review)
        assert rows == [[b"1\tcame in well"], [b"2\t[pii.ssn]"], [b"3\t[pii.*]"], [b"4\t\\N"]]
        await count_to(gate, {"pii.ssn": 2, "pii.email": 1})
