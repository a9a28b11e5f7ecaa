"""The server's side breaks, at every place of a statement: what the client hears, what is true, what is on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testkit.recording_link import Way
from tests.faults.a_broken_door import (
    SECONDS,
    BrokenDoor,
    asked,
    broken_door,
    executed,
    parsed,
    query,
    said,
    to_end,
    to_ready,
    until,
)
from tests.postgres_fixture import Database

from interlock.wire.postgres import frontend

READY = b"Z\0\0\0\5"
INSERT = "INSERT INTO log VALUES (1)"


@pytest.fixture
async def door(tmp_path: Path, empty_database: Database) -> AsyncIterator[BrokenDoor]:
    async with asyncio.timeout(3 * SECONDS), broken_door(tmp_path, empty_database) as found:
        yield found


async def test_while_idle_nobody_hears_of_it(door: BrokenDoor) -> None:
    client = await door.client()
    assert said(await asked(client, INSERT)) == []
    door.up.cut()
    await door.sessions_are(0)
    assert said(await asked(client, INSERT)) == []
    assert door.truth() == 2
    await door.settles("succeeded", "succeeded")


async def test_while_idle_with_state_the_session_ends_at_once(door: BrokenDoor) -> None:
    for state, ended in (("BEGIN", ["57P01!"]), ("LISTEN news", ["57P01!"])):
        client = await door.client()
        await asked(client, state)
        door.up.cut()
        assert said(await to_end(client)) == ended
    await door.works()


@pytest.mark.parametrize(
    ("text", "pattern", "whole_rows"),
    [
        ("SELECT ssn FROM people", b"ssn\0", 0),  # within RowDescription
        ("SELECT ssn FROM people", b"900-11", 0),  # within a row that is masked
        ("SELECT id, word FROM plain", b"MIDDLE3", 2),  # within a row that is handed on as it comes
        ("SELECT id, word FROM plain", b"SELECT 10\0", 10),
        ("SELECT id, word FROM plain", READY, 10),
        ("COPY plain TO STDOUT", b"MIDDLE3", 2),
        ("COPY people TO STDOUT", b"900-11", 0),
        ("COPY people TO STDOUT", b"COPY 10\0", 10),
    ],
)
async def test_in_the_middle_of_what_is_read(door: BrokenDoor, text: str, pattern: bytes, whole_rows: int) -> None:
    """A row that was handed on in part can't be followed by an error: the client would take that for its rest."""
    client = await door.client()
    first = await asked(client, text)  # so that it is prepared, and nothing but the run is left
    assert said(first) == []
    if pattern == b"ssn\0" or text.startswith("COPY"):  # these are described each time: the cut must meet the run
        client.close()
        await door.sessions_are(0)
        client = await door.client()
        await asked(client, "BEGIN")
    door.up.cut_after(Way.ANSWERED, pattern)
    told = await asked(client, text)
    rest = told + await to_end(client)
    rows = [m for m in rest if m.type in (b"D", b"d")]
    assert len(rows) == whole_rows
    torn = bool(client._rest)
    assert said(rest) == ([] if torn else ["08006!"])
    if torn:
        assert pattern == b"MIDDLE3"
        assert client._rest[:1] in (b"D", b"d")
    assert b"Z" not in [m.type for m in rest]
    await door.sessions_are(0)
    if text.startswith("COPY"):  # an export isn't proved free of effects, and its transaction was never committed
        await door.settles("succeeded", "rolled_back")
    elif pattern == b"ssn\0":
        await door.settles(*["succeeded", "unknown"][: await door.released()])
    else:
        await door.settles("succeeded", "unknown")
    await door.works()


async def test_between_the_tag_and_ready_it_is_not_known(door: BrokenDoor) -> None:
    """The server has committed, its word for that was lost: nobody may call it failed."""
    client = await door.client()
    door.up.cut_after(Way.ANSWERED, b"INSERT 0 1\0", passing=True)
    told = await asked(client, INSERT)
    assert [m.type for m in told] in ([b"E"], [b"C", b"E"])
    assert said(told) == ["08006!"]
    await until(lambda: door.truth() == 1)
    await door.settles("unknown")
    await door.works()


async def test_before_any_answer_it_is_not_known(door: BrokenDoor) -> None:
    client = await door.client()
    door.up.cut_after(Way.ASKED, b"INSERT INTO log VALUES (1)\0", passing=False)
    told = await asked(client, INSERT)
    assert said(told) in (["08006!"], ["08006"])
    assert door.truth() == 0
    await door.settles(*["unknown"] * await door.released())
    await door.works()


