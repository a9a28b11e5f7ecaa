"""Deciding a planned unit: one action, asked for, perhaps held, and released; or refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from interlock.doors.postgres import own_answers
from interlock.doors.postgres.definitions import Look
from interlock.doors.postgres.holding import Holding
from interlock.doors.postgres.planning import Planning
from interlock.doors.postgres.portals import Open
from interlock.doors.postgres.units import Local, Planned, UnitPlan
from interlock.doors.postgres.upstream import UpstreamAway
from interlock.errors import UpstreamFailed
from interlock.gate import Asking, Cleared, Gate, Held
from interlock.model.action import Action
from interlock.model.decision import Reason
from interlock.model.payload import Payload, SqlPayload, SqlStatement
from interlock.model.review import ReviewState
from interlock.sql import effects
from interlock.sql.shape import Kind, Statement
from interlock.wire.postgres.frontend import Close, Parse
from interlock.wire.postgres.session import Portal


@dataclass(frozen=True, slots=True)
class Kept:
    """What only the session knows of a statement that is held; see `Planned`. `statement` where the gateway answers it
    itself."""

    statement: Statement | None
    local: Local | None
    owed: bytes
    unbound: int
    executes: bool
    goes_on: Open | None
    naming: Parse | Close | effects.Deallocate | None
    client_portal: bytes
    portal: bytes
    bound: Portal | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit while people look at it: what another reading of the sealed payload can't tell, and no more.

    Trees, templates and descriptions are let go, since what runs is read and described anew at release. `action` tells
    who asked for what; it has no cover, so that nothing can be released by it.
    """

    held: Held
    action: Action
    kept: tuple[Kept, ...] = field(repr=False)
    look: Look


_FLUSHED = "a limit to its rows couldn't be held, since it is sent behind a Flush"


class Deciding:
    """One session's."""

    def __init__(self, planning: Planning, gate: Gate, holding: Holding, public_url: str) -> None:
        self._planning, self._gate, self._holding, self._public_url = planning, gate, holding, public_url
        self._preparing = planning.preparing

    def wants_people(self, plan: UnitPlan) -> Planned | None:
        """The COPY FROM STDIN among the statements, where people must sign: its rows are what they sign for."""
        copies = [p for p in plan.statements if p.statement.kind is Kind.COPY_IN]
        if not copies or not self._gate.foresees_review(self._preparing.action(plan.statements)):
            return None
        return copies[0]

    async def refuse(self, plan: UnitPlan, reason: Reason) -> None:
        """Records a no that was settled before policy had to be asked."""
        await self._gate.refuse(self._preparing.action(plan.statements), reason)

    async def asked(self, plan: UnitPlan) -> tuple[UnitPlan, Cleared | Waiting]:
        """The plan and its release; or, if it is held, what is left of the plan meanwhile, for `signed`.

        Raises `Stop` with a no. The caller should let go of its own copy of a plan that is held: thousands may be.
        """
        action = self._sizeable(plan, self._preparing.action(plan.statements))
        unseen = any(p.statement.kind is Kind.COPY_IN and p.payload.copy_data is None for p in plan.statements)
        answer = await self._gate.ask(action, Asking.NOW if unseen else Asking.WHOLE)
        self._preparing.used_key()
        match answer:
            case Cleared():
                return plan, answer
            case Held():
                self._hold(answer, action)
                for planned in plan.statements:
                    self._preparing.forget(planned)
                kept = tuple(_kept(planned) for planned in plan.statements)
                look = Look(self._preparing.definitions.refresh)
                return replace(plan, statements=()), Waiting(answer, replace(action, cover={}, form={}), kept, look)
            case _:
                return await self._planning.refused(answer)

    async def signed(self, plan: UnitPlan, waiting: Waiting) -> tuple[UnitPlan, Cleared]:
        """The plan as it was released, its statements read and described anew; raises `Stop` with a no."""
        rebuilt: list[Planned] = []
        asked = waiting.action

        async def rebuild(payload: Payload) -> Action:
            """The sealed payload, read and described anew: definitions and session state of this moment."""
            assert isinstance(payload, SqlPayload)
            await self._preparing.up.ready()
            await _looked(waiting.look)
            fresh = [await self._anew(statement) for statement in payload.statements]
            rebuilt[:] = [_carried(f, k) for f, k in zip(fresh, waiting.kept, strict=True)]
            again = self._sizeable(plan, self._preparing.action(rebuilt))
            return replace(again, id=asked.id, deferred=asked.deferred, idempotency_key=asked.idempotency_key)

        up = self._preparing.up
        inside = up.status != b"I" or up.behind_flush
        up.rest(held=True)
        answer = await self._holding.until_answered(
            waiting.held, asked, rebuild, waiting.look.begin, in_transaction=inside
        )
        if isinstance(answer, Cleared):
            return replace(plan, statements=tuple(rebuilt)), answer
        return await self._planning.refused(answer)

    def _sizeable(self, plan: UnitPlan, action: Action) -> Action:
        """The action; without estimates where the cap that one becomes couldn't be held: behind a Flush (`session`)."""
        if not (plan.flushed or self._preparing.up.behind_flush) or action.effect_free:
            return action
        bare = tuple(replace(e, impact=replace(e.impact, estimable=None, because=_FLUSHED)) for e in action.exposures)
        return replace(action, exposures=bare)

    def _hold(self, held: Held, action: Action) -> None:
        """Notes what is held; raises `Stop` where nobody is to wait for it."""
        self._planning.remembered.held(held.review.id, held.reasons)
        if action.deferred and (held.review.deferred or held.review.state is ReviewState.PENDING):
            raise own_answers.deferred(held.review.id, self._public_url)

    async def _anew(self, payload: SqlStatement) -> Planned:
        statement = await self._preparing.read(payload, failed=False)
        return await self._preparing.described(statement, payload, anew=True)


async def _looked(look: Look) -> None:
    """Looks at the definitions; raises `UpstreamAway` when that can't be done now: nothing of the client's is lost, and
    what people signed for can be asked for again. Its sentence doesn't say where the server is."""
    try:
        await look.done()
    except UpstreamFailed:
        raise UpstreamAway("its definitions can't be read again") from None


def _kept(asked: Planned) -> Kept:
    return Kept(
        statement=asked.statement if asked.local is not None else None,
        local=asked.local,
        owed=asked.owed,
        unbound=asked.unbound,
        executes=asked.executes,
        goes_on=asked.goes_on,
        naming=asked.naming,
        client_portal=asked.client_portal,
        portal=asked.portal,
        bound=asked.bound,
    )


def _carried(fresh: Planned, asked: Kept) -> Planned:
    """The statement as it is now, with what only the session knows of it."""
    columns = fresh.columns if asked.goes_on is None and asked.local is None else None
    return replace(
        fresh,
        columns=columns,
        owed=asked.owed,
        unbound=asked.unbound,
        executes=asked.executes,
        goes_on=asked.goes_on,
        local=asked.local,
        naming=asked.naming,
        client_portal=asked.client_portal,
        portal=asked.portal,
        bound=asked.bound,
        statement=asked.statement if asked.statement is not None else fresh.statement,
    )
