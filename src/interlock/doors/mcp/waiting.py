"""Waiting for people, as far as a client waits along (agents.md 2.4): by a task, with progress, or for a short time.

Whoever waits here may leave: what it waited for stays open and runs only when it is asked for again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import Final

from interlock.desk import Desk
from interlock.doors.mcp.answers import address
from interlock.doors.mcp.seams import MODERN, Asker, Client, Object, Progress
from interlock.doors.mcp.task_shapes import takes_tasks
from interlock.errors import NotFound
from interlock.model.actor import Actor
from interlock.model.names import ConnectionName, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.registry import Registry

PROGRESS_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 1.0  # between looks at a run of the gateway's own: the bell is a hint
LONGEST_ID: Final = 64
WAITED: Final = 1e-6  # progress a second: it may only rise, and what the server tells once it runs must come above it


class Rung(Enum):
    """How a client can be kept waiting, best first."""

    TASK = "a task of the extension (2026-07-28)"
    CORE_TASK = "a task as of 2025-11-25"
    ATTACHED = "it waits along, with progress where it asked for that, and then gets a handle"


def rung_of(client: Client, task: Object | None) -> Rung:
    """By this request's own capabilities."""
    if takes_tasks(client):
        return Rung.TASK
    return Rung.CORE_TASK if task is not None and client.protocol_version < MODERN else Rung.ATTACHED


@dataclass(frozen=True, slots=True)
class Waiting:
    """One connection's waits."""

    desk: Desk
    registry: Registry
    connection: ConnectionName
    public_url: str

    async def settled(self, review: Review, asker: Asker, seconds: float, progress: Progress | None) -> Review:
        """The review once it is no longer pending, or as it stands after `seconds`, or when who asks is gone."""
        loop = asyncio.get_running_loop()
        until, began = loop.time() + seconds, loop.time()
        link = address(review.id, self.public_url)
        while True:
            if progress is not None:
                so_far = (loop.time() - began) * WAITED
                await progress(so_far, None, f"Waiting for people to approve this: {link}")
            review = await self.desk.wait(review.id, max(0.0, min(PROGRESS_SECONDS, until - loop.time())))
            gone = self.registry.current(asker.actor) is None
            if review.state is not ReviewState.PENDING or gone or loop.time() >= until:
                return review

    async def ran(self, review: Review, seconds: float, progress: Progress | None) -> Review:
        """The review once the gateway has run it by itself, or as it stands after `seconds`."""
        loop = asyncio.get_running_loop()
        until, began, told = loop.time() + seconds, loop.time(), float("-inf")
        while self.is_under_way(review) and loop.time() < until:
            if progress is not None and loop.time() - told >= PROGRESS_SECONDS:
                told = loop.time()
                await progress((told - began) * WAITED, None, "Approved; the gateway is running it.")
            await self.desk.bell.wait(review.id, min(LOOK_SECONDS, until - loop.time()))
            review = await self.desk.review(review.id)
        return review

    def is_under_way(self, review: Review) -> bool:
        """Whether the gateway is about to run it by itself, or does."""
        about_to = review.state is ReviewState.APPROVED and self.desk.waits_to_run(review.id)
        return review.deferred and (about_to or review.state is ReviewState.RELEASED)

    async def own(self, id_: object, actor: Actor) -> Review | None:
        """The review of that id, if it is of this connection and this asker's; nobody learns of another."""
        if not isinstance(id_, str) or len(id_) > LONGEST_ID:
            return None
        try:
            review = await self.desk.review(ReviewId(id_))
        except NotFound:
            return None
        mine = review.connection == self.connection and self.desk.asked_by(review, actor)
        return review if mine else None