@pytest.mark.parametrize(
    ("before", "text", "way", "pattern", "passing", "rows", "outcomes"),
    [
        # COMMIT wasn't sent: everybody knows
        (
            ("BEGIN", INSERT),
            "SELECT id, word FROM plain",
            Way.ANSWERED,
            b"MIDDLE",
            False,
            0,
            ("unknown", "rolled_back"),
        ),
        (("BEGIN", INSERT), INSERT, Way.ANSWERED, b"INSERT 0 1", False, 0, ("rolled_back", "rolled_back")),
        (("BEGIN", INSERT), "ROLLBACK", Way.ANSWERED, b"ROLLBACK\0", False, 0, ("rolled_back",)),
        # COMMIT was sent: nobody does, whether it arrived or not
        (("BEGIN", INSERT), "COMMIT", Way.ASKED, b"COMMIT", False, 0, ("unknown",)),
        (("BEGIN", INSERT), "COMMIT", Way.ANSWERED, b"COMMIT\0", False, 1, ("unknown",)),
        (("BEGIN", INSERT), "COMMIT", Way.ANSWERED, b"COMMIT\0", True, 1, ("unknown",)),
        ((), f"BEGIN; {INSERT}; COMMIT", Way.ANSWERED, b"COMMIT\0", False, 1, ("unknown",)),
        # behind the end of a transaction stands another, which may have been committed
        (("BEGIN", INSERT), f"COMMIT; {INSERT}", Way.ANSWERED, READY, False, 2, ("unknown", "unknown")),
        (("BEGIN", INSERT), f"ROLLBACK; {INSERT}", Way.ANSWERED, READY, False, 1, ("unknown", "rolled_back")),
        # what a savepoint undid was settled before
        (
            ("BEGIN", INSERT, "SAVEPOINT s", INSERT, "ROLLBACK TO s"),
            "COMMIT",
            Way.ANSWERED,
            b"COMMIT\0",
            False,
            1,
            ("rolled_back", "unknown"),
        ),
    ],
)
async def test_in_a_transaction(
    door: BrokenDoor,
    before: tuple[str, ...],
    text: str,
    way: Way,
    pattern: bytes,
    passing: bool,
    rows: int,
    outcomes: tuple[str, ...],
) -> None:
    client = await door.client()
    for each in before:
        assert said(await asked(client, each)) == []
    door.up.cut_after(way, pattern, passing=passing)
    told = await asked(client, text)
    rest = told + await to_end(client)
    assert said(rest) in (["08006!"], ["57P01!"]) or client._rest
    await door.sessions_are(0)
    await until(lambda: door.truth() == rows)
    await door.settles(*outcomes)
    await door.works()


# -- COPY FROM STDIN --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "pattern", "passing", "rows"),
    [
        (Way.ANSWERED, b"G\0\0\0", False, 0),  # before CopyInResponse
        (Way.ASKED, b"5\n", True, 0),  # among the rows
        (Way.ASKED, b"c\0\0\0\4", False, 0),  # before CopyDone
        (Way.ANSWERED, b"COPY 10\0", False, 10),  # behind CopyDone
    ],
)
async def test_in_copy_from_stdin(door: BrokenDoor, way: Way, pattern: bytes, passing: bool, rows: int) -> None:
    client = await door.client()
    door.up.cut_after(way, pattern, passing=passing)
    query(client, "COPY log FROM STDIN")
    told = await client.until(b"E" if pattern.startswith(b"G") else b"G")
    if not pattern.startswith(b"G"):
        client.send(*((b"d", b"%d\n" % n) for n in range(10)), (b"c", b""))
        told += await to_end(client)
    assert said(told) == ["08006!"]
    assert b"Z" not in [m.type for m in told]
    await door.sessions_are(0)
    assert door.truth() == rows
    await door.settles("unknown")
    await door.works()


# -- what is open -----------------------------------------------------------------------------------------------------


async def test_a_cursor_between_two_fetches(door: BrokenDoor) -> None:
    client = await door.client()
    for text in ("BEGIN", INSERT, "DECLARE c CURSOR FOR SELECT ssn FROM people", "FETCH 3 FROM c"):
        assert said(await asked(client, text)) == []
    door.up.cut()
    assert said(await to_end(client)) == ["57P01!"]
    await door.sessions_are(0)
    assert door.truth() == 0
    await door.settles("succeeded", "rolled_back")  # what was read was read; what was written is undone
    await door.works()


async def test_a_cursor_in_the_middle_of_a_fetch(door: BrokenDoor) -> None:
    client = await door.client()
    for text in ("BEGIN", "DECLARE c CURSOR FOR SELECT ssn FROM people", "FETCH 3 FROM c"):
        assert said(await asked(client, text)) == []
    door.up.cut_after(Way.ANSWERED, b"FETCH 3\0")
    told = await asked(client, "FETCH 3 FROM c")
    assert said(told + await to_end(client)) == ["08006!"]
    await door.settles("unknown")
    await door.works()


