"""The directory: people, agents and services as the settings name them, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from interlock.model.actor import Actor, ActorKind
from interlock.model.names import ActorId, GroupName, KeyId, PersonId
from interlock.model.person import Person
from interlock.model.settings import AgentSettings


class Changes(Protocol):
    """What signed entries say beyond the settings (`ledger.roster.Roster`)."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    def added(self) -> Mapping[PersonId, str]:
        """People whom the settings needn't know, with their names."""

    def is_gone(self, person: PersonId) -> bool:
        """Whether the person was removed, whatever the settings say."""

    def groups_added(self, person: PersonId) -> frozenset[GroupName]:
        """Groups beyond those of the settings."""

    def groups_taken(self, person: PersonId) -> frozenset[GroupName]:
        """Groups that the person is out of, whatever the settings say."""

    def has_accepted(self, actor: ActorId, owner: PersonId) -> bool:
        """Whether this very person accepted to own this agent or service."""


class AsTheSettingsSay:
    """No changes, and owners taken at the settings' word: for tools that read settings alone, and admit nobody."""

    version = 0

    def added(self) -> Mapping[PersonId, str]:
        """Nobody."""
        return {}

    def is_gone(self, person: PersonId) -> bool:
        """Nobody is."""
        return False

    def groups_added(self, person: PersonId) -> frozenset[GroupName]:
        """None."""
        return frozenset()

    def groups_taken(self, person: PersonId) -> frozenset[GroupName]:
        """None."""
        return frozenset()

    def has_accepted(self, actor: ActorId, owner: PersonId) -> bool:
        """As the settings name them."""
        return True


@dataclass(slots=True)
class _Merged:
    version: int = -1
    people: Mapping[PersonId, Person] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directory:
    """Everyone Interlock knows. A holder of a key is a person's id or an actor's; the two never coincide.

    `people` and `actors` are those of the settings; ask `everyone` for who there is now.
    """

    people: Mapping[PersonId, Person]
    actors: Mapping[ActorId, AgentSettings]
    changes: Changes = field(default_factory=AsTheSettingsSay)
    _merged: _Merged = field(default_factory=_Merged, init=False, compare=False, repr=False)

    def everyone(self) -> Mapping[PersonId, Person]:
        """The people of this moment with their groups: who was removed isn't among them, whatever the settings say."""
        version = self.changes.version
        if self._merged.version != version:
            self._merged.people = self._merge()
            self._merged.version = version
        return self._merged.people

    def person(self, person: PersonId) -> Person | None:
        """The person of that id."""
        return self.everyone().get(person)

    def knows(self, holder: str) -> bool:
        """Whether a key may be issued to `holder`."""
        return PersonId(holder) in self.everyone() or ActorId(holder) in self.actors

    def held_by(self, holder: str) -> PersonId | None:
        """The person in whose hands a key of `holder` lies: the person, or the agent's owner."""
        if PersonId(holder) in self.everyone():
            return PersonId(holder)
        agent = self.actors.get(ActorId(holder))
        return agent.owner if agent else None

    def owner_stands(self, actor: Actor) -> bool:
        """Whether who answers for this actor is here and has accepted to; a person answers for themselves."""
        if self.person(actor.owner) is None:
            return False
        return actor.kind is ActorKind.PERSON or self.changes.has_accepted(actor.id, actor.owner)

    def actor(
        self, holder: str, *, key: KeyId, made_by: PersonId, held_by: PersonId, session: str = ""
    ) -> Actor | None:
        """The actor behind a verified key, with the groups and owner of this moment; None if nobody by that name."""
        person = self.person(PersonId(holder))
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
        people, actors = self.everyone().values(), self.actors.values()
        groups = frozenset[GroupName]().union(*(p.groups for p in people), *(a.groups for a in actors))
        return {group: frozenset(p.id for p in people if group in p.groups) for group in groups}

    def _merge(self) -> Mapping[PersonId, Person]:
        changes = self.changes
        added = {id_: Person(id_, name, frozenset()) for id_, name in changes.added().items()}
        return {
            id_: Person(id_, p.name, (p.groups | changes.groups_added(id_)) - changes.groups_taken(id_))
            for id_, p in {**added, **self.people}.items()
            if not changes.is_gone(id_) and ActorId(id_) not in self.actors
        }
