"""The outbox: each copy is made as its review is, once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.an_office import TWO_OFFICERS
from tests.stores.a_store import write_raw
from tests.workers.a_courier import DANA, HOOK, OTHER_HOOK, REMY, ROOM, MemoryCourier, Post, a_post

from interlock.errors import (
    DeliveryUnsure,
    DestinationGone,
    LedgerUnavailable,
    MessageGone,
    ServiceAway,
    UpstreamFailed,
)
from interlock.model.channels import Channel, Copy
from interlock.model.review import Review, ReviewState, Verdict
from interlock.workers import attempts
from interlock.workers.copies import MOST_ANEW, Problem, Record, Step, copy_id, next_step
from interlock.workers.outbox import Standing
from interlock.workers.pacing import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_PROBE, Circuits, retry_pause


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with a_post(tmp_path, Channel.SLACK, Channel.WEBHOOK, policy=TWO_OFFICERS) as running:
        yield running


async def sent(post: Post) -> Review:
    """A review whose copy is in dana's hands."""
    review = await post.held()
    assert await post.outbox.want(review.id, DANA)
    await post.deliver()
    return review


async def test_a_copy_is_sent_once_and_follows_the_review_to_its_end(post: Post) -> None:
    review, service = await sent(post), post.slack.service
    id_ = copy_id(review.id, DANA)
    assert not await post.outbox.want(review.id, DANA)
    await post.deliver()
    assert service.calls == [("send", id_, "pending 0")]
    await post.office.vote(review, "dana")
    await post.move(review)
    assert service.calls[1:] == [("update", id_, "pending 1")]
    await post.office.vote(review, "remy", Verdict.DENY)
    await post.move(review)
    assert service.of(id_) == ["denied 0"]
    assert service.told("update") == [id_] * 2
    assert await post.left() == 0, "what shows the end is done with"


async def test_moves_that_come_fast_are_told_once_as_they_ended(post: Post) -> None:
    review = await sent(post)
    await post.office.vote(review, "dana")
    await post.office.vote(review, "remy")
    await post.move(review)
    assert post.slack.service.calls[1:] == [("update", copy_id(review.id, DANA), "approved 2")]
    assert await post.left() == 1, "an approval moves on"


async def test_nothing_is_sent_of_a_review_that_was_settled_before(post: Post) -> None:
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    await post.office.vote(review, "dana", Verdict.DENY)
    await post.deliver()
    assert not post.slack.service.calls and await post.left() == 0


async def test_a_move_that_nobody_heard_is_found_at_the_next_start(post: Post) -> None:
    review = await sent(post)
    await post.office.vote(review, "dana")
    post.restart()
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["pending 1"]


async def test_a_move_during_an_attempt_is_not_lost(post: Post) -> None:
    review = await sent(post)
    asked = asyncio.Event()
    go_on = asyncio.Event()

    async def update(copy: Copy) -> str:
        shown = await MemoryCourier.update(post.slack, copy)
        asked.set()
        await go_on.wait()
        return shown

    post.slack.update = update  # type: ignore[method-assign]
    await post.office.vote(review, "dana")
    moving = asyncio.ensure_future(post.move(review))
    await asked.wait()
    await post.office.vote(review, "remy", Verdict.DENY)
    await post.outbox.moved([review.id])
    go_on.set()
    await moving
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["denied 0"] and await post.left() == 0


# -- killed at every point -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [True, False], ids=["after it was posted", "before it was posted"])
@pytest.mark.parametrize("moves", [True, False], ids=["settled meanwhile", "still pending"])
async def test_killed_while_sending_nothing_is_posted_twice(post: Post, effect: bool, moves: bool) -> None:
    review = await post.held()
    reached, never = asyncio.Event(), asyncio.Event()

    async def send(copy: Copy) -> str:
        handle = await MemoryCourier.send(post.slack, copy) if effect else ""
        reached.set()
        await never.wait()
        return handle

    post.slack.send = send  # type: ignore[method-assign]
    await post.outbox.want(review.id, DANA)
    lost = asyncio.ensure_future(post.outbox.deliver())
    await reached.wait()
    await post.outbox.close()  # between the claim and the outcome
    await lost
    del post.slack.send
    if moves:
        await post.office.vote(review, "dana", Verdict.DENY)
    post.office.clock.at += timedelta(milliseconds=1)
    post.restart()
    await post.deliver()
    service, id_ = post.slack.service, copy_id(review.id, DANA)
    assert service.told("find") == [id_]
    assert service.of(id_) == ([f"{'denied' if moves else 'pending'} 0"] if effect or not moves else [])
    assert len(service.told("send")) == (0 if moves and not effect else 1)
    assert await post.left() == (0 if moves else 1)


