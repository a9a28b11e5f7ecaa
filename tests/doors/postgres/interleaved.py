"""The stage of `test_interleavings`: a gateway behind a link that breaks, three clients, and the steps they take."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from testkit.breakable_link import BreakableLink
from testkit.recording_link import Way
from tests.a_gateway import POLICY, Gateway, gateway
from tests.doors.postgres.a_modelled_client import FLUSH, SYNC, Believed, ModelledClient, Piece
from tests.doors.postgres.test_deferred import working
from tests.postgres_fixture import Database
from tests.promises.a_stage import ThroughLink

from interlock.doors.postgres import holding, parking
from interlock.errors import InterlockError
from interlock.gate import Gate
from interlock.model.action import Action
from interlock.model.payload import SqlPayload
from interlock.model.review import ReviewState, Verdict
from interlock.wire.postgres import frontend
from interlock.wire.postgres.frontend import Target
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
_ASLEEP = Counter({"Event.wait": 1})


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


class Machine:
    """One schedule on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.gate, self.link = stage, stage.gate, stage.link
        self.believed = Believed()
        self.clients = [ModelledClient(self.believed) for _ in range(CLIENTS)]
        self.first = next(stage.ids)
        self.keys = {(user, n): next(stage.ids) for user in ("etl", "other") for n in range(2)}
        self.bumps: set[int] = set()
        self.held: list[Piece] = []
        self.log: list[str] = []

    async def run(self, schedule: Sequence[Step]) -> None:
        """All of it, and then the reckoning."""
        self.stage.gate.office.clock.forward(hours=2)  # what was denied before doesn't count any more
        if self.stage.tasks is None:
            self.stage.tasks = running()
        await self._entries()
        self._counted = self._sum()
        try:
            for step in schedule:
                async with asyncio.timeout(SECONDS):
                    await self._step(step)
                self._look()
            await self._settle()
            await self._everybody_leaves(schedule)
            await self._reckon()
            self.stage.told.update(each for client in self.clients for each in client.told)
        except BaseException:
            print("\n".join(self.log + [f"{n}: {c.told}" for n, c in enumerate(self.clients)]))
            raise

    # -- one step -----------------------------------------------------------------------------------------------------

    async def _step(self, step: Step) -> None:
        client = self.clients[step.who]
        self.log.append(f"{step} {[c.told[-1:] for c in self.clients]}")
        if step.op in _OUTSIDE:
            await _OUTSIDE[step.op](self, step.n)
        elif not client.here:
            key, user = (self.gate.agent_key, "etl") if step.n % 5 else (self.gate.other_key, "other")
            await client.connect(self.gate.door.port, key, user)
            return
        elif step.op == "leave":
            client.leave(step.n)
        elif step.op == "cancel":
            await client.cancel(self.gate.door.port)
        elif client.rows is not None:
            client.send_rows(("one", "done", "done", "fail")[step.n % 4])
        elif any(unit.copying or "COPY" in p.text for unit in client.units for p in unit.pieces):
            pass  # whether rows are asked for isn't known yet: nothing else may come now
        elif client.flushing:
            self._pipeline(client, step.n)
        elif client.answered or step.op in ("write", "read", "commit", "rollback"):
            _ASKED[step.op](self, client, step.n)
        if step.wait:
            await self._quiet([client], BREATH)

    async def _quiet(self, clients: Sequence[ModelledClient], seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for client in clients:
                    while not client.rests:
                        await client.moved()
                return True
        return False

    def _look(self) -> None:
        for client in self.clients:
            if client.wrong is not None:
                raise client.wrong

    # -- what clients ask ---------------------------------------------------------------------------------------------

    def _write(self, n: int = 0) -> Piece:
        at = next(self.stage.ids)
        if n % 4 == 3:
            self.bumps.add(at)
            return Piece(f"/*{at}*/ UPDATE counters SET n = n + 1 WHERE id = {n % 2 + 1}", ids=(at,))
        return Piece(f"INSERT INTO log VALUES ({at})", ids=(at,))

    def _signed(self) -> Piece:
        at = next(self.stage.ids)
        return Piece(f"INSERT INTO signed VALUES ({at})", ids=(at,))

    def write(self, client: ModelledClient, n: int) -> None:
        client.query(self._write(n))

    def sign_for(self, client: ModelledClient, n: int) -> None:
        """Policy holds it. Now and then it is one that was asked for before."""
        if n % 3 == 0 and self.held:
            client.query(self.held[-1])
            return
        self.held.append(self._signed())
        client.query(self.held[-1] if n % 5 else Piece("COPY people TO STDOUT"))

    def keyed(self, client: ModelledClient, n: int) -> None:
        at = self.keys[client.user, n % 2]
        client.query(Piece(f"SET interlock.idempotency_key = 'k{at}'"))
        client.query(Piece(f"INSERT INTO {'log' if n % 3 else 'signed'} VALUES ({at})", ids=(at,)))

    def copy_in(self, client: ModelledClient, n: int) -> None:
        ids = tuple(next(self.stage.ids) for _ in range(2))
        mark = " ".join(map(str, ids))
        piece = Piece(f"/*{mark}*/ COPY {'signed' if n % 3 == 0 else 'log'} (id) FROM STDIN", ids=ids)
        if n % 2:
            client.query(piece)
        else:
            client.extended([piece], _run(piece.text), end=SYNC)

    def several(self, client: ModelledClient, n: int) -> None:
        """Several statements in one text."""
        one, two = self._write(n), self._write(n + 1)
        pieces = [
            [one, two],
            [_BEGIN, one, _COMMIT],
            [_BEGIN, one, two],
            [one, _FAILS],
            [_BEGIN, one, _ROLLBACK],
            [one, _COMMIT, two],
            [one, _ROLLBACK, two, _FAILS],
            [_SAVE, one, _BACK, two],
            [_READ, one, _READ],
            [_BEGIN, _SAVE, one, _RELEASE, two],
            [one, self._signed()],
            [_COMMIT, _BEGIN, one],
        ][n % 12]
        self._loosen(pieces)
        client.query(*pieces)

    def _loosen(self, pieces: Sequence[Piece]) -> None:
        """An action has one ending: where its statements end differently, that can't tell of each."""
        ends = [p.does in ("commit", "rollback", "back") for p in pieces]
        if True in ends and any(not p.does for p in pieces[ends.index(True) :]):
            self.stage.loose.update(i for p in pieces for i in p.ids)

    def say(self, client: ModelledClient, n: int) -> None:
        client.query(_SAYS[n % len(_SAYS)])

    def begin(self, client: ModelledClient, n: int) -> None:
        client.query(_BEGIN)

    def commit(self, client: ModelledClient, n: int) -> None:
        client.query(_COMMIT)

    def rollback(self, client: ModelledClient, n: int) -> None:
        client.query(_ROLLBACK)

    def savepoint(self, client: ModelledClient, n: int) -> None:
        self._inside(client, n)
        texts = [
            [_SAVE, self._write(n), _BACK],
            [_SAVE, self._write(n), _RELEASE],
            [_SAVE, self._write(n)],
            [Piece("SAVEPOINT t", "savepoint", "t"), _SAVE],
            [_BACK],
            [_RELEASE],
            [Piece("ROLLBACK TO t", "back", "t"), self._write(n)],
            [_SAVE, _FAILS, _BACK, self._write(n)],
        ][n % 8]
        for each in texts:
            client.query(each)

    def read(self, client: ModelledClient, n: int) -> None:
        client.query((_READ, _FAILS, Piece("SELECT id FROM people"), Piece("DROP TABLE log"))[n % 4])

    def fetch(self, client: ModelledClient, n: int) -> None:
        for review in client.reviews[-1:]:
            client.query(Piece(f"SELECT * FROM interlock.fetch('{review}')"))

    def named(self, client: ModelledClient, n: int) -> None:
        """SQL's PREPARE and EXECUTE."""
        at = next(self.stage.ids)
        client.query(
            (
                Piece("PREPARE q (int) AS INSERT INTO log VALUES ($1)"),
                Piece(f"EXECUTE q({at})", ids=(at,)),
                Piece("DEALLOCATE q"),
                Piece("PREPARE q (int) AS INSERT INTO signed VALUES ($1)"),
            )[n % 4]
        )

    def _inside(self, client: ModelledClient, n: int) -> None:
        if not client.block and n % 5:
            client.query(_BEGIN)

    def cursor(self, client: ModelledClient, n: int) -> None:
        self._inside(client, n)
        for each in _CURSORS[n % len(_CURSORS)]:
            client.query(_KNOWN.get(each, Piece(each)))

    def portal(self, client: ModelledClient, n: int) -> None:
        """A portal that is fetched in parts."""
        self._inside(client, n)
        name = b"p%d" % (n % 2)
        text = b"SELECT id, ssn FROM people"
        if n % 12 == 11:
            client.extended([], frontend.write_close(Target.PORTAL, name), end=SYNC)
            return
        start = frontend.write_parse(b"", text) + frontend.write_bind(frontend.Bind(name, b""))
        more = frontend.write_execute(name, 2 + n % 3)
        if n % 4:
            client.extended([Piece("portal")], start + more, end=FLUSH if n % 4 == 1 else SYNC)
        for _ in range(n % 3):
            client.extended([Piece("portal")], more, end=FLUSH if n % 5 == 1 else SYNC)

    def pipeline(self, client: ModelledClient, n: int) -> None:
        self._pipeline(client, n)

    def _pipeline(self, client: ModelledClient, n: int) -> None:
        """A few statements, with a Flush, a Sync or nothing yet behind them."""
        one, two = self._write(n), self._write(n + 1)
        pieces: list[Piece] = [
            [],
            [one],
            [one, two],
            [_READ, one],
            [one, _FAILS, two],
            [_BEGIN, one],
            [one, _COMMIT],
            [one, self._signed()],
            [_SAVE, one, _BACK],
            [one, Piece("DROP TABLE log")],
            [_COMMIT, one],
            [_ROLLBACK],
        ][n % 12]
        end = (SYNC, SYNC, FLUSH, FLUSH, b"")[n % 5]
        if not pieces and end == FLUSH:
            end = SYNC
        client.collected += pieces
        self._loosen(client.collected)
        if end:
            client.collected = []
        client.extended(pieces, b"".join(_run(p.text) for p in pieces), end=end)

    # -- what happens around them -------------------------------------------------------------------------------------

    async def vote(self, n: int) -> None:
        pending = await self.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)
        if pending:
            verdict = Verdict.DENY if n % 8 == 7 else Verdict.APPROVE
            with suppress(InterlockError):
                await self.gate.office.vote(pending[n % len(pending)], "dana", verdict)
            for client in self.clients:
                client.held = False

    async def cut(self, n: int) -> None:
        way = (Way.ASKED, Way.ANSWERED)[n % 2]
        match n % 6:
            case 0 | 1:
                self.link.cut()
            case 2 | 3:
                self.link.cut_after(way, n * 7)
            case _:
                self.link.cut_after(way, b"COMMIT")

    async def refuse(self, n: int) -> None:
        if n % 6:
            self.link.accept()
        else:
            self.link.refuse()

    async def stall(self, n: int) -> None:
        way = (Way.ASKED, Way.ANSWERED)[n % 2]
        if n % 6:
            self.link.resume(way)
        else:
            self.link.stall(way)

    async def breathe(self, n: int) -> None:
        await asyncio.sleep(0.002 * (n % 15))

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """The link works, people sign, whoever holds up others goes on: then everybody must be answered."""
        for way in Way:
            self.link.resume(way)
            self.link.cut_after(way, 10**12)
        self.link.accept()
        async with asyncio.timeout(SECONDS):
            while not await self._settled():
                self._look()
                await self.vote(0)
                for client in self.clients:
                    client.send_rows("done")
                    if client.here and client.flushing:
                        client.extended([], b"", end=SYNC)
                        client.collected = []
                    elif client.answered and client.block:
                        client.query(_COMMIT)
        self._look()

    async def _settled(self) -> bool:
        quiet = await self._quiet(self.clients, BREATH)
        return quiet and not any(c.held or c.flushing or c.block or c.rows is not None for c in self.clients)

    async def _everybody_leaves(self, schedule: Sequence[Step]) -> None:
        for number, client in enumerate(self.clients):
            client.leave(number + len(schedule))
            await client.gone()
        async with asyncio.timeout(SECONDS):
            self.log.append("")
            while left := await self._left():
                self.log[-1] = f"left: {left}"
                await asyncio.sleep(0.005)

    async def _left(self) -> dict[str, object]:
        """What is still there of what must go."""
        door = self.gate.door
        slots = [each.taken for each in door._slots.values()]
        held = self.gate.office.desk.due_to_run()
        for review in await self.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50):
            await self.gate.office.vote(review, "dana", Verdict.DENY)
        found = {
            "sessions": list(door._sessions),
            "slots": [n for n in slots if n],
            "tasks": running() - (self.stage.tasks or Counter()) - _ASLEEP,
            "deferred": list(held),
            "endings": len(door.endings._waiting),
            "links": self.link.open,
            "upstream": self._backends(),
        }
        return {name: each for name, each in found.items() if each}

    def _backends(self) -> int:
        with self.stage.database.admin() as admin:
            row = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (self.stage.database.user,)
            ).fetchone()
        assert row is not None
        return int(str(row[0]))

    async def _entries(self) -> list[dict[str, Any]]:
        """The ledger's entries since the last call."""
        found: list[dict[str, Any]] = []
        while bodies := await self.gate.office.store.entries(self.stage.read, 1_000):
            self.stage.read += len(bodies)
            found += [json.loads(body.split(b"\n")[0]) for body in bodies]
        return found

    async def _reckon(self) -> None:
        """Three books: the server's, the clients', the ledger's."""
        rows, bumped = self._rows(), self._sum() - self._counted
        told = await self._entries()
        released = [e["act"] for e in told if e["type"] == "action.released"]
        denied = {e["act"] for e in told if e["type"] == "action.denied"}
        ended: dict[str, str] = {}
        for entry in told:
            if entry["type"] == "action.ended":
                assert entry["act"] not in ended, f"{entry['act']} ended twice"
                ended[entry["act"]] = entry["d"]["outcome"]
        assert len(set(released)) == len(released), "released twice"
        assert not denied & set(released), "denied and released"
        assert set(released) == set(ended), f"without an ending: {set(released) ^ set(ended)}"
        self.log += [f"{outcome}: {self.stage.payloads.get(act)}" for act, outcome in ended.items()]
        by_outcome: dict[str, Counter[int]] = {}
        for act, outcome in ended.items():
            by_outcome.setdefault(outcome, Counter()).update(self.stage.payloads.get(act, ()))
        self.stage.outcomes.update(ended.values())
        true, unknown = by_outcome.get("succeeded", Counter()), by_outcome.get("unknown", Counter())
        self._compare("ledger", rows, bumped, true, unknown, self.stage.loose)
        self._compare("clients", rows, bumped, self.believed.true, self.believed.doubtful, set())
        assert all(rows[key] <= 1 for key in self.keys.values()), "an idempotency key let it run twice"

    def _compare(
        self, book: str, rows: Counter[int], bumped: int, true: Counter[int], perhaps: Counter[int], loose: set[int]
    ) -> None:
        every = {i for i in (*rows, *true, *perhaps) if i >= self.first and i not in loose | self.bumps}
        for i in sorted(every):
            assert true[i] <= rows[i] <= true[i] + perhaps[i], (
                f"{book}: id {i} is there {rows[i]} times, and should be {true[i]} + {perhaps[i]}"
            )
        if not loose & self.bumps:
            least, most = sum(true[i] for i in self.bumps), sum(true[i] + perhaps[i] for i in self.bumps)
            assert least <= bumped <= most, f"{book}: {bumped} bumps and not {least} to {most}"

    def _rows(self) -> Counter[int]:
        with self.stage.database.admin() as admin:
            found = admin.execute(
                "SELECT id, count(*) FROM (SELECT id FROM log UNION ALL SELECT id FROM signed) x WHERE id >= %s"
                " GROUP BY id",
                (self.first,),
            ).fetchall()
        return Counter({int(str(i)): int(str(n)) for i, n in found})

    def _sum(self) -> int:
        with self.stage.database.admin() as admin:
            row = admin.execute("SELECT sum(n) FROM counters").fetchone()
        assert row is not None
        return int(str(row[0]))


