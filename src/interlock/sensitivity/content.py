"""What a value itself gives away, whatever column it came from: the third witness, beside lineage and the server's
description of a result.

    PatternDetector().find(value) -> the labels of what is in it, none mostly

Six kinds that can be told by their form: social security numbers, card numbers, e-mail addresses, AWS access keys,
private keys, JSON web tokens. Names, diagnoses and numbers without separators can't be, so nothing found proves
nothing. Every pattern looks at bytes a bounded number of times and copies none, so that a value of any length takes
time in proportion to it. Not by possessive quantifiers: early releases of Python 3.11 match too much with them
(python/cpython#106052).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from interlock.model.label import Label

MOST_CANDIDATES: Final = 10_000  # of card numbers in one value; where more fail the check digit, it is taken for one

# Area, group and serial as the SSA gives them out (20 CFR 422.103; randomised since 2011: not 000, 666, 9xx; not 00;
# not 0000), with one kind of separator. Not inside a longer number, such as an ISBN.
_SSN = re.compile(
    rb"[0-8](?<![0-9].)(?<![0-9]-.)[0-9]{2}(?<!000|666)([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9]|-[0-9])",
    re.DOTALL,
)

# In one piece; neither part of a hexadecimal digest nor of a decimal fraction. One hexadecimal letter beside it may be
# a word's last letter (`card4111...`) or an escape (`\f`).
_CARD_PLAIN = re.compile(rb"[2-6](?<![0-9].)[0-9]{12,18}(?![0-9])(?![0-9a-fA-F]{2}|\.[0-9])", re.DOTALL)
# In groups as cards show them: fours and a rest, with perhaps another rest (a longer number, or what merely follows);
# or 4-6-5 and 4-6-4. A lookahead, so that one that begins within another is found.
_CARD_GROUPS = re.compile(
    rb"[2-6](?<![0-9].)(?=([0-9]{3}([- ])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4})(?![0-9])(\2[0-9]{1,3}(?![0-9]))?"
    rb"|([0-9]{3}([- ])[0-9]{6}\5[0-9]{4,5})(?![0-9]))",
    re.DOTALL,
)
# Two bytes before a card number in one piece that make it a digest's or a fraction's.
_DIGEST_OR_FRACTION = re.compile(rb"[0-9a-fA-F]{2}|[0-9]\.")
_LONG_NUMBER = re.compile(rb"[0-9][0-9- ][0-9- ][0-9- ][0-9- ][0-9]")  # of all the above: a quick look beforehand
_DOUBLED = bytes.maketrans(b"0123456789", b"\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09")
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))

# Issuers' ranges (ISO/IEC 7812) and the lengths that they give out.
_ISSUERS: Final[tuple[tuple[re.Pattern[bytes], frozenset[int]], ...]] = (
    (re.compile(rb"4"), frozenset((13, 16, 19))),
    (re.compile(rb"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset((16,))),
    (re.compile(rb"3[47]"), frozenset((15,))),
    (re.compile(rb"30[0-5]|309|36|3[89]"), frozenset((14, 16, 19))),
    (re.compile(rb"6011|64[4-9]|65|62|352[89]|35[3-8]"), frozenset((16, 17, 18, 19))),
    (re.compile(rb"5018|5020|5038|5893|6304|6759|676[1-3]"), frozenset(range(13, 20))),
)

# RFC 5321 in so far as people write it; letters beyond ASCII count (RFC 6531). The part before the sign only has to be
# there, and lengths are bounded, so that nothing is looked at again for another beginning.
_EMAIL = re.compile(
    rb"@(?<=[A-Za-z0-9_%+~\"'\x80-\xff-]@)(?:[A-Za-z0-9\x80-\xff-]{1,63}\.){1,8}[A-Za-z\x80-\xff]{2,63}"
)
_AWS_KEY = re.compile(rb"A(?<![A-Z0-9].)(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Z0-9])", re.DOTALL)
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")  # RFC 7468 and its kin
# RFC 7519: two JSON objects (`{"` is eyJ) and a seal, perhaps an empty one. A run of letters is tried from its
# beginning alone.
_JWT = re.compile(rb"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{8,})(?=\.eyJ[A-Za-z0-9_-]{4,}\.)")


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """A `ContentDetector` by patterns alone. Pure; never raises, whatever the bytes."""

    def find(self, value: bytes) -> frozenset[Label]:
        """The labels of what the bytes of a text hold, in any encoding that ASCII is part of."""
        if len(value) < 5:
            return _NOTHING
        found = [label for hint, label, holds in _BY_SIGN if hint in value and holds(value)]
        if len(value) >= 11 and _LONG_NUMBER.search(value) is not None:
            found += [label for label, holds in _BY_NUMBER if holds(value)]
        return frozenset(found) if found else _NOTHING


def _holds_card(value: bytes) -> bool:
    return _any_card(_plain_cards(value)) or _any_card(_grouped_cards(value))


def _any_card(candidates: Iterable[bytes]) -> bool:
    return any(tried >= MOST_CANDIDATES or _is_card(each) for tried, each in enumerate(candidates))


def _plain_cards(value: bytes) -> Iterator[bytes]:
    for match in _CARD_PLAIN.finditer(value):
        at = match.start()
        if at < 2 or _DIGEST_OR_FRACTION.match(value, at - 2) is None:
            yield match[0]


def _grouped_cards(value: bytes) -> Iterator[bytes]:
    for match in _CARD_GROUPS.finditer(value):
        first, fours, rest, other = match[0], match[1], match[3], match[4]
        yield first + (other or fours)
        if rest is not None:
            yield first + fours + rest


def _is_card(written: bytes) -> bool:
    """Whether the digits have an issuer's prefix, a length that it gives out, and the check digit (ISO/IEC 7812-1)."""
    digits = written.translate(None, b" -")
    if not any(len(digits) in lengths and prefix.match(digits) for prefix, lengths in _ISSUERS):
        return False
    total = sum(digits[-1::-2].translate(_DIGITS)) + sum(digits[-2::-2].translate(_DOUBLED))
    return total % 10 == 0 and len(set(digits)) > 1


def _holds_jwt(value: bytes) -> bool:
    return any(b"eyJ" in match[1] for match in _JWT.finditer(value))


def _matches(pattern: re.Pattern[bytes]) -> Callable[[bytes], bool]:
    return lambda value: pattern.search(value) is not None


_NOTHING: Final[frozenset[Label]] = frozenset()
# What must be in a value, the label, and the closer look.
_BY_SIGN: Final = (
    (b"@", Label("pii.email"), _matches(_EMAIL)),
    (b"IA", Label("secret.aws.access_key"), _matches(_AWS_KEY)),
    (b"ACCA", Label("secret.aws.access_key"), _matches(_AWS_KEY)),
    (b"-----BEGIN ", Label("secret.key"), _matches(_PRIVATE_KEY)),
    (b".eyJ", Label("secret.jwt"), _holds_jwt),
)
_BY_NUMBER: Final = ((Label("pii.ssn"), _matches(_SSN)), (Label("pci.pan"), _holds_card))
