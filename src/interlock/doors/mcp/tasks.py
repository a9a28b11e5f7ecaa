"""Tasks: calls that are handed out as a handle, in the shapes of 2025-11-25 and of the extension (2026-07-28).

A task is a review that the gateway runs by itself once people have signed (`runner`), and its id is the review's; it is
durable before anybody is told of it. What was over at once is kept under an id of its own. Every look is bound to who
asked: for anybody else there is no such task.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from interlock.desk.deferrals import KEPT, MOST_OF_ONE_ACTOR
from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import INVALID_PARAMS, METHOD_NOT_FOUND, Answered
from interlock.doors.mcp.kept import Kept, read_kept, write_kept
from interlock.doors.mcp.seams import MODERN, Asker, Client, Object
from interlock.doors.mcp.waiting import Waiting
from interlock.errors import Conflict, LedgerCorrupt
from interlock.gate import Gate
from interlock.model.actor import Actor
from interlock.model.change import PutDocument, Unit
from interlock.model.decision import Reason
from interlock.model.document import Document, DocumentKind
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Entropy, Sealer

POLL_MS: Final = 5_000
RELATED: Final = "io.modelcontextprotocol/related-task"
LONGEST_WAIT: Final = 24 * 3600.0  # seconds of one tasks/result
MOST_LISTED: Final = 100
_ID_BYTES: Final = 16

_LEGACY: Final = frozenset({"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"})
_MODERN: Final = frozenset({"tasks/get", "tasks/update", "tasks/cancel"})
_NEVER_RAN: Final[Mapping[ReviewState, str]] = {
    ReviewState.DENIED: "People said no.",
    ReviewState.EXPIRED: "Nobody approved it in time.",
    ReviewState.WITHDRAWN: "It was withdrawn.",
    ReviewState.SUPERSEDED: "What was signed for can't be run any more, or it was taken back.",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A task as it stands. `kept` once there is something to give."""

    id: str
    status: str
    message: str
    created: datetime
    ttl_ms: int
    kept: Kept | None = field(default=None, repr=False)


