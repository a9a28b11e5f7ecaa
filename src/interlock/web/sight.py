"""Who may see a review at all: for everybody else it isn't there."""

from __future__ import annotations

from interlock.errors import NotFound
from interlock.model.names import PersonId, ReviewId
from interlock.model.review import Review
from interlock.web.control_state import Control

NO_SUCH = "no review of that id"


async def seen(parts: Control, review: ReviewId, person: PersonId) -> Review:
    """The review; raises `NotFound`, in the same words, when there is none and when this person may not see it."""
    found = await parts.desk.review(review)
    if not parts.desk.may_see(found, person):
        raise NotFound(NO_SUCH)
    return found
