"""Promise 5 (a): values of catalogued columns never leave, whatever expression, format or message carries them.

Canaries are planted in labelled columns; every way known to us of getting them out is tried by real clients; every byte
that was sent to them is searched for every canary in every form. The same search finds them where no gateway stands.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from testkit.lying_postgres import Liar
from testkit.recording_link import RecordingLink, Tape, Way
from tests.a_gateway import POLICY
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING, DOWN, Stage, stage
from tests.promises.attacks import LAUNDERING, QUIET, SEVERAL, SHOWN
from tests.promises.canaries import CANARIES, CATALOG, EPOCH, PLAIN, TABLE, filling, sightings

SECONDS = 20.0  # for one statement
_LEFTOVERS = (
    "DROP SCHEMA IF EXISTS evil CASCADE",
    "DROP VIEW IF EXISTS open_view",
    "DROP TABLE IF EXISTS stolen, plain",
    "DROP FUNCTION IF EXISTS mine()",
)

Ask = Callable[[Any, str], Awaitable[object]]


@pytest.fixture
def people(empty_database: Database) -> Database:
    """The canaries, each in its labelled column."""
    empty_database.execute(*TABLE, *filling(), "ANALYZE people")
    return empty_database


@pytest.fixture
async def on_stage(tmp_path: Path, people: Database) -> AsyncIterator[Stage]:
    """A gateway whose policy allows everything: what masks is all that stands between."""
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING) as running:
        yield running


async def psycopg_asks(connection: psycopg.AsyncConnection[Any], text: str, **how: Any) -> object:
    """One statement, read to its end."""
    async with connection.cursor(binary=bool(how.get("binary"))) as cursor:
        if text.startswith("COPY"):
            async with cursor.copy(text.encode()) as copy:
                return [bytes(block) async for block in copy]
        await cursor.execute(text.encode(), **how)
        return await cursor.fetchall() if cursor.description else None


async def simple(connection: Any, text: str) -> object:
    return await psycopg_asks(connection, text)


async def extended(connection: Any, text: str) -> object:
    return await psycopg_asks(connection, text, prepare=True)


async def binary(connection: Any, text: str) -> object:
    return await psycopg_asks(connection, text, binary=True)


async def through_asyncpg(connection: Any, text: str) -> object:
    if text.startswith("COPY"):
        return None  # psycopg's business
    await connection.fetch(text)
    return await connection.fetch(text)  # again, without a Describe of the client's


ASKS: dict[str, Ask] = {"simple": simple, "extended": extended, "binary": binary, "asyncpg": through_asyncpg}
# asyncpg itself can't read every type (anyarray), also from the server directly: that is its InternalClientError.
REFUSED = (
    psycopg.Error,
    asyncpg.exceptions.PostgresError,
    asyncpg.exceptions.InterfaceError,
    asyncpg.exceptions.InternalClientError,
)


class Attacker:
    """Tries statements on a connection of its own, and opens another when one is lost."""

    def __init__(self, opened: Callable[[], Awaitable[Any]], ask: Ask) -> None:
        self._open, self._ask = opened, ask
        self._connection: Any = None
        self.answered = 0

    async def tries(self, text: str) -> None:
        """Asks, whatever comes of it."""
        connection = self._connection = self._connection or await self._open()
        try:
            async with asyncio.timeout(SECONDS):
                await self._ask(connection, text)
            self.answered += 1
        except REFUSED:
            if connection.closed if isinstance(connection, psycopg.AsyncConnection) else connection.is_closed():
                self._connection = None

    async def leave(self) -> None:
        """Closes what is open."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def found_in(tape: Tape, link: str, people: Database, who: Attacker, texts: list[str]) -> dict[str, set[str]]:
    """The statements behind which a canary was sent down, with the canaries."""
    found: dict[str, set[str]] = {}
    for text in texts:
        since = tape.note(text)
        await who.tries(text)
        seen = sightings(b"".join(chunk.data for chunk in tape.since(since, link, Way.ANSWERED)))
        if seen:
            found[text] = seen
        if text.startswith(("UPDATE", "DELETE", "INSERT", "WITH d")):
            await asyncio.to_thread(people.execute, *filling())
    await who.leave()
    return found


def attacker(on_stage: Stage, by: str) -> Attacker:
    """One that goes through the gateway."""
    return Attacker(on_stage.asyncpg if by == "asyncpg" else on_stage.connect, ASKS[by])


@pytest.mark.parametrize("by", list(ASKS))
async def test_no_statement_gets_a_canary_out(on_stage: Stage, people: Database, by: str) -> None:
    who = attacker(on_stage, by)
    assert await found_in(on_stage.tape, DOWN, people, who, SHOWN + QUIET) == {}
    assert who.answered > 60, "so many were refused that hardly anything was tried"
    assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))


