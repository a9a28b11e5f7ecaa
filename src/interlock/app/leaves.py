"""The hidden values of cards, as the console asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.errors import NotEntitled
from interlock.gate import Denied, Gate
from interlock.model.names import PersonId, ReviewId
from interlock.model.review import Review, Voter


@dataclass(frozen=True, slots=True)
class ShownLeaves:
    """`web.needs.Leaves` on the gate."""

    gate: Gate

    def may_show(self, review: Review, person: PersonId) -> bool:
        """Whether asking could be allowed for this person."""
        return self.gate.may_show(review, person)

    async def show_leaf(self, review: ReviewId, voter: Voter, statement: int, leaf: int) -> str:
        """The value, once its showing is recorded; raises `NotEntitled`, `NotFound`, `LedgerUnavailable`."""
        answer = await self.gate.show_leaf(review, voter, statement, leaf)
        if isinstance(answer, Denied):
            raise NotEntitled(" ".join(dict.fromkeys(reason.sentence for reason in answer.reasons)))
        return answer.reveal()
