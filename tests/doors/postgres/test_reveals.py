"""Reveals and tickets through real clients: asked for, decided, shown; and nothing else shown with them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY, Gateway, gateway
from tests.postgres_fixture import Database

from interlock.model.names import GroupName, PersonId
from interlock.policy.bundle import load

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.people.mrn"
labels = ["phi.mrn"]
[[column]]
match = "public.people.born"
labels = ["phi.date.birth", "quasi.race"]
"""
REVEALS = "".join(
    f'@id("agents-{group}") permit (principal, action in Interlock::Action::"{group}", resource);\n'
    for group in ("read", "write", "session", "export")
)
REVEALS += """
@id("agents-reveal")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"reveal", resource)
unless { resource.labels.contains("quasi.race") };
@id("mrns-are-signed") @review("officers:1") @because("Record numbers are shown when signed for.")
forbid (principal, action in Interlock::Action::"reveal", resource) when { resource.labels.contains("phi.mrn") };
"""
SHOWN = "900-11-2222"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int, ssn text, mrn text, born date)",
        f"INSERT INTO people VALUES (1, '{SHOWN}', 'MRN-7', '1970-01-02'), (2, NULL, NULL, NULL)",
        "GRANT ALL ON people TO PUBLIC; CREATE VIEW names AS SELECT ssn FROM people; GRANT ALL ON names TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=REVEALS) as running:
        yield running


async def rows(connection: psycopg.AsyncConnection[Any], text: str, **how: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(text.encode(), **how)).fetchall()


QUERY = "SELECT id, ssn, mrn, upper(ssn), born FROM people WHERE id = 1"
MASKED = [(1, "[phi.ssn]", "[phi.mrn]", "[phi.ssn]", None)]
REVEALED = [(1, SHOWN, "[phi.mrn]", "[phi.ssn]", None)]


@pytest.mark.parametrize("how", [{}, {"prepare": True}, {"binary": True}], ids=["simple", "extended", "binary"])
async def test_what_is_asked_for_is_shown_and_nothing_else(gate: Gateway, how: dict[str, Any]) -> None:
    async with await gate.connect() as connection:
        assert await rows(connection, QUERY, **how) == MASKED
        await connection.execute("SET interlock.reveal = 'people.ssn'")
        assert await rows(connection, QUERY, **how) == REVEALED
        assert await rows(connection, "SELECT ssn FROM names", **how) == [(SHOWN,), (None,)], "a view's plain column"
        assert await rows(connection, "SELECT ssn || '' FROM names", **how) == [("[phi.ssn]",)] * 2
        await connection.execute("RESET interlock.reveal")
        assert await rows(connection, QUERY, **how) == MASKED


async def test_through_asyncpg_copy_and_returning(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        await connection.execute("SET interlock.reveal = 'public.people.ssn, people.id'")
        statement = await connection.prepare(QUERY)
        for _ in range(2):
            assert [tuple(row) for row in await statement.fetch()] == REVEALED
        changed = await connection.fetch("UPDATE people SET id = 3 WHERE id = 1 RETURNING ssn, mrn")
        assert [tuple(row) for row in changed] == [(SHOWN, "[phi.mrn]")]
    finally:
        await connection.close()
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.reveal = 'people.ssn'")
        async with connection.cursor().copy("COPY people (ssn, mrn) TO STDOUT") as copy:
            assert b"".join([bytes(block) async for block in copy]) == b"\\N\t\\N\n900-11-2222\t[phi.mrn]\n"


@pytest.mark.parametrize("ending", ["SET interlock.reveal = ''", "RESET interlock.reveal", "RESET ALL", "DISCARD ALL"])
async def test_what_ends_it(gate: Gateway, ending: str) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.reveal = 'people.ssn'")
        assert await rows(connection, QUERY) == REVEALED
        await connection.execute(ending.encode())
        assert await rows(connection, QUERY) == MASKED
    async with await gate.connect() as another:
        assert await rows(another, QUERY) == MASKED


async def test_a_reveal_that_isnt_permitted_denies_and_says_how_to_go_on(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.reveal = 'people.born'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"interlock\.reveal") as error:
            await rows(connection, QUERY)
        assert error.value.diag.message_detail == "interlock: reveal_denied"
        assert await rows(connection, "SELECT id FROM people WHERE id = 1") == [(1,)]


async def test_a_reveal_that_is_signed_for(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.reveal = 'people.mrn'")
        asking = asyncio.ensure_future(rows(connection, "SELECT mrn, ssn FROM people WHERE id = 1"))
        await gate.sign()
        assert await asking == [("MRN-7", "[phi.ssn]")]
        told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
        released = [entry["d"] for entry in told if entry["type"] == "action.released"][-1]
        assert released["reveals"] == ["clinic/public.people.mrn phi.mrn"]
        ended = [entry for entry in told if entry["type"] == "mask.applied"][-1]
        assert ended["d"]["counts"] == [{"count": 1, "label": "phi.ssn"}]


async def test_bad_values_are_refused_in_clear_words(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for text, says in (
            ("SET interlock.reveal = 'ssn'", "table.column"),
            ("SET interlock.ticket = '?'", "2 to 64 characters"),
            ("SET LOCAL interlock.ticket = 'CHG-1'", "use SET"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=says):
                await connection.execute(text.encode())
        assert await rows(connection, QUERY) == MASKED


async def test_nothing_of_it_is_sent_to_the_server(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for prepare in (False, True):
            for name, value in {"reason": "words", "ticket": "CHG-1", "reveal": "people.ssn"}.items():
                cursor = await connection.execute(f"SET interlock.{name} = '{value}'".encode(), prepare=prepare)
                assert cursor.statusmessage == "SET"
        assert await rows(connection, "SELECT id FROM people WHERE ssn = 'x'") == []
        assert await rows(connection, "SHOW interlock.ticket") == [("CHG-1",)]


TICKET = """
@id("writes-need-a-ticket") @ticket
permit (principal, action in Interlock::Action::"write", resource);
"""


async def test_a_ticket_that_policy_asks_for(tmp_path: Path, empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE log (id int); GRANT ALL ON log TO PUBLIC")
    async with (
        gateway(tmp_path, empty_database, "", policy=POLICY + TICKET) as gate,
        await gate.connect() as connection,
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"SET interlock\.ticket"):
            await connection.execute("INSERT INTO log VALUES (1)")
        await connection.execute("SET interlock.ticket = 'CHG-1234'")
        await connection.execute("INSERT INTO log VALUES (1)")
        await connection.execute("RESET interlock.ticket")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"SET interlock\.ticket"):
            await connection.execute("INSERT INTO log VALUES (2)")


HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "reveal-a-column.md"


async def test_the_how_to_works_as_it_is_written(gate: Gateway) -> None:
    indented = [line.strip() for line in HOW_TO.read_text().splitlines() if line.startswith("       ")]
    written = "\n".join(line for line in indented if not line.startswith(("SET ", "SELECT ", "RESET ")))
    statements = [line for line in indented if line.startswith(("SET ", "RESET "))]
    groups = {
        GroupName("care-agents"): frozenset[PersonId](),
        GroupName("privacy-officers"): frozenset({PersonId("p")}),
    }
    assert load({"policy.cedar": written}, groups).policies == {"care-sees-record-numbers", "record-numbers-are-signed"}
    async with await gate.connect() as connection:
        for statement in statements:
            await connection.execute(statement.encode())
    assert len(statements) == 4
