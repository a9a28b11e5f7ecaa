"""Row caps through real clients: reads stop at the cap, writes above it never happened, whatever the transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

from interlock.doors.postgres import capped
from interlock.model.review import ReviewState

CAP = 3
CATALOG = """
[[column]]
match = "public.things.secret"
labels = ["phi.ssn"]
"""
POLICY = '@id("session") permit (principal, action in Interlock::Action::"session", resource);\n' + "".join(
    f'@id("{group}") @row_cap("{CAP}") permit (principal, action in Interlock::Action::"{group}", resource);\n'
    for group in ("read", "write", "export")
)
TooMany = psycopg.errors.ProgramLimitExceeded
SAYS = "more than the 3 rows that policy allows"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE things (id int PRIMARY KEY, note text, secret text)",
        "INSERT INTO things SELECT n, 'note', 'S' || n FROM generate_series(1, 10) n",
        "CREATE TABLE serials (id serial PRIMARY KEY, note text DEFAULT upper('x'))",
        "CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1)",
        "CREATE TABLE owned (id int, owner int REFERENCES owners DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE audited (id int)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER note AFTER UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION note()",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


def stored(database: Database, text: str = "SELECT count(*) FROM things WHERE note = 'new'") -> Any:
    """What is really there."""
    with database.admin() as admin:
        row = admin.execute(text.encode()).fetchone()
    assert row is not None
    return row[0]


async def endings(gate: Gateway, wanted: int = 1) -> list[Mapping[str, Any]]:
    """The last endings that the ledger tells, without the session's."""
    async with asyncio.timeout(10):
        while True:
            told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
            acts = {e["act"] for e in told if e["type"] == "action.released" and e["d"]["verbs"] != ["session.open"]}
            found = [e["d"] for e in told if e["type"] == "action.ended" and e["act"] in acts]
            if len(found) >= len(acts) >= wanted:
                return found
            await asyncio.sleep(0.01)


HOW: tuple[dict[str, Any], ...] = ({}, {"prepare": True}, {"binary": True})


