"""What the inbox says of a card, and which cards are alike: read once from the sealed card, then remembered.

Unsealing is what makes an inbox slow, and a card never changes without its digest changing. What is remembered is what
the inbox shows anyway: no leaf, no reason.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.errors import LedgerCorrupt
from interlock.model.names import Digest, ReviewId
from interlock.model.review import Review
from interlock.review.card_view import CardContent, CardView, LeafPart, read_card
from interlock.web.needs import Desk

MAX_REMEMBERED = 20_000  # of about a kilobyte each; the longest unused goes first

# What may differ between cards that are alike, and what the batch page therefore shows of each.
OWN_FIELDS = frozenset({"action", "statements", "reason_given", "ticket_given", "expires_at"})


@dataclass(frozen=True, slots=True)
class Summary:
    """A card in a line. `content` has no statements and no words of the asker; it is None when the card isn't whole.

    `shape` is equal for cards that are alike: the same actor, connection, verbs, code, labels, requirements and all
    else except the leaves, the asker's words and the times. Empty when the card isn't whole: that is like no other.
    """

    content: CardContent | None
    shape: bytes = b""


@dataclass(frozen=True, slots=True)
class Summaries:
    """Summaries by card digest."""

    desk: Desk
    _known: OrderedDict[tuple[ReviewId, Digest], Summary] = field(default_factory=OrderedDict, init=False, repr=False)

    async def of(self, review: Review) -> Summary:
        """The summary of a review's card as it is now; a card whose seal doesn't hold isn't whole, nor remembered."""
        name = (review.id, review.card_digest)
        known = self._known.get(name)
        if known is not None:
            self._known.move_to_end(name)
            return known
        try:
            content = (await self.desk.card(review.id)).content
        except LedgerCorrupt:
            return Summary(None)
        made = self._known[name] = summary(content)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return made


def summary(content: Mapping[str, object]) -> Summary:
    """What the inbox shows of a card's content."""
    card = read_card(content).content
    if card is None:
        return Summary(None)
    short = card.model_copy(update={"statements": [], "reason_given": "", "ticket_given": "", "outputs": []})
    return Summary(short, _shape(card))


def _shape(card: CardContent) -> bytes:
    same = card.model_dump(mode="json", exclude=set(OWN_FIELDS))
    same["code"] = [[each.code, list(map(_bound, each.leaves))] for each in card.statements]
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).digest()


def _bound(leaf: LeafPart) -> tuple[str, str, bool]:
    """Of a leaf, what it is bound to and whether it is hidden: not its text, length or mark."""
    return leaf.kind, leaf.label, leaf.shown is None


async def card_view(desk: Desk, review: ReviewId) -> CardView:
    """The whole card of a review, or one that isn't whole when its seal doesn't hold."""
    try:
        return read_card((await desk.card(review)).content)
    except LedgerCorrupt:
        return CardView(None, ("the seal",))
