"""Strings in policies: each that is compared with a label, an environment, a tag or an enforcer must be one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from cedarpy import pst

from interlock.errors import MalformedInput
from interlock.model.action import EnforcedBy
from interlock.model.label import Label, parse_label, upward
from interlock.policy import reads
from interlock.policy.annotations import nearest
from interlock.policy.schema import LABEL_SETS
from interlock.policy.surroundings import Surroundings

_ENFORCERS = frozenset(EnforcedBy)


def word_mistakes(tree: pst.Template, known: frozenset[Label], around: Surroundings | None) -> Iterator[str]:
    """A sentence for each string that can never be there. `known` empty: any label of the right form."""
    told: dict[str, None] = {}
    for _, parts in reads.comparisons(tree):
        attributes = {part.attr for part in parts if isinstance(part, pst.GetAttr)}
        for text in sorted({part.value for part in parts if isinstance(part, pst.StringLit)}):
            told.update(dict.fromkeys(_mistakes(text, attributes, known, around)))
    for node in reads.nodes(tree.clauses):
        if isinstance(node, pst.Like):
            told.update(dict.fromkeys(_unlike(node, around)))
    yield from told


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
        if known and label not in upward(known):
            yield f'there is no label "{label}"{nearest(label, known)}'


def _unlike(node: pst.Like, around: Surroundings | None) -> Iterator[str]:
    pattern = "".join(re.escape(part.value) if isinstance(part, pst.Char) else ".*" for part in node.pattern)
    written = "".join(part.value if isinstance(part, pst.Char) else "*" for part in node.pattern)
    attributes = {part.attr for part in reads.values(node.base) if isinstance(part, pst.GetAttr)}
    for attribute, words in _known_words(around):
        if attribute in attributes and not any(re.fullmatch(pattern, word, re.DOTALL) for word in words):
            yield f'nothing here has an {_said(attribute)} like "{written}"'


def _known_words(around: Surroundings | None) -> Iterator[tuple[str, frozenset[str]]]:
    yield "enforced_by", frozenset(map(str, _ENFORCERS))
    if around is not None:
        yield "environment", around.environments
        yield "tags", around.tags


def _said(attribute: str) -> str:
    return {"tags": "tag"}.get(attribute, attribute)
