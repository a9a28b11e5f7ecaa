"""Transitions of a review, as data. A missing key is the error."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from interlock.errors import Conflict
from interlock.model.review import ReviewState as S


class Event(StrEnum):
    """What can happen to a review."""

    APPROVED = "approved"  # the requirement is met
    DENIED = "denied"  # a person with a say said no, or policy does now
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"  # the decision of release time asks for more
    USED = "used"  # for one of its runs, with more to come
    RELEASED = "released"  # for its only or last run
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    LOST = "unknown"


TRANSITIONS: Mapping[tuple[S, Event], S] = MappingProxyType(
    {
        (S.PENDING, Event.APPROVED): S.APPROVED,
        (S.PENDING, Event.DENIED): S.DENIED,
        (S.PENDING, Event.EXPIRED): S.EXPIRED,
        (S.PENDING, Event.WITHDRAWN): S.WITHDRAWN,
        (S.PENDING, Event.SUPERSEDED): S.SUPERSEDED,
        (S.APPROVED, Event.USED): S.APPROVED,
        (S.APPROVED, Event.RELEASED): S.RELEASED,
        (S.APPROVED, Event.EXPIRED): S.EXPIRED,
        (S.APPROVED, Event.DENIED): S.DENIED,
        (S.APPROVED, Event.SUPERSEDED): S.SUPERSEDED,
        (S.RELEASED, Event.SUCCEEDED): S.SUCCEEDED,
        (S.RELEASED, Event.FAILED): S.FAILED,
        (S.RELEASED, Event.ROLLED_BACK): S.ROLLED_BACK,
        (S.RELEASED, Event.LOST): S.UNKNOWN,
    }
)

OPEN = frozenset({S.PENDING, S.APPROVED})
SETTLED_BEFORE_RELEASE = frozenset({S.DENIED, S.EXPIRED, S.WITHDRAWN, S.SUPERSEDED})


def sources(event: Event) -> frozenset[S]:
    """The states from which `event` is possible: what a flush's guard demands."""
    return frozenset(state for (state, e) in TRANSITIONS if e is event)


def follow(state: S, event: Event) -> S:
    """The state after `event`; raises `Conflict` where the table has no such move."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(f"a review that is {state} can't become {event}") from None
