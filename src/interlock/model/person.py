"""A person: one human being, however many accounts, keys, agents or chat identities are theirs."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.names import GroupName, PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """One human being and the groups they belong to."""

    id: PersonId
    name: str
    groups: frozenset[GroupName]
