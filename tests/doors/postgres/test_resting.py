"""What comes from the server unasked, by itself: channels and transactions, and what it says while a session rests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.listening import MAX_WAITING, Listening, Resting
from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link
from interlock.model.action import Action
from interlock.model.connection import Connection
from interlock.model.derived import DerivedColumn
from interlock.model.exposure import Carry
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Snapshot
from interlock.sensitivity.catalog import parse_catalog
from interlock.sql import effects
from interlock.upstreams.postgres import load_snapshot
from interlock.wire.postgres import backend
from interlock.wire.postgres.body import cstring, i32
from interlock.wire.postgres.frames import Frame

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
CANARY = "900-11-2222"
PID = 4711


class NothingDerived:
    """No ledger stands behind this."""

    def version(self, _connection: ConnectionName, /) -> int:
        """Always the same."""
        return 0

    def columns(self, _connection: ConnectionName, _snapshot: Snapshot, /) -> tuple[DerivedColumn, ...]:
        """None."""
        return ()

    def late(self, _action: Action, _carries: Sequence[Carry], /) -> None:
        """Nobody asks."""
        raise AssertionError("nothing runs here")


@pytest.fixture
async def listening(empty_database: Database) -> AsyncIterator[Listening]:
    empty_database.execute("CREATE TABLE people (id int, ssn text)")
    snapshot, catalog = await load_snapshot(empty_database.upstream), parse_catalog(CATALOG, "catalog.toml")
    connection = Connection(ConnectionName("clinic"), "postgres", "test", frozenset())

    async def refresh() -> None:
        raise AssertionError("nobody asks")

    definitions = Definitions(connection, empty_database.upstream, catalog, snapshot, NothingDerived(), refresh)
    up = await Upstream.open(empty_database.upstream, {}, ENTROPY)
    yield Listening(definitions, up, PID)
    up.close()


def heard(listening: Listening, channel: str) -> bool:
    told = listening.told([i32(1) + cstring(channel) + cstring(CANARY)])
    assert CANARY.encode() not in told
    if told:
        assert backend.read_notification(told[5:]).channel == channel
    return bool(told)


def committed(listening: Listening, *done: effects.SessionEffect) -> None:
    for effect in done:
        listening.follow(effect)
    listening.transaction_ended(committed=True)


async def test_nobody_hears_what_it_does_not_listen_to(listening: Listening) -> None:
    assert not listening.hears
    assert not heard(listening, "news")
    committed(listening, effects.Listen("news"))
    assert listening.hears
    assert heard(listening, "news")
    assert not heard(listening, "News")
    committed(listening, effects.Listen("more"), effects.Unlisten("news"))
    assert not heard(listening, "news")
    assert heard(listening, "more")
    committed(listening, effects.DiscardAll())
    assert not listening.hears


async def test_a_savepoint_takes_back_what_stands_behind_it(listening: Listening) -> None:
    done = (
        effects.Begin(),
        effects.Listen("a"),
        effects.Savepoint("s"),
        effects.Listen("b"),
        effects.Unlisten("a"),
        effects.RollbackTo("s"),
        effects.Listen("c"),
    )
    for effect in done:
        listening.follow(effect)
    assert listening.hears
    assert not heard(listening, "a")
    listening.transaction_ended(committed=True)
    assert [heard(listening, name) for name in "abc"] == [True, False, True]
    listening.follow(effects.Unlisten(None))
    listening.transaction_ended(committed=False)
    assert heard(listening, "a")


# -- while the session rests ------------------------------------------------------------------------------------------


class Down(Link):
    """A client that only hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()
        self.closed = False
        self.slow = False

    @property
    def behind(self) -> bool:
        return self.slow

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.heard += data

    def close(self) -> None:
        self.closed = True

    async def hears(self, what: bytes) -> None:
        async with asyncio.timeout(10):
            while what not in self.heard:
                await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Quiet:
    """A session that rests, and its client."""

    up: Upstream
    down: Down
    resting: Resting
    database: Database

    async def terminated(self) -> None:
        assert self.up.key is not None
        self.database.execute(f"SELECT pg_terminate_backend({self.up.key.pid})")
        async with asyncio.timeout(10):
            while self.up.is_open:
                await asyncio.sleep(0.005)


