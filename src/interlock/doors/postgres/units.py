"""Planning a unit: the client's steps, walked over a copy of its names, into what would run and what it is owed.

ParseComplete, BindComplete and descriptions are answered by us, from what the server said when the door prepared the
statement; only Execute has results of its own. So nothing but preparations goes upstream before the release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from interlock.actions.code_findings import Finds, nothing
from interlock.doors.masks import Masks
from interlock.doors.postgres.changes import Changes
from interlock.doors.postgres.portals import Open
from interlock.doors.postgres.upstream import Prepared
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import DescribedColumn, Snapshot
from interlock.sql import effects
from interlock.sql.shape import Kind, Statement
from interlock.wire.postgres import answers
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse, Target
from interlock.wire.postgres.session import Portal, Refused, Session, Step


class Stop(Exception):
    """This unit ends here, with this answer; nothing of it has run."""

    def __init__(self, sqlstate: str, sentence: str, detail: str = "", hint: str = "") -> None:
        super().__init__(sentence)
        self.sqlstate, self.sentence, self.detail, self.hint = sqlstate, sentence, detail, hint
        self.position = 0
        self.names: tuple[tuple[str, str], ...] = ()  # (field of the message, name)


class Misspelt(Stop):
    """The server's own complaint about a text, with its place there: it quotes the text, so it is for its sender only,
    and no repr or traceback shows it."""

    def __init__(self, sqlstate: str, sentence: str, position: int) -> None:
        super().__init__(sqlstate, sentence)
        self.args = (sqlstate,)
        self.position = position


@dataclass(frozen=True, slots=True)
class Local:
    """What the gateway answers itself: the rows with their CommandComplete, and their columns (None: no rows)."""

    columns: tuple[DescribedColumn, ...] | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Planned:
    """One statement about to be decided on.

    `prepared` is the server's view of the text itself, `columns` the witness of what leaves: for COPY and DECLARE, the
    columns of the query inside. `owed` is what the client must get before its results; so much of it as `unbound` says
    is true even if its Bind fails. `version` is the snapshot it was read by. `executes`: what runs is the text of a
    named statement, which SQL's EXECUTE asked for.

    `goes_on` is the open portal or cursor whose release it runs under; then nothing is decided. `local` is what the
    client gets in place of the server's answer. `naming` is what becomes of the client's names once it has run.
    `client_portal` and `portal` are a portal's names, the client's and ours; ours is empty where it can't outlive this.
    """

    statement: Statement
    payload: SqlStatement
    prepared: Prepared | None
    columns: tuple[DescribedColumn, ...] | None
    owed: bytes = b""
    unbound: int = 0
    version: str = ""
    executes: bool = False
    goes_on: Open | None = None
    local: Local | None = None
    naming: Parse | Close | effects.Deallocate | None = None
    client_portal: bytes = b""
    portal: bytes = b""
    bound: Portal | None = None

    @property
    def acts(self) -> bool:
        """Whether it is to be decided on: it is neither session traffic nor goes on with what was released."""
        return self.goes_on is None and self.local is None and not self.statement.is_session_traffic

    @property
    def redefines(self) -> bool:
        """Whether it changes definitions that others go by."""
        return self.statement.kind is Kind.SCHEMA and not self.statement.temporary

    @property
    def moves(self) -> bool:
        """Whether it is a MOVE, which gives no rows."""
        return isinstance(self.statement.effect, effects.Fetch) and self.statement.effect.move

    @property
    def runs(self) -> Statement:
        """The statement whose code runs: a cursor's where it is fetched from."""
        return self.statement if self.goes_on is None else self.goes_on.statement

    @property
    def answers_with(self) -> tuple[DescribedColumn, ...] | None:
        """What its own result holds: a COPY's and a DECLARE's columns come another way."""
        if self.local is not None:
            return self.local.columns
        if self.goes_on is not None:
            return None if self.moves else self.goes_on.columns
        return self.prepared.columns if self.prepared is not None else None


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit as planned: what would run, what is owed after it, and the client's names once it has.

    `steps` and `before` are what it was planned from. `flushed`: it ends with a Flush. `simple`: it is a Query message.
    `closing` are portals of ours upstream that nobody needs any more. `pseudonyms`: those of who asks.
    `still`: whether its outputs carry no more labels by now than it was decided with. `snapshot`: the definitions that
    it was read by; `in_parts`: the client sent more than this in one text; `changes`: those of definitions to wait for.
    `masks`: what masks values beside their labels; None where nothing does. `finds`: what looks like data in messages.
    """

    statements: tuple[Planned, ...]
    owed_after: bytes
    names: Session
    steps: tuple[Step, ...] = ()
    before: Session | None = None
    flushed: bool = False
    simple: bool = False
    closing: tuple[bytes, ...] = ()
    pseudonyms: ActorPseudonyms | None = None
    still: Callable[[], bool] | None = None
    snapshot: Snapshot | None = None
    in_parts: bool = False
    changes: Changes | None = None
    masks: Masks | None = None
    finds: Finds = nothing

    def names_after(self, completed: int) -> Session:
        """The client's names when only the first `completed` statements have run: the rest was never looked at."""
        if completed >= len(self.statements) or self.before is None:
            return self.names
        names, ran = self.before.copy(), 0
        for step in self.steps:
            if isinstance(step, Execute):
                if ran == completed:
                    break
                names.executed(step.portal)
                rename(names, self.statements[ran].naming)
                ran += 1
            else:
                take(names, step)
        return names


