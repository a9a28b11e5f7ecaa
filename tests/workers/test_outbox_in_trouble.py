"""The outbox in trouble: services of one channel apart, others' claims, clocks set back, and what may have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import TWO_OFFICERS
from tests.workers.a_courier import DANA, REMY, ROOM, MemoryCourier, Post, a_post

from interlock.errors import DeliveryUnsure, DestinationGone, MessageGone, ServiceAway
from interlock.model.channels import Channel, Copy
from interlock.model.names import ReviewId
from interlock.model.review import Verdict
from interlock.stores.bell import LocalBell
from interlock.workers.copies import copy_id
from interlock.workers.moves import follow
from interlock.workers.pacing import LONGEST_PAUSE


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(tmp_path, Channel.SLACK, policy=TWO_OFFICERS) as running:
        yield running


# -- what stops one thing and no other ---------------------------------------------------------------------------------


async def test_a_service_of_a_channel_that_is_away_stops_no_other_of_it(post: Post) -> None:
    post.slack.services = lambda copy: "rooms" if copy.destination == ROOM else "people"
    post.slack.before = lambda what, copy: ServiceAway("too many", seconds=3600.0) if copy.destination == ROOM else None
    review = await post.held()
    await post.outbox.want(review.id, ROOM)
    await post.deliver()
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    assert post.slack.service.told("send") == [copy_id(review.id, DANA)]
    post.office.clock.at += timedelta(minutes=9)
    room, dana = await post.outbox.standing(review.id, ROOM), await post.outbox.standing(review.id, DANA)
    assert room is not None and room.away == timedelta(minutes=9)
    assert dana is not None and not dana.away


async def test_what_was_in_variables_or_in_a_message_is_not_logged(
    post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    def before(what: str, copy: Copy) -> BaseException | None:
        token = "CANARY-4711"
        raise ValueError(f"no good: {token}")

    post.slack.before = before
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    said = "".join(capsys.readouterr())
    assert "CANARY" not in said and "outbox.mistake" in said and "ValueError" in said and "before:" in said


# -- claims of others --------------------------------------------------------------------------------------------------


async def test_a_claim_whose_lease_runs_is_left_alone(post: Post) -> None:
    review, reached, go_on = await post.held(), asyncio.Event(), asyncio.Event()

    async def send(copy: Copy) -> str:
        reached.set()
        await go_on.wait()
        return await MemoryCourier.send(post.slack, copy)

    post.slack.send = send  # type: ignore[method-assign]
    await post.outbox.want(review.id, DANA)
    first, sending = post.outbox, asyncio.ensure_future(post.outbox.deliver())
    await reached.wait()
    post.restart()
    await post.deliver()
    assert not post.slack.service.told("find")
    go_on.set()
    await sending
    await post.deliver()
    assert post.slack.service.told("send") == [copy_id(review.id, DANA)]
    await first.close()


async def test_a_claim_of_a_clock_that_was_set_back_is_not_waited_for(post: Post) -> None:
    review, reached, never = await post.held(), asyncio.Event(), asyncio.Event()

    async def send(copy: Copy) -> str:
        reached.set()
        await never.wait()
        return ""

    post.slack.send = send  # type: ignore[method-assign]
    await post.outbox.want(review.id, DANA)
    lost = asyncio.ensure_future(post.outbox.deliver())
    await reached.wait()
    await post.outbox.close()
    await lost
    del post.slack.send
    post.office.clock.at -= timedelta(hours=2)
    post.restart()
    await post.deliver()
    assert len(post.slack.service.messages) == 1


# -- a clock that is set back ------------------------------------------------------------------------------------------


async def test_a_clock_that_is_set_back_puts_off_nothing(post: Post) -> None:
    review, other = await post.held(), await post.held("COPY patients TO STDOUT -- 2")
    post.slack.before = lambda what, copy: ServiceAway("no answer")
    post.slack.pauses = lambda copy: 20.0 if copy.destination == REMY else 0.0
    await post.outbox.want(review.id, DANA)
    await post.outbox.want(other.id, REMY)
    await post.deliver()
    post.slack.before = lambda what, copy: None
    post.office.clock.at -= timedelta(minutes=50)
    await post.deliver()
    post.slack.pauses = lambda copy: 0.0
    for _ in range(3):
        post.office.clock.at += timedelta(seconds=10)
        await post.deliver()
    assert len(post.slack.service.messages) == 2


# -- after one that may have arrived -----------------------------------------------------------------------------------


class Mail(MemoryCourier):
    """A courier whose service can't be asked, and to whose messages others can be added, as with mail."""

    async def find(self, copy: Copy) -> str | None:
        raise DeliveryUnsure("nobody can be asked")

    async def update(self, copy: Copy) -> str:
        async with self._call("update", copy) as shows:
            if shows.startswith("pending"):
                return copy.handle
            self.service.messages["settled"] = (copy.id, shows)
            return "settled"


