"""Several clients do anything in any order while people vote and the link to the server breaks; a model watches.

    schedule >> ModelledClient x 3 >> the whole gateway >> BreakableLink >> PostgreSQL

Each write carries an id of its own, so that three books can be compared: what the clients were told, what the ledger
says, and what the server has. Promises 1, 2, 5 and 7, and that nothing is left over when everybody has gone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from testkit.postgres_messages import frame
from tests.doors.postgres.a_modelled_client import Believed, ModelledClient
from tests.doors.postgres.interleaved import OPS, Machine
from tests.doors.postgres.interleaved_stage import CLIENTS, TABLES, Stage, Step, opened
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient

from interlock.doors.postgres.transactions import Transaction

steps = st.builds(
    Step, who=st.integers(0, CLIENTS - 1), op=st.sampled_from(OPS), n=st.integers(0, 59), wait=st.booleans()
)
QUICK, LONG = 10, 250  # schedules a loop: about 15 s and 5 min on a quiet machine
schedules = st.lists(steps, min_size=25, max_size=60)


class Theatre:
    """Has a stage, and another one after a schedule that failed."""

    def __init__(self, directory: Path, database: Database, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._directory, self._database = directory, database
        self._runner = asyncio.Runner(loop_factory=loop)
        self._host: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._count = 0
        self.told: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()

    @property
    def loose(self) -> set[int]:
        """The ids that no ending of an action tells of."""
        return self._stage.loose

    def play(self, schedule: Sequence[Step]) -> None:
        """One schedule, from its start to the reckoning."""
        try:
            self._runner.run(self._play(schedule))
        except BaseException:
            self._runner.run(self._closed())
            raise

    def close(self) -> None:
        """The end of it all."""
        self._runner.run(self._closed())
        self._runner.close()

    async def _play(self, schedule: Sequence[Step]) -> None:
        if self._host is None:
            self._over = asyncio.Event()
            opening: asyncio.Future[Stage] = asyncio.get_running_loop().create_future()
            self._host = asyncio.create_task(self._hosting(opening))
            await asyncio.wait((opening, self._host), return_when=asyncio.FIRST_COMPLETED)
            self._stage = opening.result()
        await Machine(self._stage).run(schedule)
        self.told, self.outcomes = self._stage.told, self._stage.outcomes

    async def _hosting(self, opening: asyncio.Future[Stage]) -> None:
        """A stage is entered and left by the same task."""
        self._count += 1
        if self._count > 1:  # its ids begin anew: rows of the stage before would be taken for its own
            self._database.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"  # it may still be at what it was sent
                f" WHERE usename = '{self._database.user}'",
                "TRUNCATE log, signed",
            )
        directory = self._directory / str(self._count)
        directory.mkdir()
        async with opened(directory, self._database) as stage:
            opening.set_result(stage)
            await self._over.wait()

    async def _closed(self) -> None:
        self._over.set()
        if self._host is not None:
            host, self._host = self._host, None
            await host


@pytest.fixture(params=["asyncio", "uvloop"])
def theatre(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Database) -> Iterator[Theatre]:
    empty_database.execute(*TABLES)
    loop = asyncio.new_event_loop if request.param == "asyncio" else uvloop.new_event_loop
    found = Theatre(tmp_path, empty_database, loop)
    yield found
    found.close()


def played(theatre: Theatre, examples: int) -> None:
    """So many schedules, always the same ones."""
    whole = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),  # a race that shrinks is another race
        suppress_health_check=list(HealthCheck),
    )
    whole(given(schedule=schedules)(theatre.play))()


def test_whatever_clients_do_three_books_agree(theatre: Theatre) -> None:
    played(theatre, QUICK)
    assert {"succeeded", "failed", "rolled_back"} <= theatre.outcomes.keys(), theatre.outcomes
    assert {"INSERT 0 1", "UPDATE 1", "BEGIN", "COMMIT", "ROLLBACK", "COPY 2"} <= theatre.told.keys(), theatre.told


@pytest.mark.slow
def test_whatever_clients_do_three_books_agree_at_length(theatre: Theatre) -> None:
    played(theatre, LONG)
    assert {"succeeded", "failed", "rolled_back", "unknown"} <= theatre.outcomes.keys(), theatre.outcomes
    assert {"DECLARE CURSOR", "COPY 9", "FETCH 2", "LISTEN", "RELEASE"} <= theatre.told.keys(), theatre.told


def test_the_books_would_notice(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine isn't one to which everything is right: an ending that tells too much is found."""
    monkeypatch.setattr(Transaction, "rolled_back", Transaction.committed)
    schedule = [Step(0, op, n, True) for op, n in (("begin", 1), ("begin", 1), ("write", 0), ("rollback", 0))]
    with pytest.raises(AssertionError, match="ledger: id"):
        theatre.play(schedule)


def test_what_an_action_takes_back_of_its_own_is_not_told_by_its_ending(theatre: Theatre) -> None:
    """BEGIN, write, write, SAVEPOINT, write, ROLLBACK TO in one unit, then COMMIT: two of three writes are there, and
    `succeeded` is said of all. Only the third is let off."""
    parts = (("commit", 21), ("pipeline", 29), ("pipeline", 49), ("pipeline", 20), ("commit", 0))
    theatre.play([Step(1, op, n, True) for op, n in parts])
    assert theatre.told["COMMIT"] == 1, theatre.told
    assert len(theatre.loose) == 1, theatre.loose


async def test_what_lies_there_when_a_client_leaves_answers_nothing() -> None:
    """It isn't taken for an answer to what the client asks over its next connection."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1")
    async with server:
        raw = await RawClient.open(server.sockets[0].getsockname()[1])
        raw.reader = asyncio.StreamReader()
        client = ModelledClient(Believed())
        client.raw = raw
        reading = asyncio.create_task(client._read(raw))
        await asyncio.sleep(0)  # it waits for bytes now
        raw.reader.feed_data(frame(b"Z", b"I"))
        client.leave(2)
        await reading
    assert client.wrong is None
    assert client.told == []
