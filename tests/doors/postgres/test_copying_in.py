"""The exchange of a COPY FROM STDIN with a real server: what a client sends, drops, fails or hides in its rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import pytest
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors.postgres.copying_in import MAX_COLLECTED, CopyingIn, MaskedBack
from interlock.doors.postgres.units import Planned, Stop
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import UpstreamFailed
from interlock.model.payload import SqlStatement
from interlock.sql.parse import parse
from interlock.sql.shape import CopyFormat, CopyOptions, Kind, Statement
from interlock.wire.postgres import answers, backend, frontend
from interlock.wire.postgres.frames import Frame, Piece

TEXT = CopyOptions(CopyFormat.TEXT, False, "\t", "\\N", '"', '"', frozenset(), False)
BINARY = CopyOptions(CopyFormat.BINARY, False, "\t", "\\N", '"', '"', frozenset(), False)
DONE, FAIL, GONE = Frame(b"c", b""), Frame(b"f", b"my reasons hold 900-11-2222\0"), None
TOKEN = b"3\t\\133phi.ssn]\n"


class Client:
    """Sends these messages, then waits for ever."""

    def __init__(self, frames: Iterable[Frame | bytes | None]) -> None:
        self._frames = [Frame(b"d", each) if isinstance(each, bytes) else each for each in frames]
        self.heard = bytearray()

    async def frame(self) -> Frame | None:
        if not self._frames:
            await asyncio.Event().wait()
        return self._frames.pop(0)

    def write(self, data: bytes) -> None:
        self.heard += data

    async def drain(self) -> None:
        await asyncio.sleep(0)


class Server:
    """The upstream, and what it has said."""

    def __init__(self, up: Upstream) -> None:
        self.up = up
        self.said: list[Frame] = []

    async def asks(self, text: bytes) -> bytes:
        """Its CopyInResponse to this COPY."""
        self.up.link.write(frontend.write_query(text))
        async with asyncio.timeout(10):
            while (frame := await self.up.frame()).type != b"G":
                assert frame.type != b"E", backend.read_complaint(frame.body).sqlstate
        return frame.body

    async def early(self, pieces: Sequence[Piece]) -> bool:
        self.said += [piece for piece in pieces if isinstance(piece, Frame)]
        return any(frame.type == b"E" for frame in self.said)

    async def ends(self) -> str:
        """Its command tag, or the SQLSTATE of its error; then it is idle again."""
        async with asyncio.timeout(10):
            while not any(frame.type == b"Z" for frame in self.said):
                self.said.append(await self.up.frame())
        for frame in self.said:
            if frame.type == b"E":
                return backend.read_complaint(frame.body).sqlstate
        return next(backend.read_command_complete(f.body) for f in self.said if f.type == b"C")


@pytest.fixture
async def server(empty_database: Database) -> AsyncIterator[Server]:
    empty_database.execute("CREATE TABLE t (n int CHECK (n < 100), v text)", "GRANT ALL ON t TO PUBLIC")
    up = await Upstream.open(empty_database.upstream, {}, ENTROPY)
    yield Server(up)
    up.close()


def planned(options: CopyOptions = TEXT, rows: bytes | None = None, width: int = 2) -> Planned:
    text = b"COPY t FROM STDIN" + (b" (FORMAT binary)" if options is BINARY else b"")
    statement = Statement(Kind.COPY_IN, text, text.decode(), parse(text), copy=options, width=width)
    return Planned(statement, SqlStatement(text, True, copy_data=rows), None, None)


async def through(server: Server, plan: Planned, client: Client) -> Stop | None:
    response = await server.asks(plan.payload.text)
    async with asyncio.timeout(10):
        return await CopyingIn(client, client).through(server.up, plan, response, server.early)


def stored(database: Database) -> list[tuple[object, ...]]:
    with database.admin() as connection:
        return connection.execute("SELECT n, v FROM t ORDER BY n").fetchall()


async def test_rows_stream_through(server: Server, empty_database: Database) -> None:
    client = Client([b"1\ta\n2", Frame(b"H", b""), b"\tb", Frame(b"S", b""), b"\n", DONE])
    assert await through(server, planned(), client) is None
    assert await server.ends() == "COPY 2"
    assert bytes(client.heard) == answers.write_copy_in_response(2)
    assert stored(empty_database) == [(1, "a"), (2, "b")]


async def test_collected_rows_are_sent_and_the_client_is_told_nothing(server: Server, empty_database: Database) -> None:
    rows = b"".join(b"%d\t%s\n" % (n, b"x" * 3_000) for n in range(99))
    client = Client([])
    assert await through(server, planned(rows=rows), client) is None
    assert await server.ends() == "COPY 99"
    assert not client.heard
    assert len(stored(empty_database)) == 99


@pytest.mark.parametrize(
    ("sent", "sqlstate", "told"),
    [
        ([b"1\ta\n", FAIL], "57014", None),
        ([b"1\ta\n", GONE], "57014", None),
        ([b"1\ta\n", Frame(b"X", b"")], "57014", None),
        ([b"1\ta\n", TOKEN[:7], TOKEN[7:], DONE], "57014", "42501"),
        ([TOKEN.removesuffix(b"\n"), DONE], "57014", "42501"),
        ([b"1\ta\n", Frame(b"Q", b"SELECT 1\0")], "57014", "08P01"),
        ([b"x\ta\n", DONE], "22P02", None),
        ([b"1\ta\n100\tb\n"], "23514", None),  # the server ends it; the client says nothing more
    ],
)
async def test_nothing_is_kept(
    server: Server, empty_database: Database, sent: list[Frame | bytes | None], sqlstate: str, told: str | None
) -> None:
    if sqlstate == "23514":  # enough of it that the server looks before the end
        sent = [b"100\tb\n" * 20_000]
    stop = await through(server, planned(), Client(sent))
    assert (stop.sqlstate if stop is not None else None) == told
    assert await server.ends() == sqlstate
    assert stored(empty_database) == []


async def test_what_the_client_says_when_it_fails_stays_here(server: Server) -> None:
    await through(server, planned(), Client([FAIL]))
    await server.ends()
    assert not any(b"900-11" in frame.body for frame in server.said)


async def test_notices_in_the_middle_are_heard_and_block_nobody(server: Server, empty_database: Database) -> None:
    empty_database.execute(
        "CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE NOTICE '%', repeat('x', 8000); RETURN NEW; END $$",
        "CREATE TRIGGER loud BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION loud()",
    )
    client = Client([b"1\t" + b"y" * 6_000 + b"\n"] * 2_000 + [DONE])
    assert await through(server, planned(), client) is None
    assert await server.ends() == "COPY 2000"
    assert sum(frame.type == b"N" for frame in server.said) == 2_000


async def test_binary(server: Server, empty_database: Database) -> None:
    begin = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    row = b"\0\2\0\0\0\4\0\0\0\7\0\0\0\1z"
    assert await through(server, planned(BINARY), Client([begin + row[:5], row[5:] + b"\xff\xff", DONE])) is None
    assert await server.ends() == "COPY 1"
    assert stored(empty_database) == [(7, "z")]
    server.said.clear()
    stop = await through(server, planned(BINARY), Client([begin + row + b"\xff\xfe", DONE]))
    assert stop is not None
    assert stop.sqlstate == "22P04"
    assert await server.ends() == "57014"


@pytest.mark.parametrize("plan", [planned(width=3), planned(BINARY, width=2)])
async def test_another_shape_than_was_decided_on_ends_the_session(server: Server, plan: Planned) -> None:
    response = await server.asks(b"COPY t FROM STDIN")
    with pytest.raises(UpstreamFailed):
        await CopyingIn(Client([]), Client([])).through(server.up, plan, response, server.early)
    assert await server.ends() == "57014"


# -- collected --------------------------------------------------------------------------------------------------------


async def test_rows_are_collected() -> None:
    client = Client([b"1\ta", Frame(b"S", b""), b"\n2\tb\n", DONE])
    assert await CopyingIn(client, client).collected(planned()) == b"1\ta\n2\tb\n"
    assert bytes(client.heard) == answers.write_copy_in_response(2)


@pytest.mark.parametrize(
    ("sent", "sqlstate"),
    [
        ([b"1\ta\n", FAIL], "57014"),
        ([b"1\ta\n", GONE], "57014"),
        ([b"1\ta\n", Frame(b"Q", b"SELECT 1\0")], "08P01"),
        ([b"x" * (MAX_COLLECTED // 2)] * 3, "54000"),
    ],
)
async def test_not_collected(sent: list[Frame | bytes | None], sqlstate: str) -> None:
    client = Client(sent)
    with pytest.raises(Stop) as refused:
        await CopyingIn(client, client).collected(planned())
    assert refused.value.sqlstate == sqlstate


async def test_a_mask_token_is_not_collected() -> None:
    client = Client([b"1\ta\n", TOKEN, DONE])
    with pytest.raises(MaskedBack) as refused:
        await CopyingIn(client, client).collected(planned())
    assert refused.value.detail == "interlock: masked_back"


async def test_exactly_as_much_as_is_allowed_is_collected() -> None:
    rows = b"1\t" + b"x" * (MAX_COLLECTED - 3) + b"\n"
    client = Client([rows, DONE])
    assert await CopyingIn(client, client).collected(planned()) == rows
