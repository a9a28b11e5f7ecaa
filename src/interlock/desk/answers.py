"""What the gate answers, and how far it is asked to go."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import Enum

from interlock.model.decision import Reason
from interlock.model.names import ReviewId
from interlock.model.release import Release
from interlock.model.review import Review
from interlock.ports import Receipt


@dataclass(frozen=True, slots=True)
class Denied:
    """No. The reasons are safe to show downstream."""

    reasons: tuple[Reason, ...]
    review: ReviewId | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """People must sign first. `review.state` may already be approved, when the request joined one that is."""

    review: Review
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """It may run. No result byte goes downstream before `durable` is done.

    For anything that isn't proved effect-free, it is done already when the door gets this: nothing effectful is sent
    before its release is on disk.
    """

    release: Release
    durable: Awaitable[Receipt]


Answer = Denied | Held | Cleared


class Asking(Enum):
    """How far an ask goes. Who enforces a decision itself asks first, and asks people only by a second call."""

    WHOLE = "released or held, as policy says"
    NOW = "released or refused: no review is opened"
    REVIEW = "held or refused: nothing is released"
