"""Deciding a planned unit: one action, asked for, perhaps held, and released; or refused."""

from __future__ import annotations

from dataclasses import replace

from interlock.doors.postgres import own_answers
from interlock.doors.postgres.definitions import Look
from interlock.doors.postgres.holding import Holding
from interlock.doors.postgres.planning import Planning
from interlock.doors.postgres.units import Planned, UnitPlan
from interlock.doors.postgres.upstream import UpstreamAway
from interlock.errors import UpstreamFailed
from interlock.gate import Answer, Asking, Cleared, Gate, Held
from interlock.model.action import Action
from interlock.model.decision import Reason
from interlock.model.payload import Payload, SqlPayload, SqlStatement
from interlock.model.review import ReviewState
from interlock.ports import Rebuild
from interlock.sql.shape import Kind


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

    async def released(self, plan: UnitPlan) -> tuple[UnitPlan, Cleared]:
        """The plan as it was released, which may be another than was asked for; raises `Stop` with a no."""
        action = self._preparing.action(plan.statements)
        rebuilt: list[Planned] = list(plan.statements)
        look = Look(self._preparing.definitions.refresh)

        async def rebuild(payload: Payload) -> Action:
            """The sealed payload, read and described anew: definitions and session state of this moment."""
            assert isinstance(payload, SqlPayload)
            await self._preparing.up.ready()
            await _looked(look)
            fresh = [await self._anew(statement) for statement in payload.statements]
            rebuilt[:] = [_carried(f, p) for f, p in zip(fresh, plan.statements, strict=True)]
            again = self._preparing.action(rebuilt)
            return replace(again, id=action.id, deferred=action.deferred, idempotency_key=action.idempotency_key)

        unseen = any(p.statement.kind is Kind.COPY_IN and p.payload.copy_data is None for p in plan.statements)
        answer = await self._gate.ask(action, Asking.NOW if unseen else Asking.WHOLE)
        self._preparing.used_key()
        if isinstance(answer, Held):
            answer = await self._held(answer, action, rebuild, look)
        if isinstance(answer, Cleared):
            return replace(plan, statements=tuple(rebuilt)), answer
        return await self._planning.refused(answer)

    async def _held(self, held: Held, action: Action, rebuild: Rebuild, look: Look) -> Answer:
        up = self._preparing.up
        self._planning.remembered.held(held.review.id, held.reasons)
        if action.deferred and (held.review.deferred or held.review.state is ReviewState.PENDING):
            raise own_answers.deferred(held.review.id, self._public_url)
        inside = up.status != b"I" or up.behind_flush
        up.rest(held=True)
        return await self._holding.until_answered(held, action, rebuild, look.begin, in_transaction=inside)

    async def _anew(self, payload: SqlStatement) -> Planned:
        statement = self._preparing.read(payload, failed=False)
        return await self._preparing.described(statement, payload, anew=True)


async def _looked(look: Look) -> None:
    """Looks at the definitions; raises `UpstreamAway` when that can't be done now: nothing of the client's is lost, and
    what people signed for can be asked for again. Its sentence doesn't say where the server is."""
    try:
        await look.done()
    except UpstreamFailed:
        raise UpstreamAway("its definitions can't be read again") from None


def _carried(fresh: Planned, asked: Planned) -> Planned:
    """The statement as it is now, with what only the session knows of it."""
    columns = fresh.columns if asked.goes_on is None and asked.local is None else None
    return replace(
        fresh,
        columns=columns,
        owed=asked.owed,
        executes=asked.executes,
        goes_on=asked.goes_on,
        local=asked.local,
        naming=asked.naming,
        client_portal=asked.client_portal,
        portal=asked.portal,
        bound=asked.bound,
        statement=asked.statement if asked.local is not None else fresh.statement,
    )
