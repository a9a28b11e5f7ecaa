"""Planning one statement: read it, have it described unless policy would refuse it anyway, and see to what only the
gateway follows: SQL's names, cursors, and questions to the gateway itself.

    PREPARE n AS q     q goes under n into the names that the protocol's statements share; nothing of it runs
    EXECUTE n (...)    what n names, its values bound as text: judged anew as that statement
    FETCH ... c        goes on with what the DECLARE of c was released for
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import NoReturn

from interlock.doors.postgres import application, own_answers
from interlock.doors.postgres.complaining import elsewhere
from interlock.doors.postgres.portals import Open, Opened
from interlock.doors.postgres.preparing import FAILED, Preparing, in_place
from interlock.doors.postgres.refusing import ONLY_OBSERVED, Remembered, refusal, unread
from interlock.doors.postgres.units import Local, Planned, Stop, UnitPlan, rename
from interlock.errors import NotUnderstood, UpstreamFailed
from interlock.gate import Answer, Cleared, Denied, Gate, Held
from interlock.model.payload import SqlStatement
from interlock.sql import effects
from interlock.sql.shape import Statement
from interlock.sql.unparsable import Unparsable
from interlock.wire.postgres import answers
from interlock.wire.postgres.frontend import Close, Parse, Target
from interlock.wire.postgres.session import Portal, Session

_SPACE = b"; \t\r\n\f\v"
_NO_STATEMENT = Stop("26000", "There is no prepared statement of this name.")
_MANY_IN_PARSE = Stop("42601", "cannot insert multiple commands into a prepared statement")
_NO_CURSOR = Stop("34000", "There is no cursor of this name that was declared here.")


class Planning:
    """One session's. `redefined`: definitions were changed in its transaction since they were last read."""

    def __init__(
        self, preparing: Preparing, gate: Gate, opened: Opened, remembered: Remembered, public_url: str
    ) -> None:
        self.preparing = preparing
        self.opened = opened
        self.remembered = remembered
        self.redefined = False
        self._gate = gate
        self._public_url = public_url
        self._portals = 0

    # -- a Query message ----------------------------------------------------------------------------------------------

    async def simple(self, text: bytes, names: Session) -> UnitPlan:
        """Each statement of the text by itself; raises `Stop` where one can't be taken."""
        trial = names.copy()
        trial.simple_query()
        planned = []
        found = await self._pieces(text)
        for piece in found if len(found) > 1 else ():  # what a text alone denies is denied before any is described
            payload = SqlStatement(text=piece, simple=True)
            await self._foresee(*await self._translated(payload))
        for piece in found:
            with elsewhere() if len(found) > 1 else nullcontext():
                each = await self.planned(SqlStatement(text=piece, simple=True), trial)
            rename(trial, each.naming)
            planned.append(each)
        return UnitPlan(tuple(planned), b"", trial, simple=True)

    async def _pieces(self, text: bytes) -> tuple[bytes, ...]:
        if b";" not in text.rstrip(_SPACE):
            return (text,)  # one statement at most
        try:
            return await self.preparing.pieces(text)
        except NotUnderstood as error:
            return await self._unread(error)

    # -- what a walk over steps asks for (units.Planner) --------------------------------------------------------------

    async def answered(self, payload: SqlStatement, data: bytes) -> Planned:
        """See `Planner`."""
        statement = await self.preparing.read(in_place(payload), failed=self.preparing.failed)
        return await self._local(replace(statement, effect=None), payload, None, data)

    def open_portal(self, name: bytes, bound: Portal) -> Open | None:
        """See `Planner`."""
        if self.preparing.failed:
            raise FAILED
        return self.opened.portal(name, bound)

    def cursor(self, name: str) -> Open | None:
        """See `Planner`."""
        return self.opened.cursor(name)

    def new_portal(self) -> bytes:
        """See `Planner`."""
        self._portals += 1
        return b"il_p%d" % self._portals

    async def planned(self, payload: SqlStatement, names: Session, *, runs: bool = True) -> Planned:
        """See `Planner`."""
        preparing = self.preparing
        if preparing.facts_of != preparing.definitions.snapshot.version and preparing.up.status != b"E":
            await self._look_again()
        statement, payload = await self._translated(payload)
        match statement.effect:
            case None:
                return await self._described(statement, payload)
            case effects.PrepareNamed():
                return await self._prepare(statement, statement.effect, payload, names)
            case effects.ExecuteNamed():
                return await self._execute(statement, statement.effect, payload, names, runs=runs)
            case effects.Deallocate(name):
                return await self._deallocate(statement, name, payload, names, runs=runs)
            case effects.Fetch(name):
                return await self._fetch(statement, name, payload, runs=runs)
            case effects.ShowOurs() | effects.FetchResult():
                return await self._answered(statement, payload, runs=runs)
            case effects.GiveReason() | effects.GiveTicket():
                planned = await self._described(statement, payload)
                return replace(planned, statement=await self._typed(planned.statement))
            case _:
                return await self._described(statement, payload)

    async def _typed(self, statement: Statement) -> Statement:
        """With what was typed as it may be kept: nothing else of it is remembered."""
        words, name = self._gate.desk.words, self.preparing.definitions.connection.name
        match statement.effect:
            case effects.GiveReason(text):
                said = await words.typed(text, name)
                return replace(statement, effect=effects.GiveReason(said.text, said.masked))
            case effects.GiveTicket(text):
                said = await words.typed(text, name)
                return replace(statement, effect=effects.GiveTicket(said.text, said.masked))
            case _:
                return statement

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self, payload: SqlStatement) -> Statement:
        try:
            statement = await self.preparing.read(payload, failed=self.preparing.failed)
        except NotUnderstood as error:
            return await self._unread(error)
        if not payload.simple and len(statement.source.statements) > 1:
            answer = await self._gate.ask(self.preparing.foreseen(statement, payload))
            self._remember_denied(answer)
            raise _MANY_IN_PARSE
        return statement

    async def _unread(self, error: NotUnderstood) -> NoReturn:
        """Records the refusal of what couldn't be read; its sender is told what the server would say, if it would."""
        answer = await self._gate.ask(self.preparing.refused(error.sentence))
        if isinstance(error, Unparsable):
            self._remember_denied(answer)
            raise unread(error) from None
        await self.refused(answer)

    def _remember_denied(self, answer: Answer) -> None:
        if not isinstance(answer, Denied):
            raise UpstreamFailed("what couldn't be read wasn't refused", code="contradiction")
        self.remembered.refused(answer.reasons, answer.review)

    async def _translated(self, payload: SqlStatement) -> tuple[Statement, SqlStatement]:
        """What the text is, and what is sent: with the values that the actor's pseudonyms in it stand for."""
        statement = await self._read(payload)
        try:
            return await self.preparing.translated(statement, payload)
        except NotUnderstood as error:
            return await self._unread(error)

    async def _described(self, statement: Statement, payload: SqlStatement) -> Planned:
        """Has it described upstream only if policy wouldn't refuse it anyway."""
        await self._foresee(statement, payload)
        preparing = self.preparing
        planned = await preparing.described(statement, payload, failed=preparing.failed)
        if not await self._learnt(planned):
            return planned
        await self._look_again()
        statement = await self._read(payload)
        await self._foresee(statement, payload)
        return await preparing.described(statement, payload, failed=preparing.failed)

    async def _learnt(self, planned: Planned) -> bool:
        """Whether the definitions are others now, because the server described what the snapshot didn't know."""
        columns = planned.prepared.columns if planned.prepared is not None else None
        columns = columns if columns is not None else planned.columns
        columns = self.preparing.temporary.unknown(columns) if columns is not None else None
        return columns is not None and await self.preparing.definitions.learn(columns)

    async def _foresee(self, statement: Statement, payload: SqlStatement) -> None:
        """Raises `Stop` where policy denies what the text alone tells."""
        if statement.is_session_traffic:
            return
        if self.redefined:
            raise Stop(
                "0A000", "Behind a change of definitions in its own transaction nothing is judged; commit first."
            )
        if not self.preparing.is_prepared(payload):
            foreseen = self.preparing.foreseen(statement, payload)
            if self._gate.foresees_denial(foreseen):
                await self.refused(await self._gate.ask(foreseen))

    async def _look_again(self) -> None:
        """After the definitions moved the path may resolve to other schemas; nothing else may have changed."""
        preparing = self.preparing
        version = preparing.definitions.snapshot.version
        now = await preparing.up.facts()
        if not preparing.facts.same_but_schemas(now):
            raise UpstreamFailed("something outside changed this session's settings", code="drift")
        preparing.facts, preparing.facts_of = now, version
        preparing.up.redefined()
        await preparing.temporary.look_again(preparing.up)

    async def refused(self, answer: Answer) -> NoReturn:
        """Raises `Stop` with what the decision says."""
        match answer:
            case Denied(reasons, review):
                self.remembered.refused(reasons, review)
                hint = ONLY_OBSERVED if self.preparing.definitions.connection.unsafe_observe else ""
                raise refusal(reasons, review, self._public_url, hint)
            case Cleared(release):
                raise AssertionError(f"a refused statement was cleared: {release.entry}")
            case Held(review, reasons):
                raise refusal(reasons, review.id, self._public_url)

    # -- SQL's names --------------------------------------------------------------------------------------------------

    async def _prepare(
        self, statement: Statement, effect: effects.PrepareNamed, payload: SqlStatement, names: Session
    ) -> Planned:
        if statement.inner is None:
            raise UpstreamFailed("a PREPARE was read without what it names", code="contradiction")
        types = await self._types(effect.types)
        inner = SqlStatement(text=statement.inner, simple=False, parameter_types=types)
        with elsewhere():
            await self.planned(inner, names, runs=False)
        planned = await self._local(statement, payload, None, answers.write_command_complete("PREPARE"))
        return replace(planned, naming=Parse(effect.name.encode(), statement.inner, types))

    async def _types(self, written: tuple[str, ...]) -> tuple[int, ...]:
        """The types' OIDs, by the server's own reading of their names: a query over them is described, never run."""
        if not written:
            return ()
        text = "SELECT " + ", ".join(f"NULL::{name}" for name in written)
        named = SqlStatement(text=", ".join(written).encode(), simple=False)
        prepared = await self.preparing.prepare(text.encode(), (), theirs=named)
        if prepared.columns is None or len(prepared.columns) != len(written):
            raise Stop("42601", "The types of this PREPARE can't be read.")
        return tuple(column.type_oid for column in prepared.columns)

    async def _execute(
        self,
        statement: Statement,
        effect: effects.ExecuteNamed,
        payload: SqlStatement,
        names: Session,
        *,
        runs: bool,
    ) -> Planned:
        named = names.statement(effect.name.encode())
        if named is None or not effect.name:
            if runs:
                raise _NO_STATEMENT
            return await self._local(statement, payload, None, b"")
        meant = SqlStatement(
            text=named.text,
            simple=False,
            parameter_types=named.parameter_types,
            parameters=tuple(None if a is None else a.encode() for a in effect.arguments),
            result_formats=payload.result_formats,
            max_rows=payload.max_rows,
        )
        if isinstance((await self._read(meant)).effect, effects.ExecuteNamed):
            raise Stop("0A000", "This name stands for an EXECUTE of another; name the statement itself.")
        with elsewhere():
            planned = await self.planned(meant, names, runs=runs)
        wanted = len(planned.prepared.parameter_types) if planned.prepared is not None else 0
        if planned.local is None and wanted != len(effect.arguments):
            raise Stop("42601", f"This statement takes {wanted} parameters, and EXECUTE gives {len(effect.arguments)}.")
        return replace(planned, executes=True)

    async def _deallocate(
        self, statement: Statement, name: str | None, payload: SqlStatement, names: Session, *, runs: bool
    ) -> Planned:
        if runs and name is not None and names.statement(name.encode()) is None:
            raise _NO_STATEMENT
        tag = "DEALLOCATE ALL" if name is None else "DEALLOCATE"
        planned = await self._local(statement, payload, None, answers.write_command_complete(tag))
        naming = effects.Deallocate(None) if name is None else Close(Target.STATEMENT, name.encode())
        return replace(planned, naming=naming)

    # -- cursors, and questions to the gateway ------------------------------------------------------------------------

    async def _fetch(self, statement: Statement, name: str, payload: SqlStatement, *, runs: bool) -> Planned:
        opened = self.opened.cursor(name)
        if opened is None and runs:
            raise _NO_CURSOR
        planned = await self._described(statement, payload)
        return replace(planned, columns=None, goes_on=opened)

    async def _answered(self, statement: Statement, payload: SqlStatement, *, runs: bool) -> Planned:
        if not runs:
            return await self._local(statement, payload, None, b"")
        answer = await self._own(statement.effect, payload)
        rows = await answer.rows()
        told = answers.write_row_description(answer.columns) if answer.columns is not None and payload.simple else b""
        return await self._local(statement, payload, answer, told + rows)

    async def _own(self, effect: effects.SessionEffect | None, payload: SqlStatement) -> own_answers.Rows:
        match effect:
            case effects.ShowOurs(name):
                return own_answers.show(name, self._shown(name))
            case effects.FetchResult(review):
                review = review if review is not None else _parameter(payload)
                actor = self.preparing.actor
                found = await own_answers.fetch(self._gate.desk, actor, review, payload.result_formats)
                self.remembered.masked = ", ".join(found.masked)
                return found
            case _:
                raise UpstreamFailed("the gateway was asked what it can't answer", code="contradiction")

    def _shown(self, name: str) -> str:
        given = self.preparing.given
        match name.removeprefix("interlock."):
            case "review":
                return self.remembered.review
            case application.SETTING:
                return application.shown(application.SETTING, self.preparing.up.parameters.get(application.SETTING, ""))
            case "why":
                return self.remembered.why
            case "masked":
                return self.remembered.masked
            case "wait":
                return given.wait.value
            case "reason":
                return given.reason
            case "ticket":
                return given.ticket
            case "idempotency_key":
                return given.idempotency_key
            case "reveal":
                return ", ".join(".".join(p for p in (c.schema, c.table, c.column) if p) for c in given.reveal)
            case _:
                return ""

    async def _local(
        self, statement: Statement, payload: SqlStatement, answer: own_answers.Rows | None, data: bytes
    ) -> Planned:
        """Something harmless of ours is sent in its place, so that the transaction has its say."""
        sent = in_place(payload)
        prepared = None if payload.simple else await self.preparing.prepare(sent.text, ())
        local = Local(answer.columns if answer is not None else None, data)
        return Planned(statement, sent, prepared, None, local=local)


def _parameter(payload: SqlStatement) -> str:
    """The id that was bound to $1: text, in either format."""
    if len(payload.parameters) != 1 or payload.parameters[0] is None:
        raise Stop("0A000", "Say the review's id in the text, or bind it before this is described.")
    return payload.parameters[0].decode("utf-8", "replace")
