"""Several statements in one text: each judged by itself, all one action, one answer after the other."""

from __future__ import annotations

import psycopg
import pytest
from tests.a_gateway import Gateway
from tests.doors.postgres.a_ledger import endings, outcomes
from tests.doors.postgres.a_scene import gate as gate
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields


def stored(database: Database) -> list[int]:
    with database.admin() as admin:
        return [int(str(row[0])) for row in admin.execute("SELECT id FROM log ORDER BY id").fetchall()]


async def asked(gate: Gateway, text: str) -> tuple[str, list[bytes], str]:
    """The types of the answers, the tags, and the SQLSTATE of an error."""
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    client.send((b"Q", text.encode() + b"\0"))
    messages = await client.until_ready()
    client.close()
    code = next((fields(m)["C"] for m in messages if m.type == b"E"), "")
    return "".join(m.type.decode() for m in messages), [m.body[:-1] for m in messages if m.type == b"C"], code


async def test_all_results_come_in_order_with_one_ready_for_query(gate: Gateway) -> None:
    text = "SELECT id FROM people WHERE id < 3; /* b */ INSERT INTO log VALUES (1); -- c\n SELECT ssn FROM people;; "
    types, tags, _ = await asked(gate, text)
    assert types == "TDDC" + "C" + "T" + "D" * 10 + "CZ"
    assert tags == [b"SELECT 2", b"INSERT 0 1", b"SELECT 10"]
    (ended,) = await endings(gate, 1)
    assert (ended["outcome"], ended["rows"]) == ("succeeded", 13)


async def test_an_error_skips_the_rest_and_undoes_what_ran(gate: Gateway, empty_database: Database) -> None:
    types, tags, code = await asked(gate, "INSERT INTO log VALUES (1); INSERT INTO log VALUES (1); SELECT 1")
    assert (types, tags, code) == ("CEZ", [b"INSERT 0 1"], "23505")
    assert stored(empty_database) == []
    assert await outcomes(gate, 1) == ["failed"]


async def test_transactions_stand_among_the_statements(gate: Gateway, empty_database: Database) -> None:
    await asked(gate, "BEGIN; INSERT INTO log VALUES (1); COMMIT; INSERT INTO log VALUES (2)")
    await asked(gate, "BEGIN; INSERT INTO log VALUES (3); ROLLBACK")
    assert stored(empty_database) == [1, 2]
    assert await outcomes(gate, 2) == ["succeeded", "rolled_back"]


async def test_nothing_runs_when_one_of_them_is_denied_or_not_read(gate: Gateway, empty_database: Database) -> None:
    for wrong in ("DROP TABLE log", "SELEC", "SELECT nothing FROM log"):
        types, _, code = await asked(gate, f"INSERT INTO log VALUES (1); {wrong}")
        assert types == "EZ"
        assert code in ("42501", "42601", "42703")
    assert stored(empty_database) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SHOW lc_messages",
        "SET timezone = 'UTC'; SELECT now()",
        "CREATE TABLE a (a int); SELECT 1",
        "BEGIN; DECLARE c CURSOR FOR SELECT 1; DECLARE d CURSOR FOR SELECT 2",
        "PREPARE p AS SELECT 1; EXECUTE p; SELECT 2",
    ],
)
async def test_what_cant_stand_together_is_refused(gate: Gateway, text: str) -> None:
    types, _, code = await asked(gate, text)
    assert types == "EZ"
    assert code in ("0A000", "42501")


async def test_our_settings_stand_in_front_of_what_they_are_for(gate: Gateway) -> None:
    text = "SET interlock.reason = 'x'; SET statement_timeout = 5000; SELECT ssn FROM people WHERE id = 1"
    types, tags, _ = await asked(gate, text)
    assert (types, tags) == ("CCTDCZ", [b"SET", b"SET", b"SELECT 1"])
    types, _, _ = await asked(gate, "SHOW interlock.reason; SELECT 1")
    assert types == "TDCTDCZ"


async def test_psycopg_gets_each_result(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        cursor = await connection.execute("SELECT 1; SELECT ssn FROM people WHERE id = 1")
        assert await cursor.fetchall() == [(1,)]
        assert cursor.nextset()
        assert await cursor.fetchall() == [("[phi.ssn]",)]
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO log VALUES (1); INSERT INTO log VALUES (1)")
