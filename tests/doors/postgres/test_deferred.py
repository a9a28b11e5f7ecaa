"""Deferred runs against a real server: asked, left, signed, run once by the gateway, kept masked for who asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from testkit.postgres_messages import cut
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors.postgres import deferred as runner
from interlock.doors.postgres import gathering, own_answers
from interlock.doors.postgres.kept_results import KeptResult, read_result, write_result
from interlock.doors.postgres.meeting import upstream_settings
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.units import Stop
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import LedgerCorrupt
from interlock.gate import Held
from interlock.model.actor import Actor
from interlock.model.names import PersonId
from interlock.model.payload import SqlStatement
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.stores.bell import LocalBell
from interlock.workers.deferred import DeferredWork

CANARY = "900-11-2222"
CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
DELETE = "DELETE FROM log"
COPY = "COPY people TO STDOUT"


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{CANARY}')",
        "CREATE TABLE log (id int, at timestamptz DEFAULT '2026-11-22 12:00+00'); INSERT INTO log VALUES (1), (2)",
        "CREATE VIEW shown AS SELECT id FROM people",
        "GRANT ALL ON people, log, shown TO PUBLIC",
    )
    return empty_database


@pytest.fixture
async def gate(tmp_path: Path, database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, database, CATALOG) as running:
        yield running


@asynccontextmanager
async def working(gate: Gateway, nodes: int = 1) -> AsyncIterator[None]:
    """The deferred workers of so many nodes."""
    stop, bell = asyncio.Event(), gate.office.desk.bell
    assert isinstance(bell, LocalBell)
    async with asyncio.TaskGroup() as group:
        for _ in range(nodes):
            group.create_task(DeferredWork(gate.office.desk, [gate.door.runner()]).run(bell.listen, stop))
        try:
            yield
        finally:
            stop.set()


async def ask(gate: Gateway, *texts: str, settings: Mapping[str, str] | None = None, **bind: Any) -> Review:
    """What a session does with a request that policy holds, when its client chose not to wait: then it leaves."""
    actor = gate.office.registry.authenticate(gate.agent_key)
    up = await Upstream.open(gate.definitions.upstream, upstream_settings(settings or {}, actor), ENTROPY)
    try:
        preparing = Preparing(
            up=up,
            facts=await up.facts(),
            definitions=gate.definitions,
            texts=Texts(),
            actor=actor,
            entropy=ENTROPY,
        )
        planned = []
        for text in texts:
            payload = SqlStatement(text.encode(), **{"simple": True, **bind})
            planned.append(await preparing.described(await preparing.read(payload, failed=False), payload))
        answer = await gate.office.gate.ask(replace(preparing.action(planned), deferred=True))
    finally:
        up.close()
    assert isinstance(answer, Held)
    return answer.review


async def settled(gate: Gateway, review: Review, state: ReviewState = ReviewState.SUCCEEDED) -> Review:
    """The review once it is in this state."""
    async with asyncio.timeout(10):
        while (found := await gate.office.desk.review(review.id)).state is not state:
            await asyncio.sleep(0.01)
    return found


def asker(gate: Gateway, key: Secret[str] | None = None) -> Actor:
    return gate.office.registry.authenticate(key or gate.agent_key)


async def fetched(gate: Gateway, review: Review) -> tuple[list[str], list[list[bytes | None]], str]:
    """(columns, rows, tag) as the asker's client gets them."""
    rows = await own_answers.fetch(gate.office.desk, asker(gate), review.id)
    messages, rest = cut(await rows.rows())
    assert not rest
    values = [row(message.body) for message in messages if message.type == b"D"]
    return [column.name for column in rows.columns or ()], values, messages[-1].body[:-1].decode()


def row(body: bytes) -> list[bytes | None]:
    at, found = 2, list[bytes | None]()
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], "big", signed=True)
        found.append(None if size < 0 else body[at + 4 : at + 4 + size])
        at += 4 + max(size, 0)
    return found


