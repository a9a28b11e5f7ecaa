"""A card: what the reviewer is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.model.canonical import JsonValue
from interlock.model.names import Digest, ReviewId


@dataclass(frozen=True, slots=True)
class Card:
    """What one reviewer sees of one review: complete, or it can't be approved.

    `content` is canonical JSON; its fields are listed in `review/card.py`, which makes it. `card_digest` is of exactly
    this content and is what a vote sends back with `action_digest`.
    """

    review: ReviewId
    content: Mapping[str, JsonValue]
    action_digest: Digest
    card_digest: Digest
