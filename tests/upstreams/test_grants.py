"""The printed grants make a login that reads and does nothing else; what a login has beyond that is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from testkit.lying_postgres import Liar
from testkit.postgres_messages import Message, frame
from testkit.recording_link import RecordingLink, Tape
from tests.postgres_fixture import PASSWORD, Database

from interlock.errors import InterlockError, UpstreamFailed
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.upstreams import bypass
from interlock.upstreams import connect as connecting
from interlock.upstreams.connect import check_upstream
from interlock.upstreams.grants import MAX_IDENTIFIER, GrantPlan, grants_sql, quoted
from interlock.upstreams.postgres import load_snapshot
from interlock.upstreams.reach import Reach, look_around

TABLES = (
    "CREATE TABLE patients (id serial PRIMARY KEY, name text)",
    "INSERT INTO patients (name) VALUES ('a'), ('b')",
    "CREATE VIEW names AS SELECT name FROM patients",
    'CREATE SCHEMA "Odd ""one"""',
    'CREATE TABLE "Odd ""one"""."T" (a int)',
)


def run_as_admin(database: Database, script: str) -> None:
    """What psql does with the script; its own commands apart, which set the password at a prompt."""
    lines = [line for line in script.splitlines() if not line.startswith("\\")]
    database.execute("\n".join(lines))


def set_password(database: Database, role: str) -> None:
    with database.admin() as admin:
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD)))


@pytest.fixture
def role(empty_database: Database) -> Iterator[str]:
    """A name for a role to be made; whatever was made is dropped."""
    name = f'Agent "{empty_database.name}"'
    empty_database.execute(*TABLES)
    yield name
    with empty_database.admin() as admin:
        if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None:
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def upstream_of(database: Database, role: str) -> UpstreamPostgres:
    return replace(database.upstream, user=role)


def made(database: Database, plan: GrantPlan) -> UpstreamPostgres:
    run_as_admin(database, grants_sql(plan))
    set_password(database, plan.role)
    return upstream_of(database, plan.role)


def log_in(upstream: UpstreamPostgres) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=upstream.host,
        port=upstream.port,
        dbname=upstream.database,
        user=upstream.user,
        password=upstream.password.reveal(),
        autocommit=True,
    )


FORBIDDEN = (
    "INSERT INTO patients (name) VALUES ('c')",
    "UPDATE patients SET name = 'c'",
    "DELETE FROM patients",
    "TRUNCATE patients",
    "CREATE TABLE more (a int)",
    "CREATE SCHEMA more",
    "CREATE ROLE more",
    "ALTER TABLE patients ADD COLUMN more int",
    "COPY patients TO '/tmp/more'",
)


async def test_what_is_printed_makes_a_login_that_reads_and_nothing_else(empty_database: Database, role: str) -> None:
    plan = GrantPlan(role, empty_database.name, ("public", 'Odd "one"'))
    upstream = made(empty_database, plan)
    assert "PostgreSQL" in await check_upstream(upstream)
    with log_in(upstream) as connection:
        assert connection.execute("SELECT count(*) FROM patients").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM names").fetchone() == (2,)
        assert connection.execute('SELECT count(*) FROM "Odd ""one"""."T"').fetchone() == (0,)
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    reach = await look_around(upstream)
    assert (reach.schemas, reach.tables, reach.views, reach.columns, reach.written) == (2, 2, 1, 4, 0)
    assert reach.mighty == ""
    assert [each.name for each in reach.beyond] == ["temporary"]  # PUBLIC has it, and the script says so