def _run(text: str) -> bytes:
    bind = frontend.Bind(b"", b"")
    return frontend.write_parse(b"", text.encode()) + frontend.write_bind(bind) + frontend.write_execute(b"")


_BEGIN, _COMMIT, _ROLLBACK = Piece("BEGIN", "begin"), Piece("COMMIT", "commit"), Piece("ROLLBACK", "rollback")
_SAVE, _RELEASE = Piece("SAVEPOINT s", "savepoint", "s"), Piece("RELEASE s", "release", "s")
_BACK = Piece("ROLLBACK TO s", "back", "s")
_READ, _FAILS = Piece("SELECT id, ssn FROM people"), Piece("SELECT 1 / (id - id) FROM people")
_SAYS = [
    Piece(text)
    for text in (
        "SET interlock.wait = 'deferred'",
        "SET interlock.wait = 'attached'",
        "SHOW interlock.why",
        "LISTEN news",
        "UNLISTEN news",
        "NOTIFY news, 'all well'",
        "SET statement_timeout = '100ms'",
        "SET statement_timeout = 0",
        "SHOW TimeZone",
        "DISCARD ALL",
    )
]
_KNOWN = {
    each.text: each for each in (_COMMIT, Piece("SAVEPOINT t", "savepoint", "t"), Piece("ROLLBACK TO t", "back", "t"))
}
_DECLARE, _HOLD = (f"DECLARE {name} FOR SELECT id, ssn FROM people" for name in ("c CURSOR", "h CURSOR WITH HOLD"))
_CURSORS = (
    (_DECLARE, "FETCH 2 FROM c"),
    (_DECLARE, "MOVE 1 FROM c", "FETCH 2 FROM c", "CLOSE c"),
    (_HOLD, "FETCH 2 FROM h", "COMMIT", "FETCH 3 FROM h"),
    ("FETCH 3 FROM h", "CLOSE h"),
    ("FETCH 3 FROM c",),
    ("CLOSE ALL",),
    (_HOLD,),
    (_DECLARE, "SAVEPOINT t", _HOLD.replace("h ", "k "), "ROLLBACK TO t", "FETCH 1 FROM c"),
)
_ASKED: dict[str, Callable[[Machine, ModelledClient, int], None]] = {
    each.__name__: each
    for each in (
        Machine.write, Machine.sign_for, Machine.keyed, Machine.copy_in, Machine.several, Machine.say, Machine.begin,
        Machine.commit, Machine.rollback, Machine.savepoint, Machine.read, Machine.fetch, Machine.named,
        Machine.cursor, Machine.portal, Machine.pipeline,
    )
}  # fmt: skip
_OUTSIDE: dict[str, Callable[[Machine, int], Any]] = {
    each.__name__: each for each in (Machine.vote, Machine.cut, Machine.refuse, Machine.stall, Machine.breathe)
}
OPS = (
    *_ASKED, *_OUTSIDE, "leave", "cancel", "vote", "vote", "vote", "write", "begin", "commit", "sign_for", "sign_for",
    "copy_in", "pipeline", "pipeline", "several", "cursor", "portal", "breathe",
)  # fmt: skip
