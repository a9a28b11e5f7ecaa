"""Callbacks: told once a review is settled, signed, retried, and never to an address that isn't allowed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import Office, export, office
from tests.stores.a_store import ENTROPY

from interlock.errors import Conflict, NotEntitled, UpstreamFailed
from interlock.gate import Held
from interlock.model.document import Document, DocumentKind
from interlock.model.review import Review, Verdict
from interlock.model.secret import Secret
from interlock.stores.bell import LocalBell
from interlock.stores.seals import AesGcmSealer
from interlock.workers import callbacks as waiting
from interlock.workers.callbacks import AT_ONCE_PER_HOST, GIVE_UP, INTERVAL, Callbacks

URL = "https://hooks.acme.test/reviews?token=canary-url"


@dataclass
class Receiver:
    """What was posted; it answers with `status`, or not at all with 0."""

    status: int = 204
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((url, body, headers))
        if not self.status:
            raise UpstreamFailed("a call to hooks.acme.test failed (TimeoutError)")
        return self.status


class Slow(Receiver):
    """A receiver whose host `slow.acme.test` answers when it is let."""

    answers: asyncio.Event

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        status = await super().__call__(url, body, headers)
        if "low." in url:
            await self.answers.wait()
        return status


@dataclass
class Place:
    office: Office
    receiver: Receiver
    callbacks: Callbacks
    review: Review

    async def waiting(self) -> int:
        return await self.office.store.records.count_documents(DocumentKind.CALLBACK)

    async def tell(self) -> None:
        await self.callbacks.moved(self.review.id)

    async def due(self) -> None:
        await self.callbacks.deliver_due()
        await self.callbacks.settled()

    async def held(self, text: str, actor: str = "etl") -> Review:
        held = await self.office.gate.ask(export(await self.office.agent(actor), text))
        assert isinstance(held, Held)
        return held.review

    def another_node(self) -> Callbacks:
        return callbacks(self.office, self.receiver)


def callbacks(place: Office, receiver: Receiver) -> Callbacks:
    return Callbacks(
        ledger=place.store,
        records=place.store.records,
        documents=place.store.records,
        sealer=AesGcmSealer(Secret(b"S" * 32), ENTROPY),
        clock=place.clock,
        entropy=ENTROPY,
        post=receiver,
        allows=lambda url: url.lower().startswith(("https://hooks.acme.test/", "https://slow.acme.test")),
    )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with office(tmp_path) as running:
        held = await running.gate.ask(export(await running.agent()))
        assert isinstance(held, Held)
        receiver = Receiver()
        found = Place(running, receiver, callbacks(running, receiver), held.review)
        yield found
        await found.callbacks.settled()


async def test_it_is_told_and_signed_as_standard_webhooks_says(place: Place) -> None:
    secret = await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    assert not place.receiver.got
    await place.office.vote(place.review, "dana")
    await place.tell()
    ((url, body, headers),) = place.receiver.got
    told = json.loads(body)
    assert url == URL and told.keys() == {"review", "state", "at"}
    assert (told["review"], told["state"]) == (place.review.id, "approved")
    assert secret.reveal().startswith("whsec_")
    key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    assert int(headers["webhook-timestamp"]) == int(place.office.clock.now().timestamp())
    assert await place.waiting() == 0
    await place.tell()
    assert len(place.receiver.got) == 1


@pytest.mark.parametrize("state", ["denied", "expired"])
async def test_every_way_of_being_settled(place: Place, state: str) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    match state:
        case "denied":
            await place.office.vote(place.review, "dana", Verdict.DENY)
        case _:
            place.office.clock.at += timedelta(hours=1)
            await place.office.desk.expire_due()
    await place.tell()
    assert json.loads(place.receiver.got[0][1])["state"] == state


async def test_who_takes_the_request_back_is_told_nothing_and_keeps_no_room(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.desk.withdraw(place.review.id, place.review.actor)
    await place.tell()
    assert not place.receiver.got and await place.waiting() == 0


async def test_one_actor_doesnt_use_up_everybodys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_OF_ONE_ACTOR", 3)
    place.receiver.status = 500
    for number in range(3):
        review = await place.held(f"COPY t{number} TO STDOUT")
        await place.callbacks.register(review, URL)
        await place.callbacks.settled()
        await place.office.vote(review, "dana")
        await place.callbacks.moved(review.id)  # still wanted, since nobody takes it
    with pytest.raises(Conflict) as caught:
        await place.callbacks.register(place.review, URL)
    assert caught.value.code == "too_many_callbacks"
    with pytest.raises(Conflict) as caught:
        await place.callbacks.check(place.review.actor, URL)
    assert caught.value.code == "too_many_callbacks"
    await place.callbacks.register(await place.held("COPY t TO STDOUT", "other"), URL)
    await place.callbacks.settled()
    place.receiver.status = 204
    place.office.clock.at += timedelta(hours=1)
    await place.due()
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()


async def test_a_host_that_doesnt_answer_holds_up_nobody_elses(place: Place) -> None:
    slow, answers = Slow(), asyncio.Event()
    slow.answers, slow.status = answers, 204
    calling = callbacks(place.office, slow)
    for number in range(AT_ONCE_PER_HOST + 2):
        review = await place.held(f"COPY t{number} TO STDOUT", "etl" if number % 2 else "other")
        await calling.register(review, f"https://Slow.acme.test{'.' * (number % 2)}/{number}")
        await calling.settled()
        await place.office.vote(review, "dana")
    await calling.register(place.review, URL)
    await calling.settled()
    await place.office.vote(place.review, "dana")
    place.office.clock.at += timedelta(hours=1)
    assert await calling.deliver_due() == AT_ONCE_PER_HOST + 3
    async with asyncio.timeout(10):
        while len(slow.got) < AT_ONCE_PER_HOST + 1:
            await asyncio.sleep(0.01)
    assert sorted("low" in url for url, _, _ in slow.got) == [False] + [True] * AT_ONCE_PER_HOST
    answers.set()
    await calling.settled()
    assert len(slow.got) == AT_ONCE_PER_HOST + 1
    place.office.clock.at += timedelta(seconds=INTERVAL)
    assert await calling.deliver_due() == 2  # those that were put off, a moment and not an attempt's pause later
    await calling.settled()
    assert len(slow.got) == AT_ONCE_PER_HOST + 3 and await place.waiting() == 0


@pytest.mark.parametrize(
    "url", ["https://evil.test/", "https://hooks.acme.test.evil.test/", "http://169.254.169.254/", "file:///etc/passwd"]
)
async def test_only_addresses_that_are_allowed(place: Place, url: str) -> None:
    with pytest.raises(NotEntitled) as caught:
        await place.callbacks.register(place.review, url)
    assert caught.value.code == "url_not_allowed" and await place.waiting() == 0
    with pytest.raises(NotEntitled):
        await place.callbacks.check(place.review.actor, url)


async def test_one_to_a_review_and_none_once_it_is_settled(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    with pytest.raises(Conflict) as caught:
        await place.callbacks.register(place.review, URL)
    assert caught.value.code == "callback_exists"
    settled = await place.office.vote(place.review, "dana", Verdict.DENY)
    with pytest.raises(Conflict):
        await place.callbacks.register(settled, URL)


async def test_settled_in_the_moment_of_registering(place: Place) -> None:
    await place.office.vote(place.review, "dana", Verdict.DENY)
    await place.callbacks.register(place.review, URL)  # with the review as it was a moment before
    await place.callbacks.settled()
    assert len(place.receiver.got) == 1


@pytest.mark.parametrize("status", [0, 500, 302, 404, 429])
async def test_it_tries_again_with_growing_pauses_and_says_the_same(place: Place, status: int) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.vote(place.review, "dana")
    place.receiver.status = status
    await place.tell()
    await place.tell()  # a move between two attempts changes nothing
    await place.due()
    assert len(place.receiver.got) == 1
    for seconds, attempts in ((5, 2), (5, 2), (5, 3), (20, 4)):
        place.office.clock.at += timedelta(seconds=seconds)
        await place.due()
        assert len(place.receiver.got) == attempts
    place.receiver.status = 200
    place.office.clock.at += timedelta(hours=1)
    await place.due()
    assert len({(body, headers["webhook-id"]) for _, body, headers in place.receiver.got}) == 1
    assert await place.waiting() == 0


async def test_it_gives_up_after_a_day(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.vote(place.review, "dana")
    place.receiver.status = 500
    await place.tell()
    place.office.clock.at += GIVE_UP + timedelta(seconds=1)
    await place.due()
    assert len(place.receiver.got) == 1 and await place.waiting() == 0


async def test_who_doesnt_want_to_hear_is_left_alone(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.vote(place.review, "dana")
    place.receiver.status = 410
    await place.tell()
    assert await place.waiting() == 0


async def test_of_two_nodes_one_makes_an_attempt(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.vote(place.review, "dana")
    place.receiver.status = 500
    other = place.another_node()
    await asyncio.gather(*(each.moved(place.review.id) for each in (place.callbacks, other)))
    assert len(place.receiver.got) == 1


async def test_it_follows_what_moves_and_finds_what_moved_before(place: Place) -> None:
    await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    await place.office.vote(place.review, "dana")  # while nobody listened
    bell, stop = LocalBell(), asyncio.Event()
    running = asyncio.ensure_future(place.callbacks.run(bell.listen, stop))
    async with asyncio.timeout(10):
        while not place.receiver.got:
            await asyncio.sleep(0.01)
        held = await place.office.gate.ask(export(await place.office.agent("other")))
        assert isinstance(held, Held)
        await place.callbacks.register(held.review, URL)
        await place.callbacks.settled()
        await place.office.vote(held.review, "dana", Verdict.DENY)
        while len(place.receiver.got) < 2:
            bell.ring(held.review.id)
            await asyncio.sleep(0.01)
    stop.set()
    bell.close()
    await asyncio.wait_for(running, 10)


class Counting:
    """Documents that count who asks for one by its id."""

    def __init__(self, office: Office) -> None:
        self._records = office.store.records
        self.asked: list[str] = []
        self.counted = 0

    async def document(self, kind: DocumentKind, id_: str) -> Document | None:
        self.asked.append(id_)
        return await self._records.document(kind, id_)

    async def count_documents(self, kind: DocumentKind) -> int:
        self.counted += 1
        return await self._records.count_documents(kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


async def test_without_any_nobody_asks_the_store_at_a_move(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "INTERVAL", 0.02)
    documents = Counting(place.office)
    place.callbacks._documents = documents
    bell, stop = LocalBell(), asyncio.Event()
    running = asyncio.ensure_future(place.callbacks.run(bell.listen, stop))
    async with asyncio.timeout(10):
        while documents.counted < 2:
            await asyncio.sleep(0.01)
        bell.ring(place.review.id)
        while documents.counted < 10:
            await asyncio.sleep(0.01)
        assert documents.asked == []
        await place.another_node().register(place.review, URL)  # which this one hears of at its next look
        await place.office.vote(place.review, "dana", Verdict.DENY)
        while not place.receiver.got:
            bell.ring(place.review.id)
            await asyncio.sleep(0.01)
    stop.set()
    bell.close()
    await asyncio.wait_for(running, 10)


async def test_neither_address_nor_secret_lies_open(place: Place, tmp_path: Path) -> None:
    secret = await place.callbacks.register(place.review, URL)
    await place.callbacks.settled()
    stored = everything(tmp_path)
    assert b"canary-url" not in stored and secret.reveal().encode() not in stored


def everything(directory: Path) -> bytes:
    """What lies in the store's files."""
    return b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())
