"""Discovery: looks at a protected database's columns and proposes labels, with evidence and without values.

    begin -> what tables there are -> discovery.begun, durable -> samples, a table at a time -> label.proposed
          -> discovery.ended

Sampling reads protected values in this process, so its entry is durable before the first one is read. Values stay
within one table's turn; what is kept are names, labels and shares. One run of a connection at a time, one at once in
all; a run has a bound in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

import orjson
import structlog

from interlock.errors import Conflict, InterlockError, NotFound
from interlock.model.canonical import JsonValue
from interlock.model.change import PutDocument, Unit
from interlock.model.document import Document, DocumentKind
from interlock.model.entry import Draft, EntryType
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.names import ConnectionName, EntryId
from interlock.model.proposal import DiscoveryId, EvidenceRow
from interlock.ports import Clock, Documents, Entropy, Ledger, Sealer
from interlock.registry.discoveries import Run, RunState
from interlock.registry.proposals import MOST_EVIDENCE, Proposals, Suggestion
from interlock.sensitivity.classifier import ColumnSample, Treatment
from interlock.sensitivity.column_names import class_of, points_at_a_row
from interlock.sensitivity.drift import ColumnReport, Report, TableReport, column_report, gone
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.sampled import FoundTable, Look, SampledColumn, TableSample
from interlock.sensitivity.subject_key import NOBODY, SubjectKey, Table, subject_keys

RUN_SECONDS: Final = 1800.0  # one run, the waiting for another connection's not counted
MOST_REMEMBERED: Final = 50_000  # columns of one connection
MOST_DOCUMENT: Final = 8 << 20  # bytes

log = structlog.get_logger()


class Session(Protocol):
    """A session that samples (`upstreams.sampling.Session`)."""

    async def look(self) -> Look:
        """Tables and columns, without values; raises `UpstreamFailed`."""

    async def sample(self, table: FoundTable, /) -> TableSample:
        """Some values of a table's columns; raises `UpstreamFailed`."""


class Finder(Protocol):
    """What looks into texts (`sensitivity.text.TextEngine`). It is called in a thread: it must be this worker's own."""

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> Sequence[tuple[Finding, ...]]:
        """What is in each of the texts."""


Carries = Callable[[int, int], frozenset[Label]]
"""The labels that a column has now, by pg_class.oid and pg_attribute.attnum; none for one that isn't known."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is discovered of one connection. `session` opens one that samples; `carries` gives the labels of now."""

    session: Callable[[], AbstractAsyncContextManager[Session]]
    carries: Callable[[], Awaitable[Carries]]
    regime: Regime = Regime.PHI


