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
        return next(iter(self.accounts_of(person)), None)

    def accounts_of(self, person: PersonId, /) -> Sequence[str]:
        """All users that this person linked."""
        subjects = (each.subject for each in self.people.linked_accounts(person) if each.provider == Channel.TEAMS)
        users = (subject.partition("/") for subject in subjects)
        return [user for tenant, _, user in users if tenant == self.tenant.lower() and is_object_id(user)]

    async def signers(self, review: ReviewId, /) -> Sequence[str]:
        """The users whose persons may say yes to it now; raises `NotFound`."""
        found = await self.desk.review(review)
        everyone = self.people.directory.everyone()
        may = (person for person in sorted(everyone) if self.desk.why_not(found, person) is None)
        return [user for user in map(self.account_of, may) if user is not None]
