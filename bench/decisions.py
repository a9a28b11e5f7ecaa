"""Decisions, in process: what stands between a statement and its release, ledger and network left out.

Budgets: 50 us for a form seen before, 5 ms for one never seen (design, section 10). `seen before` is a text that was
analysed and decided already, with other parameters; `never seen` a new text by an actor whose decisions aren't
remembered. Both take the door's own steps: reading the text, making the action of it, asking the pack `agents`. What
large bundles cost, without a door's steps, is in `bundles`. Of a text of 300 lines the budget is 15 ms, and how much
dearer it is than a short one is told beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from statistics import median
from time import perf_counter

from psycopg import pq

from bench import bundles
from bench.ground import DATABASE, Ground
from bench.link import Failed
from bench.report import Result, at_most
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.facts import Facts
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.units import Planned
from interlock.doors.postgres.upstream import Prepared, Upstream
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import Allow
from interlock.model.derived import DerivedColumn
from interlock.model.exposure import Carry
from interlock.model.names import ActorId, ConnectionName, GroupName, KeyId, PersonId
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import DescribedColumn, Snapshot
from interlock.policy.bundle import Bundle, load
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.labels import KNOWN
from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy
from interlock.upstreams.postgres import load_snapshot

SEEN = 2_000
NEW = 300
LONG = 30
SEEN_BUDGET, NEW_BUDGET, LONG_BUDGET = at_most(50.0), at_most(5_000.0), at_most(15_000.0)

INT4 = 23


@dataclass(frozen=True, slots=True)
class Form:
    """A statement to decide on: by parameter when it was seen before, with the number written out when it wasn't."""

    name: str
    text: str


FORMS = (
    Form("one row by key, two columns masked", "SELECT given_name, mrn, city FROM people WHERE id = {}"),
    Form(
        "join of two tables, filtered, grouped, ordered",
        "SELECT p.state, count(*), max(q.visits) FROM people p JOIN places q ON q.id = p.id"
        " WHERE p.id > {} AND q.city LIKE 'City 1%' GROUP BY p.state ORDER BY 2 DESC LIMIT 20",
    ),
)


def report() -> str:
    """A query of 300 lines, as those come that a reporting tool writes: WITH, joins, CASE, groups and many columns."""
    parts = []
    for n in range(18):
        lines = [f"part{n} AS (", "  SELECT", "    p.id,", "    p.state,", "    p.city,"]
        lines += [f"    CASE WHEN q.visits > {n} THEN 'often' ELSE lower(q.state) END AS kind,"]
        lines += ["    coalesce(q.visits, 0) AS visits", "  FROM people p", "  LEFT JOIN places q ON q.id = p.id"]
        lines += [f"  WHERE p.id > {{0}} AND q.visits BETWEEN {n} AND {n + 50}", f"    AND p.state <> 'S{n}'", ")"]
        parts.append("\n".join(lines))
    columns = ["a.state", *(f"max(part{n}.visits) AS most{n}" for n in range(1, 18))]
    columns += [f"{does}(part{n}.kind) AS {does}{n}" for does in ("count", "min", "max") for n in range(1, 18)][:43]
    joins = [f"  LEFT JOIN part{n} ON part{n}.id = a.id AND part{n}.city = a.city" for n in range(1, 18)]
    head = "WITH " + ",\n".join(parts) + "\nSELECT\n  " + ",\n  ".join(columns)
    rest = ["WHERE a.visits > 1", "GROUP BY a.state", "ORDER BY 1", "LIMIT 100"]
    return "\n".join((head, "FROM part0 a", *joins, *rest))


LONG_FORM = Form("300 lines: 18 WITH items, 35 joins, 61 columns", report())


@dataclass(frozen=True, slots=True)
class Desk:
    """All that deciding needs, and nothing that waits."""

    preparing: Preparing
    bundle: Bundle
    clock: SystemClock

    def decide(self, payload: SqlStatement, columns: tuple[DescribedColumn, ...]) -> None:
        """One decision; raises `Failed` unless it is allowed, since only that is remembered."""
        statement = self.preparing.tasted(payload, failed=False)
        prepared = Prepared(b"il_1", payload.parameter_types, columns)
        action = self.preparing.action((Planned(statement, payload, prepared, columns),))
        if not isinstance(self.bundle.decide(action, self.clock.now()), Allow):
            raise Failed("a read that the pack allows wasn't allowed")