async def stopped(gate: Gateway, review: str, key: Secret[str] | None = None) -> Stop:
    with pytest.raises(Stop) as found:
        await own_answers.fetch(gate.office.desk, asker(gate, key), review)
    return found.value


def count(database: Database, text: str = "SELECT count(*) FROM log") -> Any:
    with database.admin() as admin:
        found = admin.execute(text.encode()).fetchone()
    assert found is not None
    return found[0]


async def test_it_runs_once_when_signed_and_gives_masked_rows_to_its_asker(gate: Gateway, tmp_path: Path) -> None:
    async with working(gate):
        review = await ask(gate, COPY)
        waiting = await stopped(gate, review.id)
        assert (waiting.sqlstate, "pending" in waiting.detail) == ("IL002", True)
        await gate.office.vote(review, "dana")
        await settled(gate, review)
        for _ in range(2):
            assert await fetched(gate, review) == (["copy"], [[b"1\t[phi.ssn]"]], "SELECT 1")
    released = [body for body in await gate.bodies() if b'"type":"action.released"' in body and b'"wait"' in body]
    assert len(released) == 1
    for file in sorted(tmp_path.iterdir()):  # noqa: ASYNC240  a test reads what it wrote
        assert CANARY.encode() not in file.read_bytes(), "sealed, and masked before that"
        assert b"[phi.ssn]" not in file.read_bytes()


async def test_nobody_else_learns_that_there_is_one(gate: Gateway) -> None:
    review = await ask(gate, COPY)
    other, nobody = await stopped(gate, review.id, gate.other_key), await stopped(gate, "0" * 36)
    told = (nobody.sqlstate, nobody.sentence, nobody.detail, nobody.hint)
    assert (other.sqlstate, other.sentence, other.detail, other.hint) == told


async def test_two_workers_run_it_once(gate: Gateway, database: Database) -> None:
    review = await ask(gate, "UPDATE log SET id = id + 10")
    async with working(gate, nodes=3):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
        assert (await fetched(gate, review))[2] == "UPDATE 2"
    assert count(database, "SELECT sum(id) FROM log") == 23


async def test_it_runs_after_a_restart_that_came_between(tmp_path: Path, database: Database) -> None:
    async with gateway(tmp_path, database, CATALOG) as gate:
        review = await ask(gate, DELETE)
        key = gate.agent_key
        await gate.office.vote(review, "dana")
    async with gateway(tmp_path, database, CATALOG) as gate:
        gate.agent_key = key
        async with working(gate):
            await settled(gate, review)
            assert (await fetched(gate, review))[1:] == ([], "DELETE 2")
    assert count(database) == 0


async def test_a_key_that_was_revoked_between_runs_nothing(gate: Gateway, database: Database) -> None:
    review = await ask(gate, DELETE)
    await gate.office.vote(review, "dana")
    await gate.office.registry.revoke_key(asker(gate).key, PersonId("olivia"), "lost")
    async with working(gate):
        await settled(gate, review, ReviewState.SUPERSEDED)
    assert count(database) == 2


async def test_what_was_signed_for_and_is_gone_runs_nothing(gate: Gateway, database: Database) -> None:
    review = await ask(gate, "COPY (SELECT id FROM shown) TO STDOUT")
    database.execute("DROP VIEW shown")
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review, ReviewState.SUPERSEDED)
        stop = await stopped(gate, review.id)
        assert (stop.sqlstate, "review_superseded" in stop.detail) == ("42501", True)


async def test_what_changed_since_is_asked_for_anew(gate: Gateway, database: Database) -> None:
    review = await ask(gate, "COPY (SELECT id FROM shown) TO STDOUT")
    await gate.office.vote(review, "dana")
    database.execute("CREATE OR REPLACE VIEW shown AS SELECT id FROM people WHERE id > 0")
    async with working(gate):
        await settled(gate, review, ReviewState.SUPERSEDED)
        (anew,) = await gate.pending()
        assert anew.deferred and anew.id != review.id
        await gate.office.vote(anew, "dana")
        await settled(gate, anew)
        assert await fetched(gate, anew) == (["copy"], [[b"1"]], "SELECT 1")


