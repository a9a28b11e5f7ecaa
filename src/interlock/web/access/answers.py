"""What AuthZEN's calls answer: decisions with their context, and tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, assert_never

from interlock.gate import Cleared, Denied, Held
from interlock.model.decision import Reason
from interlock.model.review import Review, ReviewState
from interlock.web.access.asking import Judged
from interlock.web.access.binding import timestamp
from interlock.web.access.problems import OUTCOMES, REQUESTS
from interlock.web.problems import Problem

TEMPLATE: Final = "review"
RETRY_SECONDS: Final = 5
_DISPLAY: Final = {"title": "People must sign for this", "description": "It can be asked for; a review is opened then."}
# Ours of a presented approval, in the profile's words; any other means that policy says no by now.
_OF_APPROVAL: Final = {"used": "approval_expired", "needs_request": "approval_expired"}
_KEPT: Final = frozenset({"approval_unverifiable", "approval_pending", "out_of_scope", "subject_not_you"})

TASK_STATES: Final = {
    ReviewState.PENDING: "pending",
    ReviewState.DENIED: "denied",
    ReviewState.EXPIRED: "expired",
    ReviewState.WITHDRAWN: "cancelled",
    ReviewState.SUPERSEDED: "failed",
}
"""A review that was never approved; one that was stays `approved`, whatever became of its approval since."""


def decision(judged: Judged, public_url: str) -> dict[str, Any]:
    """An access evaluation response. What is denied has a stable `reason` and a sentence; no policies."""
    context: dict[str, Any] = {"evaluation_id": judged.action.id, "evaluated_at": _time(judged.at)}
    match judged.answer:
        case Cleared():
            context["enforced_by"] = judged.action.enforced_by.value
            context["outcome"] = {"endpoint": public_url + OUTCOMES, "token": judged.token}
            if judged.approval is not None:
                context["approval"] = _approval(judged.approval)
            return {"decision": True, "context": context}
        case Denied(reasons):
            return {"decision": False, "context": {**context, **_denied(judged, reasons, public_url)}}
        case Held():  # an evaluation opens none; closed all the same
            return {"decision": False, "context": context}
        case _:
            assert_never(judged.answer)


def mistaken(problem: Problem) -> dict[str, Any]:
    """One evaluation of a batch that couldn't be decided at all."""
    return {"decision": False, "context": {"error": {"status": problem.status, "message": problem.sentence}}}


def task(review: Review, public_url: str) -> dict[str, Any]:
    """A task as its status endpoint answers it, with the result once people approved."""
    status, address = status_of(review), f"{public_url}{REQUESTS}/{review.id}"
    told: dict[str, Any] = {
        "id": review.id,
        "status": status,
        "status_endpoint": address,
        "expires_at": _time(review.expires_at),
        "links": {"cancel": f"{address}/cancel"},
    }
    if status != "approved":
        return {"task": told}
    return {"task": told, "result": {"mode": "reevaluate", "approval": _approval(review)}}


def status_of(review: Review) -> str:
    """The profile's status of a review: it leaves `pending` once."""
    return "approved" if review.approved_until is not None else TASK_STATES.get(review.state, "failed")


def _denied(judged: Judged, reasons: tuple[Reason, ...], public_url: str) -> dict[str, Any]:
    codes = list(dict.fromkeys(reason.code for reason in reasons))
    told: dict[str, Any] = {
        "reason": codes[0],
        "reason_admin": {"en": ", ".join(codes)},
        "reason_user": {"en": " ".join(dict.fromkeys(reason.sentence for reason in reasons))},
    }
    if judged.presented:
        told |= {"reason": _of_approval(codes), "next_action": "request" if judged.token else "none"}
        if "approval_pending" in codes:
            told |= {"next_action": "retry", "retry_after": RETRY_SECONDS}
    if judged.token and judged.token_until is not None:
        told["access_request"] = {
            "endpoint": public_url + REQUESTS,
            "template": TEMPLATE,
            "expires_at": timestamp(judged.token_until),
            "binding_token": judged.token,
            "display": _DISPLAY,
        }
    return told


def _of_approval(codes: list[str]) -> str:
    kept = next((code for code in codes if code in _KEPT), None)
    if kept is not None:
        return kept
    ended = any(code in _OF_APPROVAL or code.startswith("review_") for code in codes)
    return "approval_expired" if ended else "policy_denied"


def _approval(review: Review) -> dict[str, str]:
    until = review.approved_until or review.expires_at
    return {"id": review.id, "approved_until": _time(until)}


def _time(at: datetime) -> str:
    return timestamp(at.replace(microsecond=0))
