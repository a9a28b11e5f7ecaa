"""What a session that lasts lets a client try: one thing judged, another run, behind something that changed between.

Cursors whose names come to mean others, search paths that a transaction's end takes back, code put off to a COMMIT, and
an ending that says less than was done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from testkit.postgres_messages import Message
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.a_ledger import outcomes
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields
from tests.promises.canaries import CATALOG, TABLE, filling, sightings

# A table of the same name that nobody labelled, on a path that the client may choose.
DECOY = (
    "CREATE SCHEMA decoy",
    "CREATE TABLE decoy.people (id int, ssn text)",
    "INSERT INTO decoy.people VALUES (1, 'nothing')",
    "GRANT USAGE ON SCHEMA decoy TO PUBLIC",
    "GRANT ALL ON decoy.people TO PUBLIC",
)
# Code of users that closes a cursor of the client's and opens another under its name; and that moves the path late.
CODE = (
    "CREATE FUNCTION swap() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r refcursor := 'c'; BEGIN CLOSE r;"
    " OPEN r FOR SELECT ssn || '' AS x FROM public.people; RETURN 1; END $$",
    "CREATE VIEW swapping AS SELECT swap() AS one",
    "CREATE TABLE noted (a int)",
    "CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM swap(); RETURN NEW; END $$",
    "CREATE TRIGGER t BEFORE INSERT ON noted FOR EACH ROW EXECUTE FUNCTION noting()",
    "CREATE TABLE late (a int)",
    "CREATE FUNCTION moving() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM set_config('search_path', 'public', false); RETURN NEW; END $$",
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " EXECUTE FUNCTION moving()",
    "GRANT ALL ON noted, late, swapping TO PUBLIC",
)
WANTED = "SELECT ssn || '' AS x FROM people"
HARMLESS = "DECLARE c CURSOR FOR SELECT name || '' AS x FROM cities"
LABELLED = f"DECLARE c CURSOR FOR {WANTED}"
PATH = "SET search_path = decoy, public"
LOCAL = "SET LOCAL search_path = decoy, public"

Sent = tuple[bytes, bytes]
SYNC: Sent = (b"S", b"")
FLUSH: Sent = (b"H", b"")


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(*TABLE, *filling(), *DECOY, *CODE)
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        yield running


@asynccontextmanager
async def client_of(gate: Gateway) -> AsyncIterator[RawClient]:
    client = await RawClient.open(gate.door.port)
    try:
        await client.login(gate.agent_key)
        yield client
    finally:
        client.close()


def query(text: str) -> Sent:
    return (b"Q", text.encode() + b"\0")


def run(text: str) -> tuple[Sent, ...]:
    """Parse, Bind and Execute of the unnamed ones."""
    return ((b"P", b"\0" + text.encode() + b"\0\0\0"), (b"B", b"\0\0" + bytes(6)), (b"E", b"\0" + bytes(4)))


def codes(messages: list[Message]) -> list[str]:
    return [fields(m)["C"] for m in messages if m.type == b"E"]


def clean(messages: list[Message]) -> bool:
    return not any(sightings(m.body) for m in messages)


async def said(client: RawClient, *texts: str) -> list[Message]:
    """Each text as a Query message, one after the other: all the answers."""
    found = []
    for text in texts:
        client.send(query(text))
        found += await client.until_ready()
    return found


@pytest.mark.parametrize("end", ["ROLLBACK", "COMMIT"])
@pytest.mark.parametrize("simple", [True, False])
async def test_a_cursors_name_that_means_another_in_the_same_unit(gate: Gateway, end: str, simple: bool) -> None:
    """FETCH was planned by the masks of the cursor that the name meant before."""
    texts = (end, "BEGIN", LABELLED, "FETCH ALL FROM c")
    async with client_of(gate) as client:
        assert codes(await said(client, "BEGIN", HARMLESS, "FETCH 1 FROM c")) == []
        client.send(*((query("; ".join(texts)),) if simple else (*(m for t in texts for m in run(t)), SYNC)))
        got = await client.until_ready()
    assert codes(got) == ["0A000"]
    assert clean(got)


@pytest.mark.parametrize("calling", ["SELECT one FROM swapping", "INSERT INTO noted VALUES (1)"])
async def test_code_that_opens_another_cursor_under_the_clients_name(gate: Gateway, calling: str) -> None:
    """Nothing is fetched from it: the session ends before."""
    async with client_of(gate) as client:
        assert codes(await said(client, "BEGIN", HARMLESS)) == []
        got = await said(client, calling)
        assert codes(got) == ["08006"]
        assert await client.ended()
    async with client_of(gate) as client:
        got += await said(client, "BEGIN", HARMLESS, f"{calling}; FETCH ALL FROM c")
        assert codes(got) == ["08006", "0A000"]
    assert clean(got)


async def test_cursors_stay_usable_beside_writes_and_views(gate: Gateway) -> None:
    """What the test above ends is another cursor, and not any session in which code ran."""
    async with client_of(gate) as client:
        got = await said(client, "BEGIN", HARMLESS, "SELECT x FROM people_view", "INSERT INTO cities VALUES ('Hof', 1)")
        got += await said(client, "FETCH 1 FROM c", "DECLARE d CURSOR FOR SELECT x FROM people_view", "FETCH 1 FROM d")
        got += await said(client, "FETCH 1 FROM c", "CLOSE c", HARMLESS, "FETCH 1 FROM c", "FETCH 1 FROM d")
        got += await said(client, "SET timezone = 'Asia/Tokyo'", "DELETE FROM cities WHERE visits = 1 AND name = 'Hof'")
        got += await said(client, "SELECT x FROM people_view", "FETCH 1 FROM c", "COMMIT")
    assert codes(got) == []
    assert clean(got)


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        (("BEGIN", PATH), f"ROLLBACK; {WANTED}"),
        (("BEGIN", LOCAL), f"COMMIT; {WANTED}"),
        (("BEGIN; SAVEPOINT s", PATH), f"ROLLBACK TO s; {WANTED}"),
        (("BEGIN", LOCAL), f"SELECT 1; COMMIT; {WANTED}"),
        ((PATH, "BEGIN", "INSERT INTO late VALUES (1)"), f"COMMIT; {WANTED}"),
    ],
)
@pytest.mark.parametrize("simple", [True, False])
async def test_a_path_that_is_taken_back_in_the_unit_that_counts_on_it(
    gate: Gateway, before: tuple[str, ...], unit: str, simple: bool
) -> None:
    """The text would be judged by the path of before, where the name means a table that nobody labelled."""
    async with client_of(gate) as client:
        assert codes(await said(client, *before)) == []
        client.send(*((query(unit),) if simple else (*(m for t in unit.split("; ") for m in run(t)), SYNC)))
        got = await client.until_ready()
    assert codes(got) == ["0A000"]
    assert clean(got)


@pytest.mark.parametrize("then", [(), run("SELECT 1 / (id - 1) FROM people"), run("SELECT nothing")])
async def test_a_path_set_behind_a_flush_ends_with_its_transaction(gate: Gateway, then: tuple[Sent, ...]) -> None:
    """By a Sync, by the server's error, by a refusal: the next text is judged by the path that is left."""
    async with client_of(gate) as client:
        client.send(*run(LOCAL), FLUSH)
        assert codes(await client.until(b"C")) == []
        client.send(*then, SYNC)
        assert len(codes(await client.until_ready())) == (1 if then else 0)
        got = await said(client, WANTED)
    assert codes(got) == []
    assert b"[phi" in b"".join(m.body for m in got)
    assert clean(got)


