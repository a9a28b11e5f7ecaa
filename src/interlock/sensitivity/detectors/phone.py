"""Telephone numbers: North America's, international ones, European national forms; short ones where words tell them."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.numbered import goes_on
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.phone_forms import CONTEXT, EXTENSION, GROUPS, INTERNATIONAL, NORTH_AMERICA, is_telephone

_PHONE = Label("phi.phone")


_LIST: Final = re.compile(r"0[0-9]{2,3}(?:[ ._-][0-9]{3,4})+")  # groups of one length: a list, a table
_FRACTION: Final = re.compile(r"[0-9]{3}\.[0-9]{1,2}\Z|  ")


def _north_america(candidate: Candidate) -> Verdict | None:
    if goes_on(candidate):
        return None
    digits = "".join(filter(str.isdigit, candidate.matched))
    return Verdict(0.8 if "(" in candidate.matched or digits[-10] not in "01" else 0.65, "form")


def _plain(candidate: Candidate) -> Verdict | None:
    """Ten digits: a time in seconds, a provider, an account as well."""
    digits = candidate.matched[-10:]
    return Verdict(0.3 if digits[0] not in "01" and digits[3] not in "01" else 0.15, "ten digits")


def _international(candidate: Candidate) -> Verdict | None:
    digits = sum(map(str.isdigit, candidate.matched))
    if _LIST.fullmatch(candidate.matched) or _FRACTION.search(candidate.matched):
        return None
    if not 8 <= digits <= 15 + 5 * ("x" in candidate.matched.lower()):
        return None
    return Verdict(0.85 if candidate.matched[0] == "+" else 0.5, "country code")


def _extension(candidate: Candidate) -> Verdict | None:
    """`Ext. 3194`, `x4993` behind somebody; not how often or how large something is."""
    digits = "".join(filter(str.isdigit, candidate.matched))
    bare = candidate.matched[0] in "xX" and not candidate.matched[1:2].isalpha()
    if bare and (len(digits) != 4 or " " in candidate.matched or digits.endswith("00")):
        return None
    if candidate.before[-1:].isalnum() or _COUNTED.match(candidate.after):
        return None
    return Verdict(0.55, "extension")


_COUNTED: Final = re.compile(r"[ ]?(?:mg|ml|mm|cm|px|g\b|times|units|magnif|[.,x×][0-9])", re.IGNORECASE)


def _groups(candidate: Candidate) -> Verdict | None:
    score = is_telephone(candidate.matched, candidate.before, candidate.after)
    return None if score is None else Verdict(score, "groups of digits")


DETECTOR = Structured(
    "phone",
    (
        Pattern(
            "phone.north_america",
            NORTH_AMERICA,
            _PHONE,
            0.8,
            Beside.DIGIT,  # `X415-555-0137X` is a known trick
            _north_america,
            CONTEXT,
            ignore_case=True,
        ),
        Pattern(
            "phone.plain",
            rf"1?[2-9][0-9]{{9}}{EXTENSION}",
            _PHONE,
            0.3,
            judge=_plain,
            context=CONTEXT,
            ignore_case=True,
        ),
        # Of countries whose numbers begin with 0 at home, written in one.
        Pattern(
            "phone.national",
            rf"0[1-9][0-9]{{8,9}}{EXTENSION}",
            _PHONE,
            0.2,
            context=CONTEXT,
            ignore_case=True,
        ),
        Pattern(
            "phone.international", INTERNATIONAL, _PHONE, 0.85, judge=_international, context=CONTEXT, ignore_case=True
        ),
        Pattern(
            "phone.extension", r"(?:ext\.?|extension|x)[ ]?[0-9]{3,5}", _PHONE, 0.5, judge=_extension, ignore_case=True
        ),
        Pattern("phone.groups", GROUPS, _PHONE, 0.25, judge=_groups, context=CONTEXT, ignore_case=True),
    ),
    "telephone numbers",
)
