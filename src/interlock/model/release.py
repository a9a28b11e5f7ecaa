"""A release: the ledger entry that lets an action run; and how the action ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from interlock.model.action import Action
from interlock.model.names import EntryId, ReviewId
from interlock.model.obligation import Obligations


@dataclass(frozen=True, slots=True)
class Release:
    """Leave to run `action.payload` once, under the obligations. `review` is set when people signed for it."""

    action: Action
    entry: EntryId
    obligations: Obligations
    review: ReviewId | None = None


class Outcome(StrEnum):
    """How a released action ended. What isn't known is `unknown`, never guessed."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ending:
    """The outcome with its counts: rows sent or touched, the SQLSTATE of a failure, values masked by label."""

    outcome: Outcome
    rows: int = 0
    sqlstate: str = ""
    masked: tuple[tuple[str, int], ...] = ()
