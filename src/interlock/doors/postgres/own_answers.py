"""What the gateway answers itself: `SHOW interlock.NAME`, and `SELECT * FROM interlock.fetch('REVIEW')`.

Nobody learns of a review that isn't theirs: one that there isn't and one of somebody else's are told alike.

    IL001  held and deferred: it runs by itself once people have signed       IL002  not there yet: pending, or running
    42501  it never ran: denied, expired, withdrawn, superseded; or there is no such review of yours
    IL004  nobody knows whether it ran to its end        IL005  it ran, and there is nothing to give (any more)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from interlock.desk import Desk
from interlock.doors.postgres.application import SETTING
from interlock.doors.postgres.kept_results import KeptResult, read_result, same_formats, text_column
from interlock.doors.postgres.units import Stop, with_formats
from interlock.errors import NotFound
from interlock.model.actor import Actor
from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import answers
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

DEFERRED = "IL001"
NOT_YET = "IL002"
NEVER_RAN = "42501"
NOT_KNOWN = "IL004"
NOTHING_TO_GIVE = "IL005"

SETTINGS = ("review", "why", "masked", "wait", "reason", "ticket", "reveal", "idempotency_key")

_NO_SUCH = Stop(NEVER_RAN, "There is no review of that id that you asked for.", "interlock: no_review")


@dataclass(frozen=True, slots=True)
class Rows:
    """A `LocalAnswer` that is there already."""

    columns: tuple[DescribedColumn, ...] | None
    data: bytes = field(repr=False)
    tag: str
    masked: tuple[str, ...] = ()  # labels of values that were replaced in it

    async def rows(self) -> bytes:
        """See `LocalAnswer`."""
        return self.data + answers.write_command_complete(self.tag)


def deferred(review: ReviewId, public_url: str) -> Stop:
    """What a client that chose `SET interlock.wait = 'deferred'` gets at once for what is held."""
    return Stop(
        DEFERRED,
        "Held for sign-off; the gateway runs it once people have signed. What it gives then is fetched with"
        f" interlock.fetch('{review}').",
        f"interlock: deferred; review {review}",
        f"{public_url}/reviews/{review}",
    )


def show(name: str, value: str) -> Rows:
    """One row of text: what `SHOW interlock.NAME` gives, or `SHOW application_name`. `name` is one of `SETTINGS`, or
    that; raises `Stop` for another."""
    if name == SETTING:
        return Rows((text_column(name),), answers.write_data_row((value.encode(),)), "SHOW")
    short = name.removeprefix("interlock.")
    if short not in SETTINGS:
        raise Stop("42704", f"Interlock has no setting of that name; it has {', '.join(SETTINGS)}.")
    return Rows((text_column(f"interlock.{short}"),), answers.write_data_row((value.encode(),)), "SHOW")


async def fetch(desk: Desk, actor: Actor, review: str, formats: Sequence[int] = ()) -> Rows:
    """What a deferred run gave, to who asked for it; raises `Stop` with what has become of the review otherwise.

    `formats` are the result formats of the Bind, none for a simple query.
    """
    found = await _own(desk, actor, review)
    _demand_ended(desk, found)
    raw = await desk.result(found.id)
    if raw is None:
        raise _stop(NOTHING_TO_GIVE, "gone", found, "It ran, and nothing of what it gave is kept, or is kept any more.")
    kept = read_result(raw.reveal())
    if kept.sqlstate:
        code = known_sqlstate(kept.sqlstate)
        raise _stop(code, "failed", found, kept.because or sentence_for(code))
    if kept.because:
        raise _stop(NOTHING_TO_GIVE, "not_kept", found, kept.because)
    return _given(kept, formats)


def _given(kept: KeptResult, formats: Sequence[int]) -> Rows:
    if kept.columns is not None and formats and not same_formats(kept.columns, with_formats(kept.columns, formats)):
        raise Stop(
            "0A000", "This result is kept in the formats (text or binary) that it was asked for in; these are others."
        )
    columns = kept.columns
    if columns is not None and formats:
        columns = with_formats(columns, formats)
    return Rows(columns, kept.rows, kept.tag, kept.masked)


async def _own(desk: Desk, actor: Actor, review: str) -> Review:
    try:
        found = await desk.review(ReviewId(review))
    except NotFound:
        raise _NO_SUCH from None
    if not desk.asked_by(found, actor):
        raise _NO_SUCH
    return found


def _demand_ended(desk: Desk, review: Review) -> None:
    """Raises `Stop` unless it ran and how that ended is known."""
    match review.state:
        case ReviewState.SUCCEEDED | ReviewState.FAILED | ReviewState.ROLLED_BACK:
            return
        case ReviewState.PENDING:
            raise _stop(NOT_YET, "pending", review, "Nobody has settled it yet; ask again later.")
        case ReviewState.APPROVED if review.deferred:
            if desk.waits_to_run(review.id):
                raise _stop(NOT_YET, "approved", review, "It is approved and about to run; ask again in a moment.")
            return  # it ran, and the approval is good for another run
        case ReviewState.APPROVED:
            raise _stop(NOT_YET, "approved", review, "It is approved, and runs when you ask for it again.")
        case ReviewState.RELEASED:
            raise _stop(NOT_YET, "running", review, "It is running; ask again in a moment.")
        case ReviewState.DENIED:
            raise _stop(NEVER_RAN, "review_denied", review, "Refused: people said no.")
        case ReviewState.EXPIRED:
            raise _stop(NEVER_RAN, "review_expired", review, "It expired before it could run.")
        case ReviewState.WITHDRAWN:
            raise _stop(NEVER_RAN, "review_withdrawn", review, "It was withdrawn and didn't run.")
        case ReviewState.SUPERSEDED:
            raise _stop(
                NEVER_RAN, "review_superseded", review, "What was signed couldn't be run any more; nothing ran."
            )
        case ReviewState.UNKNOWN:
            raise _stop(NOT_KNOWN, "unknown", review, "It was begun, and nobody knows whether it ran to its end.")
        case _:
            assert_never(review.state)


def _stop(sqlstate: str, code: str, review: Review, sentence: str) -> Stop:
    return Stop(sqlstate, sentence, f"interlock: {code}; review {review.id}")
