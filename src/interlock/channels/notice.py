"""A notice: what is told of a review outside the console, the same in every channel; each spells it its own way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.model.names import ReviewId
from interlock.model.review import ReviewState


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is called, and what it says, in plain text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything that a message about a review shows. All texts are plain, and safe to read: invisible and
    bidirectional characters stand as visible marks, line ends only where `code` has them. A channel escapes them for
    its own markup, and lets nothing in them become a link or a mention.

    `card` is the id that its buttons carry (`model.channels.card_id`). `whole`: the card could be read strictly; one
    that couldn't has no button anywhere. `code` are the statements with every hidden leaf as its mark; `said` is the
    asker's reason, unverified. `answers` are the votes so far, `asks` who must sign. `state_line` says where it stands,
    for people.
    """

    review: ReviewId
    card: str
    url: str
    state: ReviewState
    title: str
    state_line: str
    facts: tuple[Fact, ...]
    code: tuple[str, ...]
    because: tuple[str, ...]
    said: str
    ticket: str
    asks: str
    answers: tuple[str, ...]
    enforced_by: str
    channels: frozenset[str]
    expires_at: datetime
    whole: bool
