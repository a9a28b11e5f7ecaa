"""How detectors of identity numbers are put together: a form, a check digit, and the words that tell of the kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from interlock.model.finding import THRESHOLD
from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Judge, Pattern, Verdict

Check = Callable[[str], bool]
"""Looks at capitals and digits alone: what separates groups is taken out before."""
TOLD: Final = 0.55
"""What words that stand before a number add to its score: with a check digit they tell more than any form does, such
as that of telephone numbers."""
LOWERED: Final = 0.6
"""The score of one right behind its word whose check digit fails."""
# What may stand between a word and a number that is told by it for certain: signs, and what says that it follows.
_DIRECTLY: Final = (
    r"[ _.-]{0,2}(?:(?:no|nr|num|number|nummer|id|code|#)[ .]{0,2})?[:=#\"'> \t|(]{0,4}(?:is |was )?[\"']?"
)
BETWEEN: Final = 32
"""How many characters may stand between a word and the number that it tells of."""
_GROUPS: Final = str.maketrans("", "", " -./\t")


def national_id(
    country: str,
    form: str,
    expression: str,
    check: Check,
    score: float,
    words: Iterable[str],
    *,
    why: str = "check digit",
    ignore_case: bool = False,
) -> Pattern:
    """A form of a country's number, such as `nl`. Below `THRESHOLD`, it needs one of `words` before it, which adds to
    `score`; above, a word near it does."""
    name, label = f"national_id.{country}.{form}", Label(f"pii.national_id.{country}")
    if score < THRESHOLD:
        return told_number(name, expression, label, check, score + TOLD, words, why=why)
    judge = checked(check, score, why)
    return Pattern(name, expression, label, score, Beside.WORD, judge, frozenset(words), ignore_case)


def told_number(
    name: str,
    expression: str,
    label: Label,
    check: Check,
    score: float,
    words: Iterable[str],
    *,
    why: str = "check digit",
) -> Pattern:
    """A number that counts behind one of `words` alone, with at most `BETWEEN` characters between that are no digits.

    The words are part of the expression: tables are full of numbers, and looking at each for words near it takes a
    hundred times as long. The name of a column or field stands before its value as words do.
    """
    either = "|".join(re.escape(w).replace("\\ ", "[ _-]?") for w in sorted(words, key=lambda w: (-len(w), w)))
    told = rf"(?:{either})[^0-9\x1e]{{1,{BETWEEN}}}"
    parts = cache(lambda: re.compile(rf"{told}?({expression})", re.IGNORECASE))  # when it is first needed
    directly = cache(lambda: re.compile(rf"(?:{either}){_DIRECTLY}", re.IGNORECASE))

    def judge(candidate: Candidate) -> Verdict | None:
        found = parts().fullmatch(candidate.matched)
        if found is None:
            return None
        number = Candidate(found[1], candidate.matched[: found.start(1)], candidate.after, candidate.telling)
        if goes_on(number) or (found[1][0].isalpha() and number.before[-1:].isalpha()):
            return None
        if not check(found[1].translate(_GROUPS).upper()):
            # Numbers are mistyped: what stands right behind the word may be one all the same.
            direct = label.startswith(("pii.", "pci.")) and directly().fullmatch(number.before)
            return Verdict(LOWERED, "form, told by words", found.start(1)) if direct else None
        return Verdict(score, f"{why}, told by words", found.start(1))

    expression_of_all = told + f"(?:{expression})"
    return Pattern(name, expression_of_all, label, score, Beside.WORD, judge, ignore_case=True)


def checked(check: Check, score: float, why: str) -> Judge:
    """A judge that passes what `check` passes, unless it goes on as a longer number does: `-12` or `.5` behind it."""

    def judge(candidate: Candidate) -> Verdict | None:
        if goes_on(candidate) or not check(candidate.matched.translate(_GROUPS).upper()):
            return None
        return Verdict(score, why)

    return judge


def goes_on(candidate: Candidate) -> bool:
    """Whether a digit stands beyond a hyphen, dot or slash on either side, or groups of four go on beside groups: it is
    part of a longer number, or of a list of numbers."""
    before, after = candidate.before, candidate.after
    if " " in candidate.matched and (_GROUP_BEFORE.search(before) or _GROUP_BEHIND.match(after)):
        return True
    return (before[-1:] in _JOINTS and before[-2:-1].isdigit()) or (after[:1] in _JOINTS and after[1:2].isdigit())


_GROUP_BEFORE: Final = re.compile(r"(?:^|[^0-9])[0-9]{4} $")
_GROUP_BEHIND: Final = re.compile(r" [0-9]{4}(?:[^0-9]|$)")
_JOINTS: Final = frozenset("-./")