class Planner(Protocol):
    """What turns payloads into planned statements."""

    async def planned(self, payload: SqlStatement, names: Session, *, runs: bool = True) -> Planned:
        """Analyses, checks and prepares one statement; raises `Stop`.

        `runs`: it is about to be described or run, so that what it needs must be there; else it is only parsed.
        """

    async def answered(self, payload: SqlStatement, data: bytes) -> Planned:
        """Something harmless in place of a statement, whose answer the client gets as `data`."""

    def open_portal(self, name: bytes, bound: Portal) -> Open | None:
        """The portal that can go on."""

    def cursor(self, name: str) -> Open | None:
        """The SQL cursor of this name."""

    def new_portal(self) -> bytes:
        """A name for a portal upstream that was never given before."""


async def plan_unit(
    steps: Sequence[Step], names: Session, planner: Planner, *, flushed: bool = False, in_block: bool = False
) -> UnitPlan:
    """Walks the steps; raises `Stop` at the first that can't be taken. `in_block`: a transaction block is open."""
    walk = _Walk(names.copy(), planner, lasting=flushed or in_block)
    for step in steps:
        await walk.step(step)
    return UnitPlan(tuple(walk.planned), bytes(walk.owed), walk.names, tuple(steps), names, flushed)


class _Walk:
    def __init__(self, names: Session, planner: Planner, *, lasting: bool) -> None:
        self.names = names
        self.planned: list[Planned] = []
        self.owed = bytearray()
        self._planner = planner
        self._lasting = lasting  # portals outlive this unit
        self._bound: dict[bytes, int] = {}  # where in `owed` each portal's BindComplete stands
        self._shown: tuple[bytes, Planned] | None = None  # a portal that the step before has described

    async def step(self, step: Step) -> None:
        shown, self._shown = self._shown, None
        match step:
            case Parse(_, text, types):
                payload = SqlStatement(text=text, simple=False, parameter_types=types)
                await self._planner.planned(payload, self.names, runs=False)
                check(self.names.parse(step))
                self.owed += answers.write_parse_complete()
            case Bind():
                check(self.names.bind(step))
                self._bound[step.portal] = len(self.owed)
                self.owed += answers.write_bind_complete()
            case Describe():
                await self._describe(step)
            case Execute():
                check(self.names.missing(step))
                await self._execute(step, shown)
            case Close():
                self.names.close(step)
                self.owed += answers.write_close_complete()

    async def _describe(self, step: Describe) -> None:
        refused = self.names.missing(step)
        if refused is not None:
            cursor = self._planner.cursor(step.name.decode("utf-8", "replace"))
            if step.target is Target.STATEMENT or cursor is None:
                check(refused)
            else:
                self.owed += answers.write_row_description(with_formats(cursor.columns, ()))
                return
        formats: tuple[int, ...] = ()
        if step.target is Target.STATEMENT:
            statement = self.names.statement(step.name)
            assert statement is not None, "names.missing has looked"
            planned = await self._planner.planned(
                SqlStatement(text=statement.text, simple=False, parameter_types=statement.parameter_types), self.names
            )
            if planned.prepared is not None:
                self.owed += answers.write_parameter_description(_parameters(planned))
        else:
            planned = await self._planner.planned(self._payload(step.name, 0), self.names)
            self._shown = (step.name, planned)
            formats = planned.payload.result_formats if planned.local is None else ()
        columns = planned.answers_with
        if columns is None:
            self.owed += answers.write_no_data()
        else:
            self.owed += answers.write_row_description(
                columns if planned.local is not None else with_formats(columns, formats)
            )

    async def _execute(self, step: Execute, shown: tuple[bytes, Planned] | None) -> None:
        """`shown`: what the step right before found the portal to be, which it still is: nothing has run since."""
        bound = self.names.portal(step.portal)
        assert bound is not None, "names.missing has looked"
        if self.names.has_run(step.portal):
            planned = await self._going_on(step, bound, self._payload(step.portal, step.max_rows))
        elif shown is not None and shown[0] == step.portal and not step.max_rows:
            planned = shown[1]
        else:
            planned = await self._planner.planned(self._payload(step.portal, step.max_rows), self.names)
            if step.max_rows and planned.local is None and self._lasting:
                planned = replace(planned, client_portal=step.portal, portal=self._planner.new_portal(), bound=bound)
        self._lasting = self._lasting or isinstance(planned.statement.effect, effects.Begin)
        rename(self.names, planned.naming)
        self.names.executed(step.portal)
        unbound = self._bound.get(step.portal, len(self.owed))
        self.planned.append(replace(planned, owed=bytes(self.owed), unbound=unbound))
        self.owed.clear()
        self._bound.clear()

    async def _going_on(self, step: Execute, bound: Portal, payload: SqlStatement) -> Planned:
        """A further Execute of a portal: under the release of the first, if that left anything."""
        if any(p.bound is bound for p in self.planned):
            raise Stop("0A000", "This portal is run for the first time in this very unit; send Flush or Sync between.")
        opened = self._planner.open_portal(step.portal, bound)
        if opened is not None:
            return Planned(
                opened.statement, payload, None, opened.columns, goes_on=opened, portal=opened.name, bound=bound
            )
        planned = await self._planner.planned(payload, self.names)
        if planned.statement.kind is not Kind.QUERY:
            raise Stop("55000", "This portal has been run already.")
        return await self._planner.answered(payload, answers.write_command_complete("SELECT 0"))

    def _payload(self, portal_name: bytes, max_rows: int) -> SqlStatement:
        portal = self.names.portal(portal_name)
        assert portal is not None, "names.missing has looked"
        return SqlStatement(
            text=portal.statement.text,
            simple=False,
            parameter_types=portal.statement.parameter_types,
            parameter_formats=portal.formats,
            parameters=portal.values,
            result_formats=portal.result_formats,
            max_rows=max_rows,
        )


