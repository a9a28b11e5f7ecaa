"""About how many rows it is: for the card of what is about to be held, and as the cap that an approved estimate is."""

from __future__ import annotations

from dataclasses import replace

from interlock.model.action import Action
from interlock.model.decision import NeedsReview
from interlock.ports import Estimator
from interlock.review.sizes import capped


async def estimated(estimator: Estimator | None, action: Action, decision: NeedsReview) -> tuple[Action, NeedsReview]:
    """The action with its estimate, and the decision with the cap. Whatever goes wrong is no estimate: the card says
    so, and what policy asks for stays.
    """
    if estimator is None:
        return action, decision
    try:
        rows = await estimator.rows(action)
    except Exception:
        rows = None
    if rows is None:
        return action, decision
    owed = capped(decision.obligations, rows) if action.cappable else decision.obligations
    return replace(action, rows_estimate=rows), replace(decision, obligations=owed)
