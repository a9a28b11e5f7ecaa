"""What is owed for an action to run: as annotations write it, all that an action owes, and what of it isn't met.

@justify               a reason must have been given
@ticket                a ticket must have been given
@row_cap("1000")       at most so many rows come back or are changed
@step_up("webauthn")   the asker proves once more to be there, which no door can ask for yet: so it is denied

One is granted with a permit and asks nothing:

@pseudonym("phi.mrn")  masked texts under these labels become pseudonyms, the same for equal values, and no constant
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Final

from interlock.errors import MalformedInput
from interlock.model.action import Action
from interlock.model.exposure import Exposure
from interlock.model.label import Label, parse_label, upward
from interlock.model.obligation import Obligations
from interlock.policy.quorums import Wrong
from interlock.policy.spelling import nearest

OWED = ("justify", "ticket", "row_cap", "step_up")
GRANTED = ("pseudonym",)
STEP_UPS = ("webauthn",)
MOST_ROWS: Final = 1_000_000_000

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


def read(values: Mapping[str, str], wrong: Wrong) -> Obligations:
    """What one policy's annotations ask."""
    return Obligations(
        row_cap=_row_cap(values["row_cap"], wrong) if "row_cap" in values else None,
        reason="justify" in values,
        ticket="ticket" in values,
        step_up=_step_up(values["step_up"], wrong) if "step_up" in values else frozenset(),
        pseudonyms=_pseudonyms(values["pseudonym"], wrong) if "pseudonym" in values else frozenset(),
    )


def mask(exposure: Exposure) -> frozenset[Label]:
    """Masked is the default: every label of every output. What we couldn't read may show any label in reach."""
    shown: frozenset[Label] = frozenset().union(*(output.labels for output in exposure.outputs))
    return shown | exposure.labels if exposure.opaque else shown


def owed(action: Action, asked: Iterable[Obligations], pseudonyms: frozenset[Label] = frozenset()) -> Obligations:
    """All that an allowed action owes: what each policy asks, its masks, and what of them it may see all the same.

    `pseudonyms`: what `granted` told.
    """
    together = reduce(Obligations.and_also, asked, Obligations(mask=mask(action.exposure)))
    # Only here: a policy's own obligations reveal nothing, and what may not be seen was denied before this.
    return replace(together, reveal=action.reveals, pseudonyms=_of_others(pseudonyms, action.exposure.own))


def _of_others(pseudonyms: frozenset[Label], own: frozenset[Label]) -> frozenset[Label]:
    """Those by which the asker can't look up a value that it chose itself."""
    return frozenset(each for each in pseudonyms if not own or not (upward([each]) & own or each in upward(own)))


def granted(permitted: Iterable[Iterable[Obligations]]) -> frozenset[Label]:
    """The labels that get pseudonyms: in each request that gives values out, one of the policies that permit it grants
    them. `permitted` has a member for each such request (of every principal), with what its permits say."""
    each = [frozenset[Label]().union(*(policy.pseudonyms for policy in permits)) for permits in permitted]
    return frozenset.intersection(*each) if each else frozenset()


def unmet(action: Action, asked: Obligations) -> Iterator[str]:
    """The reason code of each of these obligations under which the action can't be run as it was asked."""
    if asked.reason and not action.reason_given.strip():
        yield "reason_required"
    if asked.ticket and not action.ticket_given.strip():
        yield "ticket_required"
    if asked.step_up:
        yield "step_up_required"
    if asked.row_cap is not None and not action.cappable:
        yield "cap_not_enforceable"


def looked_at(asked: Iterable[Obligations]) -> frozenset[str]:
    """What of an action, beside the context, decides whether any of these is met."""
    names: set[str] = set()
    for each in asked:
        names.update(("reason_given",) if each.reason else ())
        names.update(("ticket_given",) if each.ticket else ())
        names.update(("cappable",) if each.row_cap is not None else ())
    return frozenset(names)


def _row_cap(text: str, wrong: Wrong) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MOST_ROWS:
        wrong("row_cap", f'@row_cap needs a number of rows such as "1000", 1 to {MOST_ROWS}')
        return 1
    return int(text)


def _pseudonyms(text: str, wrong: Wrong) -> frozenset[Label]:
    try:
        return frozenset(parse_label(each.strip()) for each in text.split(","))
    except MalformedInput:
        wrong("pseudonym", '@pseudonym needs labels with commas between, such as "phi.mrn, phi.account"')
        return frozenset()


def _step_up(text: str, wrong: Wrong) -> frozenset[str]:
    if text not in STEP_UPS:
        wrong("step_up", f'@step_up needs "webauthn", the one that there is{nearest(text, STEP_UPS)}')
    return frozenset({text})
