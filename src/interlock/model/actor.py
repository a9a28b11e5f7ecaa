"""An actor: who asks, with the verified chain of those on whose behalf it asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from interlock.model.names import ActorId, GroupName, KeyId, PersonId


class ActorKind(StrEnum):
    """What an actor is. Only a person ever votes."""

    AGENT = "agent"
    SERVICE = "service"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as verified from a credential.

    `owner` is the person who answers for an agent or service (for a person: that person). `made_by` and `held_by` name
    the people who made the credential used and who hold it. `chain` lists the verified delegators, nearest first
    (RFC 8693 `act`); claims that nobody signed never get here.
    """

    kind: ActorKind
    id: ActorId
    groups: frozenset[GroupName]
    owner: PersonId
    key: KeyId
    made_by: PersonId
    held_by: PersonId
    authn: str = "interlock_key"  # or "login" (a person's short-lived door password), "jwt", "x509"
    session: str = ""
    chain: tuple[Actor, ...] = ()
    expires_at: datetime | None = None  # when a credential that isn't recorded with us ends by itself, UTC