@pytest.fixture
async def quiet(empty_database: Database, listening: Listening) -> AsyncIterator[Quiet]:
    up, down = listening._up, Down()
    committed(listening, effects.Listen("news"))
    assert await up.command(b"LISTEN news") is None
    resting = Resting(up, down, listening)
    up.rest()
    yield Quiet(up, down, resting, empty_database)


async def test_it_hears_and_goes_on_with_what_it_is_asked(quiet: Quiet) -> None:
    quiet.database.execute(f"NOTIFY news, '{CANARY}'")
    await quiet.down.hears(b"[phi.ssn]")
    await quiet.up.ready()
    quiet.down.heard.clear()
    quiet.database.execute("NOTIFY news")
    async with asyncio.timeout(10):
        while not quiet.up.notified:
            assert await quiet.up.command(b"SET statement_timeout = 0") is None
    assert not quiet.down.heard
    assert len(quiet.up.notified) == 1
    assert quiet.up.epoch == 1


async def test_a_goodbye_without_state_is_heard_by_nobody(quiet: Quiet) -> None:
    await quiet.terminated()
    assert (bytes(quiet.down.heard), quiet.down.closed) == (b"", False)
    await quiet.up.ready()
    assert quiet.up.epoch == 2


async def test_a_goodbye_with_state_ends_the_session(quiet: Quiet) -> None:
    quiet.up.held_by.add("listen")
    await quiet.terminated()
    assert b"C57P01\0" in quiet.down.heard
    assert b"SFATAL\0" in quiet.down.heard
    assert quiet.down.closed


async def test_a_client_that_does_not_read_has_only_so_much_waiting(quiet: Quiet) -> None:
    quiet.down.slow = True
    quiet.database.execute(f"SELECT pg_notify('news', n::text) FROM generate_series(1, {MAX_WAITING + 5}) AS t (n)")
    await quiet.down.hears(b"more was notified than the client has taken")
    assert quiet.down.closed
    assert quiet.down.heard.count(b"[phi.ssn]") == MAX_WAITING


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"S", cstring("search_path") + cstring("elsewhere")),
        Frame(b"S", cstring("session_authorization") + cstring("postgres")),
        Frame(b"D", b"\0\0"),
        Frame(b"Z", b"I"),
        Frame(b"A", b"cut"),
        Frame(b"?", b""),
    ],
)
async def test_what_may_not_come_ends_the_session(quiet: Quiet, frame: Frame) -> None:
    quiet.resting.hear(frame)
    assert b"SFATAL\0" in quiet.down.heard
    assert quiet.down.closed


async def test_a_notice_comes_without_its_words(quiet: Quiet) -> None:
    quiet.resting.hear(Frame(b"N", b"SNOTICE\0VNOTICE\0C00000\0M" + CANARY.encode() + b"\0\0"))
    assert CANARY.encode() not in quiet.down.heard
    assert quiet.down.heard.startswith(b"N")
    assert not quiet.down.closed


async def test_a_parameter_that_changed_is_told_and_judged_by(quiet: Quiet) -> None:
    quiet.resting.hear(Frame(b"S", cstring("TimeZone") + cstring("Asia/Tokyo")))
    assert quiet.up.parameters["TimeZone"] == "Asia/Tokyo"
    told = bytes(quiet.down.heard)
    assert backend.read_parameter_status(told[5:]) == backend.ParameterStatus("TimeZone", "Asia/Tokyo")
    quiet.resting.hear(Frame(b"S", cstring("application_name") + cstring("interlock:etl")))
    assert bytes(quiet.down.heard) == told  # that name is ours
    assert not quiet.down.closed
