"""Who is told of a review, and when: applies `[notify]`, and finds another way where that one doesn't lead to anybody.

It only ever adds people who are told. Who has to sign, and how many, is no business of this file: it reads that from
the desk and changes nothing. Nothing is kept besides the copies themselves: after a restart every pending review is
planned anew, and what is out there already isn't asked for again.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from interlock.desk import Desk
from interlock.errors import InterlockError
from interlock.ledger.authorised import Opened
from interlock.model.channel_settings import ChannelSettings, NotifyRule
from interlock.model.channels import PEOPLE, Channel, Destination
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ConnectionName, PersonId, ReviewId
from interlock.ports import Clock
from interlock.review.matching import named
from interlock.workers.adopter import Moves
from interlock.workers.copies import Problem
from interlock.workers.meters import Meters
from interlock.workers.moves import follow
from interlock.workers.outbox import Outbox, Standing
from interlock.workers.people_asked import PeopleAsked
from interlock.workers.rotas import Rotas, quiet_until

INTERVAL: Final = 5.0  # seconds between looks
AGAIN: Final = timedelta(minutes=5)  # people, groups and turns change without the review's moving
AWAY: Final = timedelta(minutes=2)  # a service that is away for so long is done without
MOST_TOLD: Final = 500  # people told of one review in one channel
PERSON: Final = "person/"

log = structlog.get_logger()


@dataclass(slots=True)
class _Plan:
    """What was asked for about one pending review. `told`: each destination with the reminders asked for there.
    `unlinked`: those of people without a linked account there."""

    at: datetime
    told: dict[Destination, int] = field(default_factory=dict)
    fallen: set[Channel] = field(default_factory=set)
    left_out: set[Channel] = field(default_factory=set)
    unlinked: set[Destination] = field(default_factory=set)
    unreached: bool = False


def people_channels(settings: ChannelSettings) -> tuple[Channel, ...]:
    """The channels that are set up for telling people themselves."""
    there = {Channel.SLACK: settings.slack, Channel.TEAMS: settings.teams, Channel.EMAIL: settings.email}
    return tuple(channel for channel, found in there.items() if found is not None)


def rules_of(settings: ChannelSettings) -> tuple[NotifyRule, ...]:
    """The rules; without any, everybody who may sign is told at once by every channel that is set up for people."""
    if settings.notify or not (channels := people_channels(settings)):
        return settings.notify
    return (NotifyRule("", tuple(Destination(channel, PEOPLE) for channel in channels)),)


class Notifying:
    """Asks the outbox for copies and reminders as they fall due."""

    def __init__(
        self,
        settings: ChannelSettings,
        environments: Mapping[ConnectionName, str],
        *,
        desk: Desk,
        outbox: Outbox,
        rotas: Rotas,
        clock: Clock,
        meters: Meters,
    ) -> None:
        """`environments` of the connections, those of `[access]` among them."""
        self._rules, self._channels = rules_of(settings), people_channels(settings)
        self._environments, self._desk, self._outbox = environments, desk, outbox
        self._rotas, self._clock, self._meters = rotas, clock, meters
        self._people = PeopleAsked(desk)
        self._plans: dict[ReviewId, _Plan] = {}
        self._due: list[tuple[datetime, ReviewId]] = []
        self._checked: dict[Channel, set[ReviewId]] = {}
        self._turn = asyncio.Lock()
        self._seen = clock.now()

    # -- running ------------------------------------------------------------------------------------------------------

    async def run(self, listen: Callable[[], Moves], stop: asyncio.Event) -> None:
        """Plans until `stop`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(follow(listen, stop, self.moved, self.look))
            group.create_task(self._keep_looking(stop))

    async def _keep_looking(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), INTERVAL)
            except TimeoutError:
                try:
                    await self.look()
                except InterlockError as error:
                    log.warning("notify.failed", code=error.code)
                except Exception as error:  # a mistake of ours in one place may not end the gateway
                    log.error("notify.mistake", kind=type(error).__name__, at=place_of_mistake(error))

    async def moved(self, reviews: Iterable[ReviewId]) -> None:
        """These may have moved: others may have to sign now."""
        async with self._turn:
            self._people.forget()
            for review in reviews:
                await self._plan(review)

    async def look(self) -> None:
        """Does what is due by now, of all reviews."""
        async with self._turn:
            self._people.forget()
            pending = [opened.review for opened, _ in self._desk.authority.pending()]
            for review in pending:
                if review not in self._plans:
                    await self._plan(review)
            now = self._clock.now()
            if now < self._seen:  # what was planned by a clock that was set back would come too late
                for review in pending:
                    await self._plan(review)
            self._seen = now
            while self._due and self._due[0][0] <= now:
                at, review = heapq.heappop(self._due)
                plan = self._plans.get(review)
                if plan is not None and plan.at == at:
                    await self._plan(review)
            await self._look_at_failures()

    # -- one review ---------------------------------------------------------------------------------------------------

    async def _plan(self, review: ReviewId) -> None:
        """Asks for what is due of one review, and notes when to look at it again."""
        opened, now = self._people.opened(review), self._clock.now()
        if opened is None:
            self._plans.pop(review, None)
            return
        plan = self._plans.setdefault(review, _Plan(now))
        plan.at = now + timedelta(seconds=INTERVAL)  # should anything fail
        try:
            await self._try_unlinked(review, plan)
            moments = [await self._apply(rule, opened, plan, now) for rule in self._matching(opened)]
            plan.at = min([now + AGAIN, *(moment for moment in moments if moment is not None)])
        finally:
            heapq.heappush(self._due, (plan.at, review))

    async def _try_unlinked(self, review: ReviewId, plan: _Plan) -> None:
        """People link accounts while reviews wait: they are told then."""
        for to in tuple(plan.unlinked):
            if not await self._outbox.again(review, to):
                plan.unlinked.discard(to)

    def _matching(self, opened: Opened) -> Sequence[NotifyRule]:
        asked, environment = named(opened.requirements), self._environments.get(opened.connection, "")
        return [
            rule
            for rule in self._rules
            if (not rule.groups or rule.groups & asked) and (not rule.environments or environment in rule.environments)
        ]

    async def _apply(self, rule: NotifyRule, opened: Opened, plan: _Plan, now: datetime) -> datetime | None:
        """Does what a rule asks for by now; gives when it asks for more."""
        begins = opened.at + rule.after
        if begins > now:
            return begins
        quiet = quiet_until(rule.quiet, now)
        if quiet is not None and quiet < opened.expires_at:
            return quiet
        number = min((now - begins) // rule.remind, rule.reminders) if rule.remind is not None else 0
        for destination in await self._destinations(rule, opened, plan):
            await self._tell(opened.review, destination, plan, number)
        more = rule.remind is not None and number < rule.reminders
        return begins + (number + 1) * rule.remind if more and rule.remind is not None else None

    async def _tell(self, review: ReviewId, destination: Destination, plan: _Plan, number: int) -> None:
        asked = plan.told.get(destination)
        if asked is None:
            new = await self._outbox.want(review, destination, number)
            plan.told[destination] = asked = number if new else 0
        if number > asked:
            await self._outbox.remind(review, destination, number)
            plan.told[destination] = number

    async def _destinations(self, rule: NotifyRule, opened: Opened, plan: _Plan) -> Sequence[Destination]:
        found: dict[Destination, None] = {}
        for to in rule.to:
            if to.address != PEOPLE:
                found[to] = None
                continue
            people = self._people.of(opened)
            on_call = await self._rotas.on_call(rule.rota) if rule.rota else None
            told = people & (on_call or frozenset()) or people
            _tell_left_out(opened.review, to.channel, plan, len(told))
            found |= dict.fromkeys(_each(to.channel, told))
        return tuple(found)

    # -- where the rules' own ways fail -------------------------------------------------------------------------------

    async def _look_at_failures(self) -> None:
        for review in self._outbox.take_troubled():
            await self._fall_back(review)
        for channel in self._outbox.channels:
            if self._outbox.away(channel) < AWAY:
                self._checked.pop(channel, None)
                continue
            checked = self._checked.setdefault(channel, set())
            checked &= self._plans.keys()
            for review, plan in tuple(self._plans.items()):
                concerned = review not in checked and any(to.channel is channel for to in plan.told)
                if concerned and await self._fall_back(review):
                    checked.add(review)

    async def _fall_back(self, review: ReviewId) -> bool:
        """Tells people by other channels where the planned ones don't lead to anybody; False where a copy neither
        arrived nor failed yet."""
        plan, opened = self._plans.get(review), self._people.opened(review)
        if plan is None or opened is None or not plan.told:
            return True
        failed, waiting, asked = await self._failed(review, plan)
        if not asked:
            return True
        people = {to for to in asked if to.address.startswith(PERSON)}
        late = any(slow for slow in failed.values())
        if not (late or failed.keys() >= asked or (people and failed.keys() >= people)):
            return not waiting
        well = {to.channel for to in asked if to not in failed}
        lost = {to.channel for to in failed} - well
        others = [c for c in self._channels if c in self._outbox.channels and c not in lost | plan.fallen]
        people_now = self._people.of(opened)
        for channel in others:
            _tell_left_out(review, channel, plan, len(people_now))
        new = [await self._add(review, to, plan) for c in others for to in _each(c, people_now)]
        plan.fallen |= set(others)
        self._report(review, plan, sorted(lost), others if any(new) else (), failed.keys() >= asked)
        return not waiting

    async def _failed(
        self, review: ReviewId, plan: _Plan
    ) -> tuple[Mapping[Destination, bool], bool, AbstractSet[Destination]]:
        """Which destinations failed, each with whether its service is merely away; whether others still wait; and all
        of them, but those where there is nothing to tell."""
        failed, waiting, asked = dict[Destination, bool](), False, set(plan.told)
        for to in tuple(plan.told):
            standing = await self._outbox.standing(review, to)
            if standing is not None and standing.problem is Problem.NOTHING:
                asked.discard(to)
            if standing is not None and standing.problem is Problem.UNLINKED:
                plan.unlinked.add(to)
            if standing is None or _is_lost(standing):
                failed[to] = False
            elif not standing.delivered and standing.away >= AWAY:
                failed[to] = True
            elif not standing.delivered and standing.problem is Problem.NONE:
                waiting = True
        return failed, waiting, asked

    async def _add(self, review: ReviewId, destination: Destination, plan: _Plan) -> bool:
        if destination in plan.told:
            return False
        await self._outbox.want(review, destination)
        plan.told[destination] = 0
        return True

    def _report(
        self, review: ReviewId, plan: _Plan, lost: Sequence[Channel], others: Sequence[Channel], all_lost: bool
    ) -> None:
        named_lost = [each.value for each in lost]
        if others:
            self._meters.fallback()
            log.warning("notify.fallback", review=review, lost=named_lost, instead=[each.value for each in others])
        elif all_lost and not plan.unreached:
            plan.unreached = True
            self._meters.unreached()
            log.warning("notify.unreached", review=review, lost=named_lost)


def _is_lost(standing: Standing) -> bool:
    """Whether nobody is told there, or nobody can know: then others are told as well."""
    match standing.problem:
        case Problem.GONE | Problem.UNLINKED:
            return True
        case Problem.UNSURE:
            return not standing.delivered
        case Problem.NONE | Problem.NOTHING:
            return False
        case _:
            assert_never(standing.problem)


def _tell_left_out(review: ReviewId, channel: Channel, plan: _Plan, people: int) -> None:
    """Says, once a review and channel, that not everybody who may sign is told."""
    if people > MOST_TOLD and channel not in plan.left_out:
        plan.left_out.add(channel)
        log.warning("notify.left_out", review=review, channel=channel.value, told=MOST_TOLD, of=people)


def _each(channel: Channel, people: Iterable[PersonId]) -> Sequence[Destination]:
    return [Destination(channel, f"{PERSON}{person}") for person in sorted(people)[:MOST_TOLD]]
