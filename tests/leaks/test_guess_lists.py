"""Lists of guesses that an agent writes itself, into columns that bear the very label of what it guesses at.

Each attack writes a number, and asks by a join, a pseudonym or the pseudonym of what it wrote whether it is somebody's.
Beside it stand the same questions of columns that it didn't write to, which come back unchanged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.leaks.test_attackers_at_lineage import NO_PROBES, prepared, rows, through
from tests.postgres_fixture import Database
from tests.promises.canaries import CATALOG

VISITS = (
    "CREATE TABLE visits (id int, mrn varchar(20), note text); CREATE TABLE stays (id int, mrn varchar(20))",
    "CREATE TABLE plain (id int, mrn varchar(20))",
    "INSERT INTO visits SELECT id, mrn, 'seen' FROM people; INSERT INTO stays SELECT id, mrn FROM people",
    "CREATE VIEW seen AS SELECT id, mrn FROM visits; CREATE VIEW known AS SELECT id, mrn FROM people",
    "GRANT ALL ON visits, stays, plain, seen, known TO PUBLIC",
)
LABELLED = "".join(f'\n[[column]]\nmatch = "public.{table}.mrn"\nlabels = ["phi.mrn"]' for table in ("visits", "stays"))
GUESS = "INSERT INTO visits (id, mrn, note) VALUES (7, 'MRN-83120457', 'a guess')"

JOINS = [
    "SELECT v.note FROM visits v JOIN people p ON p.mrn = v.mrn WHERE v.id = 7",
    "SELECT id FROM people JOIN visits v USING (mrn, id)",
    "SELECT 1 FROM people NATURAL JOIN visits",
    "SELECT id FROM people WHERE mrn IN (SELECT mrn FROM visits)",
    "SELECT id FROM people p WHERE EXISTS (SELECT FROM visits v WHERE v.mrn = p.mrn)",
    "SELECT s.id FROM seen s JOIN known k ON k.mrn = s.mrn",
    "SELECT count(*) FROM stays s, visits v WHERE (s.mrn, s.id) = (v.mrn, v.id)",
    "SELECT mrn FROM people INTERSECT SELECT mrn FROM visits",
]


@pytest.fixture
async def running(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    prepared(empty_database, *VISITS)
    async with gateway(tmp_path, empty_database, CATALOG + LABELLED, policy=NO_PROBES) as found:
        yield found


async def refused(agent: psycopg.AsyncConnection[object], text: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await rows(agent, text)


async def test_joins_by_what_was_written(running: Gateway) -> None:
    async with await running.connect() as agent:
        for text in JOINS[:-1]:  # a set operation is a test by itself
            await rows(agent, text)
        assert len(await rows(agent, "SELECT s.id FROM seen s JOIN known k ON k.mrn = s.mrn")) > 0
        await through(running, [GUESS])
        for text in JOINS:
            await refused(agent, text)
        assert await rows(agent, "SELECT note FROM visits WHERE id = 7") == [("a guess",)]
        assert len(await rows(agent, "SELECT p.id FROM people p JOIN stays s ON s.mrn = p.mrn")) > 0


@pytest.mark.parametrize("way", [
    "INSERT INTO visits (id, mrn) SELECT id, mrn FROM plain",
    "UPDATE visits SET mrn = 'MRN-83120457' WHERE id = 1",
    "MERGE INTO visits v USING plain p ON p.id = v.id WHEN NOT MATCHED THEN INSERT (id, mrn) VALUES (8, 'MRN-1')",
    "INSERT INTO seen (id, mrn) VALUES (7, 'MRN-1')",
    "COPY visits (id, mrn) FROM STDIN",
])  # fmt: skip
async def test_every_way_to_write_one(running: Gateway, way: str) -> None:
    async with await running.connect() as agent:
        await agent.execute("INSERT INTO plain VALUES (7, 'MRN-83120457')")
        await rows(agent, JOINS[0])
        if way.startswith("COPY"):
            async with agent.cursor() as cursor, cursor.copy(way.encode()) as copy:
                await copy.write("7\tMRN-83120457\n")
        else:
            await agent.execute(way.encode())
        await refused(agent, JOINS[0])


async def test_a_pseudonym_finds_no_guess_and_no_guess_is_shown_as_one(running: Gateway) -> None:
    async with await running.connect() as agent:
        pseudonym = (await rows(agent, "SELECT mrn FROM people WHERE id = 1"))[0][0]
        asked = f"SELECT id FROM visits WHERE mrn = '{pseudonym}'"
        assert await rows(agent, asked) == [(1,)]
        assert (await rows(agent, "SELECT mrn FROM visits WHERE id = 1"))[0][0] == pseudonym
        await through(running, [GUESS])
        await refused(agent, asked)
        shown = {row[0] for row in await rows(agent, "SELECT mrn FROM visits")}
        assert pseudonym not in shown and len(shown) == 1, "all of one mask, which tells none from another"
        assert len({row[0] for row in await rows(agent, "SELECT mrn || '' FROM visits")}) == 1
        assert await rows(agent, f"SELECT id FROM people WHERE mrn = '{pseudonym}'") == [(1,)]
        assert (await rows(agent, "SELECT mrn FROM stays WHERE id = 1"))[0][0] == pseudonym


@pytest.mark.parametrize("text", [
    "UPDATE visits SET mrn = 'MRN-83120457' WHERE id = 1 RETURNING mrn",
    "INSERT INTO visits (id, mrn) VALUES (7, 'MRN-83120457') RETURNING mrn",
    "WITH g AS (INSERT INTO visits (id, mrn) VALUES (7, 'MRN-83120457') RETURNING mrn) SELECT mrn FROM g",
])  # fmt: skip
async def test_what_is_written_is_shown_as_no_pseudonym(running: Gateway, text: str) -> None:
    """It could be rolled back at once, and leave no trace."""
    async with await running.connect() as agent:
        await agent.execute("BEGIN")
        assert await rows(agent, text) == [("[phi.mrn]",)]
        await agent.execute("ROLLBACK")


@pytest.mark.parametrize("text", [
    "WITH g AS (INSERT INTO visits (id, mrn) VALUES (7, 'MRN-83120457') RETURNING mrn) SELECT p.id FROM people p JOIN g"
    " USING (mrn)",
    "WITH g AS (UPDATE visits SET mrn = 'MRN-83120457' WHERE id = 1 RETURNING *) SELECT 1 FROM g, people p"
    " WHERE p.mrn = g.mrn",
    "WITH g AS (INSERT INTO visits (id, mrn) VALUES (7, 'MRN-1') RETURNING mrn) DELETE FROM stays s USING g"
    " WHERE s.mrn = g.mrn",
])  # fmt: skip
async def test_a_list_within_one_statement(running: Gateway, text: str) -> None:
    async with await running.connect() as agent:
        await refused(agent, text)


async def test_a_list_within_one_request(running: Gateway) -> None:
    async with await running.connect() as agent:
        await refused(agent, f"{GUESS}; {JOINS[0]}")
        await rows(agent, JOINS[0])


async def test_what_is_harmless_stays_so(running: Gateway) -> None:
    """A write that takes the key along as a condition, and what another agent wrote."""
    async with await running.connect() as agent:
        pseudonym = (await rows(agent, "SELECT mrn FROM people WHERE id = 1"))[0][0]
        for text in (
            f"UPDATE visits SET note = 'x' WHERE mrn = '{pseudonym}'",
            "UPDATE visits v SET note = 'y' FROM people p WHERE p.mrn = v.mrn AND p.id = 1",
            f"DELETE FROM stays WHERE mrn = '{pseudonym}'",
        ):
            await agent.execute(text.encode())
        assert len(await rows(agent, JOINS[4])) > 0
