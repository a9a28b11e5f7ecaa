"""Promise 4: every branch that isn't an explicit allow ends in no; and whoever else is connected goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from testkit.lying_postgres import Liar, Lie
from testkit.postgres_messages import Message, frame
from testkit.recording_link import Way
from tests.a_gateway import POLICY
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields
from tests.promises.a_stage import ANYTHING, DOWN, Stage, stage
from tests.promises.canaries import CATALOG, TABLE, filling, sightings

from interlock.desk import Desk
from interlock.ledger.authority import Authority
from interlock.model.settings import Limits
from interlock.policy.bundle import Bundle
from interlock.registry import Registry
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.reads import Reader
from interlock.stores.seals import AesGcmSealer

ONLY_SESSIONS = """
@id("agents-open")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
"""
READ_AND_OPEN = (
    ONLY_SESSIONS
    + """
@id("agents-read") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
"""
)


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(*TABLE, *filling())
    return empty_database


@pytest.fixture
async def on_stage(tmp_path: Path, people: Database) -> AsyncIterator[Stage]:
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING) as running:
        yield running


async def goes_on(on_stage: Stage, connection: psycopg.AsyncConnection[Any]) -> None:
    """A connection that had nothing to do with it works as before."""
    assert await (await connection.execute(b"SELECT city FROM people WHERE id = 1")).fetchone() == ("Ulm",)


# -- policy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE people SET city = 'Hof' WHERE id = 1",
        "COPY people TO STDOUT",
        "CREATE TABLE more (a int)",
        "DROP TABLE people",
        "GRANT SELECT ON people TO PUBLIC",
        "TRUNCATE people",
        "WITH d AS (DELETE FROM people WHERE id = 1 RETURNING id) SELECT * FROM d",
    ],
)
async def test_what_nothing_permits_is_denied(tmp_path: Path, people: Database, text: str) -> None:
    async with stage(tmp_path, people, CATALOG, policy=READ_AND_OPEN) as on_stage:
        async with await on_stage.connect() as connection:
            since = on_stage.now()
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
                await connection.execute(text.encode())
            assert "interlock: " in str(refused.value.diag.message_detail)
            assert on_stage.run_upstream(since) == []
            await goes_on(on_stage, connection)
        assert any(b'"action.denied"' in body for body in await on_stage.gateway.bodies())


async def test_without_any_permit_no_session_opens(tmp_path: Path, people: Database) -> None:
    policy = '@id("nobody") forbid (principal, action, resource);'
    async with stage(tmp_path, people, CATALOG, policy=policy) as on_stage:
        with pytest.raises(psycopg.OperationalError, match="Refused"):
            await on_stage.connect()


async def test_reads_need_a_permit_too(tmp_path: Path, people: Database) -> None:
    denied = (b"SELECT 1", b"SELECT city FROM people", b"EXPLAIN SELECT 1", b"SELECT * FROM pg_class")
    async with (
        stage(tmp_path, people, CATALOG, policy=ONLY_SESSIONS) as on_stage,
        await on_stage.connect() as connection,
    ):
        since = on_stage.now()
        for text in denied:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(text)
        assert on_stage.asked_upstream(since) == [], "denied by its text alone, it isn't even described"


@pytest.mark.parametrize(
    "text",
    [
        "SELEC 1",
        "SELECT 1; DROPP TABLE people",
        "SELECT '",
        "SELECT $$",
        "\\d people",
        "SELECT /* ",
        "SELECT U&'\\",
        "SELECT 1 FROM people FOR UPDATE OF pg_class; SELECT 2 FROM people WHERE CURRENT OF c",
        "EXPLAIN ANALYZE DELETE FROM people",
    ],
)
async def test_what_isn_t_understood_is_denied(on_stage: Stage, text: str) -> None:
    async with await on_stage.connect() as connection:
        for prepare in (False, True):
            since = on_stage.now()
            # PostgreSQL's own words where its grammar refuses it.
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.SyntaxError)):
                await connection.execute(text.encode(), prepare=prepare)
            assert on_stage.asked_upstream(since) == []
        await goes_on(on_stage, connection)


# -- messages from the client -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        (b"?", b"what is this"),
        (b"\0", b""),
        (b"W", b""),
        (b"R", b"\0\0\0\0"),
        (b"Q", b"no end"),
        (b"Q", b"SELECT 1\0DROP TABLE people\0"),
        (b"P", b"\0SELECT 1\0\xff\xff"),
        (b"B", b"\0\0\0\1\0\2"),
        (b"E", b"\0\xff\xff\xff\xff"),
        (b"D", b"X\0"),
        (b"p", b"a password, again\0"),
    ],
)
async def test_messages_that_aren_t_known_end_their_connection(on_stage: Stage, sent: tuple[bytes, bytes]) -> None:
    async with await on_stage.connect() as other:
        client = await RawClient.open(on_stage.down.port)
        assert (await client.login(on_stage.gateway.agent_key))[-1].type == b"Z"
        since = on_stage.now()
        client.send(sent, (b"Q", b"UPDATE people SET city = 'Hof'\0"))
        answers = await client.until_ready()
        assert answers[0].type == b"E" and fields(answers[0])["C"] == "08P01", answers
        assert await client.ended() and on_stage.run_upstream(since) == []
        client.close()
        await goes_on(on_stage, other)


@pytest.mark.parametrize("length", [0, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
async def test_lying_lengths_end_their_connection(on_stage: Stage, length: int) -> None:
    client = await RawClient.open(on_stage.down.port)
    await client.login(on_stage.gateway.agent_key)
    client.writer.write(b"Q" + length.to_bytes(4) + b"SELECT 1\0")
    answers = await client.until_ready()
    assert answers[0].type == b"E" and fields(answers[0])["C"] == "08P01"
    assert await client.ended()
    client.close()


async def test_the_function_call_message_is_refused(on_stage: Stage) -> None:
    client = await RawClient.open(on_stage.down.port)
    await client.login(on_stage.gateway.agent_key)
    since = on_stage.now()
    client.send((b"F", (1598).to_bytes(4) + b"\0\0\0\0\0\0"))
    answers = await client.until_ready()
    assert [m.type for m in answers] == [b"E", b"Z"] and fields(answers[0])["C"] == "0A000"
    assert on_stage.run_upstream(since) == []
    client.close()


@pytest.mark.parametrize("with_key", [False, True])
async def test_only_its_own_key_cancels_a_session(on_stage: Stage, with_key: bool) -> None:
    client = await RawClient.open(on_stage.down.port)
    greeting = await client.login(on_stage.gateway.agent_key)
    key = next(m.body for m in greeting if m.type == b"K")
    sent = key if with_key else key[:4] + bytes(b ^ 1 for b in key[4:])
    with on_stage.database.admin() as admin:
        admin.autocommit = False
        admin.execute(b"LOCK people")
        client.send((b"Q", b"SELECT city FROM people WHERE id = 1\0"))
        since = on_stage.now()
        canceller = await RawClient.open(on_stage.down.port)
        canceller.writer.write((16).to_bytes(4) + (80877102).to_bytes(4) + sent)
        assert await canceller.ended()
        if not with_key:
            assert not [m for m in on_stage.asked_upstream(since) if m.type == b"" and m.body[:4] == b"\4\xd2\x16\x2e"]
        admin.rollback()
    answers = await client.until_ready()
    assert answers[-1].type == b"Z"
    client.close()
    canceller.close()


async def test_bytes_in_clear_behind_a_request_for_encryption(on_stage: Stage) -> None:
    client = await RawClient.open(on_stage.down.port)
    client.writer.write((8).to_bytes(4) + (80877103).to_bytes(4) + b"\0\0\0\x08\0\3\0\0")
    assert (await client.until_ready())[0].type == b"E"
    client.close()


# -- messages from the protected system -------------------------------------------------------------------------------

CANARY = b"912-44-7781"
FORGED_ROW = frame(b"D", (1).to_bytes(2) + len(CANARY).to_bytes(4) + CANARY)
FORGED_SHAPE = frame(
    b"T", (1).to_bytes(2) + b"ssn\0" + bytes(6) + (25).to_bytes(4) + b"\xff\xff" + b"\xff" * 4 + b"\0\0"
)


def before(type_: bytes, said: bytes) -> Lie:
    """Says something more before each message of a type."""
    return lambda message: said + frame(message.type, message.body) if message.type == type_ else None


def instead(type_: bytes, said: bytes) -> Lie:
    """Says something else."""
    return lambda message: said if message.type == type_ else None


READ, WRITE = b"SELECT city FROM people WHERE id = 1", b"UPDATE people SET city = 'Ulm' WHERE id = 1"
LIES: dict[str, tuple[bytes, Lie]] = {
    "an unknown message": (READ, before(b"C", frame(b"?", CANARY))),
    "an unknown message for its rows": (READ, instead(b"D", frame(b"!", CANARY))),
    "an unasked COPY": (READ, before(b"C", frame(b"H", b"\0\0\0") + frame(b"d", CANARY) + frame(b"c", b""))),
    "COPY data without a COPY": (READ, before(b"C", frame(b"d", CANARY))),
    "a COPY in": (READ, before(b"C", frame(b"G", b"\0\0\0"))),
    "a COPY both ways": (READ, before(b"C", frame(b"W", b"\0\0\0") + frame(b"d", CANARY))),
    "rows where none were described": (WRITE, before(b"C", FORGED_ROW)),
    "a shape where none was described": (WRITE, before(b"C", FORGED_SHAPE + FORGED_ROW)),
    "another shape": (READ, instead(b"T", FORGED_SHAPE)),
    "a shape of two columns": (READ, instead(b"T", frame(b"T", b"\0\2" + FORGED_SHAPE[7:] * 2))),
    "one result too many": (READ, before(b"Z", FORGED_ROW + frame(b"C", b"SELECT 1\0"))),
    "a function's result": (READ, before(b"C", frame(b"V", len(CANARY).to_bytes(4) + CANARY))),
    "a login once more": (READ, before(b"C", frame(b"R", b"\0\0\0\3"))),
    "a notification": (READ, before(b"C", frame(b"A", b"\0\0\0\1x\0" + CANARY + b"\0"))),
    "an error of its own": (READ, instead(b"C", frame(b"E", b"SERROR\0VERROR\0CABCDE\0M" + CANARY + b"\0\0"))),
    "a notice of its own": (READ, before(b"C", frame(b"N", b"SNOTICE\0VNOTICE\0C00000\0M" + CANARY + b"\0\0"))),
}
HARMLESS = {"a notification", "an error of its own", "a notice of its own"}  # taken or reworded; nothing of it passes


@pytest.mark.parametrize("prepare", [False, True])
@pytest.mark.parametrize("lie", list(LIES))
async def test_a_server_that_lies_is_stopped(tmp_path: Path, people: Database, lie: str, prepare: bool) -> None:
    liar = Liar()
    async with stage(tmp_path, people, CATALOG, policy=ANYTHING, bend=liar.bend) as on_stage:
        async with await on_stage.connect() as other, await on_stage.connect() as connection:
            text, lied = LIES[lie]
            await connection.execute(text, prepare=True)  # described while it still told the truth
            liar.lie = lied
            if lie in HARMLESS - {"an error of its own"}:
                await connection.execute(text, prepare=prepare)
            else:
                with pytest.raises(psycopg.Error):
                    await connection.execute(text, prepare=prepare)
            liar.lie = None
            assert liar.told and (lie in HARMLESS or connection.broken)
            await goes_on(on_stage, other)
        assert not sightings(on_stage.tape.bytes(DOWN, Way.ANSWERED))


# -- ports that raise -------------------------------------------------------------------------------------------------


class Broken(Exception):
    """What nobody thought of."""


def _broken(*_: object, **__: object) -> Any:
    raise Broken


PORTS = {
    "policy": (Bundle, "decide"),
    "records, review": (Reader, "review"),
    "records, open review": (Reader, "open_review"),
    "records, count": (Reader, "count_open"),
    "sealer": (AesGcmSealer, "seal"),
    "registry": (Registry, "current"),
    "authority": (Authority, "key"),
    "desk": (Desk, "open_or_join"),
    "bell": (LocalBell, "wait"),
    "clock": (SystemClock, "now"),
}


@pytest.mark.parametrize("port", list(PORTS))
async def test_a_port_that_raises_lets_nothing_run(
    tmp_path: Path, people: Database, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        connection = await on_stage.connect()
        since = on_stage.now()
        with monkeypatch.context() as broken:
            broken.setattr(*PORTS[port], _broken)
            with pytest.raises(psycopg.Error):
                await connection.execute(b"DELETE FROM people")
        assert on_stage.run_upstream(since) == []
        await connection.close()
        async with await on_stage.connect() as again:
            await goes_on(on_stage, again)


@pytest.mark.parametrize("port", [(AesGcmSealer, "open"), (Reader, "sealed"), (Bundle, "decide")])
async def test_a_port_that_raises_while_it_is_held(
    tmp_path: Path, people: Database, port: tuple[type, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the vote and the release: what opens seals, what reads them, what decides anew."""
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage:
        connection = await on_stage.connect()
        asking = asyncio.ensure_future(connection.execute(b"DELETE FROM people"))
        (review,) = await on_stage.gateway.pending()
        looked = await on_stage.gateway.office.ballot(review)
        since = on_stage.now()
        with monkeypatch.context() as broken:
            broken.setattr(*port, _broken)
            voter = on_stage.gateway.office.voter("dana")
            await on_stage.gateway.office.desk.vote(review.id, voter, looked)
            with pytest.raises(psycopg.Error):
                await asking
        assert on_stage.run_upstream(since) == []
        await connection.close()


