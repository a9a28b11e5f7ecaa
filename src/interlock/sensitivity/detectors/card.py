"""Payment cards: numbers (ISO/IEC 7812), verification values, expiry dates, magnetic tracks (ISO/IEC 7813)."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import digits_of, luhn
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_PAN: Final = Label("pci.pan")
_LONGEST: Final = 19
# Issuers' ranges and the lengths that they give out.
_ISSUERS: Final = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"30[0-5]|309|36|3[89]"), (14, 16, 19)),
    (re.compile(r"6011|64[4-9]|65|62|352[89]|35[3-8]|81|60|508|353|356"), (16, 17, 18, 19)),
    (re.compile(r"50[0-9][0-9]|5[6-8]|6304|6759|676[1-3]|220[0-4]|6[0-9]"), tuple(range(12, 20))),
)
_SURE: Final = 0.95
# Beside one of these words a number may be a card that nobody's table of issuers has; after these of others, it's none.
_TOLD: Final = re.compile(
    r"(?i)card|visa|mastercard|amex|american express|discover|diners|jcb|maestro|\bpan\b|\bcc\b|credit|debit|cvv"
)


def is_card(digits: str) -> bool:
    """Whether they have an issuer's prefix, a length that it gives out, and the check digit."""
    known = any(len(digits) in lengths and prefix.match(digits) for prefix, lengths in _ISSUERS)
    return known and luhn(digits) and len(set(digits)) > 1


def _plain(candidate: Candidate) -> Verdict | None:
    digits = candidate.matched
    if not is_card(digits) or _in_digest(candidate):
        return None
    return Verdict(_SURE if digits[0] in "3456" else 0.85, "issuer, length, check digit")


def _in_digest(candidate: Candidate) -> bool:
    """Whether it is the middle of a hexadecimal digest, a decimal fraction, or what an identifier joins to digits."""
    before, after = candidate.before, candidate.after
    if re.search(r"[0-9][.,]$|[0-9a-f][0-9a-f]$", before) and not re.search(
        r"[^0-9a-f][0-9a-f]{2}$|^[a-f]{2}$", before
    ):
        return True
    if re.match(r"[0-9a-f]{2}|\.[0-9]", after) and not re.match(r"[0-9a-f]{1,3}[^0-9a-f]", after):
        return True
    return re.search(r"[0-9a-f]{4}-$", before) is not None and not _TOLD.search(before)


def _grouped(candidate: Candidate) -> Verdict | None:
    """A card from one group's beginning to another's end: groups before and behind it may be something else's."""
    groups = [m.span() for m in re.finditer(r"[0-9]+", candidate.matched)]
    found: tuple[int, int] | None = None
    for first in range(min(3, len(groups))):  # what begins later is a match of its own
        for count in (5, 4, 3):  # fours and a rest of 19 or fewer digits; 4-6-5 and 4-6-4
            within = groups[first : first + count]
            if len(within) < count or not _looks_grouped([end - start for start, end in within]):
                continue
            start, end = within[0][0], within[-1][1]
            if is_card(digits_of(candidate.matched[start:end])):
                found = (start if found is None else found[0], end)
                break
    if found is None:
        sizes = [end - start for start, end in groups]
        known = sizes == [4, 4, 4, 4] and candidate.matched[0] in "3456"
        return Verdict(0.45, "groups") if known else None
    return Verdict(_SURE, "issuer, groups, check digit", *found)


def _looks_grouped(sizes: list[int]) -> bool:
    return sizes in ([4, 6, 5], [4, 6, 4]) or (
        len(sizes) > 3 and set(sizes[:-1]) == {4} and sizes[-1] <= 4 and sum(sizes) <= _LONGEST
    )


def _spaced(candidate: Candidate) -> Verdict | None:
    """A card digit by digit, from where the run begins: beginnings within it would be too many to try."""
    start = re.search(r"[2-6]", candidate.matched)
    places = [m.start() for m in re.finditer(r"[0-9]", candidate.matched[:64])]
    digits = "".join(candidate.matched[place] for place in places)
    for length in (19, 16, 15, 14, 13):
        if start is not None and len(digits) >= length and is_card(digits[:length]):
            return Verdict(_SURE, "issuer, digit by digit, check digit", start.start(), places[length - 1] + 1)
    return None


def _value_at_end(candidate: Candidate) -> Verdict | None:
    digits = re.search(r"[0-9]{3,4}$", candidate.matched)
    if digits is None or re.match(r"[ -]?[0-9]|[.,/:][0-9]", candidate.after):
        return None
    return Verdict(0.85, "behind a name of verification values", digits.start())


_EXPIRY: Final = re.compile(r"(?:0?[1-9]|1[0-2]) ?[/-] ?(?:20)?[2-4][0-9]$")


def _expiry(candidate: Candidate) -> Verdict | None:
    date = _EXPIRY.search(candidate.matched)
    if date is None or re.match(r"[/-][0-9]", candidate.after):
        return None
    words = candidate.matched[: date.start()].lower()
    if not words.startswith("exp") and not _TOLD.search(candidate.before + candidate.after):
        return Verdict(0.55, "valid through", date.start())
    return Verdict(0.8, "behind a word of expiry", date.start())


