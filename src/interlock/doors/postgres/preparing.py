"""Reading and describing what a client sends: texts into statements, statements into actions.

Two witnesses speak before anything is decided: our own analysis of the text, and the server's description of what it
would return, taken by preparing it there (design, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from interlock.actions.from_sql import PreparedStatement, UpstreamIdentity, from_sql
from interlock.actions.refused import refused
from interlock.doors.postgres.copying import copy_options
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.facts import Facts
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.units import Planned, Stop, with_formats
from interlock.doors.postgres.upstream import Prepared, ServerError, Upstream
from interlock.masking.tokens import holds_token
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId
from interlock.model.payload import SqlStatement
from interlock.ports import Entropy
from interlock.sql import effects
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Statement
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

# Settings that change what a text means and that the server reports whenever they change, a rollback included.
REPORTED: Mapping[str, str] = {"TimeZone": "timezone", "DateStyle": "datestyle", "IntervalStyle": "intervalstyle"}

_FAILED = Stop("25P02", "The transaction has failed; nothing runs until it is rolled back.")


# Sent in place of a SET or RESET of ours: the server says whether there can be one now, and learns nothing from it.
OURS = b"SET interlock.reason = ''"


@dataclass(frozen=True, slots=True)
class Given:
    """What a client has told the gateway in this session: why, under which ticket, what it wants to see unmasked."""

    reason: str = ""
    ticket: str = ""
    reveal: tuple[effects.ColumnName, ...] = ()


class Preparing:
    """What a session knows while it turns messages into actions. `failed`: a refusal failed the transaction."""

    def __init__(
        self, *, up: Upstream, facts: Facts, definitions: Definitions, texts: Texts, actor: Actor, entropy: Entropy
    ) -> None:
        self.up = up
        self.facts = facts
        self.facts_of = definitions.snapshot.version  # the definitions that were in force when they were asked
        self.definitions = definitions
        self.actor = actor
        self.failed = False
        self.given = Given()
        self._texts = texts
        self._entropy = entropy
        self._state: SessionState | None = None  # made anew when what it is made of differs
        self._state_of: tuple[Facts, tuple[str | None, ...]] | None = None

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
        match effect:
            case effects.GiveReason(reason):
                self.given = replace(self.given, reason=reason)
            case effects.GiveTicket(ticket):
                self.given = replace(self.given, ticket=ticket)
            case effects.AskReveal(columns):
                self.given = replace(self.given, reveal=columns)
            case effects.DiscardAll() | effects.Reset(None):
                self.given = Given()
            case _:
                pass

    def read(self, payload: SqlStatement, *, failed: bool) -> Statement:
        """What the text is; raises `NotUnderstood`, and `Stop` for what a failed transaction doesn't take."""
        statement = self._texts.statement(payload.text, self.definitions.snapshot, self.state)
        if failed and not isinstance(statement.effect, effects.Rollback | effects.RollbackTo | effects.Commit):
            raise _FAILED
        if statement.copy is not None:
            copy_options(statement.copy)  # what couldn't be masked on its way out is refused before anything runs
        return statement

    def is_prepared(self, payload: SqlStatement) -> bool:
        """Whether the server has seen this text in this session, so that its static decision wasn't a denial."""
        return self.up.has_prepared(payload.text, payload.parameter_types)

    async def described(
        self, statement: Statement, payload: SqlStatement, *, failed: bool = False, anew: bool = False
    ) -> Planned:
        """The statement with the server's view of it; raises `Stop` with the server's SQLSTATE, `UpstreamFailed`."""
        version = self.definitions.snapshot.version
        if failed and isinstance(statement.effect, effects.Commit):
            payload = replace(payload, text=b"ROLLBACK")  # as the server ends a failed transaction
        if isinstance(statement.effect, effects.GiveReason | effects.GiveTicket | effects.AskReveal):
            payload = replace(payload, text=OURS)  # what was said stays here
        if (
            isinstance(statement.effect, effects.Deallocate)
            and statement.effect.name is not None
            and not payload.simple
        ):
            raise Stop(
                "0A000", "Close the statement by the protocol's own message, or send DEALLOCATE as a simple query."
            )
        if statement.is_session_traffic:
            prepared = None if payload.simple else await self._prepare(payload.text, payload.parameter_types, anew)
            return Planned(statement, payload, prepared, prepared.columns if prepared else None)
        witness: Prepared | None = None
        if statement.describe is not None:
            types = payload.parameter_types if statement.describe == payload.text else ()
            # A COPY tells at execution how many columns it has and not which: its witness must be of this moment.
            witness = await self._prepare(statement.describe, types, anew or statement.copy is not None)
        prepared = witness if statement.describe == payload.text else None
        if prepared is None and not payload.simple:
            prepared = await self._prepare(payload.text, payload.parameter_types, anew)
        columns = witness.columns if witness is not None else None
        if columns is not None and not payload.simple and statement.copy is None:
            columns = with_formats(columns, payload.result_formats)
        if prepared is not None and max(prepared.parameter_types, default=0) >= FIRST_USER_OID:
            raise Stop("0A000", "Parameters of user-defined types aren't built yet: their input may run code of users.")
        if prepared is not None and not payload.simple and payload.parameter_types != prepared.parameter_types:
            payload = replace(payload, parameter_types=prepared.parameter_types)
        return Planned(statement, payload, prepared, columns, version=version)

    def action(self, planned: Sequence[Planned]) -> Action:
        """The action that these statements make; raises `Stop` when the definitions moved since one was read."""
        if any(p.version not in ("", self.definitions.snapshot.version) for p in planned):
            raise Stop("40001", "Definitions changed while this was being judged; run it again.")
        upstream = self.definitions.upstream
        return from_sql(
            id=ActionId(self._entropy.uuid7()),
            actor=self.actor,
            connection=self.definitions.connection,
            statements=[PreparedStatement(p.statement, p.columns, p.payload) for p in planned],
            labels=self.definitions.labels,
            snapshot=self.definitions.snapshot,
            state=self.state,
            identity=UpstreamIdentity(upstream.host, upstream.port, upstream.database, upstream.user),
            reason=self.given.reason,
            holds_token=holds_token,
            readings=self._texts.readings,
            ticket=self.given.ticket,
            reveal=self.given.reveal,
        )

    def foreseen(self, statement: Statement, payload: SqlStatement) -> Action:
        """The action as far as the text alone tells: verbs, resources, writes. What it returns isn't known yet."""
        bare = self.action((Planned(statement, payload, None, None),))
        known = [Exposure(labels=e.writes, writes=e.writes, unbounded=e.unbounded) for e in bare.exposures]
        return bare if statement.describe is None else replace(bare, exposures=tuple(known))

    def refused(self, because: str) -> Action:
        """An action for a text that couldn't be read, so that its refusal is recorded."""
        connection = self.definitions.connection
        return refused(id=ActionId(self._entropy.uuid7()), actor=self.actor, connection=connection, because=because)

    async def _prepare(self, text: bytes, types: tuple[int, ...], anew: bool) -> Prepared:
        answer = await self.up.prepare(text, types, anew=anew)
        if isinstance(answer, ServerError):
            code = known_sqlstate(answer.sqlstate)
            raise Stop(code, sentence_for(code))
        return answer