async def test_with_writes_columns_that_number_rows_work(empty_database: Database, role: str) -> None:
    upstream = made(empty_database, GrantPlan(role, empty_database.name, write=True))
    with log_in(upstream) as connection:
        connection.execute("INSERT INTO patients (name) VALUES ('c')")
        connection.execute("UPDATE patients SET name = 'd' WHERE name = 'c'")
        connection.execute("DELETE FROM patients WHERE name = 'd'")
        for statement in ("TRUNCATE patients", "CREATE TABLE more (a int)", "SELECT setval('patients_id_seq', 1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert (await look_around(upstream)).written == 1


async def test_tables_of_later_are_granted_for_who_is_named(empty_database: Database, role: str) -> None:
    creator = empty_database.server.superuser
    upstream = made(empty_database, GrantPlan(role, empty_database.name, creators=(creator,)))
    empty_database.execute("CREATE TABLE later (a int)")
    with log_in(upstream) as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


@given(st.text(max_size=80))
def test_no_name_gets_out_of_its_quotes(name: str) -> None:
    try:
        written = quoted(name)
    except InterlockError:
        assert not name or not name.isprintable() or len(name.encode("utf-8", "replace")) > MAX_IDENTIFIER
        return
    assert written[1:-1].replace('""', "").count('"') == 0
    assert written[1:-1].replace('""', '"') == name
    script = grants_sql(GrantPlan(name, name, (name,), write=True, creators=(name,)))
    assert len(script.splitlines()) == len(grants_sql(GrantPlan("a", "a", ("a",), True, ("a",))).splitlines())


def test_the_script_asks_for_the_password_and_says_what_not_to_grant() -> None:
    script = grants_sql(GrantPlan("agents", "clinic"))
    assert '\n\\password "agents"\n' in script
    assert "PASSWORD '" not in script
    assert "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS" in script
    assert 'hostssl  "clinic"  "agents"  GATEWAY_ADDRESS/32  scram-sha-256' in script
    assert "pg_read_all_data" in script
    certified = grants_sql(GrantPlan("agents", "clinic", login="certificate"))
    assert "\\password" not in certified
    assert "GATEWAY_ADDRESS/32  cert" in certified


BEYOND = {
    "owner": ("ALTER TABLE patients OWNER TO {}",),
    "truncate": ("GRANT TRUNCATE ON patients TO {}",),
    "references": ("GRANT REFERENCES ON patients TO {}",),
    "trigger": ("GRANT TRIGGER ON patients TO {}",),
    "maintain": ("GRANT MAINTAIN ON patients TO {}",),
    "grant": ("GRANT SELECT ON patients TO {} WITH GRANT OPTION",),
    "create": ("GRANT CREATE ON SCHEMA public TO {}",),
    "create_schema": ("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {}', current_database()); END $$",),
    "create_database": ("ALTER ROLE {} CREATEDB",),
    "large_objects": ("SELECT lo_create(4711)", "GRANT SELECT ON LARGE OBJECT 4711 TO {}"),
    "functions": ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {}",),
    "servers": (
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER w",
        "GRANT USAGE ON FOREIGN SERVER elsewhere TO {}",
    ),
}


async def look(database: Database) -> Reach:
    return await look_around(database.upstream)


@pytest.mark.parametrize("kind", BEYOND)
async def test_a_right_beyond_need_is_found(empty_database: Database, kind: str) -> None:
    empty_database.execute(*TABLES)
    assert {each.name for each in (await look(empty_database)).beyond} == {"temporary"}
    empty_database.execute(*(statement.format(empty_database.name) for statement in BEYOND[kind]))
    found = {each.name: each for each in (await look(empty_database)).beyond}
    assert set(found) == {"temporary", kind}
    assert found[kind].count == len(found[kind].examples) == 1
    assert found[kind].todo


async def test_functions_with_the_rights_of_their_owner_are_told(empty_database: Database) -> None:
    definer = "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    empty_database.execute(definer, definer.replace("f()", "g()"), "REVOKE EXECUTE ON FUNCTION g() FROM PUBLIC")
    reach = await look(empty_database)
    assert (reach.definers, reach.definer_count) == (("public.f",), 1)


async def test_sizes_are_read_and_a_lock_is_not_waited_for(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE t (a int, b text) PARTITION BY LIST (a)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
        "INSERT INTO t SELECT 1, repeat('x', 100) FROM generate_series(1, 1000)",
        f"GRANT SELECT ON t TO {empty_database.name}",
        "ANALYZE",
    )
    reach = await look(empty_database)
    assert reach.size is not None
    assert reach.size > 100_000
    with empty_database.admin() as admin, admin.transaction():
        admin.execute("LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE")
        assert (await look(empty_database)).size is None


async def test_a_superuser_is_taken_only_where_somebody_said_so(empty_database: Database) -> None:
    empty_database.execute(f"ALTER ROLE {empty_database.name} SUPERUSER")
    with pytest.raises(UpstreamFailed, match="is a superuser"):
        await load_snapshot(empty_database.upstream)
    assert await load_snapshot(empty_database.upstream, unsafe_superuser=True)
    assert await check_upstream(empty_database.upstream, unsafe_superuser=True)
    reach = await look(empty_database)
    assert (reach.mighty, reach.beyond) == ("is a superuser", ())


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"password": Secret("wrong-canary")}, "upstream_login", "doesn't take this login's password"),
        ({"database": "nowhere"}, "upstream_database", "no such database"),
        ({"host": "no-such-host.invalid"}, "upstream_away", "nobody knows this host name"),
        ({"port": 1}, "upstream_away", "nothing listens there"),
        ({"tls": "verify-full"}, "upstream_tls", "takes no TLS"),
        ({"login": "trust"}, "upstream_login", "another way to log in"),
        ({"login": "md5"}, "upstream_login", "another way to log in"),
    ],
)
async def test_why_nobody_got_in(empty_database: Database, change: dict[str, str], code: str, told: str) -> None:
    with pytest.raises(UpstreamFailed, match=told) as failed:
        await look_around(replace(empty_database.upstream, **change))  # type: ignore[arg-type]
    assert failed.value.code == code
    assert "wrong-canary" not in failed.value.sentence


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes anybody, says that it is ready, and nothing ever after."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    await reader.readexactly(size - 4)
    writer.write(b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I")
    await writer.drain()
    await reader.read()


async def _mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[UpstreamPostgres]:
    done: list[asyncio.Task[None] | None] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(asyncio.current_task())
        try:
            await answer(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield UpstreamPostgres("127.0.0.1", port, "d", "u", Secret("p"), login="trust")
        async with asyncio.timeout(10):
            await asyncio.gather(*(task for task in done if task is not None))


@pytest.mark.parametrize("answer", [_hello, _mute])
async def test_a_server_that_falls_silent_is_hung_up_on(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 2)
    async with serving(answer) as upstream:
        with pytest.raises(UpstreamFailed):
            await look_around(upstream)


def _null(message: Message) -> bytes | None:
    fields = int.from_bytes(message.body[:2])
    return frame(b"D", message.body[:2] + b"\xff\xff\xff\xff" * fields) if message.type == b"D" else None


def _nothing(message: Message) -> bytes | None:
    return b"" if message.type == b"D" else None


def _words(message: Message) -> bytes | None:
    fields = int.from_bytes(message.body[:2])
    return frame(b"D", message.body[:2] + b"\0\0\0\x03abc" * fields) if message.type == b"D" else None


@pytest.mark.parametrize("lie", [_null, _nothing, _words])
async def test_a_server_that_lies_is_a_failure_of_its_own(
    empty_database: Database, lie: Callable[[Message], bytes | None]
) -> None:
    empty_database.execute(*TABLES)
    liar, up = Liar(), empty_database.upstream
    async with RecordingLink("up", up.host, up.port, Tape(), bend=liar.bend) as link:
        between = replace(up, port=link.port)
        assert (await look_around(between)).version
        liar.lie = lie
        for looking in (look_around, load_snapshot, bypass.look):
            with pytest.raises(UpstreamFailed) as failed:
                await looking(between)
            assert "abc" not in failed.value.sentence
