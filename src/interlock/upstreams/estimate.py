"""About how many rows a statement would give or change, by the server's own planner: EXPLAIN, and nothing executed.

    Estimates(upstreams).rows(action) -> int | None

Each question has a connection of its own: read-only, with a `lock_timeout` and a `statement_timeout`, notices dropped.
A planner runs what it can work out beforehand, so the tables are looked at first: what brings users' code into a plan
(row security, rules, expressions of defaults, constraints, indexes or statistics, types of users) isn't planned.

What comes back is a stranger's: it is read as hostile, and nothing but numbers of rows is kept of it. A plan quotes the
statement's values. Whatever goes wrong is "no estimate", never a small one.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import psycopg
import structlog
from psycopg import AsyncConnection, generators
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.rows import TupleRow

from interlock.errors import UpstreamFailed
from interlock.model.action import Action
from interlock.model.impact import Estimable
from interlock.model.names import ConnectionName
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.settings import UpstreamPostgres
from interlock.upstreams.connect import connect

SECONDS: Final = 4.0  # for one action in all; its client waits, and inside a transaction holds locks
AT_ONCE: Final = 2  # connections for estimates to one protected system
WAITING: Final = 16  # questions that wait for one of them; further ones get no estimate
KEPT: Final = 256  # answers remembered,
KEPT_SECONDS: Final = 60.0  # for so long
MOST_STATEMENTS: Final = 20  # of one action
MAX_PLAN: Final = 1 << 20  # bytes
MAX_NODES: Final = 10_000
MAX_ROWS: Final = 10**15  # more is nonsense: a join without a condition of two large tables is told so

_SETTINGS: Final = """
SELECT pg_catalog.set_config('client_min_messages', 'error', false),
       pg_catalog.set_config('statement_timeout', '2000', false), pg_catalog.set_config('lock_timeout', '300', false),
       pg_catalog.set_config('search_path', %s, false)
"""
_SET: Final = "SELECT pg_catalog.set_config(%s, %s, false)"
_FACTS: Final = "SELECT pg_catalog.current_schemas(false), current_user, session_user = current_user"

# Whether planning a statement of these relations may run code of users, or ask another server. True also where one of
# them is gone. A view brings along what it reads, and what its rule depends on; one that is written isn't planned. What
# depends on users' functions, operators and their families says so in pg_depend; initdb's have no OIDs of 16384 and
# more. A default counts where rows are written, or where it is worked out when it is read.
_USERS_CODE: Final = """
WITH RECURSIVE family (oid) AS (
  SELECT pg_catalog.unnest(%(relations)s::oid[])
  UNION SELECT below.oid FROM family f JOIN LATERAL (
    SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = f.oid
    UNION ALL SELECT d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_catalog.pg_class'::regclass
     WHERE r.ev_class = f.oid
  ) below ON true
), parts (class, oid) AS (
  SELECT 'pg_catalog.pg_class'::regclass, f.oid FROM family f
  UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass, r.oid
    FROM pg_catalog.pg_rewrite r JOIN family f ON f.oid = r.ev_class
  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, i.indexrelid
    FROM pg_catalog.pg_index i JOIN family f ON f.oid = i.indrelid
  UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, k.oid
    FROM pg_catalog.pg_constraint k JOIN family f ON f.oid = k.conrelid
  UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, s.oid
    FROM pg_catalog.pg_statistic_ext s JOIN family f ON f.oid = s.stxrelid
  UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid
    FROM pg_catalog.pg_attrdef d JOIN family f ON f.oid = d.adrelid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
   WHERE %(writes)s OR a.attgenerated <> ''
)
SELECT EXISTS (SELECT FROM family f LEFT JOIN pg_catalog.pg_class c USING (oid)
                WHERE c.oid IS NULL OR c.relrowsecurity OR c.relpersistence = 't'
                   OR c.relkind NOT IN ('r', 'p', CASE WHEN %(writes)s THEN 'r' ELSE 'v' END))
    OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN family f ON f.oid = r.ev_class WHERE r.ev_type <> '1')
    OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN family f ON f.oid = a.attrelid
                 JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                WHERE a.attnum > 0 AND NOT a.attisdropped AND t.oid >= 16384 AND t.typtype <> 'e'
                  AND (%(writes)s OR t.typtype <> 'd' OR t.typbasetype >= 16384))
    OR EXISTS (SELECT FROM pg_catalog.pg_depend n JOIN parts p ON p.class = n.classid AND p.oid = n.objid
                WHERE n.refobjid >= 16384
                  AND n.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass,
                                       'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass,
                                       'pg_catalog.pg_collation'::regclass))