class Tasks:
    """One connection's tasks. `running` are the runs that `runner` has under way here, by review."""

    def __init__(
        self, gate: Gate, waiting: Waiting, sealer: Sealer, clock: Clock, entropy: Entropy, settings: McpSettings
    ) -> None:
        self._gate, self._waiting, self._sealer, self._clock, self._entropy = gate, waiting, sealer, clock, entropy
        self._connection = settings.connection.name
        self.running: dict[ReviewId, asyncio.Task[Any]] = {}

    @property
    def methods(self) -> frozenset[str]:
        """Those that are answered here."""
        return _LEGACY | _MODERN

    async def answer(self, asker: Asker, client: Client, method: str, params: Object) -> Object:
        """Answers one of them, as the client's version has it; raises `Answered`."""
        modern = client.protocol_version >= MODERN
        if method not in (_MODERN if modern else _LEGACY):
            raise Answered(METHOD_NOT_FOUND, "Method not found")
        match method:
            case "tasks/get":
                return _got(await self._seen(params, asker.actor), modern=modern)
            case "tasks/result":
                return await self._result(params, asker.actor)
            case "tasks/list":
                return await self._list(asker.actor)
            case "tasks/update":
                await self._seen(params, asker.actor)
                raise Answered(INVALID_PARAMS, "The task asks for nothing")
            case _:
                return await self._cancelled(params, asker.actor, modern=modern)

    # -- handing out --------------------------------------------------------------------------------------------------

    def created(self, review: Review, reasons: Sequence[Reason], *, modern: bool) -> Object:
        """The task of a review that is held or approved: it is in the store already."""
        message = f"Waiting for people to approve it, review {review.id}. {answers.sentences(reasons)}".strip()
        seen = _Seen(review.id, "working", message, review.opened_at, _ttl(review))
        return {"resultType": "task", **_task(seen, modern=True)} if modern else {"task": _task(seen, modern=False)}

    async def has_room(self, actor: Actor) -> bool:
        """Whether one more result of this actor's may be kept."""
        count = await self._gate.desk.records.count_named(DocumentKind.RESULT, f"{actor.id}/")
        return count < MOST_OF_ONE_ACTOR

    async def done(self, actor: Actor, result: Object) -> Object:
        """The task (2025-11-25) of a call that is over already; its result is durable before this returns."""
        id_, now = self._entropy.token(_ID_BYTES).hex(), self._clock.now()
        told = {"whose": _whose(actor), "connection": self._connection, "result": result}
        sealed = self._sealer.seal(_about(id_), json.dumps(told).encode())
        document = Document(DocumentKind.RESULT, id_, f"{actor.id}/{id_}", 1, now, now + KEPT, sealed)
        await self._gate.ledger.commit(Unit((), (PutDocument(document),)))
        return {"task": _task(_Seen(id_, "completed", "", now, _ms(KEPT.total_seconds())), modern=False)}

    # -- looking ------------------------------------------------------------------------------------------------------

    async def kept(self, review: Review) -> Kept | None:
        """What the gateway's own run of it gave, while that is kept."""
        found = await self._gate.desk.result(review.id)
        return None if found is None else read_kept(found.reveal())

    async def outcome(self, review: Review) -> Kept:
        """What there is to give of a review that isn't under way any more."""
        if (because := _NEVER_RAN.get(review.state)) is not None:
            kept = await self.kept(review)
            return kept if kept is not None else Kept(_refused(review, because))
        kept = await self.kept(review)
        if kept is not None:
            return kept
        if review.state is ReviewState.UNKNOWN:
            return Kept(
                answers.failed("unknown", "It was begun, and nobody knows whether it ran to its end.", review.id)
            )
        return Kept(
            answers.failed("not_kept", "It ran, and nothing of what it gave is kept, or is kept any more.", review.id)
        )

    async def _seen(self, params: Object, actor: Actor) -> _Seen:
        """The task of that id; raises `Answered` for one that isn't this asker's, or isn't."""
        id_ = params.get("taskId")
        review = await self._waiting.own(id_, actor)
        if review is not None and review.deferred:
            return await self._of(review)
        found = await self._over(id_, actor) if isinstance(id_, str) else None
        if found is None:
            raise Answered(INVALID_PARAMS, "Unknown task")
        return found

    async def _of(self, review: Review) -> _Seen:
        def seen(status: str, message: str, kept: Kept | None = None) -> _Seen:
            return _Seen(review.id, status, message, review.opened_at, _ttl(review), kept)

        if review.state is ReviewState.PENDING:
            return seen("working", f"Waiting for people to approve it, review {review.id}.")
        if self._waiting.is_under_way(review):
            return seen("working", f"Approved, review {review.id}; the gateway runs it.")
        kept = await self.outcome(review)
        if review.state is ReviewState.WITHDRAWN or kept.cancelled:
            return seen("cancelled", "Cancelled.", kept)
        return seen("failed" if kept.error is not None else "completed", "", kept)

    async def _over(self, id_: str, actor: Actor) -> _Seen | None:
        """What was over at once."""
        found = await self._gate.desk.records.document(DocumentKind.RESULT, id_)
        if found is None or found.due_at is None or found.due_at <= self._clock.now():
            return None
        try:
            told = json.loads(self._sealer.open(_about(id_), found.sealed).reveal())
        except LedgerCorrupt:
            return None
        mine = hmac.compare_digest(json.dumps(told["whose"]), json.dumps(_whose(actor)))
        if not mine or told["connection"] != self._connection:
            return None
        return _Seen(id_, "completed", "", found.at, _ms(KEPT.total_seconds()), Kept(told["result"]))

    async def _result(self, params: Object, actor: Actor) -> Object:
        """Waits until it is over (2025-11-25, "tasks/result")."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_WAIT
        while (seen := await self._seen(params, actor)).status == "working" and loop.time() < until:
            review = await self._gate.desk.wait(ReviewId(seen.id), 60.0)
            await self._waiting.ran(review, 60.0, None)
            if self._waiting.registry.current(actor) is None:
                raise Answered(INVALID_PARAMS, "Unknown task")
        if seen.kept is None:
            raise Answered(answers.HELD, "The task isn't over yet")
        result = seen.kept.answer()
        meta = {**(result.get("_meta") or {}), RELATED: {"taskId": seen.id}}
        return {**result, "_meta": meta}

    async def _list(self, actor: Actor) -> Object:
        found = await self._gate.desk.reviews_of(actor.id, None, MOST_LISTED)
        mine = [each for each in found if each.deferred and await self._waiting.own(each.id, actor) is not None]
        return {"tasks": [_task(await self._of(each), modern=False) for each in mine]}

    # -- cancelling ---------------------------------------------------------------------------------------------------

    async def cancel(self, review: Review, actor: Actor) -> bool:
        """Takes it back, or stops its run; whether there was anything to take back."""
        if review.state is ReviewState.PENDING:
            try:
                await self._gate.desk.withdraw(review.id, actor)
            except Conflict:
                return await self._stopped(await self._gate.desk.review(review.id))
            return True
        return await self._stopped(review)

    async def _stopped(self, review: Review) -> bool:
        """An approval is given up, unless it is taken in this moment; what runs is stopped, and then nobody knows how
        far it got."""
        desk = self._gate.desk
        if review.state is ReviewState.APPROVED:
            try:
                await desk.supersede(review, "taken back by the asker")
            except Conflict:
                review = await desk.review(review.id)
            else:
                if review.deferred:
                    await desk.deferrals.keep(review, write_kept(Kept(cancelled=True)))
                return True
        run = self.running.get(review.id)
        if run is None or review.state is not ReviewState.RELEASED:
            return False
        run.cancel()
        await asyncio.wait([run])
        return True

    async def _cancelled(self, params: Object, actor: Actor, *, modern: bool) -> Object:
        seen = await self._seen(params, actor)
        review = await self._waiting.own(seen.id, actor)
        done = seen.status == "working" and review is not None and await self.cancel(review, actor)
        if modern:
            return {"resultType": "complete"}  # an acknowledgement, whether it came in time or not
        if not done:
            raise Answered(INVALID_PARAMS, "The task is over already")
        return _task(await self._seen(params, actor), modern=False)


def _got(seen: _Seen, *, modern: bool) -> Object:
    told = _task(seen, modern=modern)
    if not modern:
        return told
    match seen.status, seen.kept:
        case "completed", Kept(result) if result is not None:
            told["result"] = result
        case "failed", Kept(error=error) if error is not None:
            told["error"] = error
        case _:
            pass
    return {"resultType": "complete", **told}


def _task(seen: _Seen, *, modern: bool) -> dict[str, Any]:
    ttl, poll = ("ttlMs", "pollIntervalMs") if modern else ("ttl", "pollInterval")
    at = seen.created.isoformat().replace("+00:00", "Z")
    told: dict[str, Any] = {"taskId": seen.id, "status": seen.status, "createdAt": at, "lastUpdatedAt": at}
    told |= {ttl: seen.ttl_ms, poll: POLL_MS}
    return told | ({"statusMessage": seen.message} if seen.message else {})


def _ttl(review: Review) -> int:
    waits = review.expires_at - review.opened_at + review.requirements.valid
    return _ms((waits + KEPT).total_seconds())


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _refused(review: Review, because: str) -> Object:
    told = {"status": review.state.value, "code": f"review_{review.state.value}", "approval_id": review.id}
    return answers.result(f"NOT EXECUTED. {because}", told)


def _about(id_: str) -> str:
    return f"interlock/mcp-task/v1/{id_}"


def _whose(actor: Actor) -> list[str]:
    return [f"{each.kind.value}/{each.id}" for each in (actor, *actor.chain)]
