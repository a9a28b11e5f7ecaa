"""Why the gate itself says no, whatever policy would say. Safe to show downstream."""

from __future__ import annotations

from interlock.model.decision import Reason
from interlock.model.review import Review, ReviewState

OTHER_ASKER = Reason("not_your_review", "That review is of somebody else's request; ask for yourself.")
GONE = Reason("credential_gone", "The credential this session began with isn't accepted any more.")
PART_OF_IT = Reason("part_of_the_request", "Who is part of a request isn't shown the values in it.")
OTHER_RULES = Reason("rules_not_in_force", "The policies loaded here aren't the ones in force.")
USED = Reason("used", "The approval was used, or has run out; ask again.")
NEEDS_REQUEST = Reason("needs_request", "People must sign for this first; ask for a review of it.")
ALLOWED_NOW = Reason("allowed_now", "Policy allows this as it is; there is nothing to sign.")
OUT_OF_SCOPE = Reason("out_of_scope", "People signed for another request than this one.")
NOT_WANTED = Reason("not_deferred", "Nobody asked for this to be run by itself, or it has been.")
BUSY = Reason("busy", "The same request is being made elsewhere; ask again.")

_RAN = (
    ReviewState.RELEASED,
    ReviewState.SUCCEEDED,
    ReviewState.FAILED,
    ReviewState.ROLLED_BACK,
    ReviewState.UNKNOWN,
)


def settled(review: Review) -> Reason:
    """Why what is neither pending nor approved isn't run."""
    if review.deferred and review.state in _RAN:
        return Reason("ran_deferred", "The gateway has run it by itself; fetch what it gave by the review's id.")
    return Reason(f"review_{review.state.value}", f"The review is {review.state.value}; what it held didn't run.")
