"""Couriers in memory, whose service keeps what it was given and can be told to fail; and an outbox over an office."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.an_office import Office, export, office
from tests.stores.a_store import ENTROPY

from interlock.desk import Desk
from interlock.errors import MessageGone
from interlock.gate import Held
from interlock.model.channels import Channel, Copy, Destination
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.policy.bundle import Bundle
from interlock.stores.seals import AesGcmSealer
from interlock.workers.copies import kind_of
from interlock.workers.meters import Meters
from interlock.workers.outbox import Outbox

DANA, REMY = (Destination(Channel.SLACK, f"person/{name}") for name in ("dana", "remy"))
ROOM = Destination(Channel.SLACK, "C01")
HOOK, OTHER_HOOK = (Destination(Channel.WEBHOOK, name) for name in ("builds", "audit"))


@dataclass
class Service:
    """What a service remembers: each message by its handle, as it is, and every call, in order."""

    messages: dict[str, tuple[str, str]] = field(default_factory=dict)  # handle -> (copy's id, what it shows)
    calls: list[tuple[str, str, str]] = field(default_factory=list)  # (what, copy's id, what it showed)
    reminders: list[tuple[str, int]] = field(default_factory=list)

    def of(self, copy: str) -> list[str]:
        """What the messages of one copy show now; more than one is one too many."""
        return [shows for id_, shows in self.messages.values() if id_ == copy]

    def told(self, what: str) -> list[str]:
        """The copies of one kind of call, in order."""
        return [copy for each, copy, _ in self.calls if each == what]


Failing = Callable[[str, Copy], BaseException | None]


@dataclass
class MemoryCourier:
    """`ports.Courier` to a service in memory. `before` and `after` may give an error for a call (`send`, `find`,
    `update`, `remind`), raised before it has an effect, or after. `hang` never answers for what it names."""

    desk: Desk
    channel: Channel = Channel.SLACK
    service: Service = field(default_factory=Service)
    before: Failing = lambda what, copy: None
    after: Failing = lambda what, copy: None
    hang: Callable[[str, Copy], bool] = lambda what, copy: False
    pauses: Callable[[Copy], float] = lambda copy: 0.0
    services: Callable[[Copy], str] = lambda copy: (
        copy.destination.address if copy.destination.channel is Channel.WEBHOOK else ""
    )
    seconds: float = 0.0  # that each call takes
    under_way: int = 0
    most_under_way: int = 0

    def service_of(self, copy: Copy) -> str:
        return self.services(copy)

    def pause(self, copy: Copy) -> float:
        return self.pauses(copy)

    async def send(self, copy: Copy) -> str:
        async with self._call("send", copy) as shows:
            handle = f"m{len(self.service.messages) + 1}"
            self.service.messages[handle] = (copy.id, shows)
            return handle

    async def find(self, copy: Copy) -> str | None:
        async with self._call("find", copy):
            return next((handle for handle, (id_, _) in self.service.messages.items() if id_ == copy.id), None)

    async def update(self, copy: Copy) -> str:
        async with self._call("update", copy) as shows:
            if copy.handle not in self.service.messages:
                raise MessageGone("somebody deleted it")
            self.service.messages[copy.handle] = (copy.id, shows)
            return copy.handle

    async def remind(self, copy: Copy) -> None:
        async with self._call("remind", copy):
            self.service.reminders.append((copy.id, copy.reminders))

    @asynccontextmanager
    async def _call(self, what: str, copy: Copy) -> AsyncIterator[str]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            if self.hang(what, copy):
                await asyncio.Event().wait()
            if (error := self.before(what, copy)) is not None:
                raise error
            review = await self.desk.review(copy.review)
            shows = f"{review.state.value} {len(self.desk.authority.votes(copy.review))}"
            self.service.calls.append((what, copy.id, shows))
            yield shows
            if (error := self.after(what, copy)) is not None:
                raise error
        finally:
            self.under_way -= 1


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Post:
    """An office with couriers and an outbox, which can be left behind as a crash would and made anew."""

    office: Office
    couriers: Sequence[MemoryCourier]
    meters: Meters = field(default_factory=Meters)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another outbox over the same store: what the one before knew is gone."""
        self.meters = Meters()
        self.outbox = Outbox(
            self.couriers,
            desk=self.office.desk,
            documents=self.office.store.records,
            ledger=self.office.store,
            sealer=AesGcmSealer(Secret(b"S" * 32), ENTROPY),
            clock=self.office.clock,
            meters=self.meters,
        )

    @property
    def slack(self) -> MemoryCourier:
        return next(each for each in self.couriers if each.channel is Channel.SLACK)

    async def held(self, text: str = "COPY patients TO STDOUT", actor: str = "etl") -> Review:
        held = await self.office.gate.ask(export(await self.office.agent(actor), text))
        assert isinstance(held, Held)
        return held.review

    async def deliver(self, times: int = 6) -> None:
        """Enough looks for everything that can be done without time passing."""
        for _ in range(times):
            await self.outbox.deliver()

    async def move(self, review: Review) -> None:
        """Tells the outbox that a review moved, and delivers."""
        await self.outbox.moved([review.id])
        await self.deliver()

    async def left(self, channel: Channel = Channel.SLACK) -> int:
        """How many copies are in the store."""
        return await self.office.store.records.count_documents(kind_of(channel))

    async def metric(self, line: str) -> float:
        """A figure of `/metrics`, 0 where it isn't there yet."""
        _, body = await self.meters.text()
        found = [each for each in body.decode().splitlines() if each.startswith(line + " ")]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


@asynccontextmanager
async def a_post(directory: Path, *channels: Channel, policy: str | None = None) -> AsyncIterator[Post]:
    """A post office with a courier for each channel."""
    named = {} if policy is None else {"policy": policy}
    async with office(directory, **named) as running:  # type: ignore[arg-type]
        couriers = [MemoryCourier(running.desk, channel) for channel in channels or (Channel.SLACK,)]
        post = Post(running, couriers)
        try:
            yield post
        finally:
            await post.outbox.close()


__all__ = ["Bundle", "Killed", "MemoryCourier", "Post", "Service", "a_post"]
