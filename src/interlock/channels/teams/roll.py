"""Who is who: the users of one tenant that people have linked, and whose persons may sign a review now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.channels.teams.members import is_object_id
from interlock.desk import Desk
from interlock.model.channels import Channel
from interlock.model.names import PersonId, ReviewId
from interlock.registry import People


@dataclass(frozen=True, slots=True)
class LinkedRoll:
    """Fills `views.Roll`. `tenant` is the settings'."""

    people: People
    desk: Desk
    tenant: str

    def account_of(self, person: PersonId, /) -> str | None:
        """The user that this person linked, the first of several; None where there is none."""
        for each in self.people.linked_accounts(person):
            tenant, _, user = each.subject.partition("/")
            if each.provider == Channel.TEAMS and tenant == self.tenant.lower() and is_object_id(user):
                return user
        return None

    async def signers(self, review: ReviewId, /) -> Sequence[str]:
        """The users whose persons may say yes to it now; raises `NotFound`."""
        found = await self.desk.review(review)
        everyone = self.people.directory.everyone()
        may = (person for person in sorted(everyone) if self.desk.why_not(found, person) is None)
        return [user for user in map(self.account_of, may) if user is not None]