# -- time -------------------------------------------------------------------------------------------------------------


async def test_a_login_that_takes_too_long_is_ended(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, limits=Limits(login_seconds=1)) as on_stage:
        client = await RawClient.open(on_stage.down.port)
        client.writer.write(b"\0\0")
        assert await client.ended()
        client.close()


async def test_nobody_s_answer_is_a_no(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY) as on_stage, await on_stage.connect() as connection:
        asking = asyncio.ensure_future(connection.execute(b"DELETE FROM people"))
        (review,) = await on_stage.gateway.pending()
        since = on_stage.now()
        on_stage.gateway.office.clock.forward(days=30)
        assert await on_stage.gateway.office.desk.expire_due() == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="expired") as refused:
            await asking
        assert review.id in str(refused.value.diag.message_detail) and on_stage.run_upstream(since) == []


def test_the_lies_are_told_apart() -> None:
    """The liar's own test: it says exactly what it was told to, whatever way the stream is cut."""
    liar = Liar()
    liar.lie = before(b"C", b"!")
    bend, stream = liar.bend(), frame(b"T", b"x") + frame(b"C", b"y")
    assert b"".join(bend(stream[n : n + 1]) for n in range(len(stream))) == stream[:6] + b"!" + stream[6:]
    assert liar.told == 1 and Message(b"C", b"y") == Message(b"C", b"y", 0)