class Discoveries:
    """Runs of discovery. For one loop; `finder` is made when the first run needs it, in a thread."""

    def __init__(
        self,
        places: Mapping[ConnectionName, Place],
        *,
        finder: Callable[[Regime], Finder],
        proposals: Proposals,
        ledger: Ledger,
        documents: Documents,
        sealer: Sealer,
        clock: Clock,
        entropy: Entropy,
        seconds: float = RUN_SECONDS,
    ) -> None:
        self._places, self._make_finder, self._proposals = places, finder, proposals
        self._ledger, self._documents, self._sealer = ledger, documents, sealer
        self._clock, self._entropy, self._seconds = clock, entropy, seconds
        self._runs: dict[ConnectionName, Run] = {}  # the last of each connection
        self._finders: dict[Regime, Finder] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def begin(self, connection: ConnectionName, by: str) -> Run:
        """Begins a run, in the background; `last` tells how it stands. Raises `NotFound` for a connection that there
        isn't, `Conflict` while one runs."""
        if connection not in self._places:
            raise NotFound("there is no connection of that name", code="no_such_connection")
        last = self._runs.get(connection)
        if last is not None and last.state is RunState.RUNNING:
            raise Conflict("This connection is being looked at already.", code="already_discovering")
        run = Run(DiscoveryId(self._entropy.uuid7()), connection, by, self._clock.now())
        self._runs[connection] = run
        task = asyncio.ensure_future(self._run(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def last(self, connection: ConnectionName) -> Run:
        """The last run of a connection since the gateway started; raises `NotFound`."""
        found = self._runs.get(connection)
        if found is None:
            raise NotFound("nothing was discovered there since the gateway started", code="no_discovery")
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Ends what is under way when the gateway stops."""
        await stop.wait()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, run: Run) -> None:
        under_way = _UnderWay(run)
        try:
            async with self._turn, asyncio.timeout(self._seconds):
                await self._discover(under_way)
            await self._settle(under_way, RunState.FINISHED)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(under_way, RunState.STOPPED))
            raise
        except TimeoutError:
            await self._settle(under_way, RunState.FAILED, "It took too long.")
        except InterlockError as error:
            log.warning("discovery.failed", connection=run.connection, code=error.code)
            await self._settle(under_way, RunState.FAILED, error.sentence)
        except Exception as error:  # its words may hold values
            log.error("discovery.failed", connection=run.connection, error=type(error).__name__)
            await self._settle(under_way, RunState.FAILED, "Something went wrong in the gateway.")

    async def _discover(self, under_way: _UnderWay) -> None:
        run, place = under_way.run, self._places[under_way.run.connection]
        carries = await place.carries()
        finder = await self._finder(place.regime)
        before = await self._recalled(run.connection)
        async with place.session() as session:
            look = await session.look()
            under_way.look = look
            await self._begun(run, look)
            under_way.is_on_record = True
            subjects = subject_keys([table.shape for table in look.tables])
            known = _Known(carries, subjects, before)
            for table in look.tables:
                sample = await session.sample(table)
                told = await asyncio.to_thread(_table_report, table, sample, known, finder, place.regime)
                under_way.tables.append(told)
        now = {_name(each.table): tuple(c.name for c in each.columns) for each in look.tables}
        left = gone(before, now) if before is not None and not look.cut else ()
        under_way.report = Report(tuple(under_way.tables), look.missing, look.cut, left)
        found = tuple(_suggestions(run.connection, under_way.report))
        under_way.proposed = len(await self._proposals.propose(run.connection, run.id, found))
        await self._remember(run.connection, now)

    async def _finder(self, regime: Regime) -> Finder:
        if regime not in self._finders:
            self._finders[regime] = await asyncio.to_thread(self._make_finder, regime)
        return self._finders[regime]

    async def _begun(self, run: Run, look: Look) -> None:
        d: Mapping[str, JsonValue] = {
            "connection": run.connection,
            "by": run.by,
            "tables": len(look.tables),
            "columns": sum(len(table.readable) for table in look.tables),
        }
        await self._write(EntryType.DISCOVERY_BEGUN, run, d)

    async def _settle(self, under_way: _UnderWay, state: RunState, failure: str = "") -> None:
        """Puts down how it ended. Where that can't be written the run has failed: its proposals stand on their own."""
        run = under_way.run
        if under_way.is_on_record:
            d: Mapping[str, JsonValue] = {
                "connection": run.connection,
                "outcome": state.value,
                "tables": sum(not table.failed for table in under_way.tables),
                "columns": sum(len(table.columns) for table in under_way.tables if not table.failed),
                "proposed": under_way.proposed,
            }
            try:
                await self._write(EntryType.DISCOVERY_ENDED, run, d)
            except InterlockError as error:
                state, failure = RunState.FAILED, error.sentence
        self._runs[run.connection] = replace(
            run,
            state=state,
            ended=self._clock.now(),
            report=under_way.report,
            proposed=under_way.proposed,
            failure=failure,
        )

    async def _write(self, type_: EntryType, run: Run, d: Mapping[str, JsonValue]) -> None:
        draft = Draft(id=EntryId(self._entropy.uuid7()), type=type_, d=d, obj=run.id)
        await self._ledger.commit(Unit((draft,)))

    # -- the columns of the last time ----------------------------------------------------------------------------------

    async def _recalled(self, connection: ConnectionName) -> Mapping[str, Sequence[str]] | None:
        """The columns of the last time, by table. It gives nobody anything, so one that can't be read is none."""
        found = await self._documents.document_named(DocumentKind.DISCOVERED, connection)
        if found is None:
            return None
        try:
            told = orjson.loads(self._sealer.open(_about(connection), found.sealed).reveal())
            return {str(table): [str(column) for column in columns] for table, columns in told.items()}
        except (InterlockError, ValueError, AttributeError, TypeError):
            log.warning("discovery.unreadable", connection=connection)
            return None

    async def _remember(self, connection: ConnectionName, columns: Mapping[str, Sequence[str]]) -> None:
        told = orjson.dumps(dict(columns))
        if len(told) > MOST_DOCUMENT or sum(map(len, columns.values())) > MOST_REMEMBERED:
            log.warning("discovery.too_many_columns", connection=connection)
            return
        found = await self._documents.document_named(DocumentKind.DISCOVERED, connection)
        id_, version = (found.id, found.version + 1) if found is not None else (self._entropy.uuid7(), 1)
        sealed = self._sealer.seal(_about(connection), told)
        document = Document(DocumentKind.DISCOVERED, id_, connection, version, self._clock.now(), None, sealed)
        await self._ledger.commit(Unit((), (PutDocument(document),)))


class _UnderWay:
    """A run while it goes on."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.look: Look | None = None
        self.is_on_record = False
        self.tables: list[TableReport] = []
        self.report: Report | None = None
        self.proposed = 0


@dataclass(frozen=True, slots=True)
class _Known:
    carries: Carries
    subjects: Mapping[Table, SubjectKey]
    before: Mapping[str, Sequence[str]] | None


def _table_report(table: FoundTable, sample: TableSample, known: _Known, finder: Finder, regime: Regime) -> TableReport:
    """What there is to say of one table. Runs in a thread."""
    columns = tuple(_column(table, at, sample, known, finder, regime) for at in range(len(table.columns)))
    subject = known.subjects.get(table.table, NOBODY)
    return TableReport(table.schema, table.name, table.oid, subject, columns, sample.failed)


def _column(
    table: FoundTable, at: int, sample: TableSample, known: _Known, finder: Finder, regime: Regime
) -> ColumnReport:
    column = table.columns[at]
    values = sample.columns.get(column.number, SampledColumn())
    told = ColumnSample("", table.schema, table.name, column.name, column.type_name, values.values, values.rows)
    before = None if known.before is None else frozenset(known.before.get(_name(table.table), ()))
    carries = known.carries(table.oid, column.number)
    is_key = points_at_a_row(column.name, table.name, class_of(column.type_name))
    detect = partial(finder.find_many, telling="" if is_key else column.name)
    return column_report(told, column.number, carries, detect, regime, before)


def _suggestions(connection: ConnectionName, report: Report) -> Sequence[Suggestion]:
    return [
        Suggestion(
            column=f"{connection}/{table.schema}.{table.name}.{column.column}",
            place=(table.oid, column.number),
            labels=column.lacks,
            treatment=(Treatment.LABELLED if column.treatment is Treatment.LABELLED else Treatment.SCANNED).value,
            evidence=tuple(
                EvidenceRow(each.kind.value, each.label, each.word, each.share, each.of)
                for each in column.evidence
                if each.label in column.lacks
            )[:MOST_EVIDENCE],
        )
        for table in report.tables
        for column in table.columns
        if column.lacks
    ]


def _name(table: Table) -> str:
    return ".".join(table)


def _about(connection: ConnectionName) -> str:
    return f"discovered/{connection}"
