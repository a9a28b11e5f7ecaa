"""Policies as a text has them, without asking whether what they name exists: for comparing texts with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cedarpy
from cedarpy import pst

from interlock.errors import PolicyMistakes
from interlock.model.names import GroupName, PersonId, PolicyId
from interlock.policy.annotations import Annotations
from interlock.policy.annotations import read as read_annotations
from interlock.policy.schema import GROUP
from interlock.policy.statements import Mistake, Statement, split, too_deep

_MANY = frozenset(PersonId(str(number)) for number in range(1_000))  # more than any quorum asks for


@dataclass(frozen=True, slots=True)
class Written:
    """One policy: where it stands, Cedar's tree, what its annotations mean, and their values as written."""

    statement: Statement
    tree: pst.Template
    annotations: Annotations
    values: Mapping[str, str]

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.statement.file}:{self.statement.line}"


def read_written(sources: Mapping[str, str]) -> dict[PolicyId, Written]:
    """The policies of these sources (file -> text) by id.

    Raises `PolicyMistakes` with all that can't be read: a policy that Cedar doesn't take, an annotation that means
    nothing, an id that is missing or stands twice.
    """
    found: dict[PolicyId, Written] = {}
    mistakes: list[Mistake] = []
    for file in sorted(sources):
        for statement in split(file, sources[file]):
            written, wrong = _read(statement)
            mistakes += wrong
            if written is None or wrong:
                continue
            if written.annotations.id in found:
                line = statement.line_of("id")
                mistakes.append(Mistake(file, line, f'the @id "{written.annotations.id}" stands twice'))
            found[written.annotations.id] = written
    if mistakes:
        raise PolicyMistakes([str(mistake) for mistake in sorted(mistakes)])
    return found


def _read(statement: Statement) -> tuple[Written | None, list[Mistake]]:
    deep = too_deep(statement.text)
    if deep is not None:
        return None, [Mistake(statement.file, statement.line, deep)]
    try:
        parsed = cedarpy.PolicySet.from_str(statement.text).to_pst()
    except ValueError as refused:
        return None, [Mistake(statement.file, statement.line, f"Cedar can't read this policy: {refused}")]
    if len(parsed.static_policies) != 1 or parsed.templates:
        return None, [Mistake(statement.file, statement.line, "this must be one policy without slots")]
    (tree,) = parsed.static_policies.values()
    groups = dict.fromkeys(_groups(tree), _MANY)
    annotations, mistakes = read_annotations(statement, tree.annotations, tree.effect, groups)
    return Written(statement, tree, annotations, tree.annotations), mistakes


def _groups(tree: pst.Template) -> Iterator[GroupName]:
    """Whatever stands where a group's name would."""
    for value in tree.annotations.values():
        for part in value.replace(">", ",").split(","):
            yield GroupName(part.partition(":")[0].strip())
    for uid in pst.entity_uids(tree):
        if str(uid.type) == GROUP:
            yield GroupName(uid.id)
