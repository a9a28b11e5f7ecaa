"""The hidden values of cards, as the console asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.errors import NotEntitled
from interlock.gate import Denied
from interlock.model.names import PersonId, ReviewId
from interlock.model.review import Review, Voter
from interlock.revealing import Revealing


@dataclass(frozen=True, slots=True)
class ShownLeaves:
    """`web.needs.Leaves` as it is decided and recorded."""

    revealing: Revealing

    def may_show(self, review: Review, person: PersonId) -> bool:
        """Whether asking could be allowed for this person."""
        return self.revealing.may_show(review, person)

    async def show_leaf(self, review: ReviewId, voter: Voter, statement: int, leaf: int) -> str:
        """The value, once its showing is recorded; raises `NotEntitled`, `NotFound`, `LedgerUnavailable`."""
        answer = await self.revealing.show_leaf(review, voter, statement, leaf)
        if isinstance(answer, Denied):
            raise NotEntitled(" ".join(dict.fromkeys(reason.sentence for reason in answer.reasons)))
        return answer.reveal()
