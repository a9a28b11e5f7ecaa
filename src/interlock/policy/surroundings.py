"""What is there for policies to speak of: the connections and actors of the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName, PersonId

Members = Mapping[GroupName, frozenset[PersonId]]
"""Every group that there is, with the people in it; a group of agents and services alone has none."""

MOST_ASKED = 999
"""The largest number that a quorum can ask for."""


def opened(members: Members, open_groups: Collection[GroupName]) -> Members:
    """The same, with each of `open_groups` as large as anything asks for.

    These are filled by a directory or a sign-on provider while the gateway runs: whoever loads policies can't know how
    many people will be in them. Whether there are enough is seen when a review is opened. Who stands in for the people
    to come is in no other group, and is nobody: the names can't be anybody's.
    """
    to_come = {group: frozenset(PersonId(f"{group}/{n}") for n in range(MOST_ASKED)) for group in open_groups}
    return {group: members.get(group, frozenset()) | to_come.get(group, frozenset()) for group in {*members, *to_come}}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All connections, and all actors of each kind with their groups. A policy that names any other is mistaken."""

    connections: Mapping[ConnectionName, Connection]
    actors: Mapping[ActorKind, Mapping[str, frozenset[GroupName]]]

    @property
    def environments(self) -> frozenset[str]:
        """Those of the connections."""
        return frozenset(connection.environment for connection in self.connections.values())

    @property
    def tags(self) -> frozenset[str]:
        """Those of the connections."""
        return frozenset().union(*(connection.tags for connection in self.connections.values()))
