"""Statements grown by a grammar, through the real door: no canary out, and what bears no label comes as it is.

A statement is asked of the door and of the server with the same bytes, in every mode by turns. All bytes from the door
are searched; of each output whose lineage finds no label, the rows must be the server's own. What writes is undone, and
the labels that it took along last (a write rolled back leaves them): so a gateway serves only so many writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
import pytest
from tests.leaks.a_grown_house import CATALOG, made
from tests.leaks.a_talk import Talk
from tests.leaks.grown_statements import Search, Tally, grown, judge
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING, stage
from tests.promises.canaries import Canary

READS_A_GATEWAY: Final = 2_500
WRITES_A_GATEWAY: Final = 60


@pytest.fixture
def house(empty_database: Database) -> tuple[Database, tuple[Canary, ...]]:
    statements, canaries = made(empty_database.name)
    empty_database.execute(*statements)
    return empty_database, canaries


async def judged(
    directory: Path, database: Database, search: Search, seeds: range, tally: Tally, *, writes: bool
) -> None:
    """The statements of some seeds, through one gateway."""
    server_line = f"host={database.server.host} port={database.server.port} dbname={database.name} user={database.user}"
    async with stage(directory, database, CATALOG, policy=ANYTHING) as running:
        left = list(seeds)
        while left:
            await recovered(database)
            async with (
                await Talk.open(f"{server_line} password={database.password.reveal()}") as server,
                await Talk.open(running.gateway.conninfo()) as door,
            ):
                while left and not door.broken and not server.broken:
                    each = grown(left.pop(0), writes=writes)
                    await judge(each, door, server, running.gateway.definitions, search, tally)
        await recovered(database)


async def recovered(database: Database) -> None:
    """Waits until the server takes connections: a statement may have crashed it."""
    for _ in range(300):
        try:
            with database.admin():
                return
        except psycopg.OperationalError:
            await asyncio.sleep(0.1)
    raise TimeoutError("the server doesn't come back")


@pytest.mark.parametrize(
    ("first", "many", "writes"),
    [
        pytest.param(0, 250, False, id="250 reads"),
        pytest.param(0, 90, True, id="90 writes"),
        pytest.param(1_000_000, 18_000, False, id="18,000 reads", marks=pytest.mark.slow),
        pytest.param(1_000_000, 4_000, True, id="4,000 writes", marks=pytest.mark.slow),
    ],
)
async def test_grown_statements_let_nothing_out(
    tmp_path_factory: pytest.TempPathFactory,
    house: tuple[Database, tuple[Canary, ...]],
    first: int,
    many: int,
    writes: bool,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    database, canaries = house
    tally, search, batch = Tally(), Search(canaries), WRITES_A_GATEWAY if writes else READS_A_GATEWAY
    for start in range(first, first + many, batch):
        seeds = range(start, min(start + batch, first + many))
        await judged(tmp_path_factory.mktemp("gateway"), database, search, seeds, tally, writes=writes)
    record_property("grown", tally.line())
    with capsys.disabled():
        print(f"\ngrown {'writes' if writes else 'reads'} from seed {first}: {tally.line()}; {dict(tally.because)}")
    assert not tally.leaks, "\n".join(tally.leaks[:20])
    assert not tally.changed, "\n".join(tally.changed[:20])
    assert not tally.lost, "\n".join(tally.lost[:20])
    assert tally.counts["accepted"] > many / 2, "the server refuses nearly all that is made"
    assert tally.counts["shown by the server"] > many / 20, "hardly any canary was in what the server shows"
    assert tally.counts["compared"] > tally.counts["accepted"] / 4, "hardly anything was compared"
