"""What was signed for is what runs: a view or function that was swapped meanwhile needs another signature.

And what is made through the door is judged by what it is, from the next statement on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
SIGNED = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
@id("signed") @review("officers:1") @because("Reads are signed for.")
forbid (principal, action == Interlock::Action::"sql.select", resource);
"""
OPEN = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
CANARY, MASKED = "900-55-4444", "[phi.ssn]"
MADE = (
    "CREATE TABLE people (id int PRIMARY KEY, ssn text, town text)",
    f"INSERT INTO people VALUES (1, '{CANARY}', 'Ulm')",
    "CREATE FUNCTION town(int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT town FROM people WHERE id = $1 $$",
    "CREATE FUNCTION other() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$",
    "CREATE VIEW towns AS SELECT id, town FROM people",
    "CREATE VIEW called AS SELECT id, town(id) AS town FROM people",
    "CREATE VIEW above AS SELECT town FROM towns",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
)
SWAPS = [
    ("SELECT town FROM towns", "CREATE OR REPLACE VIEW towns AS SELECT id, upper(town) AS town FROM people"),
    ("SELECT town FROM above", "CREATE OR REPLACE VIEW towns AS SELECT id, ssn AS town FROM people"),
    (
        "SELECT town(1)",
        "CREATE OR REPLACE FUNCTION town(int) RETURNS text LANGUAGE sql STABLE AS"
        " $$ SELECT town || '!' FROM people WHERE id = $1 $$",
    ),
    (
        "SELECT town FROM called",
        "CREATE OR REPLACE FUNCTION town(int) RETURNS text LANGUAGE sql STABLE AS"
        " $$ SELECT ssn FROM people WHERE id = $1 $$",
    ),
]


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(*MADE, f"GRANT ALL ON SCHEMA public TO {empty_database.user}")
    return empty_database


@pytest.mark.parametrize(("query", "swap"), SWAPS, ids=range(len(SWAPS)))
async def test_a_swap_between_vote_and_release_needs_another_review(
    tmp_path: Path, people: Database, query: str, swap: str
) -> None:
    async with gateway(tmp_path, people, CATALOG, policy=SIGNED) as gate, await gate.connect() as session:
        waiting = asyncio.create_task(run(session, query))
        (first,) = await gate.pending()
        people.execute(swap)
        await gate.office.vote(first, "dana")
        async with asyncio.timeout(10):
            while (second := (await gate.pending())[0]).id == first.id:
                await asyncio.sleep(0.01)
        assert not waiting.done(), "nothing ran"
        assert (await gate.office.desk.review(first.id)).state is ReviewState.SUPERSEDED
        await gate.office.vote(second, "dana")
        assert CANARY not in str(await waiting)


@pytest.mark.parametrize("query", [query for query, _ in SWAPS])
async def test_without_a_swap_it_runs(tmp_path: Path, people: Database, query: str) -> None:
    async with gateway(tmp_path, people, CATALOG, policy=SIGNED) as gate, await gate.connect() as session:
        waiting = asyncio.create_task(run(session, query))
        await gate.sign()
        assert len(await waiting) == 1


@pytest.fixture
async def gate(tmp_path: Path, people: Database) -> AsyncIterator[Gateway]:
    people.execute(
        *(f"ALTER VIEW {view} OWNER TO {people.user}" for view in ("towns", "called", "above")),
        f"ALTER FUNCTION town(int) OWNER TO {people.user}",
    )
    async with gateway(tmp_path, people, CATALOG, policy=OPEN) as running:
        yield running


