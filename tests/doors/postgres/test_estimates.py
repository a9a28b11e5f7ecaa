"""Held actions are estimated: on the card for who signs, as a cap for what runs, and for nobody else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.test_flush import run
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient

from interlock.model.action import Action
from interlock.model.names import PersonId
from interlock.model.review import Review, ReviewState
from interlock.review.card_view import read_card
from interlock.review.words import cautions
from interlock.web.api.shapes import own_review
from interlock.wire.postgres import frontend

CANARY = "900-55-1234"
CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = "".join(
    f'@id("{group}") permit (principal, action in Interlock::Action::"{group}", resource);\n'
    for group in ("read", "write", "session", "export")
)
POLICY += """
@id("writes-are-signed") @review("officers:1") @because("Writes are signed for.")
forbid (principal, action in Interlock::Action::"write", resource);
@id("exports-are-signed") @review("officers:1") @because("Exports are signed for.")
forbid (principal, action in Interlock::Action::"export", resource);
@id("labelled-tests-are-signed") @review("officers:1") @because("Labelled columns are tested when signed for.")
forbid (principal, action in Interlock::Action::"read", resource) when { context.filters.contains("phi") };
"""
WRONG = "id % 2 = 0"  # a planner guesses half a percent, and it is half of them


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE things (id int PRIMARY KEY, note text)",
        "INSERT INTO things SELECT n, 'note' FROM generate_series(1, 5000) n",
        "CREATE TABLE people (id int PRIMARY KEY, ssn text)",
        f"INSERT INTO people SELECT n, CASE WHEN n % 4 = 0 THEN '{CANARY}' ELSE n::text END"
        " FROM generate_series(1, 8000) n",
        "CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners SELECT generate_series(1, 100)",
        "CREATE TABLE owned (id int, owner int REFERENCES owners ON DELETE CASCADE)",
        "CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER log_it AFTER DELETE ON owned FOR EACH ROW EXECUTE FUNCTION log_it()",
        "CREATE VIEW seen AS SELECT note FROM things; CREATE MATERIALIZED VIEW kept AS SELECT note FROM things",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
        "ANALYZE",
    )
    return empty_database


@pytest.fixture
async def gate(tmp_path: Path, database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, database, CATALOG, policy=POLICY, estimates=True) as running:
        yield running


class Asker:
    """A client whose one statement is held, and what it hears meanwhile."""

    def __init__(self, gate: Gateway, text: str) -> None:
        self._gate, self._text = gate, text
        self.heard: list[str] = []
        self.task = asyncio.ensure_future(self._asks())

    async def _asks(self) -> int:
        async with await self._gate.connect() as connection:
            connection.add_notice_handler(
                lambda d: self.heard.append(f"{d.message_primary} {d.message_detail} {d.message_hint}")
            )
            try:
                if self._text.startswith("COPY"):
                    async with connection.cursor().copy(self._text.encode()) as copy:
                        return len([row async for row in copy.rows()])
                cursor = await connection.execute(self._text.encode())
                return cursor.rowcount
            except psycopg.Error as error:
                self.heard.append(f"{error} {error.diag.message_detail} {error.diag.message_hint}")
                raise
            finally:
                for name in ("why", "review"):
                    row = await (await connection.execute(f"SHOW interlock.{name}".encode())).fetchone()
                    self.heard.append(str(row))


async def card_of(gate: Gateway) -> Mapping[str, Any]:
    (review,) = await gate.pending()
    return dict((await gate.office.desk.card(review.id)).content)


def count(database: Database, table: str = "things") -> int:
    with database.admin() as admin:
        (found,) = admin.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (None,)
    return int(str(found))


def stored(directory: Path) -> bytes:
    """Everything in the gateway's own files."""
    return b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file())


async def state_of(gate: Gateway, review: Review) -> ReviewState:
    return (await gate.office.desk.review(review.id)).state


async def ended(gate: Gateway, review: Review) -> Mapping[str, Any]:
    async with asyncio.timeout(10):
        while True:
            told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
            found = [e["d"] for e in told if e["type"] == "action.ended" and e["d"]["review"] == review.id]
            if found:
                return dict(found[0])
            await asyncio.sleep(0.01)


async def test_a_reviewer_sees_how_many_and_how_many_at_most_and_it_runs(gate: Gateway, database: Database) -> None:
    asker = Asker(gate, "DELETE FROM things WHERE id > 1000")
    card = await card_of(gate)
    assert (card["estimate"], card["row_cap"], card["estimate_cap"]) == ("about 4,000 rows", 40_000, 40_000)
    assert (card["impact"], card["unbounded"]) == ([], False)
    assert read_card(card).whole
    await gate.sign()
    assert await asker.task == 4_000
    assert count(database) == 1_000


