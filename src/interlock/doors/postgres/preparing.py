"""Reading and describing what a client sends: texts into statements, statements into actions.

Two witnesses speak before anything is decided: our own analysis of the text, and the server's description of what it
would return, taken by preparing it there (design, section 6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from interlock.actions.basis import Basis
from interlock.actions.from_sql import PreparedStatement, UpstreamIdentity, from_sql
from interlock.actions.refused import refused
from interlock.actions.relabelled import relabelled
from interlock.doors.postgres.application import upstream_set
from interlock.doors.postgres.complaining import at_parse
from interlock.doors.postgres.copying import copied_rows, copy_options
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.facts import Facts
from interlock.doors.postgres.temporary import Temporary
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.units import Planned, Stop, UnitPlan, with_formats
from interlock.doors.postgres.upstream import Prepared, ServerError, Upstream
from interlock.errors import NotUnderstood
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.tokens import holds_token
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import Snapshot
from interlock.ports import Entropy
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql import effects
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.given import reads_as, translated
from interlock.sql.session_state import SessionState
from interlock.sql.shape import CopyFormat, Statement

# Settings that change what a text means and that the server reports whenever they change, a rollback included.
REPORTED: Mapping[str, str] = {"TimeZone": "timezone", "DateStyle": "datestyle", "IntervalStyle": "intervalstyle"}

LONG = 16 * 1024  # bytes of a text whose reading takes long enough for others to notice

FAILED = Stop("25P02", "The transaction has failed; nothing runs until it is rolled back.")


# Sent in place of what only the gateway follows, a SET of ours or a PREPARE: the server says whether there can be one
# now, and learns nothing from it. Both begin and end so that they can stand between pieces of a text.
OURS = b"\nSET interlock.reason = '';"
_ROLLBACK = b"\nROLLBACK;"
_OWN = (effects.GiveReason, effects.GiveTicket, effects.AskReveal, effects.ChooseWait, effects.GiveKey)


@dataclass(frozen=True, slots=True)
class Given:
    """What a client has told the gateway in this session: why, under which ticket, what it wants to see unmasked; how
    it waits; and a key for its next action, by which a repeated one is known."""

    reason: str = ""
    ticket: str = ""
    reveal: tuple[effects.ColumnName, ...] = ()
    wait: effects.Wait = effects.Wait.ATTACHED
    idempotency_key: str = field(default="", repr=False)

    def after(self, effect: effects.SessionEffect | None) -> Given:
        """What is given once this has been said."""
        match effect:
            case effects.GiveReason(reason, _):
                return replace(self, reason=reason)
            case effects.GiveTicket(ticket, _):
                return replace(self, ticket=ticket)
            case effects.AskReveal(columns):
                return replace(self, reveal=columns)
            case effects.ChooseWait(wait):
                return replace(self, wait=wait)
            case effects.GiveKey(key):
                return replace(self, idempotency_key=key)
            case effects.DiscardAll() | effects.Reset(None):
                return Given()
            case _:
                return self


class Preparing:
    """What a session knows while it turns messages into actions. `failed`: a refusal failed the transaction."""

    def __init__(
        self,
        *,
        up: Upstream,
        facts: Facts,
        definitions: Definitions,
        texts: Texts,
        actor: Actor,
        entropy: Entropy,
        pseudonyms: ActorPseudonyms | None = None,
    ) -> None:
        self.up = up
        self.facts = facts
        self.facts_of = definitions.snapshot.version  # the definitions that were in force when they were asked
        self.definitions = definitions
        self.actor = actor
        self.pseudonyms = pseudonyms
        self.failed = False
        self.given = Given()
        self._texts = texts
        self._entropy = entropy
        self.temporary = Temporary(definitions)
        self._judged_by = definitions.labels
        self._state: SessionState | None = None  # made anew when what it is made of differs
        self._state_of: tuple[Facts, tuple[str | None, ...]] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The definitions that texts are judged by: the connection's, and the session's own."""
        return self.temporary.snapshot

    @property
    def labels(self) -> ColumnLabels:
        """The labels of all columns, as of this moment."""
        return self.temporary.labels

    @property
    def state(self) -> SessionState:
        """The session's state by what the server last reported."""
        reported = tuple(self.up.parameters.get(theirs) for theirs in REPORTED)
        if self._state is None or self._state_of != (self.facts, reported):
            pairs = zip(REPORTED.values(), reported, strict=True)
            settings = {ours: value.lower() for ours, value in pairs if value is not None}
            self._state = SessionState(self.facts.schemas, self.facts.role, settings)
            self._state_of = (self.facts, reported)
        return self._state

    def follow(self, effect: effects.SessionEffect | None) -> None:
        """What the client tells us from now on, once the statement that says so has gone well."""
        self.given = self.given.after(effect)

    def used_key(self) -> None:
        """The idempotency key was for one action, and that has been asked for."""
        if self.given.idempotency_key:
            self.given = replace(self.given, idempotency_key="")

    async def pieces(self, text: bytes) -> tuple[bytes, ...]:
        """The statements of a text; raises `NotUnderstood`."""
        await self._texts.taste(text)
        return self._texts.pieces(text)

    async def read(self, payload: SqlStatement, *, failed: bool) -> Statement:
        """What the text is, once it was tasted; raises as `tasted` does."""
        await self._texts.taste(payload.text)
        statement, snapshot = self.tasted(payload, failed=failed), self.snapshot
        while len(payload.text) > LONG:  # reading it held everybody up, and so will judging it: others have their turn
            await asyncio.sleep(0)
            if snapshot is self.snapshot:
                break
            statement, snapshot = self.tasted(payload, failed=failed), self.snapshot
        return statement

    def tasted(self, payload: SqlStatement, *, failed: bool) -> Statement:
        """What the text is; raises `NotUnderstood`, and `Stop` for what a failed transaction doesn't take."""
        statement = self._texts.statement(payload.text, self.snapshot, self.state)
        if failed and not isinstance(statement.effect, effects.Rollback | effects.RollbackTo | effects.Commit):
            raise FAILED
        if statement.copy is not None:
            copy_options(statement.copy)  # what couldn't be masked on its way out is refused before anything runs
        return statement

    async def translated(self, statement: Statement, payload: SqlStatement) -> tuple[Statement, SqlStatement]:
        """The statement with what the actor's pseudonyms stand for in their places; itself where there are none.

        Raises `NotUnderstood`. Once only: what comes of it is never looked at again for pseudonyms.
        """
        if self.pseudonyms is None:
            return statement, payload
        labels = self.labels
        meant = translated(
            statement, payload, self.pseudonyms.read, lambda column: labels.for_column(column.relation, column.number)
        )
        if meant is None:
            return statement, payload
        if meant.text == payload.text:  # parameters alone
            return statement, meant
        await self._texts.taste(meant.text)
        anew = self._texts.statement(meant.text, self.snapshot, self.state)
        return (anew, meant) if reads_as(anew, statement) else (statement, payload)

    def forget(self, planned: Planned) -> None:
        """Lets go of what is remembered of a statement that is held: it is read anew at its release."""
        statement = planned.statement
        self._texts.readings.forget(statement, planned.columns)
        self._texts.forget(statement.text, self.snapshot, self.state)

    def is_prepared(self, payload: SqlStatement) -> bool:
        """Whether the server has seen this text in this session, so that its static decision wasn't a denial."""
        return self.up.has_prepared(payload.text, payload.parameter_types)

    async def described(
        self, statement: Statement, payload: SqlStatement, *, failed: bool = False, anew: bool = False
    ) -> Planned:
        """The statement with the server's view of it; raises `Stop` with the server's SQLSTATE, `UpstreamFailed`."""
        version, sent = self.snapshot.version, payload
        if len(payload.text) > LONG:
            await asyncio.sleep(0)  # others have their turn
        if failed and isinstance(statement.effect, effects.Commit):
            payload = replace(payload, text=_ROLLBACK)  # as the server ends a failed transaction
        if isinstance(statement.effect, _OWN):
            payload = in_place(payload)  # what was said stays here
        named = upstream_set(statement.effect, self.actor)
        if named is not None:
            payload = replace(payload, text=named)
        if statement.is_session_traffic:
            prepared = None
            if not payload.simple:
                prepared = await self.prepare(payload.text, payload.parameter_types, anew, theirs=sent)
            return Planned(statement, payload, prepared, prepared.columns if prepared else None)
        witness: Prepared | None = None
        if statement.describe is not None:
            same = statement.describe == payload.text or isinstance(statement.effect, effects.Declare)
            types = payload.parameter_types if same else ()
            # A COPY tells at execution how many columns it has and not which: its witness must be of this moment.
            again = anew or statement.copy is not None
            witness = await self.prepare(statement.describe, types, again, theirs=sent)
        prepared = witness if statement.describe == payload.text else None
        if prepared is None and not payload.simple:
            prepared = await self.prepare(payload.text, payload.parameter_types, anew, theirs=sent)
        columns = witness.columns if witness is not None else None
        copied = statement.copy is not None or isinstance(statement.effect, effects.Declare)
        if columns is not None and not payload.simple and not copied:
            columns = with_formats(columns, payload.result_formats)
        if columns is not None and statement.copy is not None and statement.copy.format is CopyFormat.BINARY:
            columns = with_formats(columns, (1,))
        if prepared is not None and max(prepared.parameter_types, default=0) >= FIRST_USER_OID:
            raise Stop("0A000", "Parameters of user-defined types aren't built yet: their input may run code of users.")
        if prepared is not None and not payload.simple and payload.parameter_types != prepared.parameter_types:
            payload = replace(payload, parameter_types=prepared.parameter_types)
        return Planned(statement, payload, prepared, columns, version=version)

    def known_to(self, plan: UnitPlan) -> UnitPlan:
        """The plan with what masks its results and tells of its errors."""
        known = self.definitions
        return replace(plan, pseudonyms=self.pseudonyms, snapshot=known.snapshot, masks=known.masks, finds=known.finds)

    def action(self, planned: Sequence[Planned]) -> Action:
        """The action that these statements make; raises `Stop` when the definitions moved since one was read.

        What the client tells the gateway before the first of them that acts is told of that too.
        """
        given = self.given
        for each in planned:
            if each.acts:
                break
            given = given.after(each.statement.effect)
        if any(p.version not in ("", self.snapshot.version) for p in planned):
            raise Stop("40001", "Definitions changed while this was being judged; run it again.")
        self._judged_by = self.labels
        action = from_sql(
            id=ActionId(self._entropy.uuid7()),
            actor=self.actor,
            connection=self.definitions.connection,
            statements=[_prepared(p) for p in planned],
            labels=self._judged_by,
            snapshot=self.snapshot,
            state=self.state,
            identity=self._identity,
            reason=given.reason,
            holds_token=holds_token,
            readings=self._texts.readings,
            ticket=given.ticket,
            reveal=given.reveal,
            finds=self.definitions.finds,
        )
        deferred = given.wait is effects.Wait.DEFERRED and self._stands_alone(planned)
        if deferred or given.idempotency_key:
            return replace(action, deferred=deferred, idempotency_key=given.idempotency_key)
        return action

    @property
    def _identity(self) -> UpstreamIdentity:
        upstream = self.definitions.upstream
        return UpstreamIdentity(upstream.host, upstream.port, upstream.database, upstream.user)

    def still(self, action: Action, planned: Sequence[Planned]) -> Callable[[], bool]:
        """Asked when the first answer is there: whether it carries no more than `action` was decided with, which was
        the last that was made here."""
        judged_by, state, version = self._judged_by, self.state, self.snapshot.version

        def still() -> bool:
            nonlocal judged_by
            now, labels = self.definitions, self.labels
            if labels is judged_by:
                return True
            basis = Basis(now.connection, labels, self.snapshot, state, self._identity)
            read = planned if version == self.snapshot.version else self._read_again(planned, state)
            if read is None:
                return False
            found = relabelled(action, [_prepared(p) for p in read], basis)
            if found.carries:
                self.temporary.carry(found.carries)
                now.derived.late(action, found.carries)
            judged_by = labels
            return found.holds

        return still

    def _read_again(self, planned: Sequence[Planned], state: SessionState) -> Sequence[Planned] | None:
        """The same texts by the definitions of now; None where one can't be read by them."""
        try:
            return [
                replace(p, statement=self._texts.statement(p.payload.text, self.snapshot, state))
                if p.acts and p.payload.text == p.statement.text
                else p
                for p in planned
            ]
        except NotUnderstood:
            return None

    def _stands_alone(self, planned: Sequence[Planned]) -> bool:
        """Whether it can be run later in another session: it needs nothing of this one, and leaves nothing in it.

        In a transaction, or with cursors, LISTEN and the like, the client has to wait for it as if it were attached.
        """
        inside = self.up.status != b"I" or self.up.behind_flush
        if self.temporary.relations or any(p.statement.temporary for p in planned):
            return False
        return not inside and all(p.acts and p.statement.effect is None and not p.portal for p in planned)

    def foreseen(self, statement: Statement, payload: SqlStatement) -> Action:
        """The action as far as the text alone tells: verbs, resources, writes. What it returns isn't known yet."""
        bare = self.action((Planned(statement, payload, None, None),))
        known = [Exposure(labels=e.writes, writes=e.writes, unbounded=e.unbounded) for e in bare.exposures]
        return bare if statement.describe is None else replace(bare, exposures=tuple(known))

    def refused(self, because: str) -> Action:
        """An action for a text that couldn't be read, so that its refusal is recorded."""
        connection = self.definitions.connection
        return refused(id=ActionId(self._entropy.uuid7()), actor=self.actor, connection=connection, because=because)

    async def prepare(
        self, text: bytes, types: tuple[int, ...], anew: bool = False, *, theirs: SqlStatement | None = None
    ) -> Prepared:
        """What the server says of a text; raises `Stop` with what it says no with. `theirs`: the client's statement
        that it is prepared for."""
        answer = await self.up.prepare(text, types, anew=anew)
        if isinstance(answer, ServerError):
            raise at_parse(answer, text, theirs, self.snapshot, self.definitions.finds)
        return answer


def _prepared(planned: Planned) -> PreparedStatement:
    payload = planned.payload
    return PreparedStatement(
        planned.statement,
        planned.columns,
        payload,
        rows=_rows(planned),
        given_literals=frozenset(payload.given_literals),
        given_parameters=frozenset(payload.given_parameters),
    )


def _rows(planned: Planned) -> int:
    """How many rows a COPY brings along, where people are to sign for them."""
    copy, rows = planned.statement.copy, planned.payload.copy_data
    return copied_rows(copy, rows) if copy is not None and rows is not None else 0


def in_place(payload: SqlStatement) -> SqlStatement:
    """What is sent in place of a statement that only the gateway follows."""
    return SqlStatement(text=OURS, simple=payload.simple)
