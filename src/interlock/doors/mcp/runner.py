"""Running tasks once people have signed, on a link of the gateway's own, for a client that asks later.

    whom it is for, still known? -> a link -> is the tool as it was signed for? -> the sealed payload, read anew
        -> redeem -> run, masked -> kept for its asker -> the ending

What can't be had any more (the credential, the tool's definition) ends the review with a reason, and nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from interlock.doors.endings import Endings
from interlock.doors.mcp import answers
from interlock.doors.mcp.calling import Calls
from interlock.doors.mcp.following import Along
from interlock.doors.mcp.handed import LONGEST
from interlock.doors.mcp.kept import Kept, write_kept
from interlock.doors.mcp.nobody import Nobody
from interlock.doors.mcp.running import Ran
from interlock.doors.mcp.said import Said
from interlock.doors.mcp.seams import AllLinks, Asker, Link
from interlock.doors.mcp.task_shapes import ServerTask
from interlock.errors import Conflict, InterlockError, LedgerUnavailable, UpstreamFailed
from interlock.gate import Cleared, Gate
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.deferred import Deferred
from interlock.model.names import ActionId, ConnectionName
from interlock.model.payload import ToolPayload
from interlock.model.peer import Peer
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.ports import Entropy
from interlock.registry import Registry

KEEP_TRIES: Final = 5  # to put the result down, a second apart

_LOST: Final = "It was begun, and nobody knows whether it ran to its end."
_ASKS: Final = "The server asked for more, and a task has nobody who could answer. How far it got isn't known."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class McpRuns:
    """`ports.Runner` for the door's connections."""

    calls: Mapping[ConnectionName, Calls]
    links: AllLinks
    gate: Gate
    registry: Registry
    endings: Endings
    entropy: Entropy
    _nobody: Nobody = field(default_factory=Nobody, repr=False)

    def takes(self, connection: ConnectionName) -> bool:
        """See `Runner`."""
        return connection in self.calls

    async def run(self, deferred: Deferred) -> None:
        """See `Runner`."""
        calls = self.calls[deferred.connection]
        review = await self.gate.desk.review(deferred.review)
        actor = self.registry.current(deferred.actor)
        if actor is None:
            await self._give_up(review, "the credential that asked isn't accepted any more")
            return
        asker = Asker(actor, Secret(""), Peer())
        async with self.links[deferred.connection].link(asker, self._nobody, None) as link:
            await calls.pins.fresh(0.0)  # raises `UpstreamFailed`: worth trying again
            action = await self._action(calls, review, actor)
            if await calls.moved(action) is not None:
                await self._give_up(review, "the tool isn't what was signed for any more")
                return
            answer = await self.gate.redeem(review.id, action, calls.rebuild(action), by_itself=True)
            if isinstance(answer, Cleared):
                await self._through(calls, review, answer, link)

    async def _action(self, calls: Calls, review: Review, actor: Actor) -> Action:
        payload = (await self.gate.desk.unseal(review)).payload
        assert isinstance(payload, ToolPayload), "reviews of these connections hold calls"
        action = calls.action_of(payload, actor, ActionId(self.entropy.uuid7()), Said())
        return replace(action, deferred=True)

    async def _through(self, calls: Calls, review: Review, cleared: Cleared, link: Link) -> None:
        """In a task of its own, which its asker may cancel without ending who runs it. What the server made a task of
        is followed beside: it may take a day, and few run at once."""
        running, beside = calls.tasks.running, asyncio.Event()
        run = asyncio.ensure_future(self._run(calls, review, cleared, link, beside))
        running[review.id] = run
        run.add_done_callback(lambda _: running.pop(review.id, None))
        goes_on = asyncio.ensure_future(beside.wait())
        try:
            await asyncio.wait([run, goes_on], return_when=asyncio.FIRST_COMPLETED)
        finally:
            goes_on.cancel()
            if not run.done() and not beside.is_set():  # the gateway stops
                run.cancel()
                await asyncio.wait([run])
        if not run.done():
            calls.tasks.beside.add(run)
            run.add_done_callback(calls.tasks.beside.discard)
            run.add_done_callback(_told_of_mistakes)
        elif not run.cancelled() and (error := run.exception()) is not None:
            raise error

    async def _run(self, calls: Calls, review: Review, cleared: Cleared, link: Link, beside: asyncio.Event) -> None:
        tool = calls.tool_of(cleared)
        try:
            ran, ending = await calls.running.came(cleared, link, tool, by_task=True)
            if ran.begun is not None:
                ran, ending = await self._followed(calls, cleared, link, ran.begun, beside)
        except asyncio.CancelledError:
            await self.keep(review, Kept(cancelled=True))
            raise
        if ran.asks is not None:
            ran, ending = Ran(answers.failed("input_required", _ASKS, review.id)), Ending(Outcome.UNKNOWN)
        await self.keep(review, ran.kept())
        await self.endings.record(cleared.release, ending)

    async def _followed(
        self, calls: Calls, cleared: Cleared, link: Link, task: ServerTask, beside: asyncio.Event
    ) -> tuple[Ran, Ending]:
        """What its server made a task of: nobody answers what that asks, and it ends with the credential behind it."""
        tool, actor, seconds = calls.tool_of(cleared), cleared.release.action.actor, LONGEST.total_seconds()
        words = calls.running.words(cleared.release, tool)

        def alive() -> bool:
            return self.registry.current(actor) is not None

        guide = Along(self._nobody, None, words.params, words.text, seconds, reviewed=True, alive=alive)
        try:
            async with link.again(self._nobody) as own:
                beside.set()
                return await calls.running.followed(cleared, own, tool, task, guide, seconds)
        except asyncio.CancelledError:
            if not beside.is_set():
                calls.running.stopping.tell(link, task)
                calls.running.drop(cleared)
            raise
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", action=cleared.release.action.id, code=failed.code)
            return Ran(answers.failed("unknown", _LOST)), Ending(Outcome.UNKNOWN)

    async def _give_up(self, review: Review, because: str) -> None:
        try:
            await self.gate.desk.supersede(review, because)
        except Conflict:
            return  # it moved on by itself

    async def keep(self, review: Review, kept: Kept) -> None:
        """Puts a result down, trying again for a moment while the store can't be written."""
        data = write_kept(kept)
        for _ in range(KEEP_TRIES):
            try:
                await self.gate.desk.deferrals.keep(review, data)
                return
            except LedgerUnavailable:
                await asyncio.sleep(1.0)
            except InterlockError as error:
                log.error("mcp.task_not_kept", review=review.id, code=error.code)
                return
        log.error("mcp.task_not_kept", review=review.id, code="ledger_unavailable")


def _told_of_mistakes(run: asyncio.Future[None]) -> None:
    """Of a run that nobody waits for: how it went wrong is logged, by its kind alone."""
    if not run.cancelled() and (error := run.exception()) is not None:
        log.error("mcp.run_broke", error=error.code if isinstance(error, InterlockError) else type(error).__name__)
