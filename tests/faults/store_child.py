"""A process that writes to a store as fast as it can, and says on stdout what was acknowledged; to be killed.

python store_child.py STORE CALLERS
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.stores.a_store import HandClock, approving, denied, opened, opening, redeeming, review


async def _caller(number: int, path: Path) -> None:
    async with opened(path, clock=HandClock()) as bench:
        await asyncio.gather(*(_write(bench.store, n) for n in range(number)))


async def _write(store: object, number: int) -> None:
    from interlock.stores.sqlite import SqliteStore

    assert isinstance(store, SqliteStore)
    while True:
        held = review()
        for unit in (denied(), opening(held, held.id.encode()), approving(held), redeeming(held)):
            receipt = await store.commit(unit)
            for draft, (index, leaf) in zip(unit.entries, receipt.entries, strict=True):
                print(draft.id, index, leaf, flush=True)


if __name__ == "__main__":
    asyncio.run(_caller(int(sys.argv[2]), Path(sys.argv[1])))
