"""Accounts at a provider, for signing in: whose they are, how they are linked, and what their groups change."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.names import PersonId
from interlock.model.secret import Secret
from interlock.provisioning.joining import Provisioning
from interlock.registry import PendingLink


@dataclass(frozen=True, slots=True)
class Accounts:
    """`web.needs.Accounts`: links are `People`'s, new groups take a review."""

    provisioning: Provisioning

    def person_of(self, provider: str, subject: str) -> PersonId | None:
        """Whose account that is, if they are here."""
        return self.provisioning.people.person_of(provider, subject)

    async def claims_seen(self, person: PersonId, provider: str, groups: frozenset[str]) -> None:
        """What is gone goes at once, what is new is asked for."""
        await self.provisioning.claims_seen(person, provider, groups)

    def begin_link(self, person: PersonId, provider: str) -> Secret[str]:
        """See `People.begin_link`."""
        return self.provisioning.people.begin_link(person, provider)

    def claim_link(self, code: Secret[str], provider: str, subject: str, shown: str) -> PendingLink:
        """See `People.claim_link`."""
        return self.provisioning.people.claim_link(code, provider, subject, shown)
