"""Settling: approvals taken for a run, ended, overtaken, taken back, run out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.desk.entries import about
from interlock.desk.standing import Standing
from interlock.errors import Conflict
from interlock.model.canonical import JsonValue
from interlock.model.change import Change, MoveReview, TakeUse, Unit
from interlock.model.entry import EntryType
from interlock.model.names import EntryId
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Entropy, Ledger, Records
from interlock.review.states import Event, follow, sources


@dataclass(frozen=True, slots=True)
class Using:
    """Taking an approval for one run: the guards, and what the release entry must say of it."""

    changes: tuple[Change, ...]
    noted: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settling:
    """Each of these is one entry and one guarded move."""

    ledger: Ledger
    records: Records
    standing: Standing
    clock: Clock
    entropy: Entropy

    def use_up(self, review: Review) -> Using:
        """See `Desk.use_up`."""
        opened, use = self.standing.authority.opened(review.id), self.standing.authority.runs(review.id) + 1
        uses = opened.uses if opened is not None else 1
        to = follow(ReviewState.APPROVED, Event.USED if use < uses else Event.RELEASED)
        return Using((TakeUse(review.id, uses - use + 1, to),), {"use": use} if uses > 1 else {})

    async def overrule(self, review: Review, because: str) -> None:
        """See `Desk.overrule`."""
        to = follow(review.state, Event.DENIED)
        entry = EntryId(self.entropy.uuid7())
        draft = about(entry, EntryType.REVIEW_SUPERSEDED, {"because": because}, review.id)
        await self.ledger.commit(Unit((draft,), (MoveReview(review.id, sources(Event.DENIED), to),)))

    async def expire_due(self) -> int:
        """See `Desk.expire_due`."""
        count = 0
        for row in await self.records.due(self.clock.now()):
            review = self.standing.true(row)
            if not self.standing.is_due(review):
                continue  # a row says so, and the entries don't
            after = "expires_at" if review.state is ReviewState.PENDING else "approved_until"
            try:
                await self.settle(review, Event.EXPIRED, EntryType.REVIEW_EXPIRED, f"{after} has passed", after)
                count += 1
            except Conflict:
                continue  # it moved between the look and the write: not ours to expire any more
        return count

    async def settle(
        self, review: Review, event: Event, type_: EntryType, because: str, after: str | None = None
    ) -> None:
        """One event that ends a review."""
        to = follow(review.state, event)
        draft = about(EntryId(self.entropy.uuid7()), type_, {"because": because}, review.id, act=review.action)
        await self.ledger.commit(Unit((draft,), (MoveReview(review.id, frozenset({review.state}), to, after=after),)))
