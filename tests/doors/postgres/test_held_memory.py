"""What a held action keeps: thousands may wait in one process, so what can be made again at its release is let go."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from tests.a_gateway import gateway
from tests.postgres_fixture import Database

from interlock.actions.readings import Reading
from interlock.sql.shape import Statement

HELD = 5
MARKED = "DELETE FROM log WHERE id < {number} OR true -- not the text itself"
MARK = b"not the text itself"


def _analyses() -> int:
    """Analyses of a marked text that anything still holds. What people sign for is sealed in the store."""
    gc.collect()
    found = [each for each in gc.get_objects() if isinstance(each, Statement | Reading)]
    return sum(MARK in (each.text if isinstance(each, Statement) else each.statement.text) for each in found)


async def test_trees_and_readings_are_let_go_while_people_look_and_what_was_signed_runs(
    tmp_path: Path, empty_database: Database
) -> None:
    empty_database.execute("CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2); GRANT ALL ON log TO PUBLIC")
    async with gateway(tmp_path, empty_database, "") as gate:
        before, tasks = _analyses(), len(asyncio.all_tasks())
        clients = [await gate.connect() for _ in range(HELD)]
        idle = len(asyncio.all_tasks()) - tasks
        texts = [MARKED.format(number=number) for number in range(HELD)]
        waits = [asyncio.create_task(c.execute(t.encode())) for c, t in zip(clients, texts, strict=True)]
        reviews = await gate.pending(HELD)
        async with asyncio.timeout(10):
            while _analyses() > before:
                await asyncio.sleep(0)  # each is let go in the turn in which its review was told
        assert len(asyncio.all_tasks()) - tasks - idle <= 2 * HELD, "each has the test's own task, and one to follow"
        for review in reviews:
            await gate.office.vote(review, "dana")
        done = [await wait for wait in waits]
        assert sorted(cursor.statusmessage or "" for cursor in done) == ["DELETE 0"] * (HELD - 1) + ["DELETE 2"]
        assert _analyses() > before, "read anew at release, so that the test can tell"
        for client in clients:
            await client.close()


async def test_a_unit_with_answers_of_our_own_goes_on_after_it_was_held(
    tmp_path: Path, empty_database: Database
) -> None:
    """What another reading can't tell is kept: that a name was given, and what the gateway answers itself."""
    empty_database.execute("CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2); GRANT ALL ON log TO PUBLIC")
    async with gateway(tmp_path, empty_database, "") as gate, await gate.connect() as connection:
        waiting = asyncio.create_task(
            connection.execute(b"PREPARE later AS SELECT 7; SHOW interlock.wait; DELETE FROM log")
        )
        await gate.sign()
        cursor = await waiting
        assert cursor.statusmessage == "PREPARE" and cursor.nextset()
        assert await cursor.fetchall() == [("attached",)] and cursor.nextset()
        assert cursor.statusmessage == "DELETE 2"
        assert await (await connection.execute(b"EXECUTE later")).fetchall() == [(7,)]
