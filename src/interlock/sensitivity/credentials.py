"""What credentials look like: the judges that detectors of secrets share.

A vendor's token is known by its prefix, so that all that is left is to tell it from the placeholder in a manual. A
password or key that nothing but its name gives away must look like something that a person or a machine made up.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import log2
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Judge, Pattern, Verdict

_FILLERS: Final = re.compile(
    r"x{4}|X{4}|\*{3}|\.{3}|0{12}|1{12}|-{5}|_{4}|(?i:your|placeholder|redacted|change_?this|insert|\bexample\b|dummy)"
)
_SURE: Final = 0.97


def token(
    name: str,
    expression: str,
    label: str,
    *,
    score: float = _SURE,
    beside: Beside = Beside.NOTHING,
    longest: int = 256,
    context: frozenset[str] = frozenset(),
    ignore_case: bool = False,
    random: bool = False,
) -> Pattern:
    """A vendor's token with a form of its own. It counts glued to letters too: `Xghp_...` is a known trick.

    `random` where the form alone isn't enough, since words with hyphens have it too.
    """
    judge = genuine(score, random)
    return Pattern(name, expression, Label(label), score, beside, judge, context, ignore_case, longest)


def genuine(score: float, random: bool = False) -> Judge:
    """A judge that passes what isn't a placeholder; with `random`, what looks made up by a machine besides."""

    def judge(candidate: Candidate) -> Verdict | None:
        if is_placeholder(candidate.matched) or (random and not looks_random(candidate.matched)):
            return None
        return Verdict(score, "the vendor's form")

    return judge


def is_placeholder(token: str) -> bool:
    """Whether a token with a vendor's prefix is a manual's: filled up with x, stars or dots, or with `your`."""
    return _FILLERS.search(token) is not None or len(set(token[-16:])) < 3


def bits(text: str) -> float:
    """Shannon's entropy of its characters, in bits a character: 4 at most for hexadecimal digits, 6 for base64."""
    counts = Counter(text)
    return -sum(n / len(text) * log2(n / len(text)) for n in counts.values())


def looks_random(text: str) -> bool:
    """Whether a machine made it up: long, of many characters, and not of words.

    Three digits spread over it, or letters of both cases changing within, tell a random value from `some-long-name`.
    """
    if len(text) < 16 or bits(text) < 1.9:
        return False
    digits = sum(c.isdigit() for c in text)
    changes = sum(_kind(a) != _kind(b) for a, b in pairwise(text))
    return digits >= 2 and changes >= len(text) // 5


def _kind(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.islower() else 2 if char.isupper() else 3
