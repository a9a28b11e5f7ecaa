"""The fields of a narrowing's form, and the terms that they are on a card: the passkey is asked for what is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Form

from interlock.model.label import Label
from interlock.model.narrowing import Narrowing
from interlock.model.reveal import Reveal
from interlock.review.card_view import CardContent
from interlock.web.problems import Refused

MAX_KEPT = 1000  # reveals on one form


@dataclass(frozen=True, slots=True)
class WantedTerms:
    """What a form asks for. `keep` numbers the card's reveals; None where the form offered no choice of them."""

    row_cap: int | None = None
    minutes: int | None = None
    keep: frozenset[int] | None = None


def wanted_in_form(
    row_cap: Annotated[int | None, Form(ge=0, le=2**53 - 1)] = None,
    valid_minutes: Annotated[int | None, Form(ge=1, le=60 * 24 * 366)] = None,
    choosing: Annotated[bool, Form(description="Whether `keep` was on the form")] = False,
    keep: Annotated[list[int] | None, Form(max_length=MAX_KEPT)] = None,
) -> WantedTerms:
    """The terms in a form; none at all is a form of something else."""
    return WantedTerms(row_cap, valid_minutes, frozenset(keep or ()) if choosing else None)


Wanted = Annotated[WantedTerms, Depends(wanted_in_form)]


def narrowing(card: CardContent, wanted: WantedTerms) -> Narrowing:
    """The terms that a form asks for; raises `Refused` for what takes nothing away, or adds."""
    cap, minutes, keep = wanted.row_cap, wanted.minutes, wanted.keep
    if cap is not None and (card.cappable is False or (card.row_cap is not None and cap > card.row_cap)):
        raise Refused(422, "not_narrower", "The number of rows can only be made smaller, and only where it is counted.")
    if minutes is not None and minutes * 60 > card.valid_seconds:
        raise Refused(422, "not_narrower", "The time for which an approval is good can only be made shorter.")
    kept = [each for number, each in enumerate(card.reveals) if keep is None or number in keep]
    terms = Narrowing(
        row_cap=cap if cap != card.row_cap else None,
        reveals=frozenset(Reveal(r.column, Label(r.label)) for r in kept) if len(kept) < len(card.reveals) else None,
        valid=timedelta(minutes=minutes) if minutes is not None and minutes * 60 < card.valid_seconds else None,
    )
    if terms == Narrowing():
        raise Refused(422, "nothing_narrowed", "Nothing was taken away: change at least one of the terms.")
    return terms