async def test_the_same_search_finds_them_where_no_gateway_stands(people: Database) -> None:
    """The test's own test: nearly every attack shows a canary to whoever asks the server itself."""
    tape = Tape()
    async with RecordingLink(DOWN, people.server.host, people.server.port, tape) as link:
        line = f"host=127.0.0.1 port={link.port} dbname={people.name} user={people.user} sslmode=disable"
        password = people.password.reveal()

        async def opened() -> Any:
            return await psycopg.AsyncConnection.connect(f"{line} password={password}", autocommit=True)

        found = await found_in(tape, DOWN, people, Attacker(opened, simple), SHOWN)
    missed = [text for text in SHOWN if text not in found]
    assert len(SHOWN) >= 100 and len(missed) < len(SHOWN) / 5, missed


@pytest.mark.parametrize("by", ["simple", "asyncpg"])
async def test_nothing_is_laundered(on_stage: Stage, people: Database, by: str) -> None:
    for texts in LAUNDERING:
        found = await found_in(on_stage.tape, DOWN, people, attacker(on_stage, by), texts)
        await asyncio.to_thread(people.execute, *_LEFTOVERS, *filling())
        assert found == {}, texts


async def test_several_statements_in_one_message(on_stage: Stage, people: Database) -> None:
    assert await found_in(on_stage.tape, DOWN, people, attacker(on_stage, "simple"), SEVERAL) == {}


async def test_a_prepared_statement_run_again_is_masked_again(on_stage: Stage) -> None:
    connection = await on_stage.asyncpg()
    try:
        statement = await connection.prepare("SELECT ssn, born, code, city FROM people WHERE id = $1")
        for number, city in enumerate(PLAIN, start=1):
            assert tuple(await statement.fetchrow(number)) == ("[phi.ssn]", None, None, city)
    finally:
        await connection.close()
    assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))


async def test_unlabelled_columns_pass_as_they_are(on_stage: Stage) -> None:
    """The other half of the promise's use: a gateway that masks everything would pass all tests above."""
    async with await on_stage.connect() as connection:
        for prepare, binary_ in ((False, False), (False, True), (True, False)):
            text = b"SELECT id, city FROM people ORDER BY id"
            cursor = await connection.execute(text, prepare=prepare, binary=binary_)
            assert await cursor.fetchall() == list(enumerate(PLAIN, start=1))
        cursor = await connection.execute(b"SELECT name, visits FROM cities ORDER BY name")
        assert await cursor.fetchall() == [("Bonn", 9), ("Ulm", 7)]
        async with connection.cursor().copy(b"COPY cities TO STDOUT") as copy:
            assert b"".join([bytes(block) async for block in copy]) == b"Ulm\t7\nBonn\t9\n"


async def test_rows_cut_at_every_few_bytes(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING, grain=3) as cut:
        texts = ["SELECT id, ssn, born, city FROM people", "COPY people TO STDOUT", "SELECT * FROM people"]
        for by in ("simple", "binary"):
            who = attacker(cut, by)
            assert await found_in(cut.tape, DOWN, people, who, texts) == {}
            assert who.answered == len(texts)


async def test_a_connection_broken_in_mid_row(tmp_path: Path, people: Database) -> None:
    """What was held back of a half row mustn't be let out by the end of the connection."""
    liar = Liar()
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING, bend=liar.bend) as running:
        for half in (b"D", b"d"):

            def broken(message: Any, half: bytes = half) -> bytes | None:
                if message.type != half:
                    return None
                asyncio.get_running_loop().call_soon(running.up.cut)
                return bytes(half + (len(message.body) + 4).to_bytes(4) + message.body[: len(message.body) // 2])

            async with await running.connect() as connection:
                liar.lie, liar.told = broken, 0
                with pytest.raises(psycopg.Error):
                    await simple(connection, "SELECT * FROM people" if half == b"D" else "COPY people TO STDOUT")
                liar.lie = None
            assert liar.told
        assert not sightings(running.tape.bytes(DOWN, Way.ANSWERED))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE people ADD COLUMN fresh text; UPDATE people SET fresh = ssn",
        "ALTER TABLE people RENAME city TO town; ALTER TABLE people RENAME ssn TO city",
        "ALTER TABLE cities RENAME TO old; ALTER TABLE people RENAME TO cities;"
        " ALTER TABLE cities RENAME ssn TO name; ALTER TABLE cities RENAME code TO visits",
        "DROP TABLE cities; CREATE TABLE cities AS SELECT ssn AS name, code AS visits FROM people;"
        " GRANT ALL ON cities TO PUBLIC",
        "DROP TABLE cities; CREATE VIEW cities AS SELECT ssn AS name, code AS visits FROM people;"
        " GRANT ALL ON cities TO PUBLIC",
        "ALTER TABLE cities ADD COLUMN fresh text; UPDATE cities SET fresh = (SELECT max(ssn) FROM people)",
        "ALTER TABLE people DROP COLUMN city; ALTER TABLE people ADD COLUMN last text",
        "ALTER TABLE people RENAME city TO t; ALTER TABLE people RENAME ssn TO city;"
        " ALTER TABLE people RENAME t TO ssn",
        "ALTER TABLE cities DROP COLUMN visits; ALTER TABLE cities ADD COLUMN fresh text;"
        " UPDATE cities SET fresh = (SELECT max(ssn) FROM people)",
        "DROP VIEW view_on_view, people_view; DROP MATERIALIZED VIEW kept; ALTER TABLE people DROP COLUMN mrn;"
        " ALTER TABLE people ADD COLUMN mrn text GENERATED ALWAYS AS (ssn || '') STORED",
    ],
)
@pytest.mark.parametrize("by", ["simple", "asyncpg"])
@pytest.mark.parametrize("warm", [False, True])
async def test_definitions_changed_since_the_snapshot(
    on_stage: Stage, people: Database, change: str, by: str, warm: bool
) -> None:
    """A column that the snapshot doesn't have is nobody's: it carries every label, also for a statement seen before."""
    texts = ["SELECT * FROM people", "SELECT * FROM cities", "SELECT name FROM cities", "SELECT city FROM people",
             "SELECT fresh FROM people", "COPY cities TO STDOUT", "COPY people TO STDOUT",
             "COPY (SELECT * FROM people) TO STDOUT", "COPY people (id, city) TO STDOUT"]  # fmt: skip
    who = attacker(on_stage, by)
    for text in texts if warm else ():
        await who.tries(text)
    await asyncio.to_thread(people.execute, *change.split(";"))
    assert await found_in(on_stage.tape, DOWN, people, who, texts) == {}


