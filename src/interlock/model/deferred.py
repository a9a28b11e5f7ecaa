"""A deferred run: one that the gateway makes by itself once people have signed, for a client that comes back later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.names import ConnectionName, ReviewId


@dataclass(frozen=True, slots=True)
class Deferred:
    """Whom it is for, with the credential that asked, and the session state in which it was asked.

    `state` is the part of the action's cover that a session of the runner's own must be brought to: `search_path`,
    `role`, `settings`. It only says what to try: what runs must have the very cover that was signed.
    """

    review: ReviewId
    actor: Actor
    connection: ConnectionName
    state: Mapping[str, JsonValue] = field(repr=False)
