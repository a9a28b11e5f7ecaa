"""Real streams to start from: what clients and a PostgreSQL server said to each other, recorded on the way.

Nothing of it is kept: it is made anew at each run.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from testkit.postgres_messages import Message, cut
from testkit.recording_link import RecordingLink, Tape, Way
from tests.fuzzing.dialects import DIALECTS

from interlock.demo.embedded_postgres import EmbeddedPostgres

CANARY = b"Canary7f3a"
SECONDS = 60.0
_LINK = "fuzz"

_TABLE = f"""
DROP TABLE IF EXISTS fuzzed;
CREATE TABLE fuzzed (a text, b text, n int);
INSERT INTO fuzzed SELECT '{CANARY.decode()}' || i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'x,"y";|' || chr(9)
|| chr(10) || '\\' ELSE 'plain' END, i FROM generate_series(1, 40) AS t (i);
"""
_SCRIPT = f"""
SELECT 1; SELECT * FROM fuzzed; SELECT '{CANARY.decode()}'::int; LISTEN c; NOTIFY c, '{CANARY.decode()}';
DO $$ BEGIN RAISE NOTICE '{CANARY.decode()}'; END $$;
PREPARE p AS SELECT $1::text; EXECUTE p('x'); SET TimeZone = 'UTC';
BEGIN; DECLARE k CURSOR FOR SELECT * FROM fuzzed; FETCH 5 FROM k; COMMIT; SELECT 1 \\bind \\g
"""


@dataclass(frozen=True, slots=True)
class Streams:
    """By connection: what the client said and what the server did; and the payloads of COPYs by dialect's number."""

    asked: list[bytes] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    copied_out: dict[int, bytes] = field(default_factory=dict)
    copied_in: dict[int, bytes] = field(default_factory=dict)

    def messages_asked(self) -> list[Message]:
        """All clients' messages, the untyped first packets left out."""
        return [message for stream in self.asked for message in cut(behind_first_packets(stream))[0]]

    def messages_answered(self) -> list[Message]:
        """All the server's messages; the N that declines TLS has no length, and is left out."""
        return [message for stream in self.answered for message in cut(stream.removeprefix(b"N"))[0]]


def behind_first_packets(stream: bytes) -> bytes:
    """What follows an SSLRequest and a StartupMessage, which have no type."""
    while stream[:1] == b"\0":
        stream = stream[int.from_bytes(stream[:4]) :]
    return stream


async def record(server: EmbeddedPostgres, database: str) -> Streams:
    """Has real clients talk to the server, and gives what they said. They come in clear: the server has no TLS."""
    tape = Tape()
    streams = Streams()
    async with asyncio.timeout(SECONDS), RecordingLink(_LINK, server.host, server.port, tape) as link:
        conninfo = _through(server.conninfo(database), link.port)
        await _table(conninfo)
        await _run("psql", "-X", "-q", "-d", conninfo, stdin=_SCRIPT.encode())
        await _psycopg(conninfo)
        await _asyncpg(server, database, link.port)
        await _pgbench(conninfo)
        ended = set(tape.connections(_LINK))
        for number in range(len(DIALECTS)):
            out, back = await _copies(conninfo, number)
            streams.copied_out[number], streams.copied_in[number] = out, back
    for connection in tape.connections(_LINK):
        if connection in ended or connection % 5 == 0:
            streams.asked.append(tape.bytes(_LINK, Way.ASKED, connection))
            streams.answered.append(tape.bytes(_LINK, Way.ANSWERED, connection))
    return streams


def _through(conninfo: str, port: int) -> str:
    """In clear, and without what programs older than psycopg's library don't know."""
    known = {k: str(v) for k, v in conninfo_to_dict(conninfo).items() if k != "require_auth"}
    return make_conninfo("", **(known | {"port": str(port), "sslmode": "prefer", "gssencmode": "disable"}))


async def _table(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await connection.execute(_TABLE.encode())


async def _pgbench(conninfo: str) -> None:
    script = b"\\set i random(1, 40)\nBEGIN;\nSELECT * FROM fuzzed WHERE n = :i;\nEND;\n"
    for mode in ("simple", "extended", "prepared"):
        await _run("pgbench", "-n", "-M", mode, "-t", "3", "-f", "/dev/stdin", conninfo, stdin=script)


async def _run(program: str, *arguments: str, stdin: bytes) -> None:
    """Programs that aren't there are done without. Errors of statements are wanted: they are part of a stream."""
    found = shutil.which(program)
    if found is None:
        return
    nothing = asyncio.subprocess.DEVNULL
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(found, *arguments, stdin=pipe, stdout=nothing, stderr=nothing)
    await child.communicate(stdin)
    assert child.returncode == 0, f"{program} didn't do what it was to do"


async def _psycopg(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        for _ in range(7):  # from the sixth on by a prepared name
            await connection.execute("SELECT a, b, n, %s::text FROM fuzzed WHERE n < %s", (CANARY.decode(), 5))
        await connection.execute("SELECT n, a FROM fuzzed", binary=True)
        async with connection.transaction(), connection.cursor("named") as cursor:
            await cursor.execute("SELECT * FROM fuzzed")
            await cursor.fetchmany(3)
        async with connection.pipeline():
            for number in range(5):
                await connection.execute("SELECT %s::int", (number,))
        try:
            await connection.execute("SELECT %s::int", (CANARY.decode(),))
        except psycopg.Error:
            await connection.execute("SELECT 1")


async def _asyncpg(server: EmbeddedPostgres, database: str, port: int) -> None:
    connection: Any = await asyncpg.connect(  # type: ignore[no-untyped-call]
        host="127.0.0.1",
        port=port,
        user=server.superuser,
        password=server.password.reveal(),
        database=database,
        ssl=False,
    )
    await connection.fetch("SELECT a, n FROM fuzzed WHERE n > $1", 30)
    async with connection.transaction():
        async for _ in connection.cursor("SELECT * FROM fuzzed", prefetch=7):
            pass
    await connection.executemany("SELECT $1::text, $2::int", [(CANARY.decode(), n) for n in range(5)])
    await connection.copy_records_to_table("fuzzed", records=[("a", None, 100), ("b", "c", 101)])
    await connection.execute("SELECT 1; SELECT 2")
    await connection.close()


async def _copies(conninfo: str, number: int) -> tuple[bytes, bytes]:
    """One COPY each way; what goes in is what came out, as a client would send it."""
    said = sql.SQL(DIALECTS[number].sql)
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        cursor = connection.cursor()
        async with cursor.copy(sql.SQL("COPY (SELECT * FROM fuzzed WHERE n < 12) TO STDOUT {}").format(said)) as copy:
            out = b"".join([bytes(payload) async for payload in copy])
        await connection.execute("CREATE TEMPORARY TABLE copied (LIKE fuzzed)")
        async with cursor.copy(sql.SQL("COPY copied FROM STDIN {}").format(said)) as back:
            await back.write(out)
    return out, out
