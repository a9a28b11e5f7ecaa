"""One attempt on one copy: claimed in the store, made at the service, and what came of it written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from interlock.desk import Desk
from interlock.errors import (
    DeliveryUnsure,
    DestinationGone,
    InterlockError,
    MessageGone,
    NotFound,
    ServiceAway,
    UpstreamFailed,
)
from interlock.model.channels import Copy
from interlock.model.document import Document
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ReviewId
from interlock.model.review import Review
from interlock.ports import Clock, Courier
from interlock.workers.copies import (
    MOST_ANEW,
    Copies,
    Problem,
    Record,
    Step,
    is_unsure,
    next_step,
    review_of,
    shown_of,
)
from interlock.workers.meters import Meters, Outcome
from interlock.workers.pacing import LONGEST_ASKED, Circuits, retry_pause

ATTEMPT_SECONDS: Final = 60.0
LEASE: Final = timedelta(seconds=2 * ATTEMPT_SECONDS)  # a claim is somebody else's to take after that
PATIENCE: Final = 30.0  # seconds that a claimed attempt waits for the service's limits, before it is put back
SLICE_SECONDS: Final = 0.5  # of that, between looks at whether we are to stop
UNLINKED: Final = "not_linked"  # a `DestinationGone` until that person links an account
NOTHING: Final = "nothing_to_tell"  # a `DestinationGone` that is no failure: a pager's note without a ticket
GIVE_UP: Final = timedelta(hours=24)  # of a message that should show how its review ended

log = structlog.get_logger()

Gone = Callable[[ReviewId], None]
"""Told of a review that has a destination which takes nothing any more."""


Become = Callable[[Record], Record]
"""What a record becomes by an attempt."""


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt: the claimed document, the service that it goes to, the record before the claim and with it, what is
    to be done, and what the message shows after that."""

    document: Document
    service: str
    before: Record
    claimed: Record
    step: Step
    shown: str

    @property
    def reminds(self) -> bool:
        """Whether a reminder is what is owed."""
        return _is_reminder(self.before, self.step, self.shown)


@dataclass(frozen=True, slots=True)
class Parts:
    """What every lane works with."""

    desk: Desk
    copies: Copies
    clock: Clock
    meters: Meters
    gone: Gone

    async def look_at(self, id_: ReviewId) -> tuple[Review, str] | None:
        """The review as it is now, and what a message about it shows; None where there is none. Most are pending: of
        those the entries say everything, and no row is read."""
        authority = self.desk.authority
        opened = authority.opened(id_)
        if opened is not None and authority.approved_at(id_) is None and authority.settled(id_) is None:
            pending = self.desk.standing.glance(opened).review
            return pending, shown_of(pending, len(authority.votes(id_)))
        try:
            review = await self.desk.review(id_)
        except NotFound:
            return None
        return review, shown_of(review, len(self.desk.authority.votes(id_)))