@pytest.mark.parametrize("text", [
    f"DELETE FROM things WHERE {WRONG}",
    f"UPDATE things SET note = 'new' WHERE {WRONG} RETURNING id",
])  # fmt: skip
async def test_a_write_of_more_than_was_signed_for_is_undone(gate: Gateway, database: Database, text: str) -> None:
    asker = Asker(gate, text)
    card = await card_of(gate)
    assert (card["estimate"], card["row_cap"]) == ("about 25 rows", 1_025)
    review = await gate.sign()
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="more rows than were signed for; nothing of it"):
        await asker.task
    assert count(database) == 5_000
    assert count(database, "things WHERE note = 'new'") == 0
    assert (await ended(gate, review))["outcome"] == "rolled_back"
    assert await state_of(gate, review) is ReviewState.ROLLED_BACK


async def test_an_export_of_more_than_was_signed_for_stops(gate: Gateway) -> None:
    asker = Asker(gate, f"COPY (SELECT id FROM things WHERE {WRONG}) TO STDOUT")
    assert (await card_of(gate))["row_cap"] == 1_025
    review = await gate.sign()
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="more rows than were signed for"):
        await asker.task
    end = await ended(gate, review)
    assert (end["outcome"], end["rows"], end["sqlstate"]) == ("failed", 1_025, "54000")


async def test_an_export_within_it_comes_whole(gate: Gateway) -> None:
    asker = Asker(gate, "COPY things TO STDOUT")
    assert (await card_of(gate))["estimate"] == "about 5,000 rows"
    await gate.sign()
    assert await asker.task == 5_000


async def test_what_cascades_and_fires_is_told_and_what_cant_be_counted_has_no_cap(
    gate: Gateway, database: Database
) -> None:
    asker = Asker(gate, "DELETE FROM owners")
    card = await card_of(gate)
    told = "about 100 rows, and nothing stops it at more: they can't be counted as it runs"
    assert (card["estimate"], card["row_cap"], card["estimate_cap"], card["unbounded"]) == (told, None, None, True)
    assert card["impact"] == [
        "Each delete of public.owners may change public.owned.",
        "Each delete of public.owners sets off trigger log_it of public.owned, which calls public.log_it().",
    ]
    view = read_card(card).content
    assert view is not None
    assert set(card["impact"]) < set(cautions(view))
    await gate.sign()
    assert await asker.task == 100
    assert count(database, "owners") == 0


@pytest.mark.parametrize("text", ["COPY (SELECT note FROM kept) TO STDOUT", "TRUNCATE things"])
async def test_without_an_estimate_the_card_says_so_and_there_is_no_cap(gate: Gateway, text: str) -> None:
    asker = Asker(gate, text)
    card = await card_of(gate)
    assert card["estimate"] == "not estimated: it isn't made of stored tables and built-ins alone"
    assert (card["row_cap"], card["estimate_cap"]) == (None, None)
    await gate.sign()
    await asker.task


async def test_a_view_is_estimated_by_what_it_reads(gate: Gateway) -> None:
    asker = Asker(gate, "COPY (SELECT note FROM seen) TO STDOUT")
    assert str((await card_of(gate))["estimate"]).startswith("about 5,000 rows")
    await gate.sign()
    await asker.task


class Failing:
    """An estimator that breaks, or tells nothing, or what it is told to; and counts."""

    def __init__(self, rows: int | Exception | None) -> None:
        self.rows_told, self.asked = rows, 0

    async def rows(self, action: Action) -> int | None:
        self.asked += 1
        if isinstance(self.rows_told, Exception):
            raise self.rows_told
        return self.rows_told


@pytest.mark.parametrize("answer", [RuntimeError(CANARY), None])
async def test_an_estimate_that_fails_never_counts_as_none_at_all(
    tmp_path: Path, database: Database, answer: Exception | None
) -> None:
    async with gateway(tmp_path, database, CATALOG, policy=POLICY) as gate:
        gate.door._gate = replace(gate.door._gate, estimator=Failing(answer))
        asker = Asker(gate, "DELETE FROM things")
        card = await card_of(gate)
        assert card["estimate"] == "not estimated: the protected system gave no estimate"
        assert card["row_cap"] is None
        await gate.sign()
        assert await asker.task == 5_000