def take(names: Session, step: Step) -> None:
    """A step that was taken before, again."""
    match step:
        case Parse():
            names.parse(step)
        case Bind():
            names.bind(step)
        case Close():
            names.close(step)
        case _:
            pass


def rename(names: Session, naming: Parse | Close | effects.Deallocate | None) -> None:
    """What SQL's PREPARE and DEALLOCATE do to the names; raises `Stop`."""
    match naming:
        case Parse():
            check(names.parse(naming))
        case Close():
            names.close(naming)
        case effects.Deallocate():
            names.forget_statements()
        case None:
            pass


def with_formats(columns: Sequence[DescribedColumn], formats: Sequence[int]) -> tuple[DescribedColumn, ...]:
    """The columns in the formats that a Bind asks for: none (text), one for all, or one each; else `Stop`."""
    if len(formats) not in (0, 1, len(columns)):
        raise Stop("08P01", "The Bind asks for another number of result formats than there are columns.")
    each = list(formats) * len(columns) if len(formats) == 1 else list(formats) or [0] * len(columns)
    if [column.format for column in columns] == each:  # twice a statement: a list is made faster than a generator
        return tuple(columns)  # a tuple stays the same object
    return tuple(replace(column, format=code) for column, code in zip(columns, each, strict=True))


def check(refused: Refused | None) -> None:
    """Raises `Stop` with what the server would say."""
    if refused is not None:
        raise Stop(refused.sqlstate, refused.sentence)


def _parameters(planned: Planned) -> tuple[int, ...]:
    """What a client may bind: an EXECUTE's values stand in its text."""
    if planned.executes:
        return ()
    if planned.statement.effect == effects.FetchResult(None):
        return (_TEXT,)
    return planned.prepared.parameter_types if planned.prepared is not None else ()


_TEXT = 25  # the OID of type text
