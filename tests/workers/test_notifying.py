"""Who is told of a review and when: rules, reminders, quiet hours, rotas, and the way out when nobody is reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from tests.an_office import ACTORS, OFFICERS, OWNERS, POLICY, person
from tests.stores.a_store import HandClock
from tests.workers.a_courier import Post, a_post

from interlock.errors import DeliveryUnsure, DestinationGone, ServiceAway, UpstreamFailed
from interlock.identity.directory import Directory
from interlock.model.channel_settings import ChannelSettings, EmailSettings, NotifyRule, Quiet, Rota, SlackSettings
from interlock.model.channels import PEOPLE, Channel, Copy, Destination
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.review import Review, Verdict
from interlock.model.secret import Secret
from interlock.workers import notifying
from interlock.workers.copies import copy_id
from interlock.workers.notifying import AWAY, Notifying, people_channels, rules_of
from interlock.workers.rotas import OnCall, Rotas, quiet_until, turn

SLACK = SlackSettings("T01", Secret("xoxb"), None, Secret("s" * 32), "https://slack.test/api/")
EMAIL = EmailSettings("mail.acme.test", 465, "implicit", "interlock@acme.test")
ROOM = Destination(Channel.SLACK, "C01")
MAIL, CHAT = Destination(Channel.EMAIL, PEOPLE), Destination(Channel.SLACK, PEOPLE)
HOUR = timedelta(hours=1)
STAGED = POLICY.replace('@review("officers:1")', '@stages("officers:1 > owners:1")').replace("30m", "8h")
LONG = POLICY.replace("30m", "24h")


@dataclass
class Told:
    """A post office and who is told by it."""

    post: Post
    settings: ChannelSettings
    notifying: Notifying

    async def go(self) -> None:
        await self.notifying.look()
        await self.post.deliver()
        await self.notifying.look()
        await self.post.deliver()

    async def later(self, **by: float) -> None:
        self.post.office.clock.at += timedelta(**by)
        await self.go()

    async def moved(self, review: Review) -> None:
        await self.post.outbox.moved([review.id])
        await self.notifying.moved([review.id])
        await self.post.deliver()

    def sent(self, review: Review, *channels: Channel) -> set[str]:
        """Which destinations have a message, of all that tests name."""
        places = ["C01", "C02", *(f"person/{name}" for name in ("dana", "remy", "olivia"))]
        tos = [Destination(channel, place) for channel in channels or (Channel.SLACK,) for place in places]
        services = {each.channel: each.service for each in self.post.couriers}
        return {f"{to.channel}:{to.address}" for to in tos if services[to.channel].of(copy_id(review.id, to))}


@asynccontextmanager
async def told(
    directory: Path, *rules: NotifyRule, policy: str = LONG, rotas: Mapping[str, Rota] | None = None,
    pager: OnCall | None = None,
) -> AsyncIterator[Told]:  # fmt: skip
    settings = ChannelSettings(slack=SLACK, email=EMAIL, notify=rules, rotas=rotas or {})
    async with a_post(directory, Channel.SLACK, Channel.EMAIL, policy=policy) as post:
        yield again(post, settings, pager)


def again(post: Post, settings: ChannelSettings, pager: OnCall | None = None) -> Told:
    clock = post.office.clock
    notifying = Notifying(
        settings,
        {ConnectionName("clinic"): "production"},
        desk=post.office.desk,
        outbox=post.outbox,
        rotas=Rotas(settings.rotas, clock, pager),
        clock=clock,
        meters=post.meters,
    )
    return Told(post, settings, notifying)


async def test_without_rules_everybody_who_may_sign_is_told_at_once_by_every_channel(tmp_path: Path) -> None:
    async with told(tmp_path) as here:
        review = await here.post.held()  # olivia owns the agent, so she isn't asked
        await here.go()
        assert here.sent(review, Channel.SLACK, Channel.EMAIL) == {
            "slack:person/dana", "slack:person/remy", "email:person/dana", "email:person/remy",
        }  # fmt: skip
        assert people_channels(here.settings) == (Channel.SLACK, Channel.EMAIL)
    assert rules_of(ChannelSettings()) == ()


@pytest.mark.parametrize(
    ("groups", "environments", "matches"),
    [
        (set(), set(), True),
        ({"officers", "others"}, set(), True),
        ({"owners"}, set(), False),
        (set(), {"production"}, True),
        (set(), {"staging"}, False),
        ({"officers"}, {"staging"}, False),
    ],
)
async def test_a_rule_is_for_some_reviews(
    tmp_path: Path, groups: set[str], environments: set[str], matches: bool
) -> None:
    rule = NotifyRule("r", (ROOM,), frozenset(GroupName(each) for each in groups), frozenset(environments))
    async with told(tmp_path, rule) as here:
        review = await here.post.held()
        await here.go()
        assert here.sent(review) == ({"slack:C01"} if matches else set())


async def test_escalation_adds_people_and_changes_nothing_else(tmp_path: Path) -> None:
    rules = (NotifyRule("first", (ROOM,)), NotifyRule("later", (CHAT,), after=timedelta(minutes=15)))
    async with told(tmp_path, *rules) as here:
        review = await here.post.held()
        before = here.post.office.authority.opened(review.id)
        await here.go()
        await here.later(minutes=14)
        assert here.sent(review) == {"slack:C01"}
        await here.later(minutes=1)
        assert here.sent(review) == {"slack:C01", "slack:person/dana", "slack:person/remy"}
        assert here.post.office.authority.opened(review.id) == before
        assert (await here.post.office.desk.review(review.id)).requirements == review.requirements


async def test_who_is_to_sign_next_is_told_when_it_is_their_turn(tmp_path: Path) -> None:
    """Dana is an officer, Remy an owner, and owners sign behind officers."""
    people = [person("dana", OFFICERS), person("remy", OWNERS), person("olivia", OFFICERS, OWNERS)]
    async with told(tmp_path, NotifyRule("r", (CHAT,)), policy=STAGED) as first:
        post = first.post
        post.office = post.office.with_directory(Directory({each.id: each for each in people}, ACTORS))
        for courier in post.couriers:
            courier.desk = post.office.desk
        post.restart()
        here = again(post, first.settings)
        review = await post.held()
        await here.go()
        assert here.sent(review) == {"slack:person/dana"}
        await post.office.vote(review, "dana")
        await here.moved(review)
        assert here.sent(review) == {"slack:person/dana", "slack:person/remy"}


async def test_reminders_are_counted_and_end(tmp_path: Path) -> None:
    rule = NotifyRule("r", (ROOM,), remind=timedelta(minutes=10), reminders=3)
    async with told(tmp_path, rule) as here:
        review = await here.post.held()
        await here.go()
        for _ in range(8):
            await here.later(minutes=10)
        id_ = copy_id(review.id, ROOM)
        assert here.post.slack.service.reminders == [(id_, 1), (id_, 2), (id_, 3)]
        here.post.restart()
        restarted = again(here.post, here.settings)
        await restarted.go()
        await restarted.later(minutes=10)
        assert len(here.post.slack.service.reminders) == 3 and len(here.post.slack.service.told("send")) == 1


async def test_a_restart_sends_no_reminder_that_a_late_rule_never_owed(tmp_path: Path) -> None:
    quiet = Quiet(time(11), time(13))  # the office opens at noon
    rule = NotifyRule("r", (ROOM,), remind=timedelta(minutes=10), reminders=9, quiet=quiet)
    async with told(tmp_path, rule) as here:
        review = await here.post.held()
        await here.later(minutes=65)
        assert here.sent(review) == {"slack:C01"} and not here.post.slack.service.reminders
        here.post.restart()
        restarted = again(here.post, here.settings)
        await restarted.go()
        assert not here.post.slack.service.reminders
        await restarted.later(minutes=10)
        assert len(here.post.slack.service.reminders) == 1


async def test_nobody_is_reminded_who_has_signed(tmp_path: Path) -> None:
    rule = NotifyRule("r", (CHAT,), remind=timedelta(minutes=10), reminders=3)
    async with told(tmp_path, rule, policy=LONG.replace("officers:1", "officers:2")) as here:
        review = await here.post.held()
        await here.go()
        await here.post.office.vote(review, "dana")
        await here.moved(review)
        await here.later(minutes=10)
        remy = Destination(Channel.SLACK, "person/remy")
        assert here.post.slack.service.reminders == [(copy_id(review.id, remy), 1)]


async def test_quiet_hours_are_waited_for_unless_the_review_runs_out_before(tmp_path: Path) -> None:
    quiet = Quiet(time(22), time(7), ZoneInfo("Europe/Berlin"))
    async with told(tmp_path, NotifyRule("r", (ROOM,), quiet=quiet)) as here:
        here.post.office.clock.at = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
        waiting = await here.post.held()
        await here.go()
        await here.later(hours=7, minutes=59)
        assert here.sent(waiting) == set()
        await here.later(minutes=1)
        assert here.sent(waiting) == {"slack:C01"}
    (tmp_path / "short").mkdir()
    async with told(tmp_path / "short", NotifyRule("r", (ROOM,), quiet=quiet), policy=POLICY) as here:
        here.post.office.clock.at = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
        pressing = await here.post.held()
        await here.go()
        assert here.sent(pressing) == {"slack:C01"}


async def test_settled_reviews_are_told_of_to_nobody(tmp_path: Path) -> None:
    rules = (NotifyRule("later", (CHAT,), after=timedelta(minutes=15)),)
    async with told(tmp_path, *rules) as here:
        review = await here.post.held()
        await here.go()
        await here.post.office.vote(review, "dana", Verdict.DENY)
        await here.later(minutes=20)
        assert here.sent(review) == set()


# -- rotas ------------------------------------------------------------------------------------------------------------


@dataclass
class Pager:
    """What a pager says of every schedule, and how often it was asked."""

    says: frozenset[PersonId] | Exception | None
    asked: int = 0

    async def __call__(self, pager: str, schedule: str) -> frozenset[PersonId] | None:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


REMY, OLIVIA = PersonId("remy"), PersonId("olivia")


@pytest.mark.parametrize(
    ("says", "reached"),
    [
        (frozenset({REMY}), {"slack:person/remy"}),
        (frozenset({OLIVIA}), {"slack:person/dana", "slack:person/remy"}),  # on call, and may not sign
        (frozenset(), {"slack:person/dana", "slack:person/remy"}),
        (None, {"slack:person/dana", "slack:person/remy"}),
        (UpstreamFailed("no answer"), {"slack:person/dana", "slack:person/remy"}),
    ],
)
async def test_whoever_is_on_call_is_told_and_everybody_where_they_may_not_sign(
    tmp_path: Path, says: frozenset[PersonId] | Exception | None, reached: set[str]
) -> None:
    pager, rota = Pager(says), Rota("night", pager="pagerduty", schedule="P1")
    async with told(tmp_path, NotifyRule("r", (CHAT,), rota="night"), rotas={"night": rota}, pager=pager) as here:
        review, other = await here.post.held(), await here.post.held("COPY patients TO STDOUT -- 2")
        await here.go()
        assert here.sent(review) == here.sent(other) == reached
        assert pager.asked == 1, "an answer holds for a minute"


BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = Rota("w", (PersonId("a"), PersonId("b"), PersonId("c")), datetime(2026, 3, 16, 9, 0, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("local", "who"),
    [
        ("2026-03-16T08:59", None),
        ("2026-03-16T09:00", "a"),
        ("2026-03-23T08:59", "a"),
        ("2026-03-23T09:00", "b"),
        ("2026-03-30T08:59", "b"),  # the clocks went forward on the 29th
        ("2026-03-30T09:00", "c"),
        ("2026-04-06T09:00", "a"),
        ("2026-10-26T08:59", "b"),  # and back on 25 October
        ("2026-10-26T09:00", "c"),
    ],
)
def test_turns_are_handed_over_at_the_same_hour_all_year(local: str, who: str | None) -> None:
    assert turn(WEEKLY, datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)) == who


def test_no_turn_comes_back_in_the_hour_that_comes_twice() -> None:
    rota = Rota("h", WEEKLY.people, datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN), timedelta(days=1))
    begins = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    seen = [turn(rota, begins + timedelta(minutes=5 * n)) for n in range(60)]
    assert seen == sorted(seen, key=str) and set(seen) == {"a", "b"}


@pytest.mark.parametrize(
    ("begins", "ends", "now", "until"),
    [
        (time(22), time(7), "2026-06-01T21:59:59", None),
        (time(22), time(7), "2026-06-01T22:00", "2026-06-02T07:00"),
        (time(22), time(7), "2026-06-02T06:59:59", "2026-06-02T07:00"),
        (time(22), time(7), "2026-06-02T07:00", None),
        (time(12), time(13), "2026-06-02T12:30", "2026-06-02T13:00"),
        (time(12), time(13), "2026-06-02T13:00", None),
        (time(22), time(7), "2026-03-28T23:00", "2026-03-29T07:00"),
    ],
)
def test_quiet_hours_end(begins: time, ends: time, now: str, until: str | None) -> None:
    found = quiet_until(Quiet(begins, ends, BERLIN), datetime.fromisoformat(now).replace(tzinfo=BERLIN))
    expected = None if until is None else datetime.fromisoformat(until).replace(tzinfo=BERLIN).astimezone(UTC)
    assert found == expected


def test_quiet_hours_end_in_an_hour_that_comes_twice() -> None:
    quiet, begins = Quiet(time(22), time(2, 30), BERLIN), datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    for minutes in range(0, 480, 5):
        now = begins + timedelta(minutes=minutes)
        until = quiet_until(quiet, now)
        assert until is None or until > now
        assert (until is None) == (now >= datetime(2026, 10, 25, 1, 30, tzinfo=UTC) or _between(now))


def _between(now: datetime) -> bool:
    """After 02:30 of summer time, before the hour begins again."""
    return datetime(2026, 10, 25, 0, 30, tzinfo=UTC) <= now < datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


# -- when nobody is reached -------------------------------------------------------------------------------------------


def gone(what: str, copy: Copy) -> DestinationGone:
    return DestinationGone("nobody there")


async def test_when_every_destination_is_gone_other_channels_are_taken(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (ROOM,))) as here:
        here.post.slack.before = gone
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.SLACK, Channel.EMAIL) == {"email:person/dana", "email:person/remy"}
        assert await here.post.metric("interlock_reviews_fallback_total") == 1
        await here.later(minutes=10)
        assert await here.post.metric("interlock_reviews_fallback_total") == 1


async def test_when_no_person_has_an_account_others_are_taken_though_the_room_was_told(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (ROOM, CHAT))) as here:
        here.post.slack.before = lambda what, copy: None if copy.destination == ROOM else gone(what, copy)
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.SLACK, Channel.EMAIL) == {
            "slack:C01", "email:person/dana", "email:person/remy",
        }  # fmt: skip


async def test_when_some_are_reached_nothing_else_is_taken(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT,))) as here:
        here.post.slack.before = lambda what, copy: gone(what, copy) if "dana" in copy.destination.address else None
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.SLACK, Channel.EMAIL) == {"slack:person/remy"}


async def test_a_service_that_is_away_for_two_minutes_is_done_without(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT,))) as here:
        arrived = await here.post.held("COPY patients TO STDOUT -- before")
        await here.go()
        here.post.slack.before = lambda what, copy: ServiceAway("no answer")
        review = await here.post.held()
        await here.go()
        await here.later(seconds=AWAY.total_seconds() - 1)
        assert here.sent(review, Channel.EMAIL) == set()
        await here.later(seconds=61)
        assert here.sent(review, Channel.EMAIL) == {"email:person/dana", "email:person/remy"}
        assert here.sent(arrived, Channel.EMAIL) == set(), "what arrived before needs no other way"
        new = await here.post.held("COPY patients TO STDOUT -- meanwhile")
        await here.go()
        assert here.sent(new, Channel.EMAIL) == {"email:person/dana", "email:person/remy"}


async def test_that_nobody_could_be_told_is_counted_once(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT, MAIL))) as here:
        for courier in here.post.couriers:
            courier.before = gone
        await here.post.held()
        await here.go()
        await here.later(minutes=10)
        assert await here.post.metric("interlock_reviews_unreached_total") == 1
        assert await here.post.metric("interlock_reviews_fallback_total") == 0


async def test_a_place_with_nothing_to_tell_counts_neither_as_told_nor_as_failed(tmp_path: Path) -> None:
    other = Destination(Channel.SLACK, "C02")
    async with told(tmp_path, NotifyRule("first", (ROOM, other))) as here:
        here.post.slack.before = lambda what, copy: (
            DestinationGone("no ticket", code="nothing_to_tell") if copy.destination == ROOM else None
        )
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.SLACK, Channel.EMAIL) == {"slack:C02"}
        here.post.slack.before = gone
        second = await here.post.held("COPY patients TO STDOUT -- 2")
        here.post.slack.before = lambda what, copy: (
            DestinationGone("no ticket", code="nothing_to_tell") if copy.destination == ROOM else gone(what, copy)
        )
        await here.go()
        assert here.sent(second, Channel.EMAIL) == {"email:person/dana", "email:person/remy"}, "the other one is gone"


async def test_that_somebody_is_left_out_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "MOST_TOLD", 1)
    async with told(tmp_path, NotifyRule("first", (CHAT,))) as here:
        with capture_logs() as logged:
            review = await here.post.held()
            await here.go()
            await here.later(minutes=6)
        assert here.sent(review) == {"slack:person/dana"}
        (line,) = [each for each in logged if each["event"] == "notify.left_out"]
        assert (line["review"], line["channel"], line["told"], line["of"]) == (review.id, "slack", 1, 2)


async def test_it_runs_by_itself_and_stops(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (ROOM,))) as here:
        stop, listen = asyncio.Event(), here.post.office.desk.bell.listen
        running = asyncio.gather(
            here.notifying.run(listen, stop), here.post.outbox.run(listen, stop)  # type: ignore[arg-type]
        )  # fmt: skip
        review = await here.post.held()
        async with asyncio.timeout(20):
            while here.sent(review) != {"slack:C01"}:
                await asyncio.sleep(0.01)
            stop.set()
            await running


async def test_when_nobody_can_know_whether_anybody_was_reached_other_channels_are_taken(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT,))) as here:
        here.post.slack.before = lambda what, copy: DeliveryUnsure("the answer got lost")
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.EMAIL) == {"email:person/dana", "email:person/remy"}


async def test_who_links_an_account_while_a_review_waits_is_told_of_it(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT,))) as here:
        missing = DestinationGone("no account", code="not_linked")
        here.post.slack.before = lambda what, copy: missing if "dana" in copy.destination.address else None
        review = await here.post.held()
        await here.go()
        assert here.sent(review, Channel.SLACK) == {"slack:person/remy"}
        here.post.slack.before = lambda what, copy: None
        await here.later(minutes=5)
        assert here.sent(review, Channel.SLACK) == {"slack:person/dana", "slack:person/remy"}


async def test_a_clock_that_is_set_back_ends_no_looking(tmp_path: Path) -> None:
    async with told(tmp_path, NotifyRule("r", (CHAT,))) as here:
        missing = DestinationGone("no account", code="not_linked")
        here.post.slack.before = lambda what, copy: missing if "dana" in copy.destination.address else None
        review = await here.post.held()
        await here.go()
        here.post.slack.before = lambda what, copy: None
        await here.later(minutes=-50)
        await here.later(minutes=5)
        assert here.sent(review, Channel.SLACK) == {"slack:person/dana", "slack:person/remy"}


async def test_what_a_pager_said_holds_no_longer_after_the_clock_was_set_back() -> None:
    asked, clock = list[str](), HandClock()

    async def asks(pager: str, schedule: str) -> frozenset[PersonId]:
        asked.append(schedule)
        return frozenset()

    rotas = Rotas({"nights": Rota("nights", pager="pagerduty", schedule="S1")}, clock, asks)
    await rotas.on_call("nights")
    clock.at -= timedelta(minutes=50)
    await rotas.on_call("nights")
    clock.at += timedelta(minutes=1)
    await rotas.on_call("nights")
    assert asked == ["S1"] * 2