async def test_only_what_people_look_at_is_estimated(tmp_path: Path, database: Database) -> None:
    async with gateway(tmp_path, database, CATALOG, policy=POLICY) as gate:
        counting = Failing(None)
        gate.door._gate = replace(gate.door._gate, estimator=counting)
        async with await gate.connect() as connection:
            await connection.execute("SELECT note FROM things WHERE id = 3")
            with pytest.raises(psycopg.Error):
                await connection.execute("DROP TABLE things")
        assert counting.asked == 0
        asker = Asker(gate, "DELETE FROM things")
        await gate.sign()
        await asker.task
        assert counting.asked == 1  # and not at the release again


async def test_the_smaller_of_policys_cap_and_the_estimates_holds(tmp_path: Path, database: Database) -> None:
    policy = POLICY.replace('@id("write")', '@id("write") @row_cap("3")')
    async with gateway(tmp_path, database, CATALOG, policy=policy, estimates=True) as gate:
        asker = Asker(gate, "DELETE FROM things")
        card = await card_of(gate)
        assert (card["row_cap"], card["estimate_cap"]) == (3, 50_000)
        await gate.sign()
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            await asker.task
        assert count(database) == 5_000


async def test_who_asks_learns_neither_figure(gate: Gateway, database: Database) -> None:
    """They are made of what the planner keeps of labelled columns: an oracle, were they told."""
    texts = (
        f"UPDATE people SET id = id WHERE ssn = '{CANARY}'",
        f"SELECT id FROM people WHERE ssn = '{CANARY}'",
        f"DELETE FROM people WHERE ssn || '' <> '{CANARY}' AND {WRONG}",
    )
    for text in texts:
        asker = Asker(gate, text)
        (review,) = await gate.pending()
        card = await gate.office.desk.card(review.id)
        content = dict(card.content)
        assert content["row_cap"] == content["estimate_cap"] is not None
        figures = {str(content["row_cap"]), f"{content['row_cap']:,}", str(content["estimate"]).split()[1]}
        own = own_review(review, card, ())
        assert (own.row_cap, own.narrowed) == (None, False)
        await gate.sign()
        if text.startswith("DELETE"):
            with pytest.raises(psycopg.errors.ProgramLimitExceeded):
                await asker.task
        else:
            assert await asker.task == 2_000
        heard = " ".join(asker.heard).replace(str(review.id), "")
        assert "Held for sign-off" in heard
        assert not {figure for figure in figures if figure in heard}
        shown = repr(own.model_dump(exclude={"id", "action_digest", "opened_at", "expires_at", "approved_until"}))
        assert not {figure for figure in figures if figure in shown}


async def test_who_asks_learns_a_cap_that_policy_or_a_reviewer_set(gate: Gateway) -> None:
    asker = Asker(gate, "DELETE FROM things WHERE id < 4")
    (review,) = await gate.pending()
    card = await gate.office.desk.card(review.id)
    lower = replace(card, content={**card.content, "row_cap": 7})
    assert own_review(review, lower, ()).row_cap == 7
    assert own_review(review, card, ()).row_cap is None
    await gate.sign()
    await asker.task


async def test_values_of_a_plan_are_nowhere(tmp_path: Path, gate: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        asker = Asker(gate, f"DELETE FROM people WHERE ssn = '{CANARY}' AND id > 17")
        card = await card_of(gate)
        await gate.sign()
        await asker.task
    assert card["estimate"].startswith("about ")
    assert CANARY not in json.dumps(card) + repr(logs) + caplog.text + b" ".join(await gate.bodies()).decode()
    assert CANARY.encode() not in stored(tmp_path)


async def test_a_write_behind_a_flush_has_neither(gate: Gateway, database: Database) -> None:
    """A cap couldn't be held there, and one that can't be held would refuse what people signed for."""
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.writer.write(run("DELETE FROM things") + frontend.write_flush())
    card = await card_of(gate)
    assert card["estimate"].startswith("not estimated: a limit to its rows couldn't be held")
    assert card["row_cap"] is None
    await gate.sign()
    await client.until(b"C")
    client.writer.write(frontend.write_sync())
    await client.until_ready()
    assert count(database) == 0
    client.close()


async def test_one_that_joins_is_under_the_cap_of_the_review(gate: Gateway, database: Database) -> None:
    first = Asker(gate, f"DELETE FROM things WHERE {WRONG}")
    (review,) = await gate.pending()
    second = Asker(gate, f"delete  from things where {WRONG}")
    async with asyncio.timeout(10):
        while not second.heard:
            await asyncio.sleep(0.01)
    assert len(await gate.pending()) == 1
    await gate.office.vote(review, PersonId("dana"))
    found = await asyncio.gather(first.task, second.task, return_exceptions=True)
    assert {type(each) for each in found} <= {psycopg.errors.ProgramLimitExceeded, psycopg.errors.InsufficientPrivilege}
    assert count(database) == 5_000
