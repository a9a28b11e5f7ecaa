"""Narrowing: terms put together, and what they leave of an action's obligations and card. They only take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from interlock.errors import Conflict
from interlock.model.canonical import JsonValue
from interlock.model.decision import Requirements
from interlock.model.label import Label
from interlock.model.names import PersonId
from interlock.model.narrowing import Narrowing
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.review.card import masked

SHORTEST = timedelta(seconds=1)


def united(before: Narrowing, more: Narrowing) -> Narrowing:
    """Both narrowings at once: the smaller of each."""
    caps = [cap for cap in (before.row_cap, more.row_cap) if cap is not None]
    times = [time for time in (before.valid, more.valid) if time is not None]
    reveals = [each for each in (before.reveals, more.reveals) if each is not None]
    return Narrowing(
        row_cap=min(caps, default=None),
        reveals=frozenset.intersection(*reveals) if reveals else None,
        valid=min(times, default=None),
    )


def check(terms: Narrowing, held: Obligations, asked: Requirements, *, cappable: bool) -> None:
    """Raises `Conflict` unless these terms take something away, and nothing but that, and can be enforced."""
    if terms.row_cap is not None and not cappable:
        raise Conflict("the rows of this action can't be counted, so they can't be capped", code="not_cappable")
    if terms.row_cap is not None and (terms.row_cap < 0 or (held.row_cap or terms.row_cap) < terms.row_cap):
        raise Conflict("a narrowing lowers the row cap, it never lifts it", code="not_narrower")
    if terms.reveals is not None and not terms.reveals <= held.reveal:
        raise Conflict("a narrowing shows less, never more than was asked for", code="not_narrower")
    if terms.valid is not None and not SHORTEST <= terms.valid <= asked.valid:
        raise Conflict("a narrowing shortens the time, and by whole seconds, to one at least", code="not_narrower")
    if (narrowed(held, terms), shortened(asked, terms)) == (held, asked):
        raise Conflict("this takes nothing away", code="nothing_narrowed")


def narrowed(held: Obligations, terms: Narrowing) -> Obligations:
    """The obligations under these terms."""
    reveal = held.reveal if terms.reveals is None else terms.reveals
    told = Obligations(reveal=reveal, row_cap=terms.row_cap, observing=held.observing, pseudonyms=held.pseudonyms)
    return held.and_also(told)


def shortened(asked: Requirements, terms: Narrowing) -> Requirements:
    """The requirements under these terms: `valid`, and with it the window of reuse."""
    if terms.valid is None:
        return asked
    valid = min(asked.valid, timedelta(seconds=int(terms.valid.total_seconds())))
    return replace(asked, valid=valid, reuse=replace(asked.reuse, within=valid) if asked.reuse else None)


def narrowed_card(
    content: Mapping[str, JsonValue],
    columns: Sequence[str | None],
    held: Obligations,
    asked: Requirements,
    by: PersonId,
) -> Mapping[str, JsonValue]:
    """The card of the action as it is held now. `columns` are what the outputs plainly are, in their order; `by` joins
    those who narrowed it so far."""
    card: Mapping[str, Any] = content
    before: Sequence[str] = card.get("narrowed", {}).get("by", [])
    outputs: Sequence[Mapping[str, Any]] = card["outputs"]
    return {
        **content,
        "row_cap": held.row_cap,
        "reveals": [{"column": each.column, "label": each.label} for each in sorted(held.reveal)],
        "outputs": [
            {**output, "masked": masked(plain, frozenset(map(Label, output["labels"])), held)}
            for output, plain in zip(outputs, columns, strict=True)
        ],
        "valid_seconds": int(asked.valid.total_seconds()),
        "narrowed": {"by": list(dict.fromkeys([*before, str(by)]))},
    }


def document_of(terms: Mapping[str, Any]) -> Narrowing:
    """The terms of which this is `Narrowing.document`."""
    reveals = terms.get("reveals")
    return Narrowing(
        row_cap=terms.get("row_cap"),
        reveals=None if reveals is None else frozenset(Reveal(x["column"], Label(x["label"])) for x in reveals),
        valid=timedelta(seconds=terms["valid"]) if "valid" in terms else None,
    )