@pytest.fixture
async def mail(post: Post) -> Mail:
    mail = Mail(post.office.desk, before=lambda what, copy: DeliveryUnsure("lost") if what == "send" else None)
    post.couriers = [mail]
    post.restart()
    return mail


async def test_reminders_and_the_end_follow_one_that_may_have_arrived(post: Post, mail: Mail) -> None:
    review = await post.held()
    id_ = copy_id(review.id, DANA)
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    assert list(post.outbox.take_troubled()) == [review.id]
    for number in (1, 2):
        await post.outbox.remind(review.id, DANA, number)
        await post.deliver()
    assert mail.service.reminders == [(id_, 1), (id_, 2)]
    await post.office.vote(review, "dana", Verdict.DENY)
    await post.move(review)
    assert mail.service.of(id_) == ["denied 0"] and not mail.service.told("send") and await post.left() == 0


async def test_a_reminder_after_that_which_may_have_arrived_is_not_repeated_either(post: Post, mail: Mail) -> None:
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    mail.after = lambda what, copy: DeliveryUnsure("lost") if what == "remind" else None
    await post.outbox.remind(review.id, DANA, 1)
    await post.deliver()
    mail.before = mail.after = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert len(mail.service.reminders) == 1 and not mail.service.told("send")


async def test_a_message_that_was_never_known_is_not_sent_anew_as_if_deleted(post: Post, mail: Mail) -> None:
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    mail.before = lambda what, copy: MessageGone("no such message") if what == "update" else None
    await post.office.vote(review, "dana")
    await post.move(review)
    assert not mail.service.told("send") and await post.left() == 1


# -- people who link an account later ----------------------------------------------------------------------------------


async def test_who_links_an_account_later_is_told_then_and_operators_once(post: Post) -> None:
    review = await post.held()
    missing = DestinationGone("no account", code="not_linked")
    post.slack.before = lambda what, copy: missing
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    for _ in range(2):
        assert await post.outbox.again(review.id, DANA)
        await post.deliver()
    assert await post.metric('interlock_channel_deliveries_total{channel="slack",outcome="gone"}') == 1
    post.slack.before = lambda what, copy: None
    assert await post.outbox.again(review.id, DANA)
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["pending 0"]
    assert not await post.outbox.again(review.id, DANA)


# -- behind the desk ---------------------------------------------------------------------------------------------------


async def test_what_moves_while_others_are_let_pass_has_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a vote is answered first: nothing is read of a review in the moment after it moved."""
    bell, stop, heard = LocalBell(), asyncio.Event(), list[list[ReviewId]]()
    first, second = ReviewId("first"), ReviewId("second")
    slept = 0

    async def sleep(seconds: float) -> None:
        nonlocal slept
        if seconds and (slept := slept + 1) == 1:
            bell.ring(second)  # at the very end of the first one's moment
        await real(0.0)

    async def moved(reviews: Sequence[ReviewId]) -> None:
        heard.append(list(reviews))
        if len(heard) == 2:
            stop.set()

    async def missed() -> None:
        bell.ring(first)

    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)
    async with asyncio.timeout(10):
        await follow(bell.listen, stop, moved, missed)
    assert heard == [[first], [second]] and slept == 2