async def run(session: psycopg.AsyncConnection[Any], *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    cursor = session.cursor()
    for statement in statements:
        await cursor.execute(statement.encode())
    return await cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    ("made", "query", "shown"),
    [
        ("CREATE VIEW v AS SELECT town, ssn FROM people", "SELECT town, ssn FROM v", ("Ulm", MASKED)),
        ("CREATE VIEW v (a) AS SELECT left(ssn, 3) FROM people", "SELECT upper(a) FROM v", (MASKED,)),
        ("CREATE OR REPLACE VIEW towns AS SELECT id, ssn AS town FROM people", "SELECT town FROM above", (MASKED,)),
        ("CREATE MATERIALIZED VIEW v AS SELECT town, ssn FROM people", "SELECT town, ssn FROM v", ("Ulm", MASKED)),
        (
            "CREATE FUNCTION f(int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT ssn FROM people WHERE id = $1 $$",
            "SELECT f(1)",
            (MASKED,),
        ),
        (
            "CREATE FUNCTION f(int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT town FROM people WHERE id = $1 $$",
            "SELECT f(1)",
            ("Ulm",),
        ),
        (
            "CREATE FUNCTION f(int) RETURNS text LANGUAGE sql STABLE"
            " RETURN (SELECT town FROM people WHERE people.id = $1)",
            "SELECT f(1)",
            ("Ulm",),
        ),
        (
            "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS"
            " $$ DECLARE r text; BEGIN SELECT ssn INTO r FROM people; RETURN r; END $$",
            "SELECT f()",
            (MASKED,),
        ),
        (
            "CREATE OR REPLACE FUNCTION town(int) RETURNS text LANGUAGE sql STABLE AS"
            " $$ SELECT ssn FROM people WHERE id = $1 $$",
            "SELECT town FROM called",
            (MASKED,),
        ),
    ],
)
async def test_what_is_made_here_is_known_from_then_on(
    gate: Gateway, made: str, query: str, shown: tuple[str, ...]
) -> None:
    async with await gate.connect() as session, await gate.connect() as other:
        await run(session, made)
        assert await run(session, query) == [shown]
        assert await run(other, query) == [shown]


async def test_a_materialised_view_is_refreshed_and_keeps_its_labels(gate: Gateway) -> None:
    async with await gate.connect() as session:
        await run(session, "CREATE MATERIALIZED VIEW kept AS SELECT town, ssn FROM people WITH NO DATA")
        await run(session, "REFRESH MATERIALIZED VIEW kept")
        assert await run(session, "SELECT town, ssn FROM kept") == [("Ulm", MASKED)]
        await run(session, "DROP MATERIALIZED VIEW kept")


async def test_a_function_is_dropped(gate: Gateway) -> None:
    async with await gate.connect() as session:
        await run(session, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f()")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            await run(session, "SELECT f()")


@pytest.mark.parametrize(
    "text",
    [
        f"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '{CANARY}' $$",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN 'ada@clinic.example'",
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN -- 900554444\nRETURN 1; END $$",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('x') $$",
        "CREATE FUNCTION f() RETURNS text LANGUAGE c AS 'x', 'y'",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET standard_conforming_strings = off AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET search_path = pg_temp AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'",
        "CREATE TRIGGER t BEFORE INSERT ON people EXECUTE FUNCTION f()",
        "CREATE RULE r AS ON SELECT TO people DO INSTEAD SELECT 1",
        "CREATE POLICY p ON people",
        "DO $$ BEGIN END $$",
        "CALL f()",
        "CREATE VIEW v AS SELECT pg_read_file('x')",
    ],
)
async def test_what_is_refused(gate: Gateway, text: str) -> None:
    async with await gate.connect() as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            await run(session, text)
    assert CANARY not in str(refused.value)
    assert not any(b"900-55" in body or b"ada@" in body for body in await gate.bodies())


async def test_the_code_is_on_the_card_whole(tmp_path: Path, people: Database) -> None:
    policy = SIGNED.replace('"sql.select"', '"sql.create"')
    code = "$$ SELECT town || ' (in Baden)' FROM people WHERE id = $1 $$"
    async with gateway(tmp_path, people, CATALOG, policy=policy) as gate, await gate.connect() as session:
        making = f"CREATE FUNCTION f(int) RETURNS text LANGUAGE sql STABLE AS {code}"
        waiting = asyncio.create_task(run(session, making))
        (review,) = await gate.pending()
        card = await gate.office.desk.card(review.id)
        shown = code in str(card.content)
        await gate.sign()
        await waiting
        assert shown
        assert await run(session, "SELECT f(1)") == [("Ulm (in Baden)",)]