"""

log = structlog.get_logger()


class _None(Exception):
    """There is no estimate; the words say why, without values."""


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: int
    until: float


class Estimates:
    """`ports.Estimator` for the protected PostgreSQLs. For one loop; `now` is a clock of seconds that only goes on."""

    def __init__(
        self, upstreams: Mapping[ConnectionName, UpstreamPostgres], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._upstreams, self._now = upstreams, now
        self._places = {name: asyncio.Semaphore(AT_ONCE) for name in upstreams}
        self._asking = dict.fromkeys(upstreams, 0)
        self._tasks: set[asyncio.Task[int]] = set()
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def rows(self, action: Action) -> int | None:
        """See `Estimator`."""
        name = action.connection.name
        questions = _questions(action)
        if name not in self._upstreams or questions is None:
            return None
        key = _key(name, questions)
        kept = self._kept.get(key)
        if kept is not None and self._now() < kept.until:
            self._kept.move_to_end(key)
            return kept.rows
        try:
            rows = await self._asked(name, questions)
        except _None as why:
            log.info("estimate.none", connection=name, because=str(why))
            return None
        self._kept[key] = _Kept(rows, self._now() + KEPT_SECONDS)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return rows

    async def _asked(self, name: ConnectionName, questions: list[tuple[Estimable, SqlStatement]]) -> int:
        if self._asking[name] >= AT_ONCE + WAITING:
            raise _None("too many are asked for at once")
        task = asyncio.ensure_future(self._placed(name, questions))
        self._asking[name] += 1
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(name, done))
        try:
            done, _ = await asyncio.wait((task,), timeout=SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()  # which takes some seconds where the server is silent: nobody waits for that
            raise _None("it took too long")
        return task.result()

    async def _placed(self, name: ConnectionName, questions: list[tuple[Estimable, SqlStatement]]) -> int:
        async with self._places[name]:
            try:
                return await _estimate(self._upstreams[name], questions)
            except UpstreamFailed:
                raise _None("the server can't be reached") from None
            except psycopg.Error as error:  # its words may hold values
                raise _None(f"the server refused (SQLSTATE {error.sqlstate or 'none'})") from None
            except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
                raise _None("the server answered something else") from None

    def _done(self, name: ConnectionName, task: asyncio.Task[int]) -> None:
        self._tasks.discard(task)
        self._asking[name] -= 1
        if not task.cancelled():
            task.exception()  # seen, where nobody waits for it any more


def rows_of(plan: bytes) -> int:
    """How many rows EXPLAIN (FORMAT JSON) expects: those that are returned, and those that each ModifyTable is given.

    Raises `ValueError` for anything that isn't such an answer.
    """
    if len(plan) > MAX_PLAN:
        raise ValueError("too large")
    (answer,) = _list(orjson.loads(plan))
    top = _plan(_object(answer).get("Plan"))
    found = 0.0 if top.get("Node Type") == "ModifyTable" else _expected(top)
    for node in _nodes(top):
        if node.get("Node Type") == "ModifyTable":
            inner = [_plan(each) for each in _list(node.get("Plans"))]
            fed = [each for each in inner if each.get("Parent Relationship") in ("Outer", "Member")]
            if not fed:
                raise ValueError("a write of nothing")
            found += sum(_expected(each) for each in fed)
    return math.ceil(min(found, MAX_ROWS))


async def _estimate(upstream: UpstreamPostgres, questions: list[tuple[Estimable, SqlStatement]]) -> int:
    connection = await connect(upstream)
    try:
        return sum([await _planned(connection, estimable, sent) for estimable, sent in questions])
    finally:
        await connection.close()


async def _planned(connection: AsyncConnection[TupleRow], estimable: Estimable, sent: SqlStatement) -> int:
    await _as_there(connection, estimable)
    asked = {"relations": list(estimable.relations), "writes": estimable.writes}
    row = await (await connection.execute(_USERS_CODE, asked)).fetchone()
    if row is None or row[0] is not False:
        raise _None("planning it may run code of users")
    count, formats = len(sent.parameters), sent.parameter_formats
    if len(sent.parameter_types) not in (0, count):
        raise _None("its parameters are odd")
    connection.pgconn.send_query_params(
        b"EXPLAIN (FORMAT JSON) " + estimable.text,
        list(sent.parameters),
        list(sent.parameter_types) or None,
        list(formats if len(formats) == count else (formats or (0,)) * count),
    )
    results = await connection.wait(generators.execute(connection.pgconn))
    if connection.pgconn.status != ConnStatus.OK or len(results) != 1:
        raise _None("the server answered something else")
    (result,) = results
    if result.status != ExecStatus.TUPLES_OK or (result.ntuples, result.nfields) != (1, 1):
        sqlstate = (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode("ascii", "replace")
        raise _None(f"the server refused (SQLSTATE {sqlstate[:5]})" if sqlstate else "the server answered otherwise")
    return rows_of(result.get_value(0, 0) or b"")


async def _as_there(connection: AsyncConnection[TupleRow], estimable: Estimable) -> None:
    """The session reads texts as the one that asked does; raises `_None` where it can't."""
    path = ", ".join('"' + schema.replace('"', '""') + '"' for schema in estimable.search_path) or '""'
    await connection.execute(_SETTINGS, (path,))
    for setting in estimable.settings:
        await connection.execute(_SET, setting)
    row = await (await connection.execute(_FACTS)).fetchone()
    if row != (list(estimable.search_path), estimable.role, True):
        raise _None("its session can't be had here")


