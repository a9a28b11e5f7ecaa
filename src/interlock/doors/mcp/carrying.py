"""A released call carried to its end, or to where its client comes in.

run -> a result                                                    -> masked, recorded
    -> a question of the server's (`continuing`)                   -> the client goes on with it
    -> a task of the server's   -> the client takes tasks          -> handed out under an id of ours (`handed`)
                                -> it doesn't, or has too many     -> followed here, while it waits (`following`)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from interlock.doors.mcp import answers, task_shapes
from interlock.doors.mcp.continuing import Continuing, Going
from interlock.doors.mcp.following import Along
from interlock.doors.mcp.handed import Handed
from interlock.doors.mcp.running import Ran, Running
from interlock.doors.mcp.seams import Asker, Client, Link, Object, Progress
from interlock.doors.mcp.task_shapes import ServerTask
from interlock.doors.mcp.waiting import Rung
from interlock.gate import Cleared
from interlock.model.action import Action
from interlock.model.release import Ending, Outcome
from interlock.model.tool import Tool

_MORE: Final = (
    "The server asks for more before it goes on. People signed for this call as it is, so nothing is added to it;"
    " whether it has done anything isn't known."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request on its way."""

    asker: Asker
    client: Client
    link: Link
    action: Action
    progress: Progress | None
    rung: Rung = Rung.ATTACHED


@dataclass(frozen=True, slots=True)
class Carrying:
    """One connection's. `tool_of`: the pinned tool by which a release's result is masked."""

    running: Running
    continuing: Continuing
    handed: Handed
    tool_of: Callable[[Cleared], Tool | None]

    def close(self) -> None:
        """Ends what waits for a client's answers, and stops following servers' tasks."""
        self.continuing.close()
        self.handed.close()

    async def run(self, cleared: Cleared, asked: Asked) -> Object:
        """Runs it; the answer for its client. Raises `Answered`."""
        if cleared.release.review is not None:
            asked.client.hush()
        tool, by_task = self.tool_of(cleared), asked.rung is not Rung.ATTACHED
        asked.client.heed(self.running.words(cleared.release, tool))
        ran, ending = await self.running.came(cleared, asked.link, tool, asked.progress, by_task=by_task)
        if ran.begun is not None and by_task:
            handed_out = await self._hand_out(cleared, asked, tool, ran.begun)
            if handed_out is not None:
                return handed_out
        if ran.begun is not None:
            ran, ending = await self._along(cleared, asked, ran.begun)
        return await self._came(cleared, ran, ending, asked, 0)

    def resumed(self, state: object, responses: object, action: Action) -> Going:
        """What goes on with a client's answers; see `Continuing.resumed`."""
        return self.continuing.resumed(state, responses, action)

    def give_up(self, going: Going, asked: Asked) -> None:
        """Nobody goes on with it: its server is told, and how far it got isn't known."""
        if going.task is not None:
            self.running.stopping.tell(asked.link, going.task)
        self.running.drop(going.cleared)

    async def on(self, going: Going, asked: Asked) -> Object:
        """The same released action, with the client's answers to what its server asked: no second approval."""
        tool, more = self.tool_of(going.cleared), dict(going.more)
        asked.client.heed(self.running.words(going.cleared.release, tool))
        if going.cleared.release.review is not None:
            asked.client.hush()
            more.pop("inputResponses", None)  # what people signed for gets nothing added
        if going.task is not None:
            ran, ending = await self._along(going.cleared, asked, going.task, more.get("inputResponses", {}))
        else:
            ran, ending = await self.running.came(going.cleared, asked.link, tool, asked.progress, more)
            if ran.begun is not None:
                ran, ending = await self._along(going.cleared, asked, ran.begun)
        return await self._came(going.cleared, ran, ending, asked, going.round)

    async def _came(self, cleared: Cleared, ran: Ran, ending: Ending, asked: Asked, round: int) -> Object:
        if ran.asks is None:
            return (await self.running.ended(cleared.release, ran, ending)).answer()
        if (review := cleared.release.review) is not None and ran.asks.get("inputRequests"):
            self.running.drop(cleared)
            return answers.failed("input_required", _MORE, review)
        try:
            mask = self.running.words(cleared.release, self.tool_of(cleared)).params
            return await self.continuing.asked(cleared, ran.asks, asked.client, mask, round, ran.begun)
        except BaseException:
            if ran.begun is not None:
                self.running.stopping.tell(asked.link, ran.begun)
            raise

    async def _along(
        self, cleared: Cleared, asked: Asked, task: ServerTask, given: Object | None = None
    ) -> tuple[Ran, Ending]:
        """While its client waits, for as long as one request may take."""
        tool, seconds = self.tool_of(cleared), self.running.settings.timeout.total_seconds()
        words = self.running.words(cleared.release, tool)
        reviewed = cleared.release.review is not None
        guide = Along(asked.client, asked.progress, words.params, words.text, seconds, reviewed)
        return await self.running.followed(cleared, asked.link, tool, task, guide, seconds, given)

    async def _hand_out(self, cleared: Cleared, asked: Asked, tool: Tool | None, task: ServerTask) -> Object | None:
        """A task of ours for the server's; None for who may have no more of them. Its client may leave in this moment:
        then nobody was told of it, and it is stopped."""
        try:
            seen = await self.handed.out(cleared, asked.link, asked.client, tool, task)
        except BaseException:
            self.running.stopping.tell(asked.link, task)
            self.running.endings.soon(cleared.release, Ending(Outcome.UNKNOWN))
            raise
        return None if seen is None else task_shapes.created(seen, modern=asked.rung is Rung.TASK)
