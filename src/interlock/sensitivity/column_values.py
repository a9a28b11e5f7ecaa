"""What a column's sampled values say of it (layer 1): how many are a labelled thing, how many hold one.

Nothing of a value is kept: shares of labels, and whether the values are long, many, or words of a short list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label

MOST_VALUES: Final = 256  # distinct ones that are looked at
MOST_CHARACTERS: Final = 1024  # of each
WHOLE: Final = 0.6  # so much of a value's characters must be in findings for the value to be that thing
LONG: Final = 60  # characters of a value that somebody wrote
LONG_MEAN: Final = 40
MANY_WORDS: Final = 5
MOST_WORDS_OF_A_LIST: Final = 24  # distinct values of a column that has a short list of them,
LEAST_REPEATS: Final = 4  # each so often on average,
LONGEST_OF_A_LIST: Final = 40  # characters

Detect = Callable[[Sequence[str]], Sequence[tuple[Finding, ...]]]
"""What is found in each of some texts, in their order (`TextEngine.find_many`)."""


@dataclass(frozen=True, slots=True)
class ValueVerdict:
    """`looked_at`: distinct values that aren't empty. `whole`: of these, how many are a thing of that label and hardly
    anything else; `any_whole`: are made of labelled things; `held`: how many hold one somewhere; `any_held`: hold any.
    """

    looked_at: int = 0
    whole: Mapping[Label, int] = field(default_factory=dict)
    held: Mapping[Label, int] = field(default_factory=dict)
    any_whole: int = 0
    any_held: int = 0
    is_long: bool = False
    is_list: bool = False

    def share(self, count: int) -> float:
        """`count` as a share of the values looked at."""
        return count / self.looked_at if self.looked_at else 0.0


def weighed(values: Sequence[str], rows: int, detect: Detect) -> ValueVerdict:
    """What the values say; `rows` is how many rows they are from. Raises what `detect` does, and `ValueError` when it
    answers for another number of texts."""
    distinct = [each for each in dict.fromkeys(v[:MOST_CHARACTERS] for v in values) if each.strip()][:MOST_VALUES]
    if not distinct:
        return ValueVerdict()
    found = detect(distinct)
    if len(found) != len(distinct):
        raise ValueError("the detector answered for other texts than it was given")
    whole: Counter[Label] = Counter()
    held: Counter[Label] = Counter()
    any_whole = any_held = 0
    for text, findings in zip(distinct, found, strict=True):
        if not findings:
            continue
        labels = {finding.label for finding in findings}
        held.update(labels)
        whole.update(label for label in labels if _covers(text, [f for f in findings if f.label == label]))
        any_held += 1
        any_whole += _covers(text, findings)
    return ValueVerdict(
        len(distinct), dict(whole), dict(held), any_whole, any_held, _are_long(distinct), _are_a_list(distinct, rows)
    )


def _covers(text: str, findings: Sequence[Finding]) -> bool:
    """Whether findings cover most of what isn't space."""
    covered: set[int] = set()
    for finding in findings:
        covered.update(range(max(finding.start, 0), min(finding.end, len(text))))
    written = [at for at, letter in enumerate(text) if not letter.isspace()]
    return sum(at in covered for at in written) >= WHOLE * len(written)


def _are_long(values: Sequence[str]) -> bool:
    lengths = [len(value) for value in values]
    of_words = sum(len(value.split()) >= MANY_WORDS for value in values)
    return max(lengths) > LONG or sum(lengths) > LONG_MEAN * len(values) or of_words * 10 >= len(values)


def _are_a_list(values: Sequence[str], rows: int) -> bool:
    return (
        len(values) <= MOST_WORDS_OF_A_LIST
        and rows >= LEAST_REPEATS * len(values)
        and max(len(value) for value in values) <= LONGEST_OF_A_LIST
    )
