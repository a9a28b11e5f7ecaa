"""The third witness through a real gateway: what is found in unlabelled values doesn't leave, and counts."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.doors.postgres.test_deferred import ask, fetched, settled, working
from tests.postgres_fixture import Database

from interlock.model.finding import Finding

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
        text = "SELECT lower(note), doc->>'card', doc::text, length(note) FROM visits WHERE id = $1"
        masked = ("ssn [pii.ssn]", "[pci.pan]", '{"card": "[pci.pan]"}', 15)
        assert tuple(await connection.fetchrow(text, 2)) == masked
        assert tuple(await connection.fetchrow(text, 1)) == ("came in well", None, '{"said": "nothing"}', 12)
        changed = "UPDATE visits SET id = id WHERE id = 3 RETURNING note, mrn"
        assert tuple(await connection.fetchrow(changed)) == ("[pii.email] [pii.ssn]", None)
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
    text = f"COPY visits (id, note, doc, raw, tags, mrn) TO STDOUT (FORMAT {format})".encode()
    out = io.BytesIO()
    async with await gate.connect() as connection, connection.cursor().copy(text) as copy:
        async for block in copy:
            out.write(block)
    assert not [each for each in (SSN, PAN, MAIL) if each.encode() in out.getvalue()]
    await count_to(gate, ONCE)
    if format == "text":
        assert out.getvalue().splitlines()[1] == (
            b'2\tssn [pii.ssn]\t{"card": "[pci.pan]"}\t{"mail": "[pii.email]"}\t{"[pii.email]"}\t[phi.mrn]'
        )
    if format == "binary":  # version 1, then the text
        assert b"\x00\x00\x00\x16\x01" + b'{"card": "[pci.pan]"}' in out.getvalue()
    query = b"SELECT id, note, doc, raw, tags FROM visits WHERE id IN (1, 4)"
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
        assert rows == [[b"1\tcame in well"], [b"2\tssn [pii.ssn]"], [b"3\t[pii.email] [pii.ssn]"], [b"4\t\\N"]]
        await count_to(gate, {"pii.ssn": 2, "pii.email": 1})


async def test_names_dates_and_secrets_in_a_note_and_nothing_else(gate: Gateway, empty_database: Database) -> None:
    note = (
        "Seen by Dr. Alice Moreno on 03/14/2021 for cough, MRN 00482913. Home readings run high; dose adjusted."
        " Call (555) 201-8834. password=hunter2-Xy7q"
    )
    with empty_database.admin() as connection:
        connection.execute("INSERT INTO visits VALUES (9, %s, NULL, NULL, NULL, NULL)", (note,))
    async with await gate.connect() as connection:
        ((masked, length),) = await (await connection.execute("SELECT note, id FROM visits WHERE id = 9")).fetchall()
    assert length == 9
    assert not [each for each in ("Alice", "Moreno", "03/14", "00482913", "201-8834", "hunter2") if each in masked]
    assert "for cough, MRN " in masked and "Home readings run high; dose adjusted." in masked


ENCODED = {
    "full-width digits": "\uff11\uff12\uff13-\uff14\uff15-\uff16\uff17\uff18\uff19",
    "unicode hyphens": "123\u201145\u20116789",
    "zero-width": "123-\u200b45-\u200b6789",
    "dots": "ssn 123.45.6789",
    "spaces": "ssn 123 45 6789",
    "json in text": json.dumps({"ssn": SSN}),
    "json in json in text": json.dumps({"said": json.dumps({"ssn": SSN})}),
    "base64": base64.b64encode(f"ssn {SSN}".encode()).decode(),
    "hex": f"ssn {SSN}".encode().hex(),
    "url": "q=ssn%20123%2D45%2D6789",
    "json escapes": '{"ssn": "\\u0031\\u0032\\u0033-45-6789"}',
    "glued": f"ssnX{SSN}X",
    "idn": "dana@kl\u00ednika.example",
}


@pytest.mark.parametrize("how", ENCODED)
async def test_encodings(gate: Gateway, empty_database: Database, how: str) -> None:
    """The second part of leaks.md, in a text, in JSON and in an array."""
    value = ENCODED[how]
    with empty_database.admin() as connection:
        connection.execute(
            "INSERT INTO visits VALUES (9, %s, %s, NULL, %s, NULL)", (value, json.dumps({"v": value}), [value, "fine"])
        )
    async with await gate.connect() as connection:
        cursor = await connection.execute("SELECT note, doc, tags FROM visits WHERE id = 9", binary=True)
        ((note, doc, tags),) = await cursor.fetchall()
    assert note != value and doc["v"] != value and tags[0] != value and tags[1] == "fine"
    assert not [each for each in (note, doc["v"], tags[0]) if value in each or ("6789" in each and how != "base64")]


async def test_what_looks_around_finds_what_it_did(gate: Gateway) -> None:
    """Names of the server's own aren't looked into, nor is what a text itself says, nor a plan."""
    gate.definitions.connection = replace(gate.definitions.connection, tags=frozenset({"hipaa"}))
    async with await gate.connect() as connection:
        for text in ("SELECT version()", "SELECT current_user", f"SELECT '{MAIL}'", "EXPLAIN SELECT id FROM visits"):
            (row, *_) = await (await connection.execute(text)).fetchall()
            assert "[p" not in str(row)
        text = "SELECT relname::text FROM pg_catalog.pg_class WHERE relname = 'visits'"
        assert await (await connection.execute(text)).fetchall() == [("visits",)]


async def test_a_name_says_what_a_column_holds(gate: Gateway, empty_database: Database) -> None:
    """Whatever its values look like: texts by a token, numbers by NULL; each in both formats."""
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE staff (id int, last_name text, phone bigint, grade int, ward text)")
        connection.execute("INSERT INTO staff VALUES (1, 'zzyzx', 5, 7, 'north'), (2, NULL, NULL, 8, 'south')")
        connection.execute("GRANT ALL ON staff TO PUBLIC")
    await gate.definitions.refresh()
    for binary in (False, True):
        async with await gate.connect() as connection:
            cursor = await connection.execute("SELECT * FROM staff ORDER BY id", binary=binary)
            assert await cursor.fetchall() == [(1, "[pii.name]", None, 7, "north"), (2, None, None, 8, "south")]


async def test_what_nearly_all_values_are_is_said_of_all(gate: Gateway, empty_database: Database) -> None:
    """And stays so for this column: later, smaller results go by it too."""
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE codes (id int, v text)")
        connection.execute(
            "INSERT INTO codes SELECT n, CASE WHEN n % 10 = 0 THEN 'quite another ' || n"
            " ELSE (100 + n) || '-45-' || (6000 + n) END FROM generate_series(1, 400) n"
        )
        connection.execute("GRANT ALL ON codes TO PUBLIC")
    await gate.definitions.refresh()
    async with await gate.connect() as connection:
        small = await connection.execute("SELECT v FROM codes WHERE id = 10")
        assert await small.fetchall() == [("quite another 10",)]
        assert {v for (v,) in await (await connection.execute("SELECT v FROM codes")).fetchall()} == {"[pii.ssn]"}
        small = await connection.execute("SELECT v FROM codes WHERE id = 10")
        assert await small.fetchall() == [("[pii.ssn]",)]


async def test_numbers_are_audited_and_one_find_escalates(gate: Gateway, empty_database: Database) -> None:
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE sums (n numeric, small int)")
        connection.execute("INSERT INTO sums SELECT 4111111111111111, i FROM generate_series(1, 200) i")
        connection.execute("GRANT ALL ON sums TO PUBLIC")
    await gate.definitions.refresh()
    async with await gate.connect() as connection:
        rows = await (await connection.execute("SELECT n, small FROM sums ORDER BY small")).fetchall()
    assert rows == [(None, i) for i in range(1, 201)]


async def test_a_value_that_is_too_long_goes_whole(gate: Gateway, empty_database: Database) -> None:
    with empty_database.admin() as connection:
        connection.execute("INSERT INTO visits VALUES (9, repeat('well ', 300000), NULL, NULL, NULL, NULL)")
    async with await gate.connect() as connection:
        cursor = await connection.execute("SELECT note, id FROM visits WHERE id IN (1, 9) ORDER BY id")
        assert await cursor.fetchall() == [("came in well", 1), ("[phi.*]", 9)]


async def test_many_rows_of_long_notes_while_others_are_served(gate: Gateway, empty_database: Database) -> None:
    """All of it is masked, and another client's statement doesn't wait for the end of it."""
    with empty_database.admin() as connection:
        connection.execute(
            "INSERT INTO visits SELECT 100 + n, 'Row ' || n || ' says that her number is 123-45-'"
            " || (1000 + n) || ' and that she came back on the same day, ' || repeat('as before ', 20)"
            " FROM generate_series(1, 1500) n"
        )

    async def all_of_them() -> list[tuple[Any, ...]]:
        async with await gate.connect() as connection:
            return await (await connection.execute("SELECT id, note FROM visits WHERE id > 100 ORDER BY id")).fetchall()

    async with await gate.connect() as other:
        reading = asyncio.ensure_future(all_of_them())
        answered = 0
        while not reading.done():
            await other.execute("SELECT id FROM visits WHERE id = 1")
            answered += 1
        rows = await reading
    assert [id_ for id_, _ in rows] == list(range(101, 1601)) and answered > 3
    assert all("[pii.ssn]" in note and "123-45" not in note for _, note in rows)


class Breaking:
    """A `TextFinder` that raises from its second batch on."""

    failed = 0

    def __init__(self) -> None:
        self.asked = 0

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        return self.find_many([text], telling=telling)[0]

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        self.asked += 1
        if self.asked > 1:
            raise RuntimeError("a detector broke")
        return [() for _ in texts]


async def test_a_detector_that_breaks_in_the_middle_of_a_result(gate: Gateway, empty_database: Database) -> None:
    masks = looking()
    assert masks.detection is not None
    masks.detection = replace(masks.detection, finder=Breaking())
    gate.definitions.masks = masks
    with empty_database.admin() as admin:
        admin.execute("CREATE TABLE lines (id int, line text)")
        admin.execute(
            "INSERT INTO lines SELECT n, 'line ' || n || repeat(' and so on', 100) FROM generate_series(1, 300) n"
        )
        admin.execute("GRANT ALL ON lines TO PUBLIC")
    await gate.definitions.refresh()
    async with await gate.connect() as connection:
        rows = await (await connection.execute("SELECT line FROM lines ORDER BY id")).fetchall()
    shown = [line for (line,) in rows]
    assert shown[0].startswith("line 1 ") and shown[-1] == "[phi.*]", "what was judged passes, the rest is masked whole"
    assert set(shown[shown.index("[phi.*]") :]) == {"[phi.*]"}
    async with await gate.connect() as connection, connection.cursor().copy("COPY lines (line) TO STDOUT") as copy:
        copied = b"".join([bytes(block) async for block in copy])
    assert set(copied.splitlines()) == {b"[phi.*]"}


async def test_an_engine_that_is_gone(gate: Gateway) -> None:
    """Its thread was shut down: nothing passes."""
    masks = looking()
    assert masks.detection is not None
    thread = ThreadPoolExecutor(1)
    thread.shutdown()
    masks.detection = replace(masks.detection, thread=thread)
    masks.detection.lock.acquire()  # so that nothing is looked at on the loop
    gate.definitions.masks = masks
    try:
        async with await gate.connect() as connection:
            cursor = await connection.execute("SELECT note, doc FROM visits WHERE id = 1")
            assert await cursor.fetchall() == [("[phi.*]", "[phi.*]")]
    finally:
        masks.detection.lock.release()
