"""Pages of reviews: `limit`, a cursor (`after`) and where the next page is (`next`, and a Link header, RFC 8288).

A cursor is sealed. It may name a review that the caller mustn't hear of, and nobody should build on what is in it.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from interlock.errors import LedgerCorrupt
from interlock.model.names import ReviewId
from interlock.model.review import Review
from interlock.ports import Sealer
from interlock.web.problems import Refused

MAX_CURSOR = 256  # characters; ours have about 120
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ABOUT = "page-cursor"
BATCH = 200  # reviews asked of the store at a time
MAX_LOOKED_AT = 2000  # for one page; the next page goes on from there

Before = tuple[datetime, ReviewId]
Fetch = Callable[[int, Before | None], Awaitable[Sequence[Review]]]
"""So many reviews, newest first, that come after this place."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some reviews, newest first, and the cursor of what follows; None when nothing does."""

    reviews: tuple[Review, ...]
    next: str | None


async def page(
    sealer: Sealer, fetch: Fetch, wanted: Callable[[Review], bool], limit: int, after: str | None = None
) -> Page:
    """Up to `limit` reviews that are `wanted`, from `after` on. A page may be short, even empty, and not be the last.

    Raises `Refused` (400) for a cursor that isn't ours.
    """
    place = read_cursor(sealer, after) if after is not None else None
    found: list[Review] = []
    looked_at = 0
    while looked_at < MAX_LOOKED_AT:
        batch = await fetch(BATCH, place)
        if not batch:
            return Page(tuple(found), None)
        for review in batch:
            if len(found) == limit:
                return Page(tuple(found), cursor(sealer, place))
            place = (review.opened_at, review.id)
            if wanted(review):
                found.append(review)
        looked_at += len(batch)
    return Page(tuple(found), cursor(sealer, place))


def cursor(sealer: Sealer, place: Before | None) -> str | None:
    """The cursor of what follows a place."""
    if place is None:
        return None
    stamp = (place[0] - EPOCH) // MICROSECOND  # floats would lose the last digits
    plain = f"{stamp} {place[1]}".encode()
    return base64.urlsafe_b64encode(sealer.seal(ABOUT, plain)).decode("ascii").rstrip("=")


def read_cursor(sealer: Sealer, text: str) -> Before:
    """The place that a cursor names; raises `Refused` (400) for anything that isn't one of ours."""
    try:
        if len(text) > MAX_CURSOR:
            raise ValueError
        raw = base64.b64decode((text + "=" * (-len(text) % 4)).encode("ascii"), altchars=b"-_", validate=True)
        stamp, _, review = sealer.open(ABOUT, raw).reveal().decode().partition(" ")
        return EPOCH + int(stamp) * MICROSECOND, ReviewId(review)
    except (ValueError, OverflowError, LedgerCorrupt):
        raise Refused(400, "cursor", "This isn't a place in a list. Send `next` of the page before.") from None


def link_next(request: Request, response: Response, next_cursor: str | None) -> None:
    """Adds the Link header (RFC 8288) of the page that follows, as a reference relative to the gateway."""
    if next_cursor is not None:
        url = request.url.include_query_params(after=next_cursor)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
