"""What `test_interleavings` is played on: a gateway behind a link that breaks, and what lasts over many schedules."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from testkit.breakable_link import BreakableLink
from tests.a_gateway import POLICY, Gateway, gateway
from tests.doors.postgres.test_deferred import working
from tests.postgres_fixture import Database
from tests.promises.a_stage import ThroughLink

from interlock.doors.postgres import holding, parking
from interlock.gate import Gate
from interlock.model.action import Action
from interlock.model.payload import SqlPayload
from interlock.workers import deferred as deferred_work

CLIENTS, SESSIONS = 3, 2
SECONDS = 20.0  # for anything that must come
BREATH = 0.04  # how long a step is waited for when others may hold it up
FIRST_ID = 1_000_000
ID = re.compile(rb"\b1\d{6}\b")
CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.signed.id"
labels = ["phi.mrn"]
"""
RULES = (
    POLICY.replace("context.unbounded", 'context.writes.contains("phi.mrn")')
    + """
@id("copies-are-signed") @review("officers:1") @because("Copies are signed for.")
forbid (principal, action == Interlock::Action::"sql.copy_in", resource) when { context.writes.contains("phi.mrn") };
@id("agents-listen")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""
)
TABLES = (
    "CREATE TABLE people (id int, ssn text)",
    "INSERT INTO people SELECT n, '900-11-' || 1000 + n FROM generate_series(1, 9) n",
    "CREATE TABLE log (id int); CREATE TABLE signed (id int)",
    "CREATE TABLE counters (id int PRIMARY KEY, n int); INSERT INTO counters VALUES (1, 0), (2, 0)",
    "GRANT ALL ON people, log, signed, counters TO PUBLIC",
    # Two clients that wait for each other are found at once.
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database()); END $$",
)


@dataclass(frozen=True)
class Step:
    """Somebody does something. `n` chooses among its kinds; `wait`: until it has been answered, if it can be."""

    who: int
    op: str
    n: int
    wait: bool


@dataclass
class Stage:
    """What lasts over many schedules."""

    gate: Gateway
    link: BreakableLink
    database: Database
    ids: Iterator[int]
    payloads: dict[str, tuple[int, ...]]  # of each action that was asked for: the ids that it writes
    outcomes: Counter[str] = field(default_factory=Counter)  # of all actions so far
    told: Counter[str] = field(default_factory=Counter)  # of all clients so far
    read: int = 0  # entries of the ledger
    loose: set[int] = field(default_factory=set)  # ids of actions that mean several things at once
    tasks: Counter[str] | None = None  # what runs while nobody is there


@asynccontextmanager
async def opened(directory: Path, database: Database) -> AsyncIterator[Stage]:
    """The gateway, its deferred workers and a link that passes everything; all waits of the gateway are short."""
    payloads: dict[str, tuple[int, ...]] = {}
    upstream = database.upstream
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parking, "QUEUE_SECONDS", 0.15)
        patch.setattr(parking, "PARK_SECONDS", 0.02)
        patch.setattr(parking, "LOOK_SECONDS", 0.01)
        patch.setattr(holding, "IN_TRANSACTION_SECONDS", 0.15)
        patch.setattr(deferred_work, "INTERVAL", 0.05)
        patch.setattr(deferred_work, "FIRST_PAUSE", 0.05)
        _spy(patch, payloads)
        async with BreakableLink(upstream.host, upstream.port) as link:
            there = ThroughLink(database.server, database.name, database.user, database.password, link.port)
            async with gateway(directory, there, CATALOG, policy=RULES) as gate, working(gate):
                gate.definitions.most_sessions = SESSIONS
                await asyncio.sleep(0.05)
                stage = Stage(gate, link, database, itertools.count(FIRST_ID), payloads)
                yield stage


# The deferred worker asleep: whether it was when the stage's own tasks were counted is chance.
ASLEEP = Counter({"Event.wait": 1})


def running() -> Counter[str]:
    """The tasks there are besides this one, by what they run."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return Counter(getattr(t.get_coro(), "__qualname__", "?") for t in others)


def _spy(patch: pytest.MonkeyPatch, payloads: dict[str, tuple[int, ...]]) -> None:
    """The ledger holds no values: what an action writes is looked up in what was asked for."""
    ask, end = Gate.ask, Gate.end

    def seen(action: Action) -> None:
        if isinstance(action.payload, SqlPayload):
            parts = [part or b"" for s in action.payload.statements for part in (s.text, s.copy_data, *s.parameters)]
            found = {int(each) for part in parts for each in ID.findall(part)}
            payloads[action.id] = tuple(sorted(found))

    async def asked(self: Gate, action: Action, *more: Any) -> Any:
        seen(action)
        return await ask(self, action, *more)

    def ended(self: Gate, release: Any, *more: Any) -> Any:
        seen(release.action)
        return end(self, release, *more)

    patch.setattr(Gate, "ask", asked)
    patch.setattr(Gate, "end", ended)
