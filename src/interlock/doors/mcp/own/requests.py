"""What an asker may know of its own requests: how they stand and why, never who reviews or what the card shows besides.

The same that `GET /api/reviews` tells an agent. Nobody learns of a review that isn't theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, assert_never

from interlock.desk import Desk
from interlock.doors.mcp.own.definitions import AWAIT, CANCEL, RUN_SQL
from interlock.errors import NotFound
from interlock.model.actor import Actor
from interlock.model.comment import CommentKind
from interlock.model.names import ConnectionName, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.review.card_view import read_card

PAGE: Final = 100
MOST_LOOKED_AT: Final = 500  # of the actor's reviews, also those that it asked for on behalf of others

_AGAIN: Final = f"Call {RUN_SQL} again if it is still needed: that asks people anew."


class Requests:
    """Own requests, read only. `runs_sql`: the connections whose results `await_approval` can fetch."""

    def __init__(self, desk: Desk, runs_sql: Mapping[ConnectionName, object]) -> None:
        self._desk, self._runs_sql = desk, runs_sql

    async def own(self, id_: str, actor: Actor) -> Review | None:
        """The asker's review of that id."""
        try:
            review = await self._desk.review(ReviewId(id_))
        except NotFound:
            return None
        return review if self._desk.asked_by(review, actor) else None

    async def listed(self, actor: Actor, state: ReviewState | None, limit: int) -> list[dict[str, Any]]:
        """The newest, at most `limit`."""
        states = frozenset({state}) if state is not None else None
        found: list[Review] = []
        before: tuple[datetime, ReviewId] | None = None
        for _ in range(MOST_LOOKED_AT // PAGE):
            page = await self._desk.reviews_of(actor.id, states, PAGE, before)
            found += [each for each in page if self._desk.asked_by(each, actor)]
            if len(found) >= limit or len(page) < PAGE:
                break
            before = (page[-1].opened_at, page[-1].id)
        return [await self.told(each) for each in found[:limit]]

    async def told(self, review: Review) -> dict[str, Any]:
        """One review."""
        content = read_card((await self._desk.card(review.id)).content).content
        told: dict[str, Any] = {
            "approval_id": review.id,
            "connection": review.connection,
            "status": review.state.value,
            "labels": list(content.labels) if content else [],
            "reasons": list(dict.fromkeys(policy.because for policy in content.policies)) if content else [],
            "runs_by_itself": review.deferred,
            "opened_at": _time(review.opened_at),
            "expires_at": _time(review.expires_at),
        }
        return told | ({"approved_until": _time(review.approved_until)} if review.approved_until else {})

    async def why(self, id_: str, actor: Actor) -> dict[str, Any] | None:
        """The same, explained; None for an id that isn't of a request of theirs."""
        review = await self.own(id_, actor) or await self._by_action(id_, actor)
        if review is None:
            return None
        sentence, then = self._explained(review)
        said = await self._desk.comments(review.id)
        questions = [each.text for each in said if each.kind is CommentKind.QUESTION]
        told = await self.told(review)
        more = {"code": f"review_{review.state.value}", "sentence": sentence, "next": then}
        return told | more | ({"questions": questions} if questions else {})

    async def _by_action(self, id_: str, actor: Actor) -> Review | None:
        """The review that this action of theirs opened, if it is among the newest."""
        found = await self._desk.reviews_of(actor.id, None, PAGE)
        return next((each for each in found if each.action == id_ and self._desk.asked_by(each, actor)), None)

    def _explained(self, review: Review) -> tuple[str, str]:
        """What has become of it, and what its asker can do."""
        fetch = f"Call {AWAIT} with this approval_id." if review.connection in self._runs_sql else "Nothing."
        match review.state:
            case ReviewState.PENDING:
                return "People must approve it, and nobody has settled it yet.", f"{fetch} {CANCEL} takes it back."
            case ReviewState.APPROVED if review.deferred:
                return "People approved it, and the gateway runs it.", fetch
            case ReviewState.APPROVED:
                return "People approved it; it runs when it is asked for again.", "Repeat the identical call now."
            case ReviewState.RELEASED:
                return "It is running.", fetch
            case ReviewState.SUCCEEDED:
                return "It was approved and has run.", fetch
            case ReviewState.FAILED:
                return "It was approved, and failed when it ran.", fetch
            case ReviewState.ROLLED_BACK:
                return "It was approved and run, and what it did was undone.", fetch
            case ReviewState.UNKNOWN:
                return "It was begun, and nobody knows whether it ran to its end.", "Look before you do it again."
            case ReviewState.DENIED:
                return "People said no; it didn't run.", "Don't repeat it; ask for something else."
            case ReviewState.EXPIRED:
                return "It expired before it could run.", _AGAIN
            case ReviewState.WITHDRAWN:
                return "It was taken back; it didn't run.", _AGAIN
            case ReviewState.SUPERSEDED:
                return "What was signed couldn't be run any more, or it was taken back; it didn't run.", _AGAIN
            case _:
                assert_never(review.state)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
