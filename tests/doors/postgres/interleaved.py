"""One schedule of `test_interleavings`: three clients and the steps they take, on a stage that lasts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from testkit.recording_link import Way
from tests.doors.postgres.a_modelled_client import SYNC, Believed, ModelledClient
from tests.doors.postgres.interleaved_asking import ASKED, COMMIT, Asking
from tests.doors.postgres.interleaved_books import Books
from tests.doors.postgres.interleaved_stage import ASLEEP, BREATH, CLIENTS, SECONDS, Stage, Step, running

from interlock.errors import InterlockError
from interlock.model.review import ReviewState, Verdict


class Machine:
    """One schedule on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.gate, self.link = stage, stage.gate, stage.link
        self.believed = Believed()
        self.clients = [ModelledClient(self.believed) for _ in range(CLIENTS)]
        first = next(stage.ids)
        self.asking = Asking(stage)
        self.books = Books(stage, self.asking, self.believed, first)
        self.log: list[str] = []

    async def run(self, schedule: Sequence[Step]) -> None:
        """All of it, and then the reckoning."""
        self.stage.gate.office.clock.forward(hours=2)  # what was denied before doesn't count any more
        if self.stage.tasks is None:
            self.stage.tasks = running()
        await self.books.begin()
        try:
            for step in schedule:
                async with asyncio.timeout(SECONDS):
                    await self._step(step)
                self._look()
            await self._settle()
            await self._everybody_leaves(schedule)
            told = [each for client in self.clients for each in client.told]
            # Who was refused a session for the SET of its key has asked without one.
            keyed = not any(each.startswith(("ERROR 53300", "ERROR 08006")) for each in told)
            await self.books.reckon(self.log, keyed=keyed)
            self.stage.told.update(told)
        except BaseException:
            print("\n".join(self.log + [f"{n}: {c.told}" for n, c in enumerate(self.clients)]))
            raise

    # -- one step -----------------------------------------------------------------------------------------------------

    async def _step(self, step: Step) -> None:
        client = self.clients[step.who]
        self.log.append(f"{step} {[c.told[-1:] for c in self.clients]}")
        if step.op in _OUTSIDE:
            await _OUTSIDE[step.op](self, step.n)
        elif not client.here:
            key, user = (self.gate.agent_key, "etl") if step.n % 5 else (self.gate.other_key, "other")
            await client.connect(self.gate.door.port, key, user)
            return
        elif step.op == "leave":
            client.leave(step.n)
        elif step.op == "cancel":
            await client.cancel(self.gate.door.port)
        elif client.rows is not None:
            client.send_rows(("one", "done", "done", "fail")[step.n % 4])
        elif any(unit.copying or "COPY" in p.text for unit in client.units for p in unit.pieces):
            pass  # whether rows are asked for isn't known yet: nothing else may come now
        elif client.flushing:
            self.asking.go_on(client, step.n)
        elif client.answered or step.op in ("write", "read", "commit", "rollback"):
            ASKED[step.op](self.asking, client, step.n)
        if step.wait:
            await self._quiet([client], BREATH)

    async def _quiet(self, clients: Sequence[ModelledClient], seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for client in clients:
                    while not client.rests:
                        await client.moved()
                return True
        return False

    def _look(self) -> None:
        for client in self.clients:
            if client.wrong is not None:
                raise client.wrong

    # -- what happens around them -------------------------------------------------------------------------------------

    async def vote(self, n: int) -> None:
        pending = await self.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)
        if pending:
            verdict = Verdict.DENY if n % 8 == 7 else Verdict.APPROVE
            with suppress(InterlockError):
                await self.gate.office.vote(pending[n % len(pending)], "dana", verdict)
            for client in self.clients:
                client.held = False

    async def cut(self, n: int) -> None:
        way = (Way.ASKED, Way.ANSWERED)[n % 2]
        match n % 6:
            case 0 | 1:
                self.link.cut()
            case 2 | 3:
                self.link.cut_after(way, n * 7)
            case _:
                self.link.cut_after(way, b"COMMIT")

    async def refuse(self, n: int) -> None:
        if n % 6:
            self.link.accept()
        else:
            self.link.refuse()

    async def stall(self, n: int) -> None:
        way = (Way.ASKED, Way.ANSWERED)[n % 2]
        if n % 6:
            self.link.resume(way)
        else:
            self.link.stall(way)

    async def breathe(self, n: int) -> None:
        await asyncio.sleep(0.002 * (n % 15))

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """The link works, people sign, whoever holds up others goes on: then everybody must be answered."""
        for way in Way:
            self.link.resume(way)
            self.link.cut_after(way, 10**12)
        self.link.accept()
        async with asyncio.timeout(SECONDS):
            while not await self._settled():
                self._look()
                await self.vote(0)
                for client in self.clients:
                    client.send_rows("done")
                    if client.here and client.flushing:
                        client.extended([], b"", end=SYNC)
                        client.collected = []
                    elif client.answered and client.block:
                        client.query(COMMIT)
        self._look()

    async def _settled(self) -> bool:
        quiet = await self._quiet(self.clients, BREATH)
        return quiet and not any(c.held or c.flushing or c.block or c.rows is not None for c in self.clients)

    async def _everybody_leaves(self, schedule: Sequence[Step]) -> None:
        for number, client in enumerate(self.clients):
            client.leave(number + len(schedule))
            await client.gone()
        async with asyncio.timeout(SECONDS):
            self.log.append("")
            while left := await self._left():
                self.log[-1] = f"left: {left}"
                await asyncio.sleep(0.005)

    async def _left(self) -> dict[str, object]:
        """What is still there of what must go."""
        door = self.gate.door
        slots = [each.taken for each in door._slots.values()]
        held = self.gate.office.desk.due_to_run()
        for review in await self.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50):
            await self.gate.office.vote(review, "dana", Verdict.DENY)
        found = {
            "sessions": list(door._sessions),
            "slots": [n for n in slots if n],
            "tasks": running() - (self.stage.tasks or Counter()) - ASLEEP,
            "deferred": list(held),
            "endings": len(door.endings._waiting),
            "links": self.link.open,
            "upstream": self._backends(),
        }
        return {name: each for name, each in found.items() if each}

    def _backends(self) -> int:
        with self.stage.database.admin() as admin:
            row = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (self.stage.database.user,)
            ).fetchone()
        assert row is not None
        return int(str(row[0]))


_OUTSIDE: dict[str, Callable[[Machine, int], Any]] = {
    each.__name__: each for each in (Machine.vote, Machine.cut, Machine.refuse, Machine.stall, Machine.breathe)
}
OPS = (
    *ASKED, *_OUTSIDE, "leave", "cancel", "vote", "vote", "vote", "write", "begin", "commit", "sign_for", "sign_for",
    "copy_in", "pipeline", "pipeline", "several", "cursor", "portal", "breathe",
)  # fmt: skip
