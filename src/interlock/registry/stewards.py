"""Who looks after labels: people of the groups that the settings name, or else those who sign for policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interlock.errors import NotEntitled, NotFound
from interlock.model.decision import Requirements
from interlock.model.names import GroupName, PersonId
from interlock.registry.registry import Registry

_NO_STEWARDS: Final = (
    "Nobody is named who looks after labels: `[labels] stewards` or `[policy] approvers` in the settings says who."
)


@dataclass(frozen=True, slots=True)
class Stewards:
    """`groups`: theirs, none for those of `approvers`, who sign for policies."""

    registry: Registry
    groups: frozenset[GroupName] = frozenset()
    approvers: Requirements | None = None

    def admit(self, person: PersonId) -> None:
        """Raises `NotFound` for nobody, `NotEntitled` for somebody who is no steward."""
        self._admit(person, self.groups or frozenset(groups_of(self.approvers)), "Only stewards of labels may do this.")

    def admit_to_loosen(self, person: PersonId) -> None:
        """The same for what lets values out: whoever signs for policies."""
        self._admit(person, frozenset(groups_of(self.approvers)), "Only who signs for policies may do this.")

    def answers_for_agents(self, person: PersonId) -> bool:
        """Whether agents or services are theirs, by ownership or by a key that they made or hold: what they loosen,
        they would loosen for themselves."""
        directory, authority = self.registry.directory, self.registry.authority
        if any(agent.owner == person for agent in directory.actors.values()):
            return True
        records = (authority.key(key) for key in authority.keys_through(person))
        return any(record is not None and record.holder in directory.actors for record in records)

    def _admit(self, person: PersonId, groups: frozenset[GroupName], otherwise: str) -> None:
        here = self.registry.directory.person(person)
        if here is None:
            raise NotFound("there is nobody of that name", code="no_such_person")
        if not groups:
            raise NotEntitled(_NO_STEWARDS, code="no_stewards")
        if not here.groups & groups:
            raise NotEntitled(otherwise, code="not_a_steward")


def groups_of(approvers: Requirements | None) -> Iterator[GroupName]:
    """Every group that a signature may come from."""
    if approvers is None:
        return
    lists = (*approvers.any_of, *(stage for stages in approvers.stages for stage in stages))
    for quorum in (*approvers.quorums, *(quorum for each in lists for quorum in each)):
        yield quorum.group