def run(ground: Ground) -> list[Result]:
    """Microseconds a decision, at the median, and what `bundles` measures."""
    desk = asyncio.run(_desk(ground))
    results, news = [], list[float]()
    for form in FORMS:
        columns = _described(ground, form.text.format(1))
        seen = _timed(SEEN, _seen(desk, form, columns))
        news.append(new := _timed(NEW, _new(desk, form, columns)))
        results.append(Result("decisions", f"seen before: {form.name}", seen, "us", budget=SEEN_BUDGET))
        results.append(Result("decisions", f"never seen: {form.name}", new, "us", budget=NEW_BUDGET))
    long = _timed(LONG, _new(desk, LONG_FORM, _described(ground, LONG_FORM.text.format(1))))
    results.append(Result("decisions", f"never seen: {LONG_FORM.name}", long, "us", budget=LONG_BUDGET))
    results.append(Result("decisions", "300 lines against a short one, never seen", long / max(news), "x"))
    return results + bundles.run()


def _seen(desk: Desk, form: Form, columns: tuple[DescribedColumn, ...]) -> Callable[[int], None]:
    text = form.text.format("$1").encode()

    def decide(number: int) -> None:
        value = str(number).encode()
        desk.decide(SqlStatement(text, simple=False, parameter_types=(INT4,), parameters=(value,)), columns)

    decide(0)
    return decide


def _new(desk: Desk, form: Form, columns: tuple[DescribedColumn, ...]) -> Callable[[int], None]:
    def decide(number: int) -> None:
        # A text and an actor that neither cache has: the decision is remembered by actor, the reading by text.
        desk.preparing.actor = replace(desk.preparing.actor, id=ActorId(f"agent-{form.name}-{number}"))
        desk.decide(SqlStatement(form.text.format(1_000_000 + number).encode(), simple=True), columns)

    return decide


def _timed(times: int, decide: Callable[[int], None]) -> float:
    taken = []
    for number in range(1, times + 1):
        begun = perf_counter()
        decide(number)
        taken.append(perf_counter() - begun)
    return median(taken) * 1_000_000


async def _desk(ground: Ground) -> Desk:
    name = ConnectionName(DATABASE)
    snapshot, catalog = await load_snapshot(ground.upstream), parse_catalog(ground.catalog, "catalog.toml")
    definitions = Definitions(
        Connection(name, "postgres", "production", frozenset({"hipaa"})),
        ground.upstream,
        catalog,
        snapshot,
        NothingDerived(),
        _never,
    )
    up = Upstream(ground.upstream, {}, SystemEntropy())  # never connected: only what the server reported is asked of it
    up.parameters |= {"TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres"}
    facts = Facts(("public",), ground.upstream.user, ground.upstream.user, "", ())
    preparing = Preparing(
        up=up, facts=facts, definitions=definitions, texts=Texts(), actor=_actor(), entropy=SystemEntropy()
    )
    pack = resources.files("interlock.policy").joinpath("packs", "agents.cedar").read_text(encoding="utf-8")
    return Desk(preparing, load({"agents.cedar": pack}, bundles.GROUPS, frozenset(KNOWN)), SystemClock())


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


async def _never() -> None:
    raise AssertionError("nothing is redeemed here")


def _actor() -> Actor:
    owner = PersonId("olivia")
    return Actor(
        kind=ActorKind.AGENT,
        id=ActorId("etl-agent"),
        groups=frozenset({GroupName("ai-agents")}),
        owner=owner,
        key=KeyId("key"),
        made_by=owner,
        held_by=owner,
        session="session",
    )


def _described(ground: Ground, text: str) -> tuple[DescribedColumn, ...]:
    """The server's own description of a statement, as the door takes it."""
    connection = pq.PGconn.connect(ground.direct.encode())
    try:
        connection.prepare(b"form", text.encode())
        told = connection.describe_prepared(b"form")
        return tuple(
            DescribedColumn(
                name=(told.fname(at) or b"").decode(),
                table_oid=told.ftable(at),
                number=told.ftablecol(at),
                type_oid=told.ftype(at),
                type_size=told.fsize(at),
                type_modifier=told.fmod(at),
                format=0,
            )
            for at in range(told.nfields)
        )
    finally:
        connection.finish()
