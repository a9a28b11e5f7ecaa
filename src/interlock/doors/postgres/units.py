"""Planning a unit: the client's steps, walked over a copy of its names, into what would run and what it is owed.

ParseComplete, BindComplete and descriptions are answered by us, from what the server said when the door prepared the
statement; only Execute has results of its own. So nothing but preparations goes upstream before the release.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from interlock.doors.postgres.upstream import Prepared
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import DescribedColumn
from interlock.sql.shape import Statement
from interlock.wire.postgres import answers
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse, Target
from interlock.wire.postgres.session import Refused, Session, Step


class Stop(Exception):
    """This unit ends here, with this answer; nothing of it has run."""

    def __init__(self, sqlstate: str, sentence: str, detail: str = "", hint: str = "") -> None:
        super().__init__(sentence)
        self.sqlstate, self.sentence, self.detail, self.hint = sqlstate, sentence, detail, hint


@dataclass(frozen=True, slots=True)
class Planned:
    """One statement about to be decided on.

    `prepared` is the server's view of the text itself, `columns` the witness of what leaves: for COPY, the columns of
    the SELECT inside. `owed` is what the client must get before its results, `version` the snapshot it was read by.
    """

    statement: Statement
    payload: SqlStatement
    prepared: Prepared | None
    columns: tuple[DescribedColumn, ...] | None
    owed: bytes = b""
    version: str = ""


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit as planned: what would run, what is owed after it, and the client's names once it has."""

    statements: tuple[Planned, ...]
    owed_after: bytes
    names: Session


Prepare = Callable[[SqlStatement], Awaitable[Planned]]
"""Analyses, checks and prepares one statement; raises `Stop`."""


async def plan_unit(steps: Sequence[Step], names: Session, prepare: Prepare) -> UnitPlan:
    """Walks the steps; raises `Stop` at the first that can't be taken."""
    walk = _Walk(names.copy(), prepare)
    for step in steps:
        await walk.step(step)
    return UnitPlan(tuple(walk.planned), bytes(walk.owed), walk.names)


class _Walk:
    def __init__(self, names: Session, prepare: Prepare) -> None:
        self.names = names
        self.planned: list[Planned] = []
        self.owed = bytearray()
        self._prepare = prepare

    async def step(self, step: Step) -> None:
        match step:
            case Parse(_, text, types):
                await self._prepare(SqlStatement(text=text, simple=False, parameter_types=types))
                _check(self.names.parse(step))
                self.owed += answers.write_parse_complete()
            case Bind():
                _check(self.names.bind(step))
                self.owed += answers.write_bind_complete()
            case Describe():
                _check(self.names.missing(step))
                await self._describe(step)
            case Execute():
                _check(self.names.missing(step))
                await self._execute(step)
            case Close():
                self.names.close(step)
                self.owed += answers.write_close_complete()

    async def _describe(self, step: Describe) -> None:
        if step.target is Target.STATEMENT:
            statement = self.names.statement(step.name)
            assert statement is not None, "names.missing has looked"
            planned = await self._prepare(
                SqlStatement(text=statement.text, simple=False, parameter_types=statement.parameter_types)
            )
            if planned.prepared is not None:
                self.owed += answers.write_parameter_description(planned.prepared.parameter_types)
            formats: tuple[int, ...] = ()
        else:
            planned = await self._prepare(self._payload(step.name, 0))
            formats = planned.payload.result_formats
        columns = planned.prepared.columns if planned.prepared is not None else None
        if columns is None:
            self.owed += answers.write_no_data()
        else:
            self.owed += answers.write_row_description(with_formats(columns, formats))

    async def _execute(self, step: Execute) -> None:
        planned = await self._prepare(self._payload(step.portal, step.max_rows))
        self.names.executed(step.portal)
        self.planned.append(replace(planned, owed=bytes(self.owed)))
        self.owed.clear()

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


def with_formats(columns: Sequence[DescribedColumn], formats: Sequence[int]) -> tuple[DescribedColumn, ...]:
    """The columns in the formats that a Bind asks for: none (text), one for all, or one each; else `Stop`."""
    if len(formats) not in (0, 1, len(columns)):
        raise Stop("08P01", "The Bind asks for another number of result formats than there are columns.")
    each = list(formats) * len(columns) if len(formats) == 1 else list(formats) or [0] * len(columns)
    if all(column.format == code for column, code in zip(columns, each, strict=True)):
        return tuple(columns)  # a tuple stays the same object
    return tuple(replace(column, format=code) for column, code in zip(columns, each, strict=True))


def _check(refused: Refused | None) -> None:
    if refused is not None:
        raise Stop(refused.sqlstate, refused.sentence)
