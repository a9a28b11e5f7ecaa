"""Who follows the log hears what is there and what becomes durable; what it does wrong stops nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.ledger.making import CARD, draft, uuid
from tests.stores.a_store import ENTROPY, NODE, NODE_SIGNER, TRUST, HandClock

from interlock.ledger.authority import Authority
from interlock.ledger.entry import Entry
from interlock.ledger.figures import Figures
from interlock.model.change import Unit
from interlock.model.entry import EntryType
from interlock.stores.bell import LocalBell
from interlock.stores.sqlite import SqliteStore


async def opened(directory: Path, clock: HandClock, figures: Figures, *, fails: bool = False) -> SqliteStore:
    def follower(entry: Entry) -> None:
        figures.take(entry)
        if fails:
            raise RuntimeError("of no account")

    return await SqliteStore.open(
        directory / "interlock.db",
        node=NODE,
        signer=NODE_SIGNER,
        trust=TRUST,
        authority=Authority(),
        entropy=ENTROPY,
        clock=clock,
        bell=LocalBell(),
        follower=follower,
    )


async def test_figures_are_the_same_after_a_restart(tmp_path: Path) -> None:
    clock, live = HandClock(), Figures()
    store = await opened(tmp_path, clock, live)
    asked = [{"group": "officers", "count": 1}]
    for number, seconds, type_, d in (
        (1, 0, EntryType.REVIEW_OPENED, {"quorums": asked, "excluded": []}),
        (2, 0, EntryType.REVIEW_OPENED, {"quorums": asked, "excluded": []}),
        (3, 7, EntryType.REVIEW_SEEN, {"person": "ann", "card": CARD}),
        (4, 1, EntryType.VOTE_CAST, {"person": "ann", "card": CARD, "settles": "approved", "presence": "console"}),
    ):
        clock.forward(seconds=seconds)
        review = uuid(2 if number == 2 else 1)
        await store.commit(Unit((draft(type_, number, obj=review, act=review, **d),)))
    await store.close()
    found = live.over(timedelta(days=1), clock.now())
    assert (found.decision.p50, found.first_look.p50, found.votes.quick, found.waiting) == (8.0, 7.0, 1, 1)
    again = Figures()
    await (await opened(tmp_path, clock, again)).close()
    assert again.over(timedelta(days=1), clock.now()) == found


async def test_a_follower_that_fails_stops_nothing(tmp_path: Path) -> None:
    store = await opened(tmp_path, HandClock(), Figures(), fails=True)
    for number in (1, 2):
        await store.commit(Unit((draft(EntryType.REVIEW_OPENED, number, obj=uuid(number), act=uuid(number)),)))
    assert len(await store.entries(0, 10)) == 2
    await store.close()
