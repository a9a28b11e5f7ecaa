"""Reasons: what a decision says of itself. The sentence may go downstream; the policy's id is for operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interlock.model.decision import Reason
from interlock.model.names import PolicyId
from interlock.policy.annotations import Annotations

# The order in which a denial gives its reasons: what somebody can act upon first.
_ORDER = ("refused", "not_understood", "forbidden", "no_permit", "policy_error")


def refused(sentence: str) -> Reason:
    """The action is of a kind that is always refused."""
    return Reason("refused", sentence)


def nothing_asked() -> Reason:
    """An action without a verb on a resource: nobody could judge it."""
    return Reason("not_understood", "Nothing was found in this that a policy could judge.")


def policy_error() -> Reason:
    """A policy, or we, failed."""
    return Reason("policy_error", "The policies could not be evaluated, so the answer is no.")


def no_permit() -> Reason:
    """Default deny."""
    return Reason("no_permit", "No policy permits this.")


def forbidden(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Plain forbids that fired."""
    return _each("forbidden", "A policy forbids this.", annotations, policies)


def held(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Forbids that fired and that a review lifts."""
    return _each("needs_review", "A policy asks for a review of this.", annotations, policies)


def permitted(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Permits that fired, with nothing in their way."""
    return _each("permitted", "A policy permits this.", annotations, policies)


def order(reason: Reason) -> tuple[int, str]:
    """Sorts the reasons of a denial."""
    return _ORDER.index(reason.code), reason.policy or ""


def _each(
    code: str, otherwise: str, annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]
) -> tuple[Reason, ...]:
    return tuple(Reason(code, annotations[policy].because or otherwise, policy) for policy in sorted(policies))
