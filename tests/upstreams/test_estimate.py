"""Estimates by a real planner: near the truth, of built-ins alone, nothing executed, never small by a fault."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from testkit.lying_postgres import Liar
from testkit.postgres_messages import Message, frame
from testkit.recording_link import RecordingLink, Tape
from tests.postgres_fixture import Database
from tests.upstreams.a_question import question

from interlock.model.names import ConnectionName
from interlock.model.payload import SqlStatement
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Snapshot
from interlock.sql.session_state import SessionState
from interlock.upstreams import estimate
from interlock.upstreams.estimate import MAX_ROWS, Estimates, rows_of
from interlock.upstreams.postgres import load_snapshot

CLINIC = ConnectionName("clinic")
CANARY = "canary-4711"
TABLES = (
    "CREATE TABLE things (id int PRIMARY KEY, kind int, note text, at timestamptz DEFAULT now())",
    "INSERT INTO things SELECT n, n % 10, 'note ' || n FROM generate_series(1, 5000) n",
    "CREATE TABLE parted (id int, note text) PARTITION BY RANGE (id)",
    "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000)",
    "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (2000)",
    "INSERT INTO parted SELECT n, 'x' FROM generate_series(0, 1999) n",
    "CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners SELECT generate_series(1, 100)",
    "CREATE TABLE owned (id int, owner int REFERENCES owners ON DELETE CASCADE)",
    "CREATE SEQUENCE ran",
    "CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM nextval('ran'); RETURN NEW; END$$",
    "CREATE TRIGGER log_it AFTER DELETE ON owners FOR EACH ROW EXECUTE FUNCTION log_it()",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC",
    "ANALYZE",
)
# A function that tells that it ran, though it is said to be fit for working out beforehand.
TELLTALE = (
    "CREATE FUNCTION telltale(int) RETURNS int LANGUAGE plpgsql IMMUTABLE"
    " AS $$BEGIN PERFORM nextval('public.ran'); RETURN $1; END$$"
)
CODE = {
    "an index": "CREATE INDEX ON {t} ((id + telltale(1)))",
    "a part of an index": "CREATE INDEX ON {t} (id) WHERE kind > telltale(1)",
    "a constraint": "ALTER TABLE {t} ADD CHECK (kind >= telltale(0))",
    "statistics": "CREATE STATISTICS s ON (kind + telltale(1)), id FROM {t}",
    "a policy": "CREATE POLICY p ON {t} USING (kind >= telltale(0)); ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
    "a generated column": "ALTER TABLE {a} ADD made int GENERATED ALWAYS AS (telltale(1)) STORED",
    "a rule": "CREATE RULE r AS ON DELETE TO {t} DO ALSO DELETE FROM owners WHERE id = telltale(1)",
    "a type": "CREATE TYPE pair AS (a int); ALTER TABLE {a} ADD pair pair",
    "a domain over one": "CREATE TYPE pair AS (a int); CREATE DOMAIN d AS pair; ALTER TABLE {a} ADD pair d",
}


@pytest.fixture
def table(empty_database: Database) -> Database:
    empty_database.execute(*TABLES)
    return empty_database


@pytest.fixture
async def snapshot(table: Database) -> Snapshot:
    return await load_snapshot(table.upstream)


def ran(database: Database) -> object:
    """Whether any code of users has run."""
    with database.admin() as admin:
        return (admin.execute("SELECT is_called FROM ran").fetchone() or (None,))[0]


def of(upstream: UpstreamPostgres, now: Callable[[], float] = lambda: 0.0) -> Estimates:
    return Estimates({CLINIC: upstream}, now)


NEAR = [
    ("SELECT note FROM things", 4_900, 5_100),
    ("SELECT note FROM things WHERE kind = 3", 300, 800),
    ("SELECT count(*) FROM things", 1, 1),
    ("SELECT note FROM things LIMIT 7", 7, 7),
    ("COPY things TO STDOUT", 4_900, 5_100),
    ("COPY (SELECT id FROM things WHERE id < 100) TO STDOUT", 80, 120),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM things WHERE id = 5", 1, 1),
    ("UPDATE things SET note = 'x' WHERE kind = 3", 300, 800),
    ("DELETE FROM things", 4_900, 5_100),
    ("DELETE FROM things WHERE id = 5 RETURNING note", 1, 1),
    ("INSERT INTO things (id, note) VALUES (-1, 'a'), (-2, 'b'), (-3, 'c')", 3, 3),
    ("INSERT INTO things (id) SELECT id + 10000 FROM things WHERE id <= 1000", 900, 1_100),
    ("UPDATE things t SET note = 'x' FROM parted p WHERE p.id = t.id", 1_500, 2_500),
    ("WITH gone AS (DELETE FROM things WHERE id < 100 RETURNING id) SELECT 1", 80, 121),
    ("DELETE FROM parted WHERE id < 500", 400, 600),
    ("DELETE FROM owners", 90, 110),
    ("SELECT id FROM things WHERE false", 0, 1),
    (
        "MERGE INTO things t USING (SELECT id FROM parted) p ON p.id = t.id WHEN MATCHED THEN UPDATE SET note = 'm'",
        1_500,
        2_500,
    ),
]


@pytest.mark.parametrize(("text", "least", "most"), NEAR)
async def test_an_estimate_is_near_the_truth_and_nothing_runs(
    table: Database, snapshot: Snapshot, text: str, least: int, most: int
) -> None:
    rows = await of(table.upstream).rows(question(snapshot, table, text))
    assert rows is not None
    assert least <= rows <= most
    with table.admin() as admin:
        told = admin.execute("SELECT count(*), max(id), count(*) FILTER (WHERE note = 'x') FROM things").fetchone()
        assert (told, admin.execute("SELECT count(*) FROM owners").fetchone()) == ((5000, 5000, 0), (100,))
    assert ran(table) is False


async def test_statements_of_one_action_are_added_up_and_session_traffic_is_nothing(
    table: Database, snapshot: Snapshot
) -> None:
    action = question(snapshot, table, "BEGIN", "DELETE FROM things WHERE id = 1", "SELECT 1 FROM owners", "COMMIT")
    assert await of(table.upstream).rows(action) in range(95, 110)
    assert await of(table.upstream).rows(question(snapshot, table, "BEGIN")) is None
    assert await of(table.upstream).rows(question(snapshot, table, "DELETE FROM things", "TRUNCATE owned")) is None


async def test_parameters_are_bound_in_both_formats(table: Database, snapshot: Snapshot) -> None:
    text = b"SELECT note FROM things WHERE id < $1 AND note <> $2"
    binary = SqlStatement(text, False, (23, 25), (1, 0), ((1000).to_bytes(4), b"x"))
    plain = SqlStatement(text, False, (23, 25), (), (b"1000", None))
    untold = SqlStatement(text, False, (), (0,), (b"1000", b"x"))
    for sent, expected in ((binary, range(900, 1100)), (plain, range(2)), (untold, range(900, 1100))):
        assert await of(table.upstream).rows(question(snapshot, table, sent)) in expected
    odd = replace(binary, parameter_types=(23,))
    assert await of(table.upstream).rows(question(snapshot, table, odd)) is None


@pytest.mark.parametrize("text", [
    "SELECT telltale(id) FROM things",
    "SELECT note FROM things WHERE kind = telltale(3)",
    "SELECT note FROM seen",
    "TRUNCATE things",
    "EXPLAIN SELECT note FROM things",
    "SELECT note FROM nowhere",
    "SELECT setting FROM pg_settings",
])  # fmt: skip
async def test_what_isnt_made_of_built_ins_isnt_asked_about(table: Database, text: str) -> None:
    table.execute(TELLTALE, "CREATE VIEW seen AS SELECT note FROM things WHERE kind = telltale(3)")
    table.execute("GRANT SELECT ON seen TO PUBLIC")
    snapshot = await load_snapshot(table.upstream)
    assert await of(table.upstream).rows(question(snapshot, table, text)) is None
    assert ran(table) is False


VIEWS = (
    "CREATE VIEW few AS SELECT id, note FROM things WHERE kind = 3",
    "CREATE VIEW fewer AS SELECT f.note, p.id AS part FROM few f JOIN parted p ON p.id = f.id",
    "GRANT ALL ON few, fewer TO PUBLIC",
)


@pytest.mark.parametrize(("text", "least", "most"), [
    ("SELECT note FROM few", 300, 800),
    ("SELECT note FROM few WHERE id < 1000 ORDER BY id", 50, 200),
    ("SELECT count(*) FROM fewer", 1, 1),
    ("COPY (SELECT note FROM fewer) TO STDOUT", 100, 800),
])  # fmt: skip
async def test_views_of_tables_and_built_ins_are_planned(table: Database, text: str, least: int, most: int) -> None:
    table.execute(*VIEWS)
    rows = await of(table.upstream).rows(question(await load_snapshot(table.upstream), table, text))
    assert rows is not None and least <= rows <= most


@pytest.mark.parametrize("code", [
    "CREATE OR REPLACE VIEW few AS SELECT id, note FROM things WHERE kind = telltale(3)",
    "CREATE OR REPLACE VIEW few AS SELECT id, note FROM things WHERE kind = 3 ORDER BY telltale(id)",
    "ALTER TABLE things ENABLE ROW LEVEL SECURITY",
    "CREATE INDEX ON things ((id + telltale(1)))",
    "ALTER TABLE parted_1 ADD CHECK (id >= telltale(0))",
    "CREATE RULE r AS ON DELETE TO few DO INSTEAD DELETE FROM owners WHERE id = telltale(1)",
    "CREATE MATERIALIZED VIEW kept AS SELECT id, note FROM things;"
    " CREATE OR REPLACE VIEW few AS SELECT id, note FROM kept",
])  # fmt: skip
async def test_a_view_that_brings_users_code_along_isnt_planned(table: Database, code: str) -> None:
    """Below another view, and made after the definitions that the statement was judged by."""
    table.execute(*VIEWS, TELLTALE)
    judged = await load_snapshot(table.upstream)
    table.execute(code, "SELECT setval('ran', 1, false)")
    assert await of(table.upstream).rows(question(judged, table, "SELECT note FROM fewer WHERE part > 3")) is None
    assert ran(table) is False


@pytest.mark.parametrize(
    "text", ["DELETE FROM few", "INSERT INTO owned SELECT id FROM few", "UPDATE few SET note = 'x'"]
)
async def test_writes_with_views_in_them_arent_planned(table: Database, text: str) -> None:
    table.execute(*VIEWS)
    assert await of(table.upstream).rows(question(await load_snapshot(table.upstream), table, text)) is None


@pytest.mark.parametrize("where", ["things", "parted_1"])
@pytest.mark.parametrize("code", CODE)
async def test_a_table_that_brings_users_code_along_isnt_planned(
    table: Database, snapshot: Snapshot, code: str, where: str
) -> None:
    """The definitions that were judged by are older than the code: the server is asked as it is."""
    table.execute(TELLTALE, "ALTER TABLE parted ADD kind int")
    asked = "parted" if where == "parted_1" else where
    table.execute(CODE[code].format(t=where, a=asked), "SELECT setval('ran', 1, false)")
    with structlog.testing.capture_logs() as logs:
        for text in (f"SELECT id FROM {asked} WHERE id > 3", f"DELETE FROM {asked} WHERE id > 3"):
            assert await of(table.upstream).rows(question(snapshot, table, text)) is None
    assert [each["because"] for each in logs] == ["planning it may run code of users"] * 2
    assert ran(table) is False


async def test_a_default_of_users_counts_for_writes_alone(table: Database, snapshot: Snapshot) -> None:
    table.execute(TELLTALE, "ALTER TABLE things ALTER kind SET DEFAULT telltale(1)", "SELECT setval('ran', 1, false)")
    asking = of(table.upstream)
    assert await asking.rows(question(snapshot, table, "INSERT INTO things (id) VALUES (-1)")) is None
    assert await asking.rows(question(snapshot, table, "SELECT id FROM things WHERE id = 3")) == 1
    assert ran(table) is False


async def test_the_session_must_read_texts_as_the_asker_does(table: Database, snapshot: Snapshot) -> None:
    table.execute("CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO PUBLIC")
    table.execute("CREATE TABLE other.things (id int, kind int, note text); GRANT ALL ON other.things TO PUBLIC")
    snapshot = await load_snapshot(table.upstream)
    asking, text = of(table.upstream), "SELECT note FROM things WHERE at < '01/02/2020'"
    us = SessionState(("public",), table.user, {"datestyle": "iso, dmy", "timezone": "europe/berlin"})
    assert await asking.rows(question(snapshot, table, text, state=us)) is not None
    path = SessionState(("other", "public"), table.user)
    small = await asking.rows(question(snapshot, table, "SELECT note FROM things", state=path))
    assert small is not None
    assert small < 4_000
    for state in (
        SessionState(("public",), "somebody"),
        SessionState(("gone", "public"), table.user),
        SessionState(("public",), table.user, {"timezone": "nowhere/at all"}),
    ):
        assert await asking.rows(question(snapshot, table, text, state=state)) is None


async def test_a_lock_isnt_waited_for(table: Database, snapshot: Snapshot) -> None:
    with table.admin() as admin, admin.transaction():
        admin.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(estimate.SECONDS):
            assert await of(table.upstream).rows(question(snapshot, table, "SELECT note FROM things")) is None


async def test_what_may_not_be_read_isnt_estimated(table: Database, snapshot: Snapshot) -> None:
    table.execute("REVOKE ALL ON things FROM PUBLIC")
    assert await of(table.upstream).rows(question(snapshot, table, "SELECT note FROM things")) is None


async def test_an_answer_is_remembered_for_a_minute(table: Database, snapshot: Snapshot) -> None:
    clock = [0.0]
    asking = of(table.upstream, lambda: clock[0])
    first = await asking.rows(question(snapshot, table, "SELECT id FROM owners"))
    table.execute("INSERT INTO owners SELECT generate_series(1000, 1999)", "ANALYZE owners")
    assert await asking.rows(question(snapshot, table, "SELECT id FROM owners")) == first == 100
    assert await asking.rows(question(snapshot, table, "SELECT id FROM owners WHERE id > 0")) == 1100
    clock[0] = estimate.KEPT_SECONDS
    assert await asking.rows(question(snapshot, table, "SELECT id FROM owners")) == 1100


async def test_a_failure_isnt_remembered(table: Database, snapshot: Snapshot) -> None:
    asking, action = of(table.upstream), question(snapshot, table, "SELECT id FROM owners")
    table.execute("REVOKE ALL ON owners FROM PUBLIC")
    assert await asking.rows(action) is None
    table.execute("GRANT ALL ON owners TO PUBLIC")
    assert await asking.rows(action) == 100


async def test_a_connection_that_isnt_known_gives_none(table: Database, snapshot: Snapshot) -> None:
    assert await Estimates({}).rows(question(snapshot, table, "SELECT id FROM owners")) is None


# -- bad servers ------------------------------------------------------------------------------------------------------


def answers(plan: bytes) -> Callable[[Message], bytes | None]:
    """A server whose plans are these bytes; it tells the truth of everything else."""

    def lie(message: Message) -> bytes | None:
        if message.type != b"D" or b'"Plan"' not in message.body:
            return None
        return frame(b"D", (1).to_bytes(2) + len(plan).to_bytes(4) + plan)

    return lie


LIES = {
    "no rows": lambda m: b"" if m.type == b"D" and b'"Plan"' in m.body else None,
    "nothing": answers(b""),
    "null": answers(b"null"),
    "no plan": answers(b"[{}]"),
    "a negative number": answers(b'[{"Plan": {"Node Type": "Result", "Plan Rows": -1}}]'),
    "words": answers(b'[{"Plan": {"Node Type": "Result", "Plan Rows": "0"}}]'),
    "not a number": answers(b'[{"Plan": {"Node Type": "Result", "Plan Rows": NaN}}]'),
    "deep": answers(b"[" * 100_000),
    "too large": answers(b" " * (estimate.MAX_PLAN + 1)),
    "another session": lambda m: frame(b"D", m.body[:2] + b"\xff" * 4 * int.from_bytes(m.body[:2])) if m.type == b"D"
    else None,
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_lies_gives_no_estimate(table: Database, snapshot: Snapshot, lie: str) -> None:
    liar, up = Liar(), table.upstream
    async with RecordingLink("up", up.host, up.port, Tape(), bend=liar.bend) as link:
        asking = of(replace(up, port=link.port))
        liar.lie = LIES[lie]
        assert await asking.rows(question(snapshot, table, "SELECT id FROM owners")) is None
        assert liar.told
        liar.lie = None
        assert await asking.rows(question(snapshot, table, "SELECT id FROM owners")) == 100


@asynccontextmanager
async def silent() -> AsyncIterator[UpstreamPostgres]:
    """Takes connections, and says nothing."""
    gone = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield UpstreamPostgres(
            "127.0.0.1", server.sockets[0].getsockname()[1], "d", "u", Secret("p"), login="trust", tls="disable"
        )
        gone.set()


async def test_a_silent_server_is_waited_for_within_bounds_and_not_by_everybody(
    table: Database, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "SECONDS", 0.2)
    async with silent() as upstream:
        asking = of(upstream)
        actions = [question(snapshot, table, f"SELECT id FROM owners WHERE id = {n}") for n in range(30)]
        with structlog.testing.capture_logs() as logs:
            assert set(await asyncio.gather(*map(asking.rows, actions))) == {None}
    why = [each["because"] for each in logs]
    assert why.count("it took too long") == estimate.AT_ONCE + estimate.WAITING
    assert why.count("too many are asked for at once") == 30 - estimate.AT_ONCE - estimate.WAITING


async def test_who_asked_may_leave_meanwhile(table: Database, snapshot: Snapshot) -> None:
    async with silent() as upstream:
        asking = of(upstream)
        task = asyncio.ensure_future(asking.rows(question(snapshot, table, "SELECT id FROM owners")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_no_server_at_all_gives_none(table: Database, snapshot: Snapshot) -> None:
    assert await of(replace(table.upstream, port=1)).rows(question(snapshot, table, "SELECT id FROM owners")) is None


async def test_values_are_in_no_log_and_in_nothing_that_is_kept(
    table: Database, snapshot: Snapshot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asking = of(table.upstream)
    with structlog.testing.capture_logs() as logs:
        for text in (
            f"SELECT id FROM things WHERE note = '{CANARY}'",
            f"SELECT id FROM things WHERE kind = '{CANARY}'",  # an error that quotes it
            f"SELECT id FROM things WHERE note = '{CANARY}' AND 1 / (kind - kind) = 1",
        ):
            await asking.rows(question(snapshot, table, text))
        sent = SqlStatement(b"SELECT id FROM things WHERE kind = $1", False, (23,), (), (CANARY.encode(),))
        assert await asking.rows(question(snapshot, table, sent)) is None
    assert any("22P02" in each["because"] for each in logs)
    assert CANARY not in repr(logs) + caplog.text + repr(asking._kept)
    assert CANARY not in repr(question(snapshot, table, sent).exposures)


# -- plans, as hostile bytes ------------------------------------------------------------------------------------------


def plan(rows: object, kind: str = "Seq Scan", **more: object) -> dict[str, object]:
    return {"Node Type": kind, "Plan Rows": rows, **more}


def test_rows_of_reads_and_writes() -> None:
    def told(top: object) -> int:
        return rows_of(orjson.dumps([{"Plan": top}]))

    child = plan(50, **{"Parent Relationship": "Outer"})
    init = plan(9, **{"Parent Relationship": "InitPlan"})
    write = plan(0, "ModifyTable", Plans=[child, init])
    assert told(plan(12.4)) == 13
    assert told(plan(12, Plans=[init])) == 12
    assert told(write) == 50
    assert told(plan(0, "ModifyTable", Plans=[child | {"Parent Relationship": "Member"}] * 3)) == 150
    assert told(plan(3, Plans=[write | {"Parent Relationship": "InitPlan"}])) == 53
    assert told(plan(1e300)) == MAX_ROWS
    wrongs: list[object] = [plan(True), plan(None), plan("1"), plan(-0.5), plan(0, "ModifyTable"), {"Plan Rows": 1}, []]
    for wrong in (*wrongs, None):
        with pytest.raises(ValueError, match=r"no|not|a write"):
            told(wrong)
    wide = plan(1, Plans=[plan(1)] * estimate.MAX_NODES)
    with pytest.raises(ValueError, match="too many nodes"):
        told(wide)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.sampled_from(["ModifyTable", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Plan", "Plans", "Node Type", "Plan Rows", "Parent Relationship"]), inner)
    ),
    max_leaves=20,
)


@given(st.binary() | _JSON.map(orjson.dumps) | _JSON.map(lambda x: orjson.dumps([{"Plan": x}])))
def test_hostile_plans_are_refused_with_one_error(raw: bytes) -> None:
    with suppress(ValueError):
        assert 0 <= rows_of(raw) <= MAX_ROWS