def _behind_card(candidate: Candidate) -> Verdict | None:
    number = re.match(r"[0-9 -]+[0-9]", candidate.matched)
    if number is None or not is_card(digits_of(number[0])):
        return None
    return Verdict(0.9, "expiry and verification value behind a card number", number.end() + 1)


def _told_number(candidate: Candidate) -> Verdict | None:
    """Behind a word of cards: whatever its check digit, since numbers are mistyped, and whoever gave it out."""
    value = candidate.matched
    digits = digits_of(value)
    if not _SHORTEST <= len(digits) <= _LONGEST or len(set(digits)) < 3 or _SIM.search(candidate.before):
        return None
    return Verdict(_SURE if is_card(digits) else 0.7, "told by words")


_SHORTEST: Final = 12
_SIM: Final = re.compile(
    r"\b(?:sim|sd|gift|library|report|score|index|business|id|identity|green|member)[ _-]?cards?\b"
)


def _track(candidate: Candidate) -> Verdict | None:
    digits = re.search(r"[0-9]{12,19}", candidate.matched)
    return Verdict(1.0, "a magnetic track") if digits is not None and luhn(digits[0]) else None


DETECTOR = Structured(
    "card",
    (
        Pattern(
            "card.plain",
            # Of one length for all prefixes: lengths by prefix make hyperscan's automaton five times slower.
            r"(4[0-9]{3}|5[0-9]{3}|2[2-7][0-9]{2}|3[04-9][0-9]{2}|6[0-9]{3}|81[0-9]{2})[0-9]{9,15}",
            _PAN,
            _SURE,
            Beside.DIGIT,
            _plain,
        ),
        Pattern(
            "card.grouped",
            # Groups before and behind take part: which of them are the card's is seen afterwards.
            r"[0-9]{4}[ ._-]{1,2}[0-9]{4}[ ._-]{1,2}[0-9]{4}[ ._-]{1,2}[0-9]{1,4}([ ._-]{1,2}[0-9]{1,4}){0,2}",
            _PAN,
            _SURE,
            Beside.DIGIT,
            _grouped,
            frozenset(
                ("card", "visa", "mastercard", "amex", "discover", "credit", "debit", "cvv", "cvc", "expiry", "exp")
            ),
        ),
        Pattern(
            "card.grouped_15",
            r"3[04-9][0-9]{2}[ ._-][0-9]{6}[ ._-][0-9]{4,5}",
            _PAN,
            _SURE,
            Beside.DIGIT,
            _grouped,
        ),
        Pattern(
            "card.spaced",
            r"[^0-9 .-] {0,3}[2-6][ .-][0-9][ .-][0-9][ .-][0-9][ .-][0-9][ .-][0-9][ .-][0-9 .-]{12,}[0-9]",
            _PAN,
            _SURE,
            Beside.NOTHING,
            _spaced,
        ),
        told(
            "card.told",
            _PAN,
            (
                "(?:credit|debit|payment|bank|charge)? ?cards?(?: ?(?:no|num|number|nr|nbr))?",
                "visa|mastercard|master ?card|amex|american express|discover|diners(?: club)?|jcb|maestro|pan"
                "|primary account number",
                "cc|cc ?(?:no|num|number)|kreditkarte(?:nnummer)?|carte bancaire|tarjeta",
            ),
            0.7,
            least=_SHORTEST,
            check=_told_number,
            # Any groups; their sum is looked at afterwards.
            value="[0-9]{2,6}(?:[ ._-]?[0-9]{1,6}){2,6}",
        ),
        Pattern(
            "card.cvv",
            r"(cvv2?|cvc2?|cvn|csc|cav2?|card verification|security code|card code|cid)"
            r"( (code|value|number|no|num|is))*[_a-z0-9]*[\"'#:=|,.>() \t\\-]+(is )?[\"']?[0-9]{3,4}",
            Label("pci.cvv"),
            0.85,
            Beside.WORD,
            _value_at_end,
            ignore_case=True,
        ),
        Pattern(
            "card.expiry",
            r"(exp(iry|ires|iration|ired|\.)?|valid (thru|through|until|till)|good thru)([_ ](date|month|dt|on|end))*"
            r"[a-z_]*[\"'#:=|,.>() \t\\]*(is )?[\"']?[01]?[0-9] ?[/-] ?(20)?[2-4][0-9]",
            Label("pci.expiry"),
            0.8,
            Beside.WORD,
            _expiry,
            ignore_case=True,
        ),
        Pattern(
            "card.behind",
            r"[2-6][0-9 -]{12,22}[0-9][ \t]*[,;|:/ \t]{1,3}(0[1-9]|1[0-2])[ /|,;:-]?(20)?[2-4][0-9]"
            r"([ /|,;:]{1,3}[0-9]{3,4})?",
            Label("pci.expiry"),
            0.9,
            Beside.DIGIT,
            _behind_card,
        ),
        Pattern(
            "card.track_1",
            r"%?[Bb][0-9]{12,19}\^[^^\n\x1e]{2,26}\^[0-9]{4}[0-9A-Za-z =]*\??",
            Label("pci.track"),
            1.0,
            Beside.NOTHING,
            _track,
        ),
        Pattern("card.track_2", r";?[0-9]{12,19}[=D][0-9]{7,}F?\??", Label("pci.track"), 1.0, Beside.DIGIT, _track),
    ),
    "payment cards: numbers, verification values, expiry dates, magnetic tracks",
)