async def test_a_no_is_told(gate: Gateway) -> None:
    review = await ask(gate, DELETE)
    await gate.office.vote(review, "dana", Verdict.DENY)
    stop = await stopped(gate, review.id)
    assert (stop.sqlstate, "review_denied" in stop.detail) == ("42501", True)


async def test_it_runs_in_the_state_that_was_asked_in(gate: Gateway, database: Database) -> None:
    text = "DELETE FROM log WHERE id = id RETURNING id, at"
    review = await ask(gate, text, settings={"TimeZone": "Asia/Tokyo", "DateStyle": "SQL, DMY"})
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
        columns, rows, tag = await fetched(gate, review)
    assert (columns, tag, rows[0]) == (["id", "at"], "DELETE 2", [b"1", b"22/11/2026 21:00:00 JST"])


async def test_a_state_that_cant_be_had_any_more_runs_nothing(gate: Gateway, database: Database) -> None:
    database.execute("CREATE SCHEMA apart; GRANT ALL ON SCHEMA apart TO PUBLIC")
    await gate.definitions.refresh()
    review = await ask(gate, DELETE, settings={"search_path": "apart, public"})
    database.execute("DROP SCHEMA apart")
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review, ReviewState.SUPERSEDED)
    assert count(database) == 2


async def test_a_failure_is_told_by_its_code(gate: Gateway, database: Database) -> None:
    review = await ask(gate, "UPDATE log SET id = 1 / (id - 1)")
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review, ReviewState.FAILED)
    assert (await stopped(gate, review.id)).sqlstate == "22012"


async def test_a_write_that_gives_too_much_is_undone(
    gate: Gateway, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "Gathered", small(200))
    database.execute("INSERT INTO log SELECT n FROM generate_series(1, 1000) n")
    review = await ask(gate, "DELETE FROM log RETURNING id")
    async with working(gate):
        await gate.office.vote(review, "dana")
        async with asyncio.timeout(10):
            while (found := await gate.office.desk.review(review.id)).state.value not in ("rolled_back", "failed"):
                await asyncio.sleep(0.01)
    stop = await stopped(gate, found.id)
    assert stop.sqlstate == "54000" and "undone" in stop.sentence
    assert count(database) == 1002


async def test_rows_of_a_bound_statement_are_kept_in_the_formats_asked_for(gate: Gateway) -> None:
    review = await ask(gate, "DELETE FROM log RETURNING id", simple=False, result_formats=(1,))
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
        assert (await fetched(gate, review))[1] == [[(1).to_bytes(4)], [(2).to_bytes(4)]]
        found = await own_answers.fetch(gate.office.desk, asker(gate), review.id, (1,))
        assert found.columns is not None and found.columns[0].format == 1
        with pytest.raises(Stop, match="formats"):
            await own_answers.fetch(gate.office.desk, asker(gate), review.id, (0,))


async def test_while_the_server_is_away_nothing_is_lost(gate: Gateway, database: Database) -> None:
    review = await ask(gate, DELETE)
    true = gate.definitions.upstream
    gate.definitions.upstream = replace(true, port=1)
    async with working(gate):
        await gate.office.vote(review, "dana")
        async with asyncio.timeout(10):
            while not gate.office.desk.due_to_run():
                await asyncio.sleep(0.01)
        gate.definitions.upstream = true
        await settled(gate, review)
    assert count(database) == 0


def test_a_kept_result_is_read_back_and_nothing_else_is() -> None:
    kept = KeptResult(None, b"rows", "TAG", "22012", "because")
    assert read_result(write_result(kept)) == kept
    for broken in (b"", b"\0\0\0\1{", b"\0\0\0\2{}", b"\xff\xff\xff\xff"):
        with pytest.raises(LedgerCorrupt):
            read_result(broken)


def small(most: int) -> Callable[[Callable[[], None]], gathering.Gathered]:
    def made(too_much: Callable[[], None]) -> gathering.Gathered:
        return gathering.Gathered(too_much, most)

    return made
