"""Settles what a crash left: every release without an end becomes `unknown`, never guessed."""

from __future__ import annotations

from interlock.errors import Conflict
from interlock.ledger.authority import Authority
from interlock.model.change import Change, MoveReview, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId, ReviewId
from interlock.model.review import ReviewState
from interlock.ports import Entropy, Ledger
from interlock.review.states import Event, follow, sources

BECAUSE = "the gateway stopped between release and end"


async def settle(ledger: Ledger, authority: Authority, entropy: Entropy) -> int:
    """Writes action.unknown for each released action that has no end; how many. Run before any door opens."""
    unended = authority.unended()
    for act, review in unended:
        d = {"because": BECAUSE, "review": review}
        draft = Draft(id=EntryId(entropy.uuid7()), type=EntryType.ACTION_UNKNOWN, d=d, act=act, obj=review)
        changes: tuple[Change, ...] = ()
        if review:
            to = follow(ReviewState.RELEASED, Event.LOST)
            changes = (MoveReview(ReviewId(review), sources(Event.LOST), to),)
        try:
            await ledger.commit(Unit((draft,), changes))
        except Conflict:  # the row isn't where the entries say it is; the entries hold, the row is a cache
            await ledger.commit(Unit((draft,)))
    return len(unended)
