"""What of a review is told to services as fields, beside the notice that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from interlock.channels.notice import Notice
from interlock.channels.notice_of import Shown
from interlock.errors import DestinationGone, NotFound
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState
from interlock.review import words
from interlock.review.card_view import CardContent, read_card


class Notices(Protocol):
    """Makes notices (`channels.notice_of.Notices`)."""

    async def shown(self, review_id: ReviewId) -> Shown:
        """The review as it is now, with its card; raises `NotFound`."""


@dataclass(frozen=True, slots=True)
class Details:
    """A notice, and the card behind it: None where it can't be read strictly."""

    notice: Notice
    card: CardContent | None

    @property
    def environment(self) -> str:
        """The connection's; "" where it isn't known."""
        return "" if self.card is None else self.card.connection.environment

    @property
    def waits(self) -> bool:
        """Whether people are still asked."""
        return self.notice.state is ReviewState.PENDING

    @property
    def headline(self) -> str:
        """Who asks for what where, of names that the settings give alone: nothing in it is the asker's own."""
        if self.card is None:
            return "somebody asks for something that can't be shown whole"
        asker, connection = self.card.actor, self.card.connection
        return f"{asker.id} asks to {words.doing(self.card)}: {connection.name} ({connection.environment})"


async def details_of(notices: Notices, review: ReviewId) -> Details:
    """Both; raises `DestinationGone` for a review that there isn't."""
    try:
        shown = await notices.shown(review)
    except NotFound:
        raise DestinationGone("There is no such review to tell of.", code="nothing_to_tell") from None
    return Details(shown.notice, read_card(shown.card.content).content if shown.card is not None else None)
