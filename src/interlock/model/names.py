"""Ids, digests and other short names, as distinct types."""

from __future__ import annotations

from typing import NewType

ActionId = NewType("ActionId", str)  # UUIDv7
ReviewId = NewType("ReviewId", str)  # UUIDv7
EntryId = NewType("EntryId", str)  # UUIDv7: the idempotency key of a ledger entry
PersonId = NewType("PersonId", str)
ActorId = NewType("ActorId", str)
KeyId = NewType("KeyId", str)
GroupName = NewType("GroupName", str)
ConnectionName = NewType("ConnectionName", str)
Verb = NewType("Verb", str)  # "sql.select", "session.open"
PolicyId = NewType("PolicyId", str)

Digest = NewType("Digest", str)  # 64 lower-case hex digits of a SHA-256
