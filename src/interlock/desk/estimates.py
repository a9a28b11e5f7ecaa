"""About how many rows it is: for policies that ask, for the card of what is about to be held, and as the cap that an
approved estimate is."""

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
    action = await sized(estimator, action)
    if action.rows_estimate is None:
        return action, decision
    owed = capped(decision.obligations, action.rows_estimate) if action.cappable else decision.obligations
    return action, replace(decision, obligations=owed)


async def sized(estimator: Estimator | None, action: Action) -> Action:
    """The action with its estimate, asked for unless it has one. Whatever goes wrong is none, and never a small one."""
    if estimator is None or action.rows_estimate is not None:
        return action
    try:
        rows = await estimator.rows(action)
    except Exception:
        return action
    return replace(action, rows_estimate=rows)
