"""Sides that are slow, or hang: memory stays bounded, who leaves or cancels is let go, and slots come back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from testkit.recording_link import Way
from tests.faults.a_broken_door import (
    MUCH,
    SECONDS,
    BrokenDoor,
    asked,
    broken_door,
    query,
    said,
    to_end,
    to_ready,
    until,
)
from tests.postgres_fixture import Database

from interlock.doors import relay
from interlock.doors.postgres import session, watching

INSERT = "INSERT INTO log VALUES (1)"
MOST = 20_000_000  # bytes that may lie in this process: the gateway, both links and the client together


@pytest.fixture
async def door(tmp_path: Path, empty_database: Database) -> AsyncIterator[BrokenDoor]:
    async with asyncio.timeout(3 * SECONDS), broken_door(tmp_path, empty_database) as found:
        yield found


@pytest.fixture
async def narrow(tmp_path: Path, empty_database: Database) -> AsyncIterator[BrokenDoor]:
    """One session with the server, for everybody."""
    async with asyncio.timeout(3 * SECONDS), broken_door(tmp_path, empty_database, most_sessions=1) as found:
        yield found


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def stands_still(count: Callable[[], int]) -> int:
    """What it is once nothing moves any more: the same for a second."""
    async with asyncio.timeout(SECONDS):
        same, last = 0, -1
        while same < 10:
            await asyncio.sleep(0.1)
            same, last = (same + 1, last) if count() == last else (0, count())
    return last


# -- both slow --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc")
@pytest.mark.parametrize("masked", [False, True])
async def test_a_client_that_does_not_read_is_not_read_for(door: BrokenDoor, masked: bool) -> None:
    """The server would send 240 MB as fast as it can; a cancel request ends it all the same."""
    client = await door.client()
    before = resident()
    door.down.stall(Way.ANSWERED)
    query(client, MUCH.replace("a.word", "p.ssn", 1).replace("FROM ", "FROM people p, ") if masked else MUCH)
    passed = await stands_still(lambda: door.up.passed[Way.ANSWERED])
    assert 100_000 < passed < 3 * MOST  # the kernel's buffers are not ours
    lying = door.lying()
    assert lying < 2_000_000
    assert resident() - before < MOST
    await door.cancel(client)
    door.down.resume(Way.ANSWERED)
    assert said(await to_ready(client)) == ["57014"]
    await door.settles("failed")
    assert said(await asked(client, INSERT)) == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by /proc")
async def test_rows_that_the_server_does_not_take_are_not_taken_from_the_client(door: BrokenDoor) -> None:
    client = await door.client()
    query(client, "COPY plain FROM STDIN")
    await client.until(b"G")
    rows = b"".join(b"%d\t%s\n" % (n, b"w" * 1_000) for n in range(1_000))
    before = resident()
    door.up.stall(Way.ASKED)

    async def send() -> None:
        for _ in range(60):
            client.send((b"d", rows))
            await client.writer.drain()
        client.send((b"c", b""))

    sending = asyncio.create_task(send())
    passed = await stands_still(lambda: door.down.passed[Way.ASKED])
    assert not sending.done()
    assert passed < 2 * MOST
    assert door.lying() < 3_000_000
    assert resident() - before < MOST
    door.up.resume(Way.ASKED)
    await sending
    assert said(await to_ready(client)) == []
    assert door.truth("SELECT count(*) FROM plain") == 60_010
    await door.settles("succeeded")


async def test_a_client_that_never_reads_is_given_up(door: BrokenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await door.client()
    door.down.stall(Way.ANSWERED)
    query(client, MUCH)
    await stands_still(lambda: door.up.passed[Way.ANSWERED])
    client.close()  # the link doesn't tell the door
    monkeypatch.setattr(relay, "STALLED_SECONDS", 0.1)
    (served,) = [each for _, each in door.gate.door._sessions.values()]
    served.down.resume_writing()  # as if it had taken a little: then it waits anew, for as long as is said now
    await until(lambda: not door.gate.door._sessions)
    await door.sessions_are(0)
    await door.settles("failed")


async def test_a_peer_that_does_not_take_the_last_bytes_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "CLOSE_SECONDS", 0.1)
    links: list[relay.Link] = []
    server = await asyncio.get_running_loop().create_server(lambda: relay.Link(links.append), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        await until(lambda: bool(links))
        links[0].write(bytes(MOST))
        links[0].close()
        links[0].write(b"nothing may follow")
        async with asyncio.timeout(SECONDS):
            await links[0].lost.wait()
        told = b""
        with suppress(ConnectionError):
            while more := await reader.read(1_000_000):
                told += more
        assert len(told) < MOST
        assert told.strip(b"\0") == b""
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


# -- a server that hangs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepared", [False, True])
async def test_a_silent_server_is_given_up_behind_statement_timeout(
    door: BrokenDoor, monkeypatch: pytest.MonkeyPatch, prepared: bool
) -> None:
    monkeypatch.setattr(watching, "SILENT_SECONDS", 0.1)
    client = await door.client(statement_timeout="100ms")
    await asked(client, "SELECT word FROM plain")
    door.up.stall(Way.ANSWERED)
    query(client, "SELECT word FROM plain" if prepared else "SELECT id FROM plain")
    assert said(await to_end(client)) == ["08006!"]
    door.up.resume(Way.ANSWERED)
    await door.sessions_are(0)
    await door.settles("succeeded", *["unknown"] * prepared)
    await door.works()


async def test_a_slow_server_is_not_given_up(door: BrokenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows keep coming for longer than the limit: that is a client's or a link's pace, and not silence."""
    monkeypatch.setattr(watching, "SILENT_SECONDS", 0.05)
    client = await door.client(statement_timeout="100ms")
    text = "SELECT word FROM plain"
    await asked(client, text)
    door.up.slow(64, 0.02)
    assert said(await asked(client, text)) == []


