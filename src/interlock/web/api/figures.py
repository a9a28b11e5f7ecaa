"""Figures about fatigue: how people keep up with what they are asked (docs/topics/fatigue.md)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from interlock.errors import NotFound
from interlock.ledger.fatigue import OfPerson, Overview, Times, Votes
from interlock.model.names import PersonId
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Operator, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused

MAX_DAYS = 30
DAYS = 7
PATH = "/api/figures"

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 422, 429)}

router = APIRouter(prefix="/api", tags=["figures"], responses=_TOLD)


class TimesOut(BaseModel):
    """How long something took, in seconds; nearest-rank percentiles, null where there was nothing."""

    count: int
    p50: float | None
    p90: float | None


class VotesOut(BaseModel):
    """Votes, and how they were cast."""

    count: int
    approvals: int
    approval_share: float | None
    measured: int = Field(description="Votes in the console or by key, of people whose first look is on record")
    quick: int = Field(description="Of those measured: within two seconds of that look")
    quick_share: float | None
    always_yes: bool = Field(description="Ten votes or more, and no denial among them")


class OfGroupOut(BaseModel):
    """The reviews that asked a group and that votes decided."""

    group: str
    decision: TimesOut


class DayOut(BaseModel):
    """The votes of a UTC day."""

    day: date
    votes: int


class OfPersonOut(BaseModel):
    """One person's votes and load."""

    person: str
    votes: VotesOut
    last_day: int = Field(description="Votes in the last 24 hours")
    days: list[DayOut]
    busiest: datetime = Field(description="The UTC hour with the most votes")
    busiest_votes: int


class OfRequesterOut(BaseModel):
    """The reviews that an actor's requests opened."""

    actor: str
    opened: int


class FiguresOut(BaseModel):
    """The figures of a stretch of time. `everybody`: whether groups, people and requesters are all there."""

    since: datetime
    until: datetime
    complete: bool = Field(description="False where more happened than the gateway remembers")
    everybody: bool
    waiting: int
    waiting_unseen: int
    opened: int
    ended: dict[str, int]
    decision: TimesOut
    first_look: TimesOut
    unseen: int
    unseen_expired: int
    unanswered: int
    votes: VotesOut
    groups: list[OfGroupOut]
    people: list[OfPersonOut]
    requesters: list[OfRequesterOut]


@router.get(
    "/figures",
    summary="Figures about fatigue",
    **allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.OPERATOR),
)
async def figures(
    parts: Parts, caller: ApiCaller, days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="Back to when")] = DAYS
) -> FiguresOut:
    """How long decisions take, how they are made, and who carries them. Auditors (`[audit] readers`) and the operator
    see everybody's; others the overall figures and their own."""
    match caller:
        case SignedIn(person, _):
            found, everybody = await figures_for(parts, person.id, days)
        case Operator():
            found, everybody = await figures_of(parts, days), True
        case ByKey() if caller.person is not None:
            found, everybody = await figures_for(parts, caller.person, days)
        case ByKey() | ByDirectory():
            raise Refused(403, "people_only", "Only people can do this.")
        case _:
            assert_never(caller)
    return figures_out(found, everybody=everybody)


async def figures_for(parts: Control, person: PersonId, days: int) -> tuple[Overview, bool]:
    """What this person may see of the figures, and whether that is all of them."""
    found, everybody = await figures_of(parts, days), parts.desk.is_auditor(person)
    return (found if everybody else found.for_person(person)), everybody


async def figures_of(parts: Control, days: int) -> Overview:
    """All figures, ten seconds old at most; raises `NotFound` where none are kept."""
    if parts.figures is None:
        raise NotFound("There is nothing at this address.")
    return await parts.overviews.over(parts.figures, days, parts.clock)


def figures_out(found: Overview, *, everybody: bool) -> FiguresOut:
    """The figures as they are told. Seconds to the millisecond, shares to four digits."""
    return FiguresOut(
        since=found.since,
        until=found.until,
        complete=found.complete,
        everybody=everybody,
        waiting=found.waiting,
        waiting_unseen=found.waiting_unseen,
        opened=found.opened,
        ended={how.value: count for how, count in found.ended.items()},
        decision=_times(found.decision),
        first_look=_times(found.first_look),
        unseen=found.unseen,
        unseen_expired=found.unseen_expired,
        unanswered=found.unanswered,
        votes=_votes(found.votes),
        groups=[OfGroupOut(group=each.group, decision=_times(each.decision)) for each in found.groups],
        people=[_person(each) for each in found.people],
        requesters=[OfRequesterOut(actor=actor, opened=count) for actor, count in found.requesters],
    )


def _person(each: OfPerson) -> OfPersonOut:
    return OfPersonOut(
        person=each.person,
        votes=_votes(each.votes),
        last_day=each.last_day,
        days=[DayOut(day=day, votes=count) for day, count in each.days],
        busiest=each.busiest,
        busiest_votes=each.busiest_votes,
    )


def _votes(votes: Votes) -> VotesOut:
    return VotesOut(
        count=votes.count,
        approvals=votes.approvals,
        approval_share=_rounded(votes.approval_share, 4),
        measured=votes.measured,
        quick=votes.quick,
        quick_share=_rounded(votes.quick_share, 4),
        always_yes=votes.always_yes,
    )


def _times(times: Times) -> TimesOut:
    return TimesOut(count=times.count, p50=_rounded(times.p50, 3), p90=_rounded(times.p90, 3))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
