"""The reckoning of `test_interleavings`: what the server holds, what clients were told and what the ledger says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.doors.postgres.a_modelled_client import Believed
from tests.doors.postgres.interleaved_asking import Asking
from tests.doors.postgres.interleaved_stage import Stage


class Books:
    """Three books of one schedule. Ids begin at `first`; `counted` is what the counters came to before it."""

    def __init__(self, stage: Stage, asking: Asking, believed: Believed, first: int) -> None:
        self.stage, self.asking, self.believed, self.first = stage, asking, believed, first
        self.counted = 0

    async def begin(self) -> None:
        """What was written before doesn't count."""
        await self.entries()
        self.counted = self.sum()

    async def entries(self) -> list[dict[str, Any]]:
        """The ledger's entries since the last call."""
        found: list[dict[str, Any]] = []
        while bodies := await self.stage.gate.office.store.entries(self.stage.read, 1_000):
            self.stage.read += len(bodies)
            found += [json.loads(body.split(b"\n")[0]) for body in bodies]
        return found

    async def reckon(self, log: list[str], *, keyed: bool) -> None:
        """Three books: the server's, the clients', the ledger's. `keyed`: every key that was set was taken."""
        rows, bumped = self._rows(), self.sum() - self.counted
        told = await self.entries()
        released = [e["act"] for e in told if e["type"] == "action.released"]
        denied = {e["act"] for e in told if e["type"] == "action.denied"}
        ended: dict[str, str] = {}
        for entry in told:
            if entry["type"] == "action.ended":
                assert entry["act"] not in ended, f"{entry['act']} ended twice"
                ended[entry["act"]] = entry["d"]["outcome"]
        assert len(set(released)) == len(released), "released twice"
        assert not denied & set(released), "denied and released"
        assert set(released) == set(ended), f"without an ending: {set(released) ^ set(ended)}"
        log += [f"{outcome}: {self.stage.payloads.get(act)}" for act, outcome in ended.items()]
        by_outcome: dict[str, Counter[int]] = {}
        for act, outcome in ended.items():
            by_outcome.setdefault(outcome, Counter()).update(self.stage.payloads.get(act, ()))
        self.stage.outcomes.update(ended.values())
        true, unknown = by_outcome.get("succeeded", Counter()), by_outcome.get("unknown", Counter())
        self._compare("ledger", rows, bumped, true, unknown, self.stage.loose)
        self._compare("clients", rows, bumped, self.believed.true, self.believed.doubtful, set())
        if keyed:
            assert all(rows[key] <= 1 for key in self.asking.keys.values()), "an idempotency key let it run twice"

    def _compare(
        self, book: str, rows: Counter[int], bumped: int, true: Counter[int], perhaps: Counter[int], loose: set[int]
    ) -> None:
        every = {i for i in (*rows, *true, *perhaps) if i >= self.first and i not in loose | self.asking.bumps}
        for i in sorted(every):
            assert true[i] <= rows[i] <= true[i] + perhaps[i], (
                f"{book}: id {i} is there {rows[i]} times, and should be {true[i]} + {perhaps[i]}"
            )
        if not loose & self.asking.bumps:
            least, most = sum(true[i] for i in self.asking.bumps), sum(true[i] + perhaps[i] for i in self.asking.bumps)
            assert least <= bumped <= most, f"{book}: {bumped} bumps and not {least} to {most}"

    def _rows(self) -> Counter[int]:
        with self.stage.database.admin() as admin:
            found = admin.execute(
                "SELECT id, count(*) FROM (SELECT id FROM log UNION ALL SELECT id FROM signed) x WHERE id >= %s"
                " GROUP BY id",
                (self.first,),
            ).fetchall()
        return Counter({int(str(i)): int(str(n)) for i, n in found})

    def sum(self) -> int:
        with self.stage.database.admin() as admin:
            row = admin.execute("SELECT sum(n) FROM counters").fetchone()
        assert row is not None
        return int(str(row[0]))
