"""Whose seat somebody may take: people's groups for one review, with what was delegated to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from interlock.model.delegation import Delegation
from interlock.model.names import GroupName, PersonId

Groups = Mapping[PersonId, frozenset[GroupName]]

_NONE: frozenset[GroupName] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Seated(Mapping[PersonId, frozenset[GroupName]]):
    """Everybody's own groups, and beside them those in which they may take somebody's seat."""

    own: Groups
    lent: Groups

    def __getitem__(self, person: PersonId) -> frozenset[GroupName]:
        return self.own[person] | self.lent.get(person, _NONE)

    def __iter__(self) -> Iterator[PersonId]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)


def seated(
    own: Groups, delegations: Iterable[Delegation], excluded: Collection[PersonId], voted: Collection[PersonId]
) -> Groups:
    """The groups that count for one review.

    A seat can be taken only of somebody who could sit in it: a member of the group still, not excluded from the review,
    who hasn't voted on this card. `own` are memberships that nobody lent, so nothing is passed on twice; somebody it
    doesn't have takes no seat.
    """
    lent: defaultdict[PersonId, frozenset[GroupName]] = defaultdict(frozenset)
    for each in delegations:
        if each.delegate in own and is_lent(own, each, excluded, voted):
            lent[each.delegate] |= {each.group}
    return Seated(own, lent) if lent else own


def is_lent(
    own: Groups, delegation: Delegation, excluded: Collection[PersonId], voted: Collection[PersonId] = ()
) -> bool:
    """Whether the seat of this delegation is there to be taken in a review."""
    delegator = delegation.delegator
    return (
        delegation.group in own.get(delegator, _NONE)
        and delegator != delegation.delegate
        and delegator not in excluded
        and delegator not in voted
    )
