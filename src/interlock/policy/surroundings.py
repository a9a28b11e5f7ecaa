"""What is there for policies to speak of: the connections and actors of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName, PersonId

Members = Mapping[GroupName, frozenset[PersonId]]
"""Every group that there is, with the people in it; a group of agents and services alone has none."""


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
