"""Reasons: what a decision says of itself. The sentence may go downstream; the policy's id is for operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from interlock.model.decision import Reason
from interlock.model.names import PolicyId
from interlock.model.reveal import Reveal
from interlock.policy.annotations import Annotations

# Every code that policy gives; a denial's are in the order in which it gives them: what somebody can act upon first.
SIZE_UNKNOWN = "size_unknown"
DENIED = (
    "refused",
    "not_understood",
    "reason_required",
    "ticket_required",
    "step_up_required",
    "cap_not_enforceable",
    "reveal_denied",
    "forbidden",
    "no_permit",
    SIZE_UNKNOWN,
    "policy_error",
)
_UNMET: Mapping[str, str] = MappingProxyType(
    {
        "reason_required": "A reason must be given: SET interlock.reason = '...' with yours, then ask again.",
        "ticket_required": "A ticket must be named: SET interlock.ticket = '...' with its number, then ask again.",
        "step_up_required": "This needs a fresh proof of presence, which can't be given here yet, so the answer is no.",
        "cap_not_enforceable": "Only so many rows may be touched, and here they can't be counted and undone: ask for it"
        " by itself, in a form whose rows can be counted.",
    }
)
CODES = (*DENIED, "needs_review", "permitted")

_ORDER: Mapping[str, int] = MappingProxyType({code: place for place, code in enumerate(DENIED)})


def refused(sentence: str) -> Reason:
    """The action is of a kind that is always refused."""
    return Reason("refused", sentence)


def nothing_asked() -> Reason:
    """An action without a verb on a resource: nobody could judge it."""
    return Reason("not_understood", "Nothing was found in this that a policy could judge.")


def policy_error() -> Reason:
    """A policy, or we, failed."""
    return Reason("policy_error", "The policies could not be evaluated, so the answer is no.")


def size_unknown() -> Reason:
    """A policy asks how many rows it is, and there is no estimate: that is never few."""
    return Reason(SIZE_UNKNOWN, "Policy asks how many rows this touches, and that couldn't be told beforehand.")


def no_permit() -> Reason:
    """Default deny."""
    return Reason("no_permit", "No policy permits this.")


def unmet(code: str, policy: PolicyId) -> Reason:
    """Something is owed that wasn't given, or that can't be enforced here."""
    return Reason(code, _UNMET[code], policy)


def forbidden(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Plain forbids that fired."""
    return _each("forbidden", "A policy forbids this.", annotations, policies)


def reveal_denied(
    annotations: Mapping[PolicyId, Annotations], reveal: Reveal, policies: Iterable[PolicyId]
) -> tuple[Reason, ...]:
    """A column may not be seen unmasked: by these plain forbids, or, without any, since no policy permits it."""
    undo = f"leave {reveal.column} out of interlock.reveal, or RESET interlock.reveal, and it comes masked"
    forbids = tuple(
        Reason("reveal_denied", f"{annotations[policy].because or 'A policy forbids this.'} Here: {undo}.", policy)
        for policy in sorted(policies)
    )
    return forbids or (Reason("reveal_denied", f"No policy permits seeing this unmasked: {undo}."),)


def held(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Forbids that fired and that a review lifts."""
    return _each("needs_review", "A policy asks for a review of this.", annotations, policies)


def permitted(annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]) -> tuple[Reason, ...]:
    """Permits that fired, with nothing in their way."""
    return _each("permitted", "A policy permits this.", annotations, policies)


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons of a denial, each once, sorted."""
    return tuple(sorted(set(reasons), key=lambda each: (_ORDER[each.code], each.policy or "", each.sentence)))


def _each(
    code: str, otherwise: str, annotations: Mapping[PolicyId, Annotations], policies: Iterable[PolicyId]
) -> tuple[Reason, ...]:
    return tuple(Reason(code, annotations[policy].because or otherwise, policy) for policy in sorted(policies))
