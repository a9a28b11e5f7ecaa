"""A call's path through the gate, for one connection.

what is meant -> is the tool there, and as it was signed for? -> do the arguments fit? -> action -> gate
    -> Cleared: run what was released, masked        -> Denied: a result that says so
    -> Held: a task, or a wait and then a handle; once approved, redeemed with the pin, map and actor of now
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, assert_never

import structlog

from interlock.actions.from_document import from_document, method_of
from interlock.actions.from_tool_call import from_tool_call
from interlock.actions.tool_arguments import ArgumentsRefused
from interlock.doors.endings import Endings
from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import INVALID_PARAMS, Answered
from interlock.doors.mcp.approval_tools import Helpers
from interlock.doors.mcp.carrying import Asked, Carrying
from interlock.doors.mcp.continuing import Continuing
from interlock.doors.mcp.definitions import CHANGED, GONE, UNKNOWN, Pins
from interlock.doors.mcp.handed import Handed
from interlock.doors.mcp.reserved import HELPERS
from interlock.doors.mcp.running import ResultMasks, Running, sent
from interlock.doors.mcp.said import Said, canonical, named, or_error, said_in
from interlock.doors.mcp.seams import Asker, Client, Link, Object, Progress
from interlock.doors.mcp.tasks import Tasks
from interlock.doors.mcp.waiting import Rung, Waiting, rung_of
from interlock.errors import InterlockError, MalformedInput, UpstreamFailed
from interlock.gate import Answer, Asking, Cleared, Denied, Gate, Held
from interlock.model import jcs
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.decision import Reason
from interlock.model.document import DocumentKind
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ActionId, ReviewId
from interlock.model.payload import Payload, ToolPayload
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review, ReviewState
from interlock.model.tool import Tool
from interlock.ports import Clock, Entropy, Rebuild, Sealer
from interlock.registry import Registry

_REFUSALS: Final[Mapping[str, Reason]] = {
    UNKNOWN: Reason(UNKNOWN, "There is no such tool."),
    GONE: Reason(GONE, "The server doesn't offer this tool any more."),
    CHANGED: Reason(CHANGED, "The server describes this tool otherwise than people signed for; it can't be called."),
}
_AWAY: Final = Reason("upstream_away", "The server can't be asked for its tools now, so none of them can be called.")
_BAD_STATE: Final = Reason("request_state", "The request state isn't good for this.")
_NO_LONGER: Final = Reason(
    "request_state", "Policy doesn't allow this as it did when the server asked. How far it got isn't known."
)
_BAD_SCHEMA: Final = Reason(
    "schema_refused", "The tool's own input schema can't be used safely, so it can't be called."
)

log = structlog.get_logger()


class Calls:
    """One connection's calls, reads, prompts and completions. `close` when the door ends."""

    def __init__(
        self,
        settings: McpSettings,
        gate: Gate,
        registry: Registry,
        pins: Pins,
        masks: ResultMasks,
        endings: Endings,
        clock: Clock,
        entropy: Entropy,
        public_url: str,
        *,
        sealer: Sealer,
        templates: Callable[[], tuple[str, ...]] = lambda: (),
    ) -> None:
        self.settings, self.gate, self.pins = settings, gate, pins
        self._endings, self._entropy, self._public_url, self._templates = endings, entropy, public_url, templates
        self._connection, self._masks = settings.connection, masks
        self.running = Running(settings, masks, endings)
        self._waiting = Waiting(gate.desk, registry, self._connection.name, public_url)
        handed = Handed(self.running, gate, registry, sealer, clock, entropy)
        self.tasks = Tasks(gate, self._waiting, handed)
        self.helpers = Helpers(gate.desk, self._waiting, self.tasks, settings.hold.total_seconds(), public_url)
        continuing = Continuing(self._connection.name, sealer, entropy, self.running.drop)
        self._carrying = Carrying(self.running, continuing, handed, self.tool_of)
        self._hold = settings.hold.total_seconds()
        self._left: set[asyncio.Future[None]] = set()  # what clients left behind

    def close(self) -> None:
        """Ends what waits for a client's answers, and stops following servers' tasks; how those runs ended isn't
        known."""
        self._carrying.close()
        self.tasks.close()

    # -- what is asked ------------------------------------------------------------------------------------------------

    async def call(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
        task: Object | None,
    ) -> Object:
        """Answers tools/call: the server's result masked, a handle or task where people are waited for, or a result
        that says why it didn't run. Raises `Answered`."""
        name, given = named(params)
        if name in HELPERS:
            return await self.helpers.call(asker, name, given, progress)
        refusal = await self._unavailable(name)
        said, rung = said_in(params), rung_of(client, task)
        # What its pseudonyms stand for, once and here: from now on there is only what people sign for and what runs.
        meant = self._masks.inward(asker.actor, self.pins.tool(name), given)
        id_, called = ActionId(self._entropy.uuid7()), self.pins.called(name)
        action = self._call_action(asker.actor, id_, called, canonical(meant.arguments), said, meant.given)
        action = replace(action, deferred=rung is not Rung.ATTACHED, idempotency_key=said.key)
        refusal = refusal or self._unfit(name, action)
        asking = Asked(asker, client, link, action, progress, rung)
        if refusal is not None:
            denied = await self.gate.refuse(action, refusal)
            if refusal.code == UNKNOWN:
                raise Answered(INVALID_PARAMS, "Unknown tool")
            return await self._told(asking, answers.denied(denied))
        if "requestState" in params:
            return await self._go_on(asking, params)
        if rung is Rung.CORE_TASK and not await self.tasks.has_room(asker.actor):
            raise Answered(answers.REFUSED, "Too many tasks of yours are kept; wait until some have run out.")
        return await self._told(asking, await self._answered(await self._asked(self.gate.ask(action)), asking))

    async def document(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        method: str,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
    ) -> Object:
        """Answers resources/read, prompts/get and completion/complete; raises `Answered`, also where it didn't run."""
        said = said_in(params)
        bare = {k: v for k, v in params.items() if k not in ("_meta", "requestState", "inputResponses", "task")}
        action = self._document_action(asker.actor, ActionId(self._entropy.uuid7()), method, canonical(bare), said)
        action = replace(action, idempotency_key=said.key)
        asking = Asked(asker, client, link, action, progress)
        if "requestState" in params:
            return or_error(await self._go_on(asking, params))
        return or_error(await self._answered(await self._asked(self.gate.ask(action)), asking))

    async def subscribe(self, asker: Asker, uri: str) -> Cleared | None:
        """Asks whether somebody may hear of a resource; see `listening.Decides`."""
        id_, params = ActionId(self._entropy.uuid7()), canonical({"uri": uri})
        action = self._document_action(asker.actor, id_, "resources/subscribe", params, Said())
        answer = await self._asked(self.gate.ask(action, Asking.NOW))
        if not isinstance(answer, Cleared):
            return None
        await answer.durable
        return answer

    def subscribed(self, cleared: Cleared, outcome: Outcome) -> None:
        """See `listening.Decides`."""
        self._endings.soon(cleared.release, Ending(outcome))

    def may_still(self, cleared: Cleared) -> bool:
        """See `listening.Decides`. As it is asked now: actor, pins and labels may be others than they were."""
        payload, actor = cleared.release.action.payload, self._waiting.registry.current(cleared.release.action.actor)
        if actor is None or not isinstance(payload, ToolPayload):
            return False
        action = self.action_of(payload, actor, cleared.release.action.id, Said())
        return not (self.gate.foresees_denial(action) or self.gate.foresees_review(action))

    # -- the answer ---------------------------------------------------------------------------------------------------

    async def _answered(self, answer: Answer, asking: Asked) -> Object:
        """What comes of the gate's answer; waits along where the client does."""
        loop = asyncio.get_running_loop()
        until, action = loop.time() + self._hold, asking.action
        while True:
            match answer:
                case Denied():
                    return answers.denied(answer)
                case Cleared():
                    return await self._carrying.run(answer, asking)
                case Held(review, reasons):
                    if action.deferred:
                        return self.tasks.created(review, reasons, modern=asking.rung is Rung.TASK)
                    if review.state is ReviewState.PENDING:
                        left = max(0.0, until - loop.time())
                        review = await self._waiting.settled(review, asking.asker, left, asking.progress)
                    answer = await self._redeemed(review.id, action)
                    if isinstance(answer, Held) and answer.review.state is ReviewState.PENDING:
                        if loop.time() >= until:
                            return answers.pending(answer.review, answer.reasons or reasons, self._public_url)
                        answer = replace(answer, reasons=answer.reasons or reasons)
                case _:
                    assert_never(answer)

    async def _redeemed(self, review: ReviewId, action: Action) -> Answer:
        """As the gate redeems it, with the pin, map and actor of now; nothing of a tool that isn't what it was."""
        refusal = await self.moved(action) if await self._is_approved(review) else None
        if refusal is not None:
            return await self.gate.refuse(action, refusal, review)
        return await self._asked(self.gate.redeem(review, action, self.rebuild(action)))

    async def _is_approved(self, review: ReviewId) -> bool:
        return (await self.gate.desk.review(review)).state is ReviewState.APPROVED

    async def _go_on(self, asking: Asked, params: Object) -> Object:
        """The same released action, with the client's answers to what its server asked: no second approval."""
        try:
            going = self._carrying.resumed(params["requestState"], params.get("inputResponses"), asking.action)
        except Answered:
            await self.gate.refuse(asking.action, _BAD_STATE)
            raise
        reviewed = going.cleared.release.review is not None
        if self.gate.foresees_denial(asking.action) or (not reviewed and self.gate.foresees_review(asking.action)):
            self._carrying.give_up(going, asking)
            return answers.denied(await self.gate.refuse(asking.action, _NO_LONGER))
        return await self._carrying.on(going, asking)

    async def _told(self, asking: Asked, answer: Object) -> Object:
        """Who asked by a task of 2025-11-25 gets one in any case, also of what is over already."""
        if asking.rung is not Rung.CORE_TASK or "task" in answer:
            return answer
        payload = asking.action.payload
        tool = self._name(payload) if isinstance(payload, ToolPayload) else ""
        return await self.tasks.done(asking.asker.actor, tool, answer)

    async def _asked(self, answering: Coroutine[Any, Any, Answer]) -> Answer:
        """The gate's answer. When the client leaves in that moment, what was released isn't run, and on record as
        that; and a task that nobody was told of is taken back."""
        task = asyncio.ensure_future(answering)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            left = asyncio.ensure_future(self._unused(task))
            self._left.add(left)
            left.add_done_callback(self._left.discard)
            raise

    async def _unused(self, answering: asyncio.Future[Answer]) -> None:
        try:
            answer = await answering
            if isinstance(answer, Cleared):
                await self._endings.record(answer.release, Ending(Outcome.FAILED))
            elif isinstance(answer, Held) and answer.review.deferred and await self._is_new(answer.review):
                await self.gate.desk.withdraw(answer.review.id, answer.review.actor)
        except InterlockError as error:
            log.warning("mcp.left", code=error.code)

    async def _is_new(self, review: Review) -> bool:
        """Whether nobody joined it: who did was told of it."""
        found = await self.gate.desk.records.document(DocumentKind.DEFERRED, review.id)
        return found is None or found.version == 1

    # -- actions ------------------------------------------------------------------------------------------------------

    def rebuild(self, action: Action) -> Rebuild:
        """Makes sealed payloads into actions anew: by the pin and map of now, for who asks now."""

        async def rebuilt(payload: Payload) -> Action:
            assert isinstance(payload, ToolPayload), "reviews of these connections hold calls"
            return self.action_of(payload, action.actor, action.id, Said(action.reason_given, action.ticket_given))

        return rebuilt

    def action_of(self, payload: ToolPayload, actor: Actor, id_: ActionId, said: Said) -> Action:
        """The action that a payload is by now."""
        method = method_of(payload, self._connection)
        if method is not None:
            return self._document_action(actor, id_, method, payload.arguments, said)
        return self._call_action(actor, id_, self._name(payload), payload.arguments, said, payload.given)

    async def moved(self, action: Action) -> Reason | None:
        """Why a tool that was asked for earlier can't be called any more, by a listing of this moment."""
        payload = action.payload
        if not isinstance(payload, ToolPayload) or method_of(payload, self._connection) is not None:
            return None
        name = self._name(payload)
        return await self._unavailable(name, 0.0) or self._unfit(name, action)

    def _call_action(
        self, actor: Actor, id_: ActionId, name: str, arguments: bytes, said: Said, given: Sequence[str]
    ) -> Action:
        return from_tool_call(
            id=id_,
            actor=actor,
            connection=self._connection,
            tool=self.pins.tool(name),
            name=name,
            arguments=arguments,
            given=given,
            reason=said.reason,
            ticket=said.ticket,
        )

    def _document_action(self, actor: Actor, id_: ActionId, method: str, params: bytes, said: Said) -> Action:
        return from_document(
            id=id_,
            actor=actor,
            connection=self._connection,
            method=method,
            params=params,
            templates=self._templates(),
            signed=self.pins.signed(),
            reason=said.reason,
            ticket=said.ticket,
        )

    async def _unavailable(self, name: str, seconds: float | None = None) -> Reason | None:
        try:
            await (self.pins.fresh() if seconds is None else self.pins.fresh(seconds))
        except UpstreamFailed:
            return _AWAY
        why = self.pins.why_not(name)
        return None if why is None else _REFUSALS[why]

    def _unfit(self, name: str, action: Action) -> Reason | None:
        """Why the arguments don't fit the schema."""
        payload = action.payload
        if action.refusal is not None or not isinstance(payload, ToolPayload):
            return None  # the gate says so itself
        try:
            check = self.pins.check(name)
            arguments = jcs.read(payload.arguments)
            if check is not None and isinstance(arguments, Mapping):
                check.check(arguments)
        except ArgumentsRefused as refused:
            return Reason("arguments", f"{refused.sentence}.")
        except MalformedInput:
            return _BAD_SCHEMA
        return None

    def tool_of(self, cleared: Cleared) -> Tool | None:
        """The pinned tool by which results are masked; None for a document."""
        method, params = sent(cleared.release)
        return self.pins.tool(params["name"]) if method == "tools/call" else None

    def _name(self, payload: ToolPayload) -> str:
        return payload.tool.removeprefix(f"{self._connection.name}/")
