"""Strings in policies: each that is compared with a label, an environment, a tag or an enforcer must be one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from cedarpy import pst

from interlock.errors import MalformedInput
from interlock.model.action import EnforcedBy
from interlock.model.label import Label, parse_label
from interlock.model.verb import GROUPS
from interlock.policy import reads
from interlock.policy.schema import LABEL_SETS
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import Surroundings

# A vendor without a business associate agreement (45 CFR 164.504(e)) is told by the tag that it lacks.
TOLD_BY_ABSENCE = frozenset({"baa"})

_ENFORCERS = frozenset(EnforcedBy)


def word_mistakes(parts: Sequence[object], known: frozenset[Label], around: Surroundings | None) -> Iterator[str]:
    """A sentence for each string among these nodes that can never be there. `known` empty: any label of good form."""
    told: dict[str, None] = {}
    for _, compared in reads.comparisons(parts):
        attributes = _attributes(compared)
        for text in sorted({part.value for part in compared if isinstance(part, pst.StringLit)}):
            told.update(dict.fromkeys(_mistakes(text, attributes, known, around)))
    for node in parts:
        if isinstance(node, pst.Like):
            told.update(dict.fromkeys(_unlike(node, around)))
    yield from told


def _attributes(parts: Iterable[object]) -> frozenset[str]:
    """The attributes among these that are ours: a tool may call an argument `labels` or `tags` and mean others."""
    return frozenset(part.attr for part in parts if isinstance(part, pst.GetAttr) and not reads.is_input(part))


def _mistakes(
    text: str, attributes: Collection[str], known: frozenset[Label], around: Surroundings | None
) -> Iterator[str]:
    if not LABEL_SETS.isdisjoint(attributes):
        yield from _bad_label(text, known)
    for attribute, words in _known_words(around):
        if attribute in attributes and text not in words:
            yield f'nothing here has the {_said(attribute)} "{text}"{nearest(text, words)}'


def _bad_label(text: str, known: frozenset[Label]) -> Iterator[str]:
    try:
        label = parse_label(text)
    except MalformedInput as malformed:
        yield f'"{text}" can\'t be a label: {malformed.sentence}'
    else:
        if known and not any(each == label or each.startswith(f"{label}.") for each in known):
            yield f'there is no label "{label}"{nearest(label, known)}'


def _unlike(node: pst.Like, around: Surroundings | None) -> Iterator[str]:
    pattern = "".join(re.escape(part.value) if isinstance(part, pst.Char) else ".*" for part in node.pattern)
    written = "".join(part.value if isinstance(part, pst.Char) else "*" for part in node.pattern)
    attributes = _attributes(reads.values(node.base))
    for attribute, words in _known_words(around):
        if attribute in attributes and not any(re.fullmatch(pattern, word, re.DOTALL) for word in words):
            yield f'nothing here has an {_said(attribute)} like "{written}"'


def _known_words(around: Surroundings | None) -> Iterator[tuple[str, frozenset[str]]]:
    yield "enforced_by", frozenset(map(str, _ENFORCERS))
    yield "asked", frozenset(GROUPS)
    if around is not None:
        yield "environment", around.environments
        yield "tags", around.tags | TOLD_BY_ABSENCE


def _said(attribute: str) -> str:
    return {"tags": "tag"}.get(attribute, attribute)
