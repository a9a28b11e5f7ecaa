"""Ten thousand copies queued for a service with limits: how fast they are delivered, and what memory that takes.

Goal: the service's own limit is what is waited for, and memory stays flat (issue 5). The store, desk and outbox are the
real ones; the service is a courier in memory that takes 5 ms for a call and lets so many in a second.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import uvloop

from bench.ground import Ground
from bench.inbox_of_10000 import a_desk, opened
from bench.link import Failed
from bench.progress import say
from bench.report import Peer, Result, at_most, ratio_of_at_least
from interlock.desk import Desk
from interlock.model.channels import Channel, Copy, Destination
from interlock.stores.seals import AesGcmSealer
from interlock.workers.copies import kind_of
from interlock.workers.meters import Meters
from interlock.workers.outbox import Outbox

QUEUED = 10_000
REVIEWS = 100
AT_ONCE = 64  # asked for at a time, so that they share flushes
CALL_SECONDS = 0.005
LIMIT = 200.0  # calls a second; Slack takes about one a second and conversation, many conversations at once
BUDGET = ratio_of_at_least(0.9)
MEMORY = at_most(16.0)  # MiB more than with everything queued


class Limited:
    """`ports.Courier` to a service that takes `limit` calls a second, evenly; it keeps a number and nothing else."""

    channel = Channel.SLACK

    def __init__(self, limit: float) -> None:
        self.sent = 0
        self._gap, self._next = 1 / limit if limit else 0.0, 0.0
        self._now: Callable[[], float] = asyncio.get_running_loop().time

    def service_of(self, copy: Copy) -> str:
        """One service."""
        return ""

    def pause(self, copy: Copy) -> float:
        """Until the next may be made."""
        return max(self._next - self._now(), 0.0)

    async def send(self, copy: Copy) -> str:
        """Takes a place and answers."""
        self._next = max(self._next + self._gap, self._now() - CALL_SECONDS)
        await asyncio.sleep(CALL_SECONDS)
        self.sent += 1
        return f"C01/{self.sent}"

    async def find(self, copy: Copy) -> str | None:
        """Nothing is ever looked for."""
        raise Failed("a copy was looked for")

    async def update(self, copy: Copy) -> str:
        """Nothing moves."""
        raise Failed("a copy was changed")

    async def remind(self, copy: Copy) -> None:
        """Nobody is reminded."""
        raise Failed("somebody was reminded")


def run(ground: Ground) -> list[Result]:
    """Deliveries a second within a limit and without one, and the memory that they took."""
    limited, grown = uvloop.run(_run(ground.directory / "outbox", LIMIT, QUEUED // 5))
    free, grown_free = uvloop.run(_run(ground.directory / "outbox-free", 0.0, QUEUED))
    within = f"{QUEUED // 5} queued, the service takes {LIMIT:.0f}/s"
    without = f"{QUEUED} queued, no limit but 5 ms a call"
    return [
        Result("outbox_10000", within, limited, "/s", Peer("the limit", LIMIT), BUDGET),
        Result("outbox_10000", f"{within}, memory", grown, "MiB", budget=MEMORY),
        Result("outbox_10000", without, free, "/s"),
        Result("outbox_10000", f"{without}, memory", grown_free, "MiB", budget=MEMORY),
    ]


async def _run(directory: Path, limit: float, count: int) -> tuple[float, float]:
    """(deliveries a second, MiB by which the peak grew while they were made)."""
    async with a_desk(directory) as (desk, _, sealer):
        courier = Limited(limit)
        outbox = _outbox(desk, sealer, courier)
        await _queue(desk, outbox, count)
        before = _peak()
        stop, begun = asyncio.Event(), perf_counter()
        running = asyncio.ensure_future(outbox.run(desk.bell.listen, stop))  # type: ignore[arg-type]
        while courier.sent < count:
            await asyncio.sleep(0.05)
            if running.done():
                await running
        took = perf_counter() - begun
        grown = _peak() - before
        stop.set()
        await running
    return count / took, grown


def _outbox(desk: Desk, sealer: AesGcmSealer, courier: Limited) -> Outbox:
    documents = desk.records  # the store's reader is both
    return Outbox(
        [courier],
        desk=desk,
        documents=documents,
        ledger=desk.ledger,
        sealer=sealer,
        clock=desk.clock,
        meters=Meters(),
    )


async def _queue(desk: Desk, outbox: Outbox, count: int) -> None:
    begun = perf_counter()
    reviews = [(await opened(desk, n)).id for n in range(REVIEWS)]
    each = count // REVIEWS  # people who are told of a review
    wanted = [(reviews[n // each], Destination(Channel.SLACK, f"person/p{n % each}")) for n in range(count)]
    for first in range(0, count, AT_ONCE):
        await asyncio.gather(*(outbox.want(*to) for to in wanted[first : first + AT_ONCE]))
    queued = (await outbox.backlog())[Channel.SLACK].queued
    if queued != count:
        raise Failed(f"{queued} of {count} copies are in {kind_of(Channel.SLACK)}")
    say(f"queued {count} copies in {perf_counter() - begun:.0f} s")


def _peak() -> float:
    """The most memory that this process had so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
