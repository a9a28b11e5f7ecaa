"""What a start takes from the log: a release without an end becomes `unknown`, never guessed; what actors did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from interlock.errors import Conflict
from interlock.ledger.authority import Authority
from interlock.ledger.entry import Entry
from interlock.ledger.recents import Recents
from interlock.model.change import Change, EndRun, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, ReviewId
from interlock.model.review import ReviewState
from interlock.ports import Entropy, Ledger
from interlock.review.states import Event, follow

BECAUSE = "the gateway stopped between release and end"


def remembering(recents: Recents, since: datetime) -> Callable[[Entry], None]:
    """Hears the log's entries while it is verified, and has `recents` count what actors did from `since` on."""

    def hear(entry: Entry) -> None:
        if entry.ts >= since and entry.actor is not None:
            chain = [ActorId(link) for link in entry.actor["chain"]]
            recents.take(entry.type, ActorId(entry.actor["id"]), entry.d, entry.ts, chain)

    return hear


async def settle(ledger: Ledger, authority: Authority, entropy: Entropy) -> int:
    """Writes action.unknown for each released action that has no end; how many. Run before any door opens."""
    unended = authority.unended()
    for act, review in unended:
        d = {"because": BECAUSE, "review": review}
        draft = Draft(id=EntryId(entropy.uuid7()), type=EntryType.ACTION_UNKNOWN, d=d, act=act, obj=review)
        changes: tuple[Change, ...] = ()
        if review:
            changes = (EndRun(ReviewId(review), follow(ReviewState.RELEASED, Event.LOST)),)
        try:
            await ledger.commit(Unit((draft,), changes))
        except Conflict:  # there is no such row; the entries hold, the row is a cache
            await ledger.commit(Unit((draft,)))
    return len(unended)
