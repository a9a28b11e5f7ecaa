"""Decisions: what policy says of an action. A decision is a value with reasons, neither an exception nor a bool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from interlock.model.names import Digest, GroupName, PolicyId
from interlock.model.obligation import Obligations


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. `sentence` is safe to show downstream (no values, no people); `policy` is for operators."""

    code: str  # stable: "forbidden", "no_permit", "policy_error", "not_understood", "needs_review", "permitted"
    sentence: str
    policy: PolicyId | None = None


@dataclass(frozen=True, slots=True)
class Quorum:
    """`count` different people of `group` must say yes."""

    group: GroupName
    count: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """What lifts the forbids that stand in the way, for one action: all quorums, by different people.

    `expires`: how long the review waits. `valid`: how long an approval may wait for its release.
    """

    quorums: tuple[Quorum, ...]
    expires: timedelta
    valid: timedelta


@dataclass(frozen=True, slots=True)
class Allow:
    """It may run, under the obligations."""

    obligations: Obligations
    reasons: tuple[Reason, ...]
    bundle: Digest


@dataclass(frozen=True, slots=True)
class NeedsReview:
    """It may run once the requirements are met, under the obligations."""

    requirements: Requirements
    obligations: Obligations
    reasons: tuple[Reason, ...]
    bundle: Digest


@dataclass(frozen=True, slots=True)
class Deny:
    """No."""

    reasons: tuple[Reason, ...]
    bundle: Digest


Decision = Allow | NeedsReview | Deny
