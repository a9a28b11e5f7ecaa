"""The two tools of ours that every connection has: waiting for an approval, and giving a request up.

They answer nothing for people: by neither can a review be approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.desk import Desk
from interlock.doors.mcp import answers
from interlock.doors.mcp.reserved import AWAIT, CANCEL
from interlock.doors.mcp.seams import Asker, Object, Progress
from interlock.doors.mcp.tasks import Tasks
from interlock.doors.mcp.waiting import Waiting
from interlock.errors import Conflict
from interlock.model.review import Review, ReviewState

_ID: Final[Object] = {"type": "string", "description": "The approval_id that a held call was answered with."}
DEFINITIONS: Final[tuple[Object, ...]] = (
    {
        "name": AWAIT,
        "title": "Wait for an approval",
        "description": "Waits until people have settled a held call, for at most so many seconds, and says how it"
        " stands. It approves nothing. Once approved, repeat the identical call.",
        "inputSchema": {
            "type": "object",
            "properties": {"approval_id": _ID, "seconds": {"type": "integer", "minimum": 0, "maximum": 3600}},
            "required": ["approval_id"],
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": True, "destructiveHint": False, "openWorldHint": False},
    },
    {
        "name": CANCEL,
        "title": "Give a held call up",
        "description": "Withdraws a held call of yours, so that it won't run.",
        "inputSchema": {
            "type": "object",
            "properties": {"approval_id": _ID},
            "required": ["approval_id"],
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False},
    },
)
"""What clients see of them in tools/list."""

_UNKNOWN: Final = "There is no approval of that id that you asked for."


class Helpers:
    """One connection's. `hold`: the longest wait, in seconds."""

    def __init__(self, desk: Desk, waiting: Waiting, tasks: Tasks, hold: float, public_url: str) -> None:
        self._desk, self._waiting, self._tasks, self._hold, self._public_url = desk, waiting, tasks, hold, public_url

    async def call(self, asker: Asker, name: str, arguments: Object, progress: Progress | None) -> Object:
        """Answers a call of one of them; never raises for its arguments."""
        known = {"approval_id", "seconds"} if name == AWAIT else {"approval_id"}
        if not isinstance(arguments, Mapping) or not arguments.keys() <= known:
            return _refused("arguments", f"{name} takes {' and '.join(sorted(known))}.")
        seconds = arguments.get("seconds", self._hold)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            return _refused("arguments", "seconds must be a number from 0 to 3600.")
        review = await self._waiting.own(arguments.get("approval_id"), asker.actor)
        if review is None:
            return _refused("unknown_approval", _UNKNOWN)
        if name == CANCEL:
            return await self._cancelled(review, asker)
        return await self._awaited(review, asker, min(float(seconds), self._hold), progress)

    async def _awaited(self, review: Review, asker: Asker, seconds: float, progress: Progress | None) -> Object:
        if review.state is ReviewState.PENDING:
            review = await self._waiting.settled(review, asker, seconds, progress)
        if self._waiting.registry.current(asker.actor) is None:
            return _refused("unknown_approval", _UNKNOWN)
        if self._waiting.is_under_way(review):
            review = await self._waiting.ran(review, seconds, progress)
        return await self._stands(review)

    async def _stands(self, review: Review) -> Object:
        """How it stands; what the gateway's own run gave, where there was one."""
        if review.state is ReviewState.PENDING:
            return answers.pending(review, (), self._public_url)
        if self._waiting.is_under_way(review):
            told = {**answers.handle(review, self._public_url), "status": "running"}
            return answers.result("Approved; the gateway is running it. Ask again in a moment.", told)
        if review.state is ReviewState.APPROVED and not review.deferred:
            until = review.approved_until.isoformat() if review.approved_until else ""
            told = {"status": "approved", "approval_id": review.id, "approved_until": until}
            text = "APPROVED, and not executed yet. Repeat the identical call now, with the very same arguments."
            return answers.result(text, told, error=False)
        if not review.deferred and review.state in _RAN:
            return answers.result(f"It ran, and ended as {review.state.value}.", _state(review), error=False)
        return (await self._tasks.outcome(review)).answer()

    async def _cancelled(self, review: Review, asker: Asker) -> Object:
        try:
            done = await self._tasks.cancel(review, asker.actor)
        except Conflict:
            done = False
        told: dict[str, Any] = _state(await self._desk.review(review.id))
        if not done:
            return answers.result("Nothing is left to cancel.", told)
        return answers.result("Cancelled.", told, error=False)


_RAN: Final = frozenset(
    {
        ReviewState.RELEASED,
        ReviewState.SUCCEEDED,
        ReviewState.FAILED,
        ReviewState.ROLLED_BACK,
        ReviewState.UNKNOWN,
    }
)


def _state(review: Review) -> dict[str, Any]:
    return {"status": review.state.value, "approval_id": review.id}


def _refused(code: str, sentence: str) -> Object:
    return answers.result(sentence, {"status": "refused", "code": code})