def _questions(action: Action) -> list[tuple[Estimable, SqlStatement]] | None:
    """What to ask; None where part of the action can't be asked about, or there is nothing in it."""
    if not isinstance(action.payload, SqlPayload) or len(action.exposures) != len(action.payload.statements):
        return None
    found: list[tuple[Estimable, SqlStatement]] = []
    for exposure, sent in zip(action.exposures, action.payload.statements, strict=True):
        impact = exposure.impact
        if impact.estimable is not None:
            found.append((impact.estimable, sent))
        elif not impact.nothing:
            return None
    return found if 0 < len(found) <= MOST_STATEMENTS else None


def _key(name: ConnectionName, questions: list[tuple[Estimable, SqlStatement]]) -> bytes:
    """One for each different question: of the values in it this process keeps a digest, for a minute."""
    told = [
        (e.text, e.search_path, e.role, e.settings, e.relations, s.parameter_types, s.parameter_formats, s.parameters)
        for e, s in questions
    ]
    return hashlib.sha256(repr((name, told)).encode()).digest()


# -- a plan, read as hostile ------------------------------------------------------------------------------------------


def _nodes(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting, seen = [top], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MAX_NODES:
            raise ValueError("too many nodes")
        yield node
        waiting += [_plan(each) for each in _list(node.get("Plans", []))]


def _plan(value: object) -> Mapping[str, Any]:
    node = _object(value)
    if not isinstance(node.get("Node Type"), str):
        raise ValueError("not a plan")
    return node


def _expected(node: Mapping[str, Any]) -> float:
    rows = node.get("Plan Rows")
    if isinstance(rows, bool) or not isinstance(rows, int | float) or not 0 <= rows < math.inf:
        raise ValueError("no number of rows")
    return float(rows)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value