async def test_a_read_within_the_cap_passes_and_one_above_it_fails(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for how in HOW:
            cursor = await connection.execute("SELECT id, secret FROM things ORDER BY id LIMIT 3", **how)
            assert await cursor.fetchall() == [(n, "[phi.ssn]") for n in (1, 2, 3)]
            with pytest.raises(TooMany, match=SAYS) as error:
                await connection.execute("SELECT id, secret FROM things", **how)
            assert error.value.diag.message_detail == "interlock: row_cap"
            assert await (await connection.execute("SELECT 1", **how)).fetchall() == [(1,)]
    ended = [(e["outcome"], e["rows"], e["sqlstate"]) for e in await endings(gate, 9)]
    assert ended == [("succeeded", 3, ""), ("failed", 3, "54000"), ("succeeded", 1, "")] * 3


async def test_never_more_rows_than_the_cap_go_down(gate: Gateway) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    texts = (b"SELECT id FROM things", b"SELECT secret FROM things", b"SELECT generate_series(1, 9000000)")
    for text in texts * 2:  # the cancel of one must not reach the next
        client.send((b"Q", text + b"\0"))
        answers = await client.until_ready()
        assert [m.type for m in answers] == [b"T", b"D", b"D", b"D", b"E", b"Z"]
        assert fields(answers[-2])["C"] == "54000" and answers[-1].body == b"I"
        client.send((b"Q", b"SELECT 1\0"))
        assert [m.type for m in await client.until_ready()] == [b"T", b"D", b"C", b"Z"]
    client.close()


async def copied(connection: psycopg.AsyncConnection[Any], text: str) -> tuple[bytes, bool]:
    """What came of a COPY, and whether that was all."""
    got: list[bytes] = []
    try:
        async with connection.cursor().copy(text.encode()) as copy:
            async for block in copy:
                got.append(bytes(block))
    except TooMany:
        return b"".join(got), False
    return b"".join(got), True


async def test_copy_out_is_counted(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for options, header in (("", 0), ("(FORMAT csv, HEADER)", 1)):
            for columns in ("id", "id, secret"):
                some = f"COPY (SELECT {columns} FROM things LIMIT 3) TO STDOUT {options}"
                for text, fits in ((some, True), (f"COPY things ({columns}) TO STDOUT {options}", False)):
                    data, whole = await copied(connection, text)
                    assert (len(data.splitlines()), whole) == (CAP + header, fits)


async def test_a_read_above_the_cap_fails_its_transaction(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 1")
        with pytest.raises(TooMany):
            await connection.execute("SELECT id FROM things")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("SELECT 1")
        assert (await connection.execute("COMMIT")).statusmessage == "ROLLBACK"
    assert stored(empty_database) == 0


async def test_a_write_within_the_cap_is_kept_and_one_above_it_never_happened(
    gate: Gateway, empty_database: Database
) -> None:
    async with await gate.connect() as connection:
        for how in HOW:
            cursor = await connection.execute(
                "UPDATE things SET note = 'new' WHERE id <= 3 RETURNING id, secret", **how
            )
            assert cursor.statusmessage == "UPDATE 3"
            assert sorted(await cursor.fetchall()) == [(n, "[phi.ssn]") for n in (1, 2, 3)]
            for text in ("UPDATE things SET note = 'new'", "UPDATE things SET note = 'new' RETURNING id"):
                with pytest.raises(TooMany, match=f"{SAYS}; nothing of it was kept"):
                    await connection.execute(text.encode(), **how)
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            assert (await connection.execute("INSERT INTO serials (note) VALUES ('a'), ('b')")).rowcount == 2
            assert stored(empty_database) == 3
    assert stored(empty_database, "SELECT count(*) FROM serials") == 6
    ended = await endings(gate, 12)
    assert [(e["outcome"], e["sqlstate"]) for e in ended[:4]] == [
        ("succeeded", ""),
        ("rolled_back", "54000"),
        ("rolled_back", "54000"),
        ("succeeded", ""),
    ]
    assert [e["rows"] for e in ended[:2]] == [3, 10]


async def test_no_row_that_a_write_returns_goes_down_before_it_is_counted(gate: Gateway) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    for text in (b"DELETE FROM things RETURNING id\0", b"DELETE FROM things\0"):
        client.send((b"Q", text))
        assert [m.type for m in await client.until_ready()] == [b"E", b"Z"]
        client.send((b"P", b"\0" + text + b"\0\0"), (b"B", b"\0" * 8), (b"D", b"P\0"), (b"E", b"\0" * 5), (b"S", b""))
        assert [m.type for m in await client.until_ready()] == [b"E", b"Z"]
    client.close()


async def test_what_is_too_large_to_hold_back_is_undone(
    gate: Gateway, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped, "MAX_HELD", 40)
    async with await gate.connect() as connection:
        with pytest.raises(TooMany, match="too large to be held back"):
            await connection.execute("UPDATE things SET note = 'new' WHERE id < 4 RETURNING note, id, secret")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 1 RETURNING id")
    assert stored(empty_database) == 1


async def test_inside_a_clients_transaction(gate: Gateway, empty_database: Database) -> None:
    """A savepoint of the client's by the same name as ours is still the client's."""
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 1")
        await connection.execute("SAVEPOINT interlock")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 2")
        with pytest.raises(TooMany):
            await connection.execute("UPDATE things SET note = 'new'")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute("UPDATE things SET note = 'new' WHERE id = 3")
        await connection.execute("ROLLBACK TO SAVEPOINT interlock")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 4")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO things (id) VALUES (1)")
        await connection.execute("ROLLBACK TO SAVEPOINT interlock")
        await connection.execute("COMMIT")
    assert stored(empty_database) == 1


async def test_a_failed_transaction_keeps_nothing(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        await connection.execute("BEGIN")
        await connection.execute("UPDATE things SET note = 'new' WHERE id = 1")
        with pytest.raises(TooMany):
            await connection.execute("DELETE FROM things")
        assert (await connection.execute("COMMIT")).statusmessage == "ROLLBACK"
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert stored(empty_database) == 0 and stored(empty_database, "SELECT count(*) FROM things") == 10


async def test_several_executes_of_one_unit_are_summed(gate: Gateway, empty_database: Database) -> None:
    update = "UPDATE things SET note = 'new' WHERE id = %s"
    async with await gate.connect() as connection:
        async with connection.cursor() as cursor:
            await cursor.executemany(update, [(n,) for n in (1, 2, 3)])
        assert stored(empty_database) == 3
        with pytest.raises(TooMany):
            async with connection.cursor() as cursor:
                await cursor.executemany(update.replace("new", "newer"), [(n,) for n in (1, 2, 3, 4)])
        assert stored(empty_database) == 3
        with pytest.raises(TooMany):
            async with connection.pipeline():
                await connection.execute("SELECT id FROM things WHERE id = 1 OR id = 2")
                await connection.execute("UPDATE things SET note = 'old' WHERE id < 3")
        assert stored(empty_database) == 3
    many = await gate.asyncpg()
    try:
        await many.executemany("UPDATE things SET note = 'asyncpg' WHERE id = $1", [(n,) for n in (1, 2, 3)])
        with pytest.raises(asyncpg.exceptions.ProgramLimitExceededError):
            await many.executemany("UPDATE things SET note = 'new' WHERE id = $1", [(n,) for n in range(1, 5)])
        assert stored(empty_database, "SELECT count(*) FROM things WHERE note = 'asyncpg'") == 3
    finally:
        await many.close()


async def test_a_pipeline_with_its_own_begin_and_commit(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        async with connection.pipeline(), connection.transaction():
            cursor = await connection.execute("UPDATE things SET note = 'new' WHERE id < 3 RETURNING id")
        assert sorted(await cursor.fetchall()) == [(1,), (2,)]
        assert stored(empty_database) == 2
        with pytest.raises(TooMany):
            async with connection.pipeline(), connection.transaction():
                await connection.execute("UPDATE things SET note = 'new'")
        assert stored(empty_database) == 2
        await connection.rollback()
        await connection.set_autocommit(False)
        async with connection.pipeline():
            await connection.execute("UPDATE things SET note = 'new' WHERE id = 3")
            assert stored(empty_database) == 2
        await connection.commit()
    assert stored(empty_database) == 3


UNIT = {
    "begin": (b"BEGIN", b"UPDATE things SET note = 'new' WHERE id = 1"),
    "commit": (b"BEGIN", b"UPDATE things SET note = 'new' WHERE id = 1", b"COMMIT"),
    "rollback": (b"UPDATE things SET note = 'new' WHERE id = 1", b"ROLLBACK"),
    "commit alone": (b"UPDATE things SET note = 'new' WHERE id = 1", b"COMMIT"),
    "savepoint": (b"BEGIN", b"SAVEPOINT a", b"UPDATE things SET note = 'new' WHERE id = 1", b"RELEASE a", b"COMMIT"),
    "failing commit": (b"BEGIN", b"INSERT INTO owned VALUES (1, 99)", b"COMMIT"),
    "failing release": (b"UPDATE things SET note = 'new' WHERE id = 1", b"RELEASE nothing"),
    "too many": (b"BEGIN", b"UPDATE things SET note = 'new'", b"COMMIT"),
    "read": (b"BEGIN", b"SELECT id FROM things", b"COMMIT"),
}
AFTER = {
    "begin": (b"T", 0),
    "commit": (b"I", 1),
    "rollback": (b"I", 0),
    "commit alone": (b"I", 1),
    "savepoint": (b"I", 1),
    "failing commit": (b"I", 0),
    "failing release": (b"I", 0),
    "too many": (b"E", 0),
    "read": (b"E", 0),
}


async def test_units_with_transaction_control(gate: Gateway, empty_database: Database) -> None:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    for unit, texts in UNIT.items():
        empty_database.execute("UPDATE things SET note = 'note'")
        for text in texts:
            client.send((b"P", b"\0" + text + b"\0\0\0"), (b"B", b"\0" * 8), (b"E", b"\0" * 5))
        client.send((b"S", b""))
        answers = await client.until_ready()
        status, kept = AFTER[unit]
        assert answers[-1].body == status, unit
        completed = [m.body for m in answers if m.type == b"C"]
        if answers[-2].type == b"E":
            assert set(completed) <= {b"BEGIN\0"}, unit
        else:
            assert len(completed) == len(texts), unit
        client.send((b"Q", b"ROLLBACK\0"))
        assert (await client.until_ready())[-1].body == b"I"
        assert stored(empty_database) == kept, unit
    assert stored(empty_database, "SELECT count(*) FROM owned") == 0
    client.close()


async def test_what_fails_at_commit_reaches_the_client(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        for prepare in (False, True):
            with pytest.raises(psycopg.errors.ForeignKeyViolation) as error:
                await connection.execute("INSERT INTO owned VALUES (1, 99) RETURNING id", prepare=prepare)
            assert "99" not in str(error.value)
        await connection.execute("INSERT INTO owned VALUES (1, 1)")
    assert stored(empty_database, "SELECT count(*) FROM owned") == 1
    assert [(e["outcome"], e["sqlstate"]) for e in await endings(gate, 3)] == [
        ("failed", "23503"),
        ("failed", "23503"),
        ("succeeded", ""),
    ]


async def test_errors_of_the_server_keep_their_code(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.execute("INSERT INTO things (id) VALUES (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with connection.pipeline():
                await connection.execute("UPDATE things SET note = 'new' WHERE id = 1")
                await connection.execute("INSERT INTO things (id) VALUES (1)")
        assert (await connection.execute("UPDATE things SET note = 'old' WHERE id = 2")).rowcount == 1
    assert stored(empty_database) == 0


async def test_a_cancelled_write_is_undone(gate: Gateway, empty_database: Database) -> None:
    with empty_database.admin() as holder:
        holder.autocommit = False
        holder.execute(b"SELECT id FROM things WHERE id = 2 FOR UPDATE")
        async with await gate.connect() as connection:
            asking = asyncio.ensure_future(connection.execute("UPDATE things SET note = 'new' WHERE id < 4"))
            async with asyncio.timeout(10):
                while not stored(
                    empty_database,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()",
                ):
                    await asyncio.sleep(0.02)
            await connection.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                await asking
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            holder.rollback()
            assert stored(empty_database) == 0
            await connection.execute("UPDATE things SET note = 'new' WHERE id < 4")
    assert stored(empty_database) == 3


async def test_what_cant_be_counted_is_denied(gate: Gateway, empty_database: Database) -> None:
    async with await gate.connect() as connection:
        for text in (
            "TRUNCATE things",
            "UPDATE audited SET id = 2",
            "WITH d AS (DELETE FROM things RETURNING id) SELECT id FROM d",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
                await connection.execute(text.encode())
            assert error.value.diag.message_detail == "interlock: cap_not_enforceable"
        assert (await connection.execute("INSERT INTO audited VALUES (1)")).rowcount == 1
    assert stored(empty_database, "SELECT count(*) FROM things") == 10


async def test_a_prepared_statement_is_prepared_anew_behind_a_refusal(gate: Gateway) -> None:
    """What the client wasn't told of isn't there: its name may be used again."""
    async with await gate.connect() as connection:
        for _ in range(2):
            with pytest.raises(TooMany):
                await connection.execute("DELETE FROM things WHERE id > %s", (0,), prepare=True)
            cursor = await connection.execute("DELETE FROM things WHERE id > %s", (99,), prepare=True)
            assert cursor.rowcount == 0


async def test_what_was_signed_for_is_capped_too(tmp_path: Path, empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE things AS SELECT generate_series(1, 10) AS id; GRANT ALL ON things TO PUBLIC")
    signed = '@id("signed") @review("officers:1") @row_cap("9")\nforbid (principal, action, resource)'
    policy = POLICY.replace(f'@row_cap("{CAP}") ', "") + signed + " when { context.unbounded };"
    async with gateway(tmp_path, empty_database, "", policy=policy) as gate, await gate.connect() as connection:
        asking = asyncio.ensure_future(connection.execute("DELETE FROM things"))
        review = await gate.sign()
        with pytest.raises(TooMany, match="more than the 9 rows") as error:
            await asking
        assert error.value.diag.message_detail == f"interlock: row_cap; review {review.id}"
        settled = await gate.office.desk.review(review.id)
        assert settled.state is ReviewState.ROLLED_BACK
        assert (await connection.execute("DELETE FROM things WHERE id > 5")).rowcount == 5
    assert stored(empty_database, "SELECT count(*) FROM things") == 5


async def test_a_connection_that_breaks_leaves_the_end_unknown(gate: Gateway, empty_database: Database) -> None:
    """Killed while it waits for a lock: the server undoes it, and nobody here claims to know."""
    with empty_database.admin() as holder:
        holder.autocommit = False
        holder.execute(b"SELECT id FROM things WHERE id = 2 FOR UPDATE")
        connection = await gate.connect()
        asking = asyncio.ensure_future(connection.execute("UPDATE things SET note = 'new' WHERE id < 4"))
        waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        async with asyncio.timeout(10):
            while not stored(empty_database, f"SELECT count(*) {waiting}"):
                await asyncio.sleep(0.02)
        stored(empty_database, f"SELECT pg_terminate_backend(pid) {waiting}")
        with pytest.raises(psycopg.OperationalError):
            await asking
        await connection.close()
        holder.rollback()
    assert stored(empty_database) == 0
    assert [e["outcome"] for e in await endings(gate)] == ["unknown"]