async def test_a_cursor_with_hold_outside_its_transaction(door: BrokenDoor) -> None:
    client = await door.client()
    for text in ("BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM people", "FETCH 3 FROM c", "COMMIT"):
        assert said(await asked(client, text)) == []
    door.up.cut()
    assert said(await to_end(client)) == ["57P01!"]
    await door.settles("succeeded")


async def test_a_suspended_portal(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, "BEGIN")
    client.writer.write(parsed("SELECT ssn FROM people") + executed(portal=b"p", rows=3) + frontend.write_sync())
    told = await to_ready(client)
    assert [m.type for m in told] == [b"1", b"2", b"D", b"D", b"D", b"s", b"Z"]
    door.up.cut()
    assert said(await to_end(client)) == ["57P01!"]
    await door.settles("succeeded")
    await door.works()


async def test_between_flush_and_sync(door: BrokenDoor) -> None:
    """Sync would have committed: as it was never sent, nothing happened."""
    client = await door.client()
    client.writer.write(parsed(INSERT) + executed() + frontend.write_flush())
    assert [m.type for m in await client.until(b"C")] == [b"1", b"2", b"C"]
    door.up.cut()
    assert said(await to_end(client)) == ["57P01!"]
    await door.sessions_are(0)
    assert door.truth() == 0
    await door.settles("rolled_back")
    await door.works()


async def test_behind_the_sync_of_a_pipeline(door: BrokenDoor) -> None:
    client = await door.client()
    client.writer.write(parsed(INSERT) + executed() + frontend.write_flush())
    await client.until(b"C")
    door.up.cut_after(Way.ANSWERED, READY)
    client.writer.write(frontend.write_sync())
    assert said(await to_end(client)) == ["08006!"]
    await until(lambda: door.truth() == 1)
    await door.settles("unknown")
    await door.works()


# -- while it is held, while there is no server -----------------------------------------------------------------------


async def test_during_a_hold_another_session_is_opened_and_it_runs_once(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, INSERT)
    query(client, "DELETE FROM log")
    await door.gate.pending()
    door.up.cut()
    await door.sessions_are(0)
    assert door.truth() == 1
    await door.gate.sign()
    told = await to_ready(client)
    assert [m.type for m in told if m.type != b"N"] == [b"C", b"Z"]
    assert door.truth() == 0
    await door.settles("succeeded", "succeeded")


async def test_during_a_hold_with_state_the_session_ends_and_the_review_stays(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, INSERT)
    await asked(client, "LISTEN news")
    query(client, "DELETE FROM log")
    await door.gate.pending()
    door.up.cut()
    assert said(await to_end(client)) == ["57P01!"]
    await door.gate.sign()
    await door.works()
    assert door.truth() == 1


async def test_approved_while_the_server_is_away(door: BrokenDoor) -> None:
    """Nothing was sent, so nothing of the approval was spent: asking again runs it."""
    client = await door.client()
    await asked(client, INSERT)
    query(client, "DELETE FROM log")
    await door.gate.pending()
    door.up.cut()
    door.up.refuse()
    await door.sessions_are(0)
    await door.gate.sign()
    told = await to_ready(client)
    assert said(told) == ["08006"]
    assert told[-1].type == b"Z"
    assert door.truth() == 1
    door.up.accept()
    told = await asked(client, "DELETE FROM log")
    assert said(told) == []
    assert door.truth() == 0
    await door.settles("succeeded", "succeeded")


async def test_the_server_goes_away_and_comes_back(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, INSERT)
    door.up.cut()
    door.up.refuse()
    for _ in range(2):
        told = await asked(client, INSERT)
        assert said(told) == ["08006"]
        assert told[-1].type == b"Z"
    door.up.accept()
    assert said(await asked(client, INSERT)) == []
    assert door.truth() == 2
    await door.settles("succeeded", "succeeded")


async def test_lost_between_the_release_and_the_run(door: BrokenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it was sent: it failed, and the client's session goes on."""
    client = await door.client()
    ask = type(door.gate.office.gate).ask

    async def then_lost(*given: object, **more: object) -> object:
        answer = await ask(*given, **more)  # type: ignore[arg-type]
        door.up.cut()
        await door.sessions_are(0)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(type(door.gate.office.gate), "ask", then_lost)
        told = await asked(client, INSERT)
    assert said(told) == ["08006"]
    assert told[-1].type == b"Z"
    assert door.truth() == 0
    assert said(await asked(client, INSERT)) == []
    await door.settles("failed", "succeeded")


async def test_terminated_by_the_administrator(door: BrokenDoor) -> None:
    """The server says goodbye itself, in a statement."""
    client = await door.client()
    query(client, "SELECT pg_sleep(60)")
    await until(lambda: door.truth("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'") == 1)
    door.database.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{door.database.user}'"
    )
    told = await to_end(client)
    assert said(told)[0] in ("57P01", "57P01!")
    await door.sessions_are(0)
    await door.works()
