"""Decisions: what policy says of an action. A decision is a value with reasons, neither an exception nor a bool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from interlock.model.names import Digest, GroupName, PolicyId
from interlock.model.obligation import Obligations


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. `sentence` is safe to show downstream (no values, no people); `policy` is for operators."""

    code: str  # stable; docs/reference/policies.md lists them all
    sentence: str
    policy: PolicyId | None = None


@dataclass(frozen=True, slots=True)
class Quorum:
    """`count` different people of `group` must say yes."""

    group: GroupName
    count: int


@dataclass(frozen=True, slots=True)
class Reuse:
    """An approval that is good for more than one run of the same form: `times` in all, `within` of its sign-off."""

    times: int
    within: timedelta


Stages = tuple[tuple[Quorum, ...], ...]
"""Stages in their order; all quorums of one must be met before anybody may sign in the next."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What lifts the forbids that stand in the way, for one action. Each person counts once in all of it together.

    `quorums`: all of them. `any_of`: of each member, one quorum. `stages`: each list, in its order. `expires`: how long
    the review waits. `valid`: how long an approval may wait for its release; with `reuse`, its window instead.
    `channels`: where votes may settle it besides the console. `break_glass`: groups whose members may run it without
    the signatures, loudly; empty where any of the policies doesn't offer that.
    """

    quorums: tuple[Quorum, ...]
    expires: timedelta
    valid: timedelta
    any_of: tuple[tuple[Quorum, ...], ...] = ()
    stages: tuple[Stages, ...] = ()
    reuse: Reuse | None = None
    channels: frozenset[str] = frozenset()
    break_glass: frozenset[GroupName] = frozenset()


@dataclass(frozen=True, slots=True)
class Allow:
    """It may run, under the obligations."""

    obligations: Obligations
    reasons: tuple[Reason, ...]
    bundle: Digest
    observed: tuple[PolicyId, ...] = ()  # @observe policies that would have stood in the way


@dataclass(frozen=True, slots=True)
class NeedsReview:
    """It may run once the requirements are met, under the obligations."""

    requirements: Requirements
    obligations: Obligations
    reasons: tuple[Reason, ...]
    bundle: Digest
    observed: tuple[PolicyId, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No."""

    reasons: tuple[Reason, ...]
    bundle: Digest
    observed: tuple[PolicyId, ...] = ()


Decision = Allow | NeedsReview | Deny
