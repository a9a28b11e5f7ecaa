"""A delegation: one person signs in another's place, for some groups and for a bounded time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.model.names import GroupName, PersonId


@dataclass(frozen=True, slots=True)
class Delegation:
    """`delegate` may take `delegator`'s seat in `group` until `until` (UTC). It passes on membership only, never a
    delegation: what was delegated can't be delegated again."""

    delegator: PersonId
    delegate: PersonId
    group: GroupName
    until: datetime
