"""The directory: people, agents and services as the settings name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.model.actor import Actor, ActorKind
from interlock.model.names import ActorId, GroupName, KeyId, PersonId
from interlock.model.person import Person
from interlock.model.settings import AgentSettings


@dataclass(frozen=True, slots=True)
class Directory:
    """Everyone Interlock knows. A holder of a key is a person's id or an actor's; the two never coincide."""

    people: Mapping[PersonId, Person]
    actors: Mapping[ActorId, AgentSettings]

    def person(self, person: PersonId) -> Person | None:
        """The person of that id."""
        return self.people.get(person)

    def knows(self, holder: str) -> bool:
        """Whether a key may be issued to `holder`."""
        return PersonId(holder) in self.people or ActorId(holder) in self.actors

    def held_by(self, holder: str) -> PersonId | None:
        """The person in whose hands a key of `holder` lies: the person, or the agent's owner."""
        if PersonId(holder) in self.people:
            return PersonId(holder)
        agent = self.actors.get(ActorId(holder))
        return agent.owner if agent else None

    def actor(
        self, holder: str, *, key: KeyId, made_by: PersonId, held_by: PersonId, session: str = ""
    ) -> Actor | None:
        """The actor behind a verified key, with the groups and owner of this moment; None if nobody by that name."""
        person = self.people.get(PersonId(holder))
        if person is not None:
            kind, groups, owner = ActorKind.PERSON, person.groups, person.id
        elif (agent := self.actors.get(ActorId(holder))) is not None:
            kind, groups, owner = agent.kind, agent.groups, agent.owner
        else:
            return None
        return Actor(
            kind=kind,
            id=ActorId(holder),
            groups=groups,
            owner=owner,
            key=key,
            made_by=made_by,
            held_by=held_by,
            session=session,
        )

    def members(self) -> Mapping[GroupName, frozenset[PersonId]]:
        """The people in each group; a group of agents alone has none. What a quorum can be met from."""
        people, actors = self.people.values(), self.actors.values()
        groups = frozenset[GroupName]().union(*(p.groups for p in people), *(a.groups for a in actors))
        return {group: frozenset(p.id for p in people if group in p.groups) for group in groups}
