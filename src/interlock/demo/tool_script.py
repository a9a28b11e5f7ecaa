"""The agent's steps with MCP tools: a masked read, an export that people approve, and a tool that changes.

Each compares what came out with what the clinic really holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from interlock.demo.access import DemoAccess
from interlock.demo.mcp_server import TURNED, TURNS
from interlock.demo.steps import Step, check
from interlock.demo.story import Story
from interlock.demo.tool_agent import Came, ToolAgent, tool_agent
from interlock.demo.truth import Truth
from interlock.errors import UpstreamFailed

FIND, EXPORT = TURNS, "export_cohort"
STATE, PARTNER = "CA", "registry"
COLUMNS: Final = ("id", "mrn", "given_name", "family_name", "phone", "state")
MOST: Final = 5  # patients that the tool gives
LOOKS, LOOK_SECONDS = 40, 0.25
PERSON_SECONDS: Final = 31 * 60.0  # a review of the demo's pack expires after 30 minutes
CHANGED: Final = "tool_changed"


@dataclass(frozen=True, slots=True)
class ToolSteps:
    """`show(review)` prints the card of what is held, and `approve(review)` has the demo's reviewer sign it."""

    access: DemoAccess
    story: Story
    truth: Truth
    show: Callable[[str], None]
    approve: Callable[[str], None]

    def read(self, number: int, title: str) -> Step:
        """A tool that reads."""
        self.story.begin(number, title, f"{FIND}(state={STATE!r})")
        return asyncio.run(self._read(title))

    def export(self, number: int, title: str) -> Step:
        """A tool that sends records out."""
        self.story.begin(number, title, f"{EXPORT}(state={STATE!r}, partner={PARTNER!r})")
        return asyncio.run(self._export(title))

    def turned(self, number: int, title: str) -> Step:
        """A tool whose server changes what it says of it."""
        self.story.begin(number, title, "tools/list")
        return asyncio.run(self._turned(title))

    async def _read(self, title: str) -> Step:
        async with tool_agent(self.access) as agent:
            came = await agent.call(FIND, {"state": STATE})
        patients = came.told.get("patients", [])
        rows = [tuple(str(patient.get(column)) for column in COLUMNS) for patient in patients]
        if rows:
            self.story.rows(COLUMNS, rows)
        leaks = self.truth.leaks(COLUMNS, rows, came.raw)
        right = len(rows) == MOST and all(self.truth.states.get(row[0]) == STATE for row in rows)
        told = f"real values of {', '.join(leaks)} came back" if leaks else f"{len(rows)} patients looked through"
        return Step(
            title,
            (
                check(f"{MOST} patients of {STATE} came back", right, f"{len(rows)}"),
                check("every name and number in them is masked", not leaks, told),
            ),
        )

    async def _export(self, title: str) -> Step:
        seen: list[str] = []
        waiting: list[asyncio.Future[None]] = []

        def held(review: str) -> None:
            seen.append(review)
            waiting.append(asyncio.ensure_future(asyncio.to_thread(self._people, review)))

        async with tool_agent(self.access) as agent:
            came = await self._insisting(agent, held)
        await asyncio.gather(*waiting)
        sent = self.truth.count(STATE)
        if not came.error:
            self.story.say(f"  {came.sentence}")
        return Step(
            title,
            (
                check("held for a person", len(set(seen)) == 1),
                check("runs once approved", came.told.get("sent") == sent, came.status or came.sentence),
            ),
        )

    async def _insisting(self, agent: ToolAgent, held: Callable[[str], None]) -> Came:
        """The call, repeated once people have settled it where they take longer than a call waits."""
        came = await agent.call(EXPORT, {"state": STATE, "partner": PARTNER}, held)
        if came.status == "pending_approval" and await agent.approved(came.review, PERSON_SECONDS):
            came = await agent.call(EXPORT, {"state": STATE, "partner": PARTNER})
        return came

    def _people(self, review: str) -> None:
        self.show(review)
        self.approve(review)

    async def _turned(self, title: str) -> Step:
        async with tool_agent(self.access) as agent:
            before = await agent.tools()
            await agent.call("list_appointments", {"patient_id": 1})  # so that the server knows of this session
            after = await self._after_update(agent)
            came = await agent.call(FIND, {"state": STATE})
        self.story.say("The server now says of its tool:", "dim")
        self.story.say(f"  {before.get(FIND, '')}{TURNED}", "red")
        self.story.refused(came.code, came.sentence)
        return Step(
            title,
            (
                check("the tool was there", FIND in before),
                check("the changed tool is gone from the agent's list", FIND not in after),
                check("the others are still there", before.keys() - after.keys() <= {FIND} and EXPORT in after),
                check("a call of it is denied", came.error and came.code == CHANGED, came.code or "it ran"),
            ),
        )

    async def _after_update(self, agent: ToolAgent) -> dict[str, str]:
        """What the agent sees once its server has been updated and the gateway has noticed, within seconds."""
        if self.access.records is None:
            raise UpstreamFailed("there is no records server")
        for _ in range(LOOKS):
            await asyncio.to_thread(self.access.records.update)
            if FIND not in (listed := await agent.tools()):
                break
            await asyncio.sleep(LOOK_SECONDS)
        return listed
