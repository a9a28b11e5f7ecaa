"""Who a message to one person is still for: asked each time before it is sent, changed or repeated.

People leave, lose groups and unlink accounts while reviews wait; a message that is out there must not go on telling
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from interlock.desk import Desk
from interlock.errors import DestinationGone
from interlock.model.channels import Destination
from interlock.model.names import PersonId, ReviewId

NOT_YOURS: Final = "This review is no longer yours to see."  # what takes a message's place
_PERSON: Final = "person/"


class Readers(Protocol):
    """Who may read what; `DeskReaders` fills it."""

    async def may_see(self, review: ReviewId, person: PersonId, /) -> bool:
        """Whether the person is here and the review is there for them now; raises `NotFound` for no review."""


@dataclass(frozen=True, slots=True)
class DeskReaders:
    """As the desk has it, by the entries and settings of now."""

    desk: Desk

    async def may_see(self, review: ReviewId, person: PersonId, /) -> bool:
        """See `Readers`. Who has left is in no group, and sees nothing."""
        return self.desk.may_see(await self.desk.review(review), person)


def person_in(destination: Destination) -> PersonId | None:
    """The one person that it is for; None for a place of many."""
    if not destination.address.startswith(_PERSON):
        return None
    return PersonId(destination.address.removeprefix(_PERSON))


def not_theirs() -> DestinationGone:
    """Nothing more goes there."""
    return DestinationGone("this person may not see the review (any more)", code="not_theirs")
