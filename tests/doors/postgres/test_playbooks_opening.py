"""How sessions begin, as playbooks: as PostgreSQL answers until it asks for a password, and however it is all cut."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from testkit.postgres_messages import frame
from tests.doors.postgres.a_playbook import EACH_BYTE, Ask, Cut, Hear, Playbook, Stage, play, query, script
from tests.doors.postgres.a_playhouse import at_the_door, house
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient

SSL = (8).to_bytes(4) + ((1234 << 16) + 5679).to_bytes(4)
GSS = (8).to_bytes(4) + ((1234 << 16) + 5680).to_bytes(4)
V3_0, V3_2 = 3 << 16, (3 << 16) + 2
NO = Hear("N", letter=True)


def start(version: int, **more: str) -> bytes:
    """A StartupMessage of the agent."""
    pairs = {"user": "etl", "database": "clinic", **more}
    body = version.to_bytes(4) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in pairs.items()) + b"\0"
    return (len(body) + 4).to_bytes(4) + body


async def _password(stage: Stage) -> bytes:
    return frame(b"p", stage.password() + b"\0")


async def _password_and_more(stage: Stage) -> bytes:
    return await _password(stage) + query("SELECT 1") + frame(b"X", b"")


BYE = frame(b"X", b"")
OPENINGS = (
    Playbook("3.0", ends=True) >> start(V3_0) << "R(3)" >> Ask(_password) << "R(0) K(4) Z(I)" >> BYE,
    Playbook("3.2", ends=True) >> start(V3_2) << "R(3)" >> Ask(_password) << "R(0) K(32) Z(I)" >> BYE,
    Playbook("SSLRequest", ends=True)
    >> SSL
    << NO
    >> start(V3_0)
    << "R(3)"
    >> Ask(_password)
    << "R(0) K(4) Z(I)"
    >> BYE,
    Playbook("GSSENCRequest, then SSLRequest", ends=True)
    >> GSS
    << NO
    >> SSL
    << NO
    >> start(V3_0)
    << "R(3)"
    >> Ask(_password)
    << "R(0) K(4) Z(I)"
    >> BYE,
    Playbook("settings at the start", ends=True)
    >> start(V3_0, application_name="mine", statement_timeout="9s")
    << "R(3)"
    >> Ask(_password)
    << "R(0) K(4) Z(I)"
    >> query("SHOW statement_timeout")
    << "T(statement_timeout:25) D(9s) C(SHOW) Z(I)"
    >> BYE,
    Playbook("a query behind the password", ends=True)
    >> start(V3_0)
    << "R(3)"
    >> Ask(_password_and_more)
    << "R(0) K(4) Z(I) T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("a wrong password", ends=True) >> start(V3_0) << "R(3)" >> frame(b"p", b"wrong\0") << "E(FATAL 28P01)",
    Playbook("replication", ends=True) >> start(V3_0, replication="true") << "E(FATAL 0A000)",
    Playbook("a cancel request of nobody's", ends=True)
    >> (16).to_bytes(4) + ((1234 << 16) + 5678).to_bytes(4) + b"\0\0\0\1" + b"none",
)

# What the server itself says up to where it asks for a password: it wants SCRAM (10), where we take a key in clear (3).
UNTIL_THE_PASSWORD = (
    Playbook("3.0") >> start(V3_0) << "R(10)",
    Playbook("3.2") >> start(V3_2) << "R(10)",
    Playbook("a later version") >> start(V3_0 + 9999) << "v(3.2) R(10)",
    Playbook("an unknown option") >> start(V3_0, **{"_pq_.more": "1"}) << "v(3.0 _pq_.more) R(10)",
    Playbook("SSLRequest") >> SSL << NO >> start(V3_0) << "R(10)",
    Playbook("GSSENCRequest") >> GSS << NO >> SSL << NO >> start(V3_0) << "R(10)",
)

# Of what a welcome tells, what isn't the server's: the login is the gateway's own, the name is the client's alone.
NOT_THE_SERVERS = {"session_authorization", "application_name"}


@pytest.mark.parametrize("book", OPENINGS, ids=lambda book: book.name)
async def test_however_an_opening_is_cut(
    book: Playbook, tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = script(book)
    async with house(tmp_path, empty_database, monkeypatch) as theatre:
        for cut in [*(Cut(at, book.longest + 1) for at in range(book.longest)), EACH_BYTE]:
            async with theatre.visitor() as wire:
                assert await play(book, wire, lines, cut) == lines, cut
        for theatre.link.grain in (1, 2, 3, 7):
            async with theatre.visitor() as wire:
                assert await play(book, wire, lines) == lines


@pytest.mark.parametrize("book", UNTIL_THE_PASSWORD, ids=lambda book: book.name)
async def test_the_server_begins_like_this_too(
    book: Playbook, tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_the_door(empty_database) as wire:
        assert await play(book, wire, script(book)) == script(book)
    ours = [line.replace("R(10)", "R(3)") for line in script(book)]
    async with house(tmp_path, empty_database, monkeypatch) as theatre, theatre.visitor() as wire:
        assert await play(book, wire, ours) == ours


async def test_a_welcome_tells_the_servers_settings(
    tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, empty_database, monkeypatch) as theatre:
        client = await RawClient.open(theatre.gate.door.port)
        told = await client.login(theatre.gate.agent_key)
        client.close()
    ours = dict(message.body[:-1].decode().split("\0") for message in told if message.type == b"S")
    up = empty_database.upstream
    with psycopg.connect(
        host=up.host, port=up.port, dbname=up.database, user=up.user, password=up.password.reveal()
    ) as connection:
        for name, value in ours.items():
            if name not in NOT_THE_SERVERS:
                assert connection.info.parameter_status(name) == value, name
    assert {"server_version", "client_encoding", "integer_datetimes", "standard_conforming_strings"} <= ours.keys()