async def test_code_put_off_to_the_commit_moves_no_path_unseen(gate: Gateway) -> None:
    async with client_of(gate) as client:
        assert codes(await said(client, PATH, "BEGIN", "INSERT INTO late VALUES (1)")) == []
        assert codes(await said(client, "COMMIT")) == ["08006"]
        assert await client.ended()
    async with client_of(gate) as client:
        assert codes(await said(client, PATH)) == []
        client.send(*run("INSERT INTO late VALUES (2)"), FLUSH)
        await client.until(b"C")
        client.send(SYNC)
        assert codes(await client.until_ready()) == ["08006"]
        assert await client.ended()


async def test_what_failed_behind_a_commit_of_its_own_is_not_told_as_failed(gate: Gateway) -> None:
    """Else an agent writes, commits and fails on purpose, and the ledger says that nothing came of it."""
    write = "INSERT INTO cities VALUES ('Hof', 1)"
    async with client_of(gate) as client:
        assert codes(await said(client, f"BEGIN; {write}; COMMIT; SELECT 1 / 0")) == ["22012"]
        assert await outcomes(gate, 1) == ["unknown"]
        await said(client, f"BEGIN; {write}; SAVEPOINT s; SELECT 1 / 0", "ROLLBACK TO s", "COMMIT")
        assert await outcomes(gate, 2) == ["unknown", "unknown"]
        await said(client, f"BEGIN; {write}; SAVEPOINT s; SELECT 1 / 0", "ROLLBACK")
        await said(client, f"BEGIN; SAVEPOINT s; {write}; SELECT 1 / 0", "ROLLBACK TO s", "COMMIT")
        assert await outcomes(gate, 4) == ["unknown", "unknown", "rolled_back", "failed"]


async def test_a_portal_goes_on_in_no_failed_transaction(gate: Gateway) -> None:
    """The refusal failed it, for the client; upstream it stands open still."""
    name = b"\0SELECT name FROM cities\0\0\0"
    async with client_of(gate) as client:
        assert codes(await said(client, "BEGIN")) == []
        client.send((b"P", name), (b"B", b"p\0\0" + bytes(6)), (b"E", b"p\0" + (1).to_bytes(4)), SYNC)
        assert codes(await client.until_ready()) == []
        assert codes(await said(client, "DROP TABLE cities")) == ["42501"]
        client.send((b"E", b"p\0" + bytes(4)), SYNC)
        assert codes(await client.until_ready()) == ["25P02"]