async def test_errors_and_notices_keep_their_code_and_lose_their_values(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as running, await running.connect() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation) as error:
            await connection.execute("INSERT INTO people (id, ssn) VALUES (9, %s)", ("912-44-7781",))
        said = f"{error.value} {error.value.diag.message_detail} {error.value.diag.message_hint}"
        assert "912" not in said and error.value.diag.constraint_name == "people_ssn_key"
        with pytest.raises(psycopg.errors.CheckViolation):
            await connection.execute(b"UPDATE people SET note = 'no' WHERE id = 1")
        assert not sightings(running.tape.bytes(DOWN, Way.ANSWERED))


@pytest.mark.parametrize("more", ["replication=database", "replication=true", "options=-csearch_path=evil"])
async def test_other_start_ups_are_refused(on_stage: Stage, more: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        await psycopg.AsyncConnection.connect(f"{on_stage.conninfo()} {more}")
    assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))


def without(data: bytes, column: str) -> bytes:
    """What is left of `data` when the plain values of one column are cut out of it."""
    for canary in (c for c in CANARIES if c.name == column):
        plain = [canary.text.encode()]
        if canary.number is not None:
            plain.append(b"\0\0\0\4" + canary.number.to_bytes(4))
        if canary.day is not None:
            plain.append(b"\0\0\0\4" + (canary.day - EPOCH).days.to_bytes(4, signed=True))
        for value in plain:
            data = data.replace(value, b"")
    return data


async def revealed_since(on_stage: Stage, entries: int) -> set[str]:
    """What the releases behind so many entries revealed."""
    bodies = (await on_stage.gateway.bodies())[entries:]
    told = [json.loads(body.split(b"\n")[0]) for body in bodies]
    return {pair for entry in told if entry["type"] == "action.released" for pair in entry["d"].get("reveals", ())}


@pytest.mark.parametrize(
    ("column", "by"), [("ssn", "simple"), ("ssn", "asyncpg"), ("born", "binary"), ("code", "binary")]
)
async def test_a_reveal_of_one_column_lets_nothing_else_out(
    on_stage: Stage, people: Database, column: str, by: str
) -> None:
    """Every attack once more, by a client that may see one column: its plain values may leave, and nothing else."""

    async def opened() -> Any:
        connection = await (on_stage.asyncpg() if by == "asyncpg" else on_stage.connect())
        await connection.execute(f"SET interlock.reveal = 'people.{column}'")
        return connection

    who = Attacker(opened, ASKS[by])
    seen = 0
    for text in SHOWN + QUIET:
        entries, since = len(await on_stage.gateway.bodies()), on_stage.tape.note(text)
        await who.tries(text)
        data = b"".join(chunk.data for chunk in on_stage.tape.since(since, DOWN, Way.ANSWERED))
        revealed = await revealed_since(on_stage, entries)
        assert {pair.partition(" ")[0] for pair in revealed} <= {f"clinic/public.people.{column}"}
        assert not sightings(without(data, column) if revealed else data), text
        seen += bool(revealed and sightings(data))
        if text.startswith(("UPDATE", "DELETE", "INSERT", "WITH d")):
            await asyncio.to_thread(people.execute, *filling())
    await who.leave()
    assert seen, "nothing was revealed, so nothing was tried"


async def test_asking_isnt_getting(tmp_path: Path, people: Database) -> None:
    """Where no policy permits a reveal, asking for one shows nothing: what would show it is denied."""
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as running:
        for texts in (
            ["SET interlock.reveal = 'people.ssn'", "SELECT ssn FROM people", "COPY people (ssn) TO STDOUT"],
            ["SET interlock.reveal = 'people.ssn'", "UPDATE people SET city = 'x' WHERE id = 1 RETURNING ssn"],
            ["SET interlock.reveal = 'people_view.x, view_on_view.y, kept.ssn'", "SELECT x FROM people_view"],
        ):
            assert await found_in(running.tape, DOWN, people, attacker(running, "simple"), texts) == {}