async def test_a_silent_server_without_a_limit_is_waited_for_until_the_client_leaves(
    narrow: BrokenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "DRAIN_SECONDS", 0.1)
    client = await narrow.client()
    await asked(client, INSERT)
    narrow.up.stall(Way.ANSWERED)
    query(client, INSERT)
    await until(lambda: narrow.truth() == 2)
    narrow.up.stall(Way.ASKED)
    await narrow.cancel(client)
    await narrow.cancel(client)  # requests that can't get through don't pile up
    accepted = await stands_still(lambda: narrow.up.accepted)
    await narrow.cancel(client)
    assert await stands_still(lambda: narrow.up.accepted) == accepted
    client.close()
    await until(lambda: narrow.slots().taken == 0)
    narrow.up.resume(Way.ASKED)
    narrow.up.resume(Way.ANSWERED)
    await narrow.settles("succeeded", "unknown")
    await narrow.works()


async def test_a_peer_that_vanished_without_a_word_is_found_out(door: BrokenDoor) -> None:
    client = await door.client()
    await asked(client, INSERT)
    (served,) = [each for _, each in door.gate.door._sessions.values()]
    for link in (served.down, served.up.link):
        assert link._transport is not None
        sock = link._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_KEEPIDLE"):
            found = [
                sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_KEEP{n}")) for n in ("IDLE", "INTVL", "CNT")
            ]
            assert found == [relay.IDLE_SECONDS, relay.PROBE_SECONDS, relay.PROBES]


# -- slots ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["the server dies", "the client leaves", "the client vanishes"])
async def test_a_dead_holder_gives_its_slot_back(narrow: BrokenDoor, how: str) -> None:
    holder, other = await narrow.client(), await narrow.client("other")
    await asked(holder, "BEGIN")
    await asked(holder, INSERT)
    query(other, "SELECT id FROM plain")
    await until(lambda: narrow.slots().waiting == 1)
    match how:
        case "the server dies":
            narrow.up.cut()
            assert said(await to_end(holder)) == ["57P01!"]
        case "the client leaves":
            holder.send((b"X", b""))
        case _:
            holder.writer.transport.abort()
    assert said(await to_ready(other)) == []
    assert narrow.slots().taken == 1
    assert narrow.truth() == 0
    await narrow.settles("rolled_back", "succeeded")


@pytest.mark.parametrize("waits_for", ["a slot", "an opening"])
@pytest.mark.parametrize("how", ["cancel", "leave"])
async def test_a_wait_for_a_session_ends_with_its_client(narrow: BrokenDoor, waits_for: str, how: str) -> None:
    holder, other = await narrow.client(), await narrow.client("other")
    if waits_for == "a slot":
        await asked(holder, "BEGIN")
        await asked(holder, "SELECT id FROM plain")
    else:
        narrow.up.cut()
        await narrow.sessions_are(0)
        narrow.up.stall(Way.ANSWERED)
    accepted = narrow.up.accepted
    query(other, INSERT)
    if waits_for == "a slot":
        await until(lambda: narrow.slots().waiting == 1)
    else:
        await until(lambda: narrow.up.accepted > accepted)
    if how == "cancel":
        await narrow.cancel(other)
        told = await to_ready(other)
        assert said(told) == ["57014"]
        assert told[-1].type == b"Z"
    else:
        other.close()
        await until(lambda: len(narrow.gate.door._sessions) == 1)
    assert narrow.slots().waiting == 0
    assert narrow.slots().taken == (waits_for == "a slot")
    narrow.up.resume(Way.ANSWERED)
    if waits_for == "a slot":
        await asked(holder, "COMMIT")
    if how == "cancel":
        assert said(await asked(other, INSERT)) == []
    assert narrow.truth() == (how == "cancel")


async def test_who_leaves_while_it_logs_in_waits_for_nothing(narrow: BrokenDoor) -> None:
    """The first session of other start-up settings needs the server at once."""
    holder = await narrow.client()
    await asked(holder, "BEGIN")
    await asked(holder, "SELECT id FROM plain")
    late = asyncio.create_task(narrow.client("other", datestyle="German"))
    await until(lambda: narrow.slots().waiting == 1)
    narrow.clients[-1].writer.transport.abort()
    await until(lambda: narrow.slots().waiting == 0)
    assert narrow.slots().taken == 1
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)


async def test_a_loss_while_parked_is_no_loss(narrow: BrokenDoor) -> None:
    first, other = await narrow.client(), await narrow.client("other")
    for client in (first, other):
        assert said(await asked(client, INSERT)) == []  # the second takes the first one's place
    narrow.up.cut()
    await narrow.sessions_are(0)
    for client in (first, other):
        assert said(await asked(client, INSERT)) == []
    assert narrow.truth() == 4