async def test_killed_while_changing_it_is_changed_again(post: Post) -> None:
    review = await sent(post)
    reached, never = asyncio.Event(), asyncio.Event()

    async def update(copy: Copy) -> str:
        reached.set()
        await never.wait()
        return copy.handle

    post.slack.update = update  # type: ignore[method-assign]
    await post.office.vote(review, "dana")
    lost = asyncio.ensure_future(post.move(review))
    await reached.wait()
    await post.outbox.close()
    lost.cancel()
    del post.slack.update
    post.office.clock.at += timedelta(milliseconds=1)
    post.restart()
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["pending 1"]


async def test_an_outcome_that_cannot_be_written_is_looked_for(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    commit, calls = post.office.store.commit, 0

    def failing(unit: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:  # the claim is written, the outcome isn't
            raise LedgerUnavailable("the disk is full")
        return commit(unit)  # type: ignore[arg-type]

    monkeypatch.setattr(post.office.store, "commit", failing)
    await post.deliver()
    assert post.slack.service.told("send") and not post.slack.service.told("find")
    post.office.clock.at += attempts.LEASE
    post.restart()
    await post.deliver()
    assert [what for what, *_ in post.slack.service.calls] == ["send", "find", "update"]
    assert await post.left() == 1


# -- what services do -------------------------------------------------------------------------------------------------


async def test_a_service_that_is_away_is_tried_by_one_copy_and_delays_no_other(post: Post) -> None:
    reviews = [await post.held(f"COPY patients TO STDOUT -- {n}") for n in range(5)]
    post.slack.before = lambda what, copy: ServiceAway("no answer")
    for review in reviews:
        await post.outbox.want(review.id, DANA)
        await post.outbox.want(review.id, HOOK)
    await post.deliver()
    hooks = post.couriers[1].service
    assert len(hooks.told("send")) == 5 and not post.slack.service.calls
    assert await post.metric('interlock_channel_queued{channel="slack"}') == 5
    failed = 'interlock_channel_deliveries_total{channel="slack",outcome="failed"}'
    so_far = await post.metric(failed)
    for _ in range(10):
        post.office.clock.at += LONGEST_PROBE
        await post.deliver()
    assert await post.metric(failed) == so_far + 10, "one at a time tries whether it is back"
    assert await post.metric('interlock_channel_away_seconds{channel="slack"}') == 600
    assert await post.metric('interlock_channel_lag_seconds{channel="slack"}') >= 0
    post.slack.before = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert sorted(post.slack.service.told("send")) == sorted(copy_id(each.id, DANA) for each in reviews)
    assert await post.metric('interlock_channel_away_seconds{channel="slack"}') == 0
    assert await post.metric('interlock_channel_queued{channel="slack"}') == 0


async def test_a_service_whose_answers_get_lost_is_away(post: Post) -> None:
    review = await post.held()
    post.slack.before = lambda what, copy: UpstreamFailed("status 500", code="answer_lost")
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    post.office.clock.at += LONGEST_PROBE
    await post.deliver()
    assert post.outbox.away(Channel.SLACK) == LONGEST_PROBE
    post.slack.before = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert post.outbox.away(Channel.SLACK) == timedelta(0)
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["pending 0"]


async def test_one_receiver_that_hangs_delays_no_other(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ATTEMPT_SECONDS", 0.05)
    hooks = post.couriers[1]
    hooks.hang = lambda what, copy: copy.destination == HOOK
    review = await post.held()
    await post.outbox.want(review.id, HOOK)
    await post.outbox.want(review.id, OTHER_HOOK)
    await post.deliver()
    assert hooks.service.told("send") == [copy_id(review.id, OTHER_HOOK)]
    standing = await post.outbox.standing(review.id, HOOK)
    assert standing is not None and not standing.delivered
    hooks.hang = lambda what, copy: False
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert hooks.service.told("find") == [copy_id(review.id, HOOK)], "nobody knows what became of the first"
    assert len(hooks.service.of(copy_id(review.id, HOOK))) == 1


async def test_what_a_service_asks_us_to_wait_is_waited(post: Post) -> None:
    review = await post.held()
    post.slack.before = lambda what, copy: ServiceAway("too many", seconds=90.0)
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    post.slack.before = lambda what, copy: None
    post.office.clock.at += timedelta(seconds=89)
    await post.deliver()
    assert not post.slack.service.calls
    post.office.clock.at += timedelta(seconds=1)
    await post.deliver()
    assert post.slack.service.told("send")


async def test_a_destination_that_is_gone_is_told_of_and_never_tried_again(post: Post) -> None:
    review = await post.held()
    post.slack.before = lambda what, copy: (
        DestinationGone("the channel is archived") if copy.destination == ROOM else None
    )
    await post.outbox.want(review.id, ROOM)
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    post.slack.before = lambda what, copy: None
    await post.office.vote(review, "dana")
    post.office.clock.at += timedelta(minutes=5)
    await post.move(review)
    assert copy_id(review.id, ROOM) not in [copy for _, copy, _ in post.slack.service.calls]
    assert await post.outbox.standing(review.id, ROOM) == Standing(False, Problem.GONE, timedelta(0))
    assert list(post.outbox.take_troubled()) == [review.id]
    assert await post.metric('interlock_channel_deliveries_total{channel="slack",outcome="gone"}') == 1
    post.restart()
    await post.deliver()
    assert list(post.outbox.take_troubled()) == [review.id], "a restart tells of it again"
    await post.office.vote(review, "remy", Verdict.DENY)
    await post.move(review)
    assert await post.left() == 0


async def test_one_recipient_that_is_put_off_keeps_no_other_waiting(post: Post) -> None:
    reviews = [await post.held(f"COPY patients TO STDOUT -- {n}") for n in range(3)]
    post.slack.before = lambda what, copy: (
        ServiceAway("try later", seconds=90.0, whole=False) if copy.destination == REMY else None
    )
    for review in reviews:
        await post.outbox.want(review.id, REMY)
        await post.outbox.want(review.id, DANA)
    await post.deliver()
    assert sorted(post.slack.service.told("send")) == sorted(copy_id(each.id, DANA) for each in reviews)
    assert await post.metric('interlock_channel_away_seconds{channel="slack"}') == 0
    post.slack.before = lambda what, copy: None
    post.office.clock.at += timedelta(seconds=89)
    await post.deliver()
    assert len(post.slack.service.told("send")) == 3
    post.office.clock.at += timedelta(seconds=5)
    await post.deliver()
    assert len(post.slack.service.told("send")) == 6


async def test_where_there_is_nothing_to_tell_nobody_is_alarmed(post: Post) -> None:
    review = await post.held()
    post.slack.before = lambda what, copy: DestinationGone("no ticket", code="nothing_to_tell")
    await post.outbox.want(review.id, ROOM)
    with capture_logs() as logged:
        await post.deliver()
        post.restart()
        await post.deliver()
        post.slack.before = lambda what, copy: None
        await post.office.vote(review, "dana")
        await post.move(review)
    assert not post.slack.service.calls and not list(post.outbox.take_troubled())
    assert [each for each in logged if each["log_level"] != "info"] == []
    assert await post.metric('interlock_channel_deliveries_total{channel="slack",outcome="gone"}') == 0
    assert await post.outbox.standing(review.id, ROOM) == Standing(False, Problem.NOTHING, timedelta(0))
    assert await post.left() == 1
    await post.office.vote(review, "remy", Verdict.DENY)
    await post.move(review)
    assert await post.left() == 0


SPOILT = [
    "sealed = x'00'",
    "sealed = zeroblob(200)",
    "sealed = 'text'",
    "version = 'none'",
    "at = 'yesterday'",
    "due_at = ''",
    "id = x'ff00'",
    "id = CAST(x'3078ff' AS TEXT)",
]


@pytest.mark.parametrize("written", SPOILT)
@pytest.mark.parametrize("due", [True, False], ids=["due", "at rest"])
async def test_what_somebody_wrote_into_the_store_stops_no_other_copy(
    post: Post, tmp_path: Path, written: str, due: bool
) -> None:
    first, other = await post.held(), await post.held("COPY patients TO STDOUT -- 2")
    await post.outbox.want(first.id, DANA)
    await post.outbox.want(other.id, REMY)
    if not due:
        await post.deliver()
    store = tmp_path / "interlock.db"
    write_raw(store, f"UPDATE il_document SET {written} WHERE id = '{copy_id(first.id, DANA)}'")
    with capture_logs() as logged:
        for _ in range(3):
            await post.outbox.look_at_all()
            post.office.clock.at += timedelta(seconds=10)
            await post.deliver()
        await post.office.vote(other, "dana")
        await post.move(other)
        await post.move(first)
    assert post.slack.service.of(copy_id(other.id, REMY)) == ["pending 1"]
    assert [each["event"] for each in logged if each["log_level"] == "critical"] == ["integrity.alarm"]
    assert not [each for each in logged if each["event"] == "outbox.failed"]
    if "x'00'" in written or "zeroblob" in written:
        assert await post.metric('interlock_channel_deliveries_total{channel="slack",outcome="spoilt"}') == 1
        assert await post.outbox.standing(first.id, DANA) == Standing(False, Problem.GONE, timedelta(0))
        await post.outbox.remind(first.id, DANA, 1)


async def test_a_message_that_was_deleted_is_sent_anew_but_not_for_ever(post: Post) -> None:
    review = await sent(post)
    service, id_ = post.slack.service, copy_id(review.id, DANA)
    service.messages.clear()
    await post.office.vote(review, "dana")
    await post.move(review)
    assert service.of(id_) == ["pending 1"] and len(service.told("send")) == 2
    post.slack.before = lambda what, copy: MessageGone("deleted") if what == "remind" else None
    for number in range(1, 10):
        await post.outbox.remind(review.id, DANA, number)
        await post.deliver()
    assert len(service.told("send")) == 1 + MOST_ANEW
    standing = await post.outbox.standing(review.id, DANA)
    assert standing is not None and standing.problem is Problem.GONE


async def test_a_message_deleted_after_the_end_stays_deleted(post: Post) -> None:
    review = await sent(post)
    post.slack.service.messages.clear()
    await post.office.vote(review, "dana", Verdict.DENY)
    await post.move(review)
    assert not post.slack.service.messages and await post.left() == 0


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_may_have_arrived_is_not_repeated(post: Post, arrived: bool) -> None:
    review = await post.held()
    unsure = DeliveryUnsure("the answer got lost")
    post.slack.after = lambda what, copy: unsure if what == "send" and arrived else None
    post.slack.before = lambda what, copy: unsure if what == "send" and not arrived else None
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    service, id_ = post.slack.service, copy_id(review.id, DANA)
    assert service.told("send") == ([id_] if arrived else []) and not service.told("find")
    assert await post.metric('interlock_channel_deliveries_total{channel="slack",outcome="unsure"}') == 1
    post.slack.before = post.slack.after = lambda what, copy: None
    await post.office.vote(review, "dana")
    await post.move(review)
    assert service.of(id_) == ["pending 1"] and len(service.told("send")) == 1


async def test_where_nobody_can_know_it_stays_as_it_is(post: Post) -> None:
    review = await post.held()
    post.slack.before = lambda what, copy: DeliveryUnsure("no way to ask")
    await post.outbox.want(review.id, DANA)
    await post.deliver()
    await post.office.vote(review, "dana")
    await post.move(review)
    await post.office.vote(review, "remy", Verdict.DENY)
    await post.move(review)
    assert not post.slack.service.calls and await post.left() == 0


async def test_a_mistake_in_one_courier_ends_nothing(post: Post) -> None:
    review, other = await post.held(), await post.held("COPY patients TO STDOUT -- 2")
    post.slack.before = lambda what, copy: ValueError("boom") if copy.review == review.id else None
    await post.outbox.want(review.id, DANA)
    await post.outbox.want(other.id, DANA)
    await post.deliver()
    assert post.slack.service.told("send") == [copy_id(other.id, DANA)]
    post.slack.before = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["pending 0"]


async def test_the_services_limits_hold_for_one_destination_alone(post: Post) -> None:
    review = await post.held()
    post.slack.pauses = lambda copy: 30.0 if copy.destination == ROOM else 0.0
    for to in (ROOM, DANA, REMY):
        await post.outbox.want(review.id, to)
    await post.deliver()
    assert sorted(post.slack.service.told("send")) == sorted(copy_id(review.id, to) for to in (DANA, REMY))
    post.slack.pauses = lambda copy: 0.0
    post.office.clock.at += timedelta(seconds=30)
    await post.deliver()
    assert copy_id(review.id, ROOM) in post.slack.service.told("send")


# -- reminders --------------------------------------------------------------------------------------------------------


async def test_what_waits_for_the_limits_and_moves_again_keeps_its_turn(post: Post) -> None:
    review = await sent(post)
    post.slack.pauses = lambda copy: 1.0
    await post.office.vote(review, "dana")
    await post.move(review)
    await post.office.vote(review, "remy")
    await post.move(review)
    post.slack.pauses = lambda copy: 0.0
    post.office.clock.at += timedelta(seconds=1)
    await post.deliver()
    assert post.slack.service.of(copy_id(review.id, DANA)) == ["approved 2"]


async def test_reminders_are_sent_once_each_and_missed_ones_as_one(post: Post) -> None:
    review = await sent(post)
    for number in (1, 1, 4, 2):
        await post.outbox.remind(review.id, DANA, number)
        await post.deliver()
    assert post.slack.service.reminders == [(copy_id(review.id, DANA), 1), (copy_id(review.id, DANA), 4)]


async def test_a_first_message_is_no_reminder_besides(post: Post) -> None:
    review = await post.held()
    await post.outbox.want(review.id, DANA, 2)
    await post.outbox.remind(review.id, DANA, 2)
    await post.deliver()
    assert not post.slack.service.reminders and len(post.slack.service.calls) == 1


async def test_a_reminder_that_may_have_been_sent_is_not_sent_again(post: Post) -> None:
    review = await sent(post)
    post.slack.after = lambda what, copy: DeliveryUnsure("the answer got lost") if what == "remind" else None
    await post.outbox.remind(review.id, DANA, 1)
    await post.deliver()
    post.slack.after = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert len(post.slack.service.reminders) == 1
    post.slack.before = lambda what, copy: ServiceAway("no answer") if what == "remind" else None
    await post.outbox.remind(review.id, DANA, 2)
    await post.deliver()
    post.slack.before = lambda what, copy: None
    post.office.clock.at += LONGEST_PAUSE
    await post.deliver()
    assert [number for _, number in post.slack.service.reminders] == [1, 2], "nothing had been delivered"


# -- running, and many ------------------------------------------------------------------------------------------------


async def test_it_runs_by_itself_and_stops(post: Post) -> None:
    stop = asyncio.Event()
    running = asyncio.ensure_future(post.outbox.run(post.office.desk.bell.listen, stop))  # type: ignore[arg-type]
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    id_ = copy_id(review.id, DANA)
    async with asyncio.timeout(20):
        while post.slack.service.of(id_) != ["pending 0"]:
            await asyncio.sleep(0.01)
        await post.office.vote(review, "dana")
        while post.slack.service.of(id_) != ["pending 1"]:
            await asyncio.sleep(0.01)
        stop.set()
        await running


async def test_what_is_under_way_when_it_stops_is_brought_to_its_end(post: Post) -> None:
    reached, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def send(copy: Copy) -> str:
        reached.set()
        await go_on.wait()
        return await MemoryCourier.send(post.slack, copy)

    post.slack.send = send  # type: ignore[method-assign]
    post.slack.pauses = lambda copy: 0.2 if copy.destination == ROOM else 0.0  # which waits for the service's limits
    running = asyncio.ensure_future(post.outbox.run(post.office.desk.bell.listen, stop))  # type: ignore[arg-type]
    review = await post.held()
    await post.outbox.want(review.id, DANA)
    await post.outbox.want(review.id, ROOM)
    async with asyncio.timeout(20):
        await reached.wait()
        stop.set()
        go_on.set()
        await running
    post.slack.pauses = lambda copy: 0.0
    post.restart()
    await post.deliver()
    assert not post.slack.service.told("find")
    assert sorted(post.slack.service.told("send")) == sorted(copy_id(review.id, to) for to in (DANA, ROOM))


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_many_are_drained_with_few_under_way(post: Post, count: int) -> None:
    review = await post.held()
    everyone = [replace(DANA, address=f"person/p{n}") for n in range(count)]
    for first in range(0, count, 100):
        await asyncio.gather(*(post.outbox.want(review.id, to) for to in everyone[first : first + 100]))
    before = len(asyncio.all_tasks())
    most = 0

    def counted(copy: Copy) -> float:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()) - before)
        return 0.0

    post.slack.pauses = counted
    while await post.metric('interlock_channel_queued{channel="slack"}'):
        await post.outbox.deliver()
    sends = post.slack.service.told("send")
    assert len(sends) == len(set(sends)) == count
    assert post.slack.most_under_way <= 32 and most <= 40


# -- the pure parts ---------------------------------------------------------------------------------------------------

S, NEW = ReviewState, Record("slack", "C01", "2026-01-01T00:00:00+00:00")
OUT = replace(NEW, handle="m1", shown="now")


@pytest.mark.parametrize(
    ("record", "state", "step"),
    [
        (NEW, S.PENDING, Step.SEND),
        (NEW, S.APPROVED, Step.DROP),
        (NEW, S.DENIED, Step.DROP),
        (replace(NEW, sending=True), S.PENDING, Step.FIND),
        (replace(NEW, sending=True), S.DENIED, Step.FIND),
        (OUT, S.PENDING, Step.REST),
        (OUT, S.RELEASED, Step.REST),
        (OUT, S.SUCCEEDED, Step.DROP),
        (replace(OUT, shown="before"), S.PENDING, Step.UPDATE),
        (replace(OUT, shown="before"), S.EXPIRED, Step.UPDATE),
        (replace(OUT, asked=2, reminders=1), S.PENDING, Step.REMIND),
        (replace(OUT, asked=2, reminders=1), S.APPROVED, Step.REST),
        (replace(NEW, problem="gone"), S.PENDING, Step.REST),
        (replace(NEW, problem="gone"), S.EXPIRED, Step.DROP),
        (replace(NEW, problem="unsure", shown="now"), S.PENDING, Step.REST),
        (replace(NEW, problem="unsure", shown="before"), S.PENDING, Step.FIND),
        (replace(NEW, problem="unsure", shown="now"), S.DENIED, Step.DROP),
    ],
)
def test_what_is_next(record: Record, state: ReviewState, step: Step) -> None:
    assert next_step(record, state, "now") is step


def test_pauses_grow_to_their_bound(post: Post) -> None:
    pauses = [retry_pause(n) for n in range(1, 40)]
    assert pauses[0] == FIRST_PAUSE and pauses[-1] == LONGEST_PAUSE and pauses == sorted(pauses)
    now, circuits = post.office.clock.now(), Circuits()
    for _ in range(3):
        circuits.failed("", None, now)
    assert circuits.wait("", now) == FIRST_PAUSE.total_seconds(), "those that fail together count once"
    later = now + FIRST_PAUSE
    assert circuits.wait("", later) == 0
    circuits.begin("")
    assert circuits.wait("", later) > 0, "one at a time tries"
    circuits.failed("", None, later)
    assert circuits.wait("", later) == 2 * FIRST_PAUSE.total_seconds()
    assert circuits.away("", later) == FIRST_PAUSE and circuits.wait("other", later) == 0
    circuits.answered("")
    assert circuits.wait("", later) == 0 and circuits.away("", later) is None