class Attempts:
    """Attempts through one courier."""

    def __init__(self, courier: Courier, parts: Parts, circuits: Circuits, due: Callable[[], None]) -> None:
        """`due` is told that a copy may be due again at once."""
        self._courier, self._parts, self._circuits, self._due = courier, parts, circuits, due
        self._channel = courier.channel
        self._stopping = False

    def stop(self) -> None:
        """No call is begun any more: what still waits for the service's limits is put back."""
        self._stopping = True

    async def make(self, document: Document, service: str) -> None:
        """Does what the copy needs next, once, `service` being the courier's for it. Raises nothing."""
        try:
            await self._attempt(document, service)
        except InterlockError as error:
            log.warning("outbox.failed", channel=self._channel.value, review=review_of(document.id), code=error.code)
        finally:
            self._circuits.put_off(service)

    async def _attempt(self, document: Document, service: str) -> None:
        copies, record = self._parts.copies, self._parts.copies.opened(document)
        looked = await self._parts.look_at(review_of(document.id))
        if looked is None:
            await copies.drop(document)
            return
        review, shown = looked
        step = next_step(record, review.state, shown)
        if step is Step.DROP or self._is_hopeless(record, review):
            await copies.drop(document)
        elif step is Step.REST:
            if document.due_at is not None:
                await self._note(document)
        else:
            claimed = _claimed(record, step, shown)
            ours = await copies.claim(document, claimed, self._parts.clock.now() + LEASE)
            if ours is not None:
                await self._carry(_Try(ours, service, record, claimed, step, shown))

    def _is_hopeless(self, record: Record, review: Review) -> bool:
        """Whether a message couldn't be changed for so long after its review was over that it is left as it is."""
        ended = review.expires_at if review.approved_until is None else review.approved_until
        return record.attempts > 1 and self._parts.clock.now() - ended > GIVE_UP

    async def _carry(self, made: _Try) -> None:
        """Calls the courier for a claimed attempt, and writes down what came of it."""
        document, service, before, step = made.document, made.service, made.before, made.step
        try:
            if not await self._may_call(made):
                await self._put_back(document, before)
                return
            async with asyncio.timeout(ATTEMPT_SECONDS):
                done = await self._call(made)
        except ServiceAway as error:
            if error.whole:
                self._circuits.failed(service, error.seconds, self._parts.clock.now())
            else:
                self._circuits.answered(service)
            await self._failed(document, before, error)
        except TimeoutError:
            self._circuits.failed(service, None, self._parts.clock.now())
            await self._cut_off(document, step, "timeout")
        except MessageGone:
            self._circuits.answered(service)
            if is_unsure(before):
                await self._unsure(made, "there is no message that this could be about")
            else:
                await self._deleted(document, before)
        except DestinationGone as error:
            self._circuits.answered(service)
            await (self._nothing(document) if error.code == NOTHING else self._gone(document, before, error))
        except DeliveryUnsure as error:
            self._circuits.answered(service)
            await self._unsure(made, error.sentence)
        except InterlockError as error:  # the card couldn't be read, or a courier that can't say what happened
            if isinstance(error, UpstreamFailed):  # a service whose answers get lost is as good as away
                self._circuits.failed(service, None, self._parts.clock.now())
            await self._cut_off(document, step, error.code)
        except Exception as error:  # a mistake of ours in one channel may not end the others' deliveries
            kind, at = type(error).__name__, place_of_mistake(error)
            log.error("outbox.mistake", channel=self._channel.value, kind=kind, at=at)
            await self._cut_off(document, step, "internal")
        else:
            self._circuits.answered(service)
            self._parts.meters.delivery(self._channel, Outcome.DELIVERED)
            await self._note(document, done)

    async def _may_call(self, made: _Try) -> bool:
        """Whether the service's limits let us call, waiting a moment if need be: others called since we looked."""
        copy, loop = self._parts.copies.as_copy(made.document.id, made.claimed), asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while (seconds := self._courier.pause(copy)) > 0:
            if loop.time() + seconds > until:
                return False
            await asyncio.sleep(min(seconds, SLICE_SECONDS))
            if self._stopping or self._circuits.is_open(made.service, self._parts.clock.now()):
                return False
        return True

    async def _call(self, made: _Try) -> Become:
        """What the copy's record becomes after the call that this step means."""
        claimed, shown = made.claimed, made.shown
        copy = self._parts.copies.as_copy(made.document.id, claimed)
        match made.step:
            case Step.SEND:
                handle = await self._courier.send(copy)
                told = claimed.asked
                return lambda r: replace(_well(r), handle=handle, shown=shown, reminders=max(told, r.reminders))
            case Step.FIND:
                try:
                    found = await self._courier.find(copy)
                except DeliveryUnsure:
                    if not is_unsure(made.before):
                        raise
                    return await self._go_on(copy, made)
                owed = made.before.reminders
                # What a found message shows isn't known: it is brought up to date.
                return lambda r: replace(_well(r), handle=found or "", shown="", reminders=owed)
            case Step.UPDATE:
                handle = await self._courier.update(copy)
                return lambda r: replace(_well(r), handle=handle, shown=shown)
            case Step.REMIND:
                await self._courier.remind(copy)
                return _well
            case Step.REST | Step.DROP:
                raise AssertionError("there is nothing to call for")
            case _:
                assert_never(made.step)

    async def _go_on(self, copy: Copy, made: _Try) -> Become:
        """Tells what comes after a first message of which nobody knows whether it arrived."""
        if made.reminds:
            await self._courier.remind(copy)
            return lambda r: replace(r, attempts=0)
        handle = await self._courier.update(copy)
        problem = Problem.NONE if handle else Problem.UNSURE
        return lambda r: replace(r, attempts=0, handle=handle, shown=made.shown, problem=problem.value)

    # -- what came of it ----------------------------------------------------------------------------------------------

    async def _note(
        self,
        document: Document,
        become: Become = lambda record: record,
        *,
        pause: timedelta | None = None,
    ) -> None:
        """Writes an outcome, with what the review is by now: at rest, due at once, after a pause (at least so long), or
        done with."""
        looked = await self._parts.look_at(review_of(document.id))

        soon = False

        def noted(_: Document, record: Record) -> tuple[Record, datetime | None] | None:
            nonlocal soon
            changed, now = become(record), self._parts.clock.now()
            step = next_step(changed, looked[0].state, looked[1]) if looked is not None else Step.DROP
            if step is Step.DROP:
                return None
            if step is Step.REST:
                return changed, None
            if pause is not None:
                return changed, now + max(retry_pause(changed.attempts), pause)
            soon = True
            return changed, now

        await self._parts.copies.change(document, noted)
        if soon:
            self._due()

    async def _put_back(self, document: Document, before: Record) -> None:
        """Nothing was called: the copy is as it was."""
        await self._note(document, lambda record: _restored(record, before, before.attempts))

    async def _failed(self, document: Document, before: Record, error: ServiceAway) -> None:
        """Nothing was delivered: the same again, after a pause."""
        self._parts.meters.delivery(self._channel, Outcome.FAILED)
        self._tell("outbox.away", document, before.attempts + 1, error.code)
        asked = min(timedelta(seconds=max(error.seconds or 0.0, 0.0)), LONGEST_ASKED)
        await self._note(document, lambda record: _restored(record, before, record.attempts), pause=asked)

    async def _cut_off(self, document: Document, step: Step, because: str) -> None:
        """It isn't known what happened. A first message stays claimed, so that it is looked for; a change is made
        again, since it only says what is so; a reminder isn't."""
        self._parts.meters.delivery(self._channel, Outcome.FAILED)
        self._tell("outbox.cut_off", document, 0, f"{step.value}: {because}")
        await self._note(document, pause=timedelta(0))

    async def _deleted(self, document: Document, before: Record) -> None:
        self._parts.meters.delivery(self._channel, Outcome.DELETED)
        self._tell("outbox.deleted", document, 0, "somebody deleted the message")

        def become(record: Record) -> Record:
            problem = Problem.GONE if record.anew >= MOST_ANEW else Problem.NONE
            return replace(
                record, handle="", shown="", sending=False, attempts=0, anew=record.anew + 1, problem=problem.value
            )

        await self._note(document, become)
        if before.anew >= MOST_ANEW:
            self._parts.gone(review_of(document.id))

    async def _gone(self, document: Document, before: Record, error: DestinationGone) -> None:
        if error.code == UNLINKED:
            await self._note(document, _unlinked)
            if before.unlinked:
                return  # told already, and looked at again since
        else:
            gone = Problem.GONE.value
            await self._note(document, lambda record: replace(record, problem=gone, sending=False))
        self._parts.meters.delivery(self._channel, Outcome.GONE)
        self._tell("outbox.gone", document, 0, error.sentence)
        self._parts.gone(review_of(document.id))

    async def _nothing(self, document: Document) -> None:
        """No message is meant to be there, and nobody is missing it: no failure, and nothing to tell operators."""
        nothing = Problem.NOTHING.value
        await self._note(document, lambda record: replace(record, problem=nothing, sending=False))

    async def _unsure(self, made: _Try, because: str) -> None:
        """Not repeated: it counts as done, and the next move goes on from there."""
        document, shown = made.document, made.shown
        self._parts.meters.delivery(self._channel, Outcome.UNSURE)
        self._tell("outbox.unsure", document, 0, because)
        unsure = Problem.UNSURE.value
        await self._note(
            document,
            lambda record: replace(record, problem=unsure, sending=False, shown=shown, reminders=record.asked),
        )
        if is_unsure(made.claimed) or not made.claimed.handle:
            self._parts.gone(review_of(document.id))

    def _tell(self, event: str, document: Document, attempts: int, because: str) -> None:
        channel, review = self._channel.value, review_of(document.id)
        log.warning(event, channel=channel, review=review, attempts=attempts, because=because)


def _well(record: Record) -> Record:
    return replace(record, sending=False, attempts=0, problem=Problem.NONE.value, unlinked=False)


def _unlinked(record: Record) -> Record:
    """A message to an account that is linked no more isn't followed: who links one is told anew."""
    return replace(record, problem=Problem.UNLINKED.value, sending=False, handle="", shown="", unlinked=True)


def _claimed(record: Record, step: Step, shown: str) -> Record:
    """The record as the claim has it: whatever may not be repeated counts as done from here on."""
    is_reminder = _is_reminder(record, step, shown)
    return replace(
        record,
        attempts=record.attempts + 1,
        sending=step in (Step.SEND, Step.FIND) and not is_unsure(record),
        reminders=record.asked if is_reminder else record.reminders,
    )


def _is_reminder(record: Record, step: Step, shown: str) -> bool:
    """Also of a message that may not have arrived, where it isn't found this time either."""
    return step is Step.REMIND or (step is Step.FIND and is_unsure(record) and record.shown == shown)


def _restored(record: Record, before: Record, attempts: int) -> Record:
    """The record without what the claim put into it."""
    return replace(record, sending=before.sending, reminders=before.reminders, attempts=attempts)
