"""Tasks: calls that are handed out as a handle, in the shapes of 2025-11-25 and of the extension (2026-07-28).

A task is a review that the gateway runs by itself once people have signed (`runner`), and its id is the review's; it is
durable before anybody is told of it. What was over at once, and what a server does as a task of its own, has an id of
its own (`handed`). Every look is bound to who asked: for anybody else there is no such task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.desk.deferrals import KEPT
from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import INVALID_PARAMS, METHOD_NOT_FOUND, Answered
from interlock.doors.mcp.following import LOOK_SECONDS
from interlock.doors.mcp.handed import Handed, Under
from interlock.doors.mcp.kept import Kept, read_kept, write_kept
from interlock.doors.mcp.questions import put
from interlock.doors.mcp.seams import MODERN, Asker, Client, McpRefused, Object
from interlock.doors.mcp.task_shapes import LONGEST_ID, OPEN, Seen, Status, created, demand_tasks, ended, got, told_of
from interlock.doors.mcp.waiting import Waiting
from interlock.errors import Conflict, InterlockError, NotFound, UpstreamFailed
from interlock.gate import Gate
from interlock.model.actor import Actor
from interlock.model.decision import Reason
from interlock.model.names import ReviewId
from interlock.model.payload import ToolPayload
from interlock.model.review import Review, ReviewState

ANSWERING: Final = 600.0  # seconds for a client's answer to one question
RELATED: Final = "io.modelcontextprotocol/related-task"
LONGEST_WAIT: Final = 24 * 3600.0  # seconds of one tasks/result
MOST_LISTED: Final = 100

_LEGACY: Final = frozenset({"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"})
_MODERN: Final = frozenset({"tasks/get", "tasks/update", "tasks/cancel"})
_NEVER_RAN: Final[Mapping[ReviewState, str]] = {
    ReviewState.DENIED: "People said no.",
    ReviewState.EXPIRED: "Nobody approved it in time.",
    ReviewState.WITHDRAWN: "It was withdrawn.",
    ReviewState.SUPERSEDED: "What was signed for can't be run any more, or it was taken back.",
}


class Tasks:
    """One connection's tasks. `running` are the runs that `runner` has under way here, by review,
    and `beside` those of them that nobody waits for."""

    def __init__(self, gate: Gate, waiting: Waiting, handed: Handed) -> None:
        self._gate, self._waiting, self.handed = gate, waiting, handed
        self.running: dict[ReviewId, asyncio.Task[Any]] = {}
        self.beside: set[asyncio.Task[Any]] = set()

    def close(self) -> None:
        """Stops following what nobody waits for."""
        for run in tuple(self.beside):
            run.cancel()

    @property
    def methods(self) -> frozenset[str]:
        """Those that are answered here."""
        return _LEGACY | _MODERN

    async def answer(self, asker: Asker, client: Client, method: str, params: Object) -> Object:
        """Answers one of them, as the client's version has it; raises `Answered`."""
        modern = client.protocol_version >= MODERN
        if method not in (_MODERN if modern else _LEGACY):
            raise Answered(METHOD_NOT_FOUND, "Method not found")
        demand_tasks(client)
        match method:
            case "tasks/get":
                return got(await self._seen(params, asker.actor), modern=modern)
            case "tasks/result":
                return await self._result(params, asker.actor, client)
            case "tasks/list":
                return await self._list(asker.actor)
            case "tasks/update":
                return await self._updated(params, asker.actor)
            case _:
                return await self._cancelled(params, asker.actor, modern=modern)

    # -- handing out --------------------------------------------------------------------------------------------------

    def created(self, review: Review, reasons: Sequence[Reason], *, modern: bool) -> Object:
        """The task of a review that is held or approved: it is in the store already."""
        message = f"Waiting for people to approve it, review {review.id}. {answers.sentences(reasons)}".strip()
        return created(Seen(review.id, Status.WORKING, message, review.opened_at, _ttl(review)), modern=modern)

    async def has_room(self, actor: Actor) -> bool:
        """Whether one more result of this actor's may be kept."""
        return await self.handed.has_room(actor)

    async def done(self, actor: Actor, tool: str, result: Object) -> Object:
        """The task (2025-11-25) of a call that is over already; its result is durable before this returns."""
        return created(await self.handed.over(actor, tool, result), modern=False)

    # -- looking ------------------------------------------------------------------------------------------------------

    async def tool_of(self, id_: object, actor: Actor) -> str | None:
        """The tool whose call it is that a task of that id gives the result of, "" where that isn't known; None where
        there is no such task of this asker's."""
        try:
            review = await self._waiting.own(id_, actor)
            if review is None:
                known = isinstance(id_, str) and len(id_) <= LONGEST_ID
                return await self.handed.tool_of(str(id_), actor) if known else None
            if not review.deferred:
                return None  # its result went to who asked, and isn't kept
            payload = (await self._gate.desk.unseal(review)).payload
        except InterlockError:
            return ""
        return payload.tool.partition("/")[2] if isinstance(payload, ToolPayload) else ""

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

    async def _seen(self, params: Object, actor: Actor) -> Seen:
        """The task of that id; raises `Answered` for one that isn't this asker's, or isn't."""
        id_ = params.get("taskId")
        review = await self._waiting.own(id_, actor)
        if review is not None and review.deferred:
            return await self._of(review)
        found = await self.handed.seen(id_, actor) if isinstance(id_, str) and len(id_) <= LONGEST_ID else None
        if found is None:
            raise Answered(INVALID_PARAMS, "Unknown task")
        return found

    async def _of(self, review: Review) -> Seen:
        def seen(status: Status, message: str, kept: Kept | None = None) -> Seen:
            return Seen(review.id, status, message, review.opened_at, _ttl(review), kept)

        if review.state is ReviewState.PENDING:
            return seen(Status.WORKING, f"Waiting for people to approve it, review {review.id}.")
        if self._waiting.is_under_way(review):
            return seen(Status.WORKING, f"Approved, review {review.id}; the gateway runs it.")
        kept = await self.outcome(review)
        if review.state is ReviewState.WITHDRAWN or kept.cancelled:
            return seen(Status.CANCELLED, "Cancelled.", kept)
        return seen(ended(kept), "", kept)

    async def _result(self, params: Object, actor: Actor, client: Client) -> Object:
        """Waits until it is over (2025-11-25, "tasks/result"); meanwhile a server may ask who waits."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_WAIT
        while (seen := await self._seen(params, actor)).status in OPEN and loop.time() < until:
            if (under := self.handed.under(seen.id, actor)) is not None:
                await _along(under, client)
            else:
                await self._waited(seen)
            if self._waiting.registry.current(actor) is None:
                raise Answered(INVALID_PARAMS, "Unknown task")
        if seen.kept is None:
            raise Answered(answers.HELD, "The task isn't over yet")
        result = seen.kept.answer()
        meta = {**(result.get("_meta") or {}), RELATED: {"taskId": seen.id}}
        return {**result, "_meta": meta}

    async def _waited(self, seen: Seen) -> None:
        try:
            review = await self._gate.desk.wait(ReviewId(seen.id), 60.0)
        except NotFound:  # another node of the gateway follows it
            await asyncio.sleep(LOOK_SECONDS)
        else:
            await self._waiting.ran(review, 60.0, None)

    async def _list(self, actor: Actor) -> Object:
        found = await self._gate.desk.reviews_of(actor.id, None, MOST_LISTED)
        mine = [each for each in found if each.deferred and await self._waiting.own(each.id, actor) is not None]
        seen = [await self._of(each) for each in mine] + list(self.handed.mine(actor))
        return {"tasks": [told_of(each, modern=False) for each in seen]}

    async def _updated(self, params: Object, actor: Actor) -> Object:
        """A client's answers for a server's task. What people sign for asks for nothing, ever."""
        seen = await self._seen(params, actor)
        if await self._waiting.own(seen.id, actor) is not None:
            raise Answered(INVALID_PARAMS, "The task asks for nothing")
        if (under := self.handed.under(seen.id, actor)) is not None:
            under.give(params.get("inputResponses"))
        return {"resultType": "complete"}

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
        if seen.status not in OPEN:
            done = False
        elif review is not None:
            done = await self.cancel(review, actor)
        else:
            done = await self.handed.cancel(seen.id, actor)
        if modern:
            return {"resultType": "complete"}  # an acknowledgement, whether it came in time or not
        if not done:
            raise Answered(INVALID_PARAMS, "The task is over already")
        return told_of(await self._seen(params, actor), modern=False)


async def _along(under: Under, client: Client) -> None:
    """Waits along for a moment, and puts to this client what the server asks."""
    under.listen(client)
    try:
        if asked := dict(under.questions):
            under.give(await put(client, asked, ANSWERING))
        await asyncio.wait_for(under.changed.wait(), LOOK_SECONDS)
        if not under.over.is_set():
            under.changed.clear()
    except TimeoutError:
        return
    except (McpRefused, UpstreamFailed):
        await asyncio.sleep(LOOK_SECONDS)  # it can't answer; whoever waits next may
    finally:
        if under.listener is client:
            under.listener = None


def _ttl(review: Review) -> int:
    waits = review.expires_at - review.opened_at + review.requirements.valid
    return _ms((waits + KEPT).total_seconds())


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _refused(review: Review, because: str) -> Object:
    told = {"status": review.state.value, "code": f"review_{review.state.value}", "approval_id": review.id}
    return answers.result(f"NOT EXECUTED. {because}", told)
