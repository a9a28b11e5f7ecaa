"""The grammar of our annotations (design section 5). Cedar accepts any annotation in silence; we don't.

@id("name")                 required, unique in the bundle
@because("a sentence")      what the asker and the reviewer are told
@observe                    evaluated beside and reported, never obeyed

What lifts a forbid is in `quorums` and `lifting`, what is owed for an action to run in `obligations`. Where each may
stand follows from what happens when it goes missing (docs/decisions/0016).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interlock.model.decision import Requirements
from interlock.model.names import PolicyId
from interlock.model.obligation import Obligations
from interlock.policy import lifting, obligations
from interlock.policy.lifting import BESIDE
from interlock.policy.obligations import GRANTED, OWED
from interlock.policy.quorums import LIFTING
from interlock.policy.spelling import nearest as nearest
from interlock.policy.spelling import nearest_annotation
from interlock.policy.statements import Mistake, Statement
from interlock.policy.surroundings import Members

KNOWN = ("id", "because", *LIFTING, *BESIDE, *OWED, *GRANTED, "observe")
BARE = ("justify", "ticket", "observe")  # those that take no value

LONGEST_BECAUSE = 200

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_LIFTERS = "@review, @review_any or @stages"


@dataclass(frozen=True, slots=True)
class Annotations:
    """What a policy's annotations say. `lifted_by` is set on a forbid that a review lifts; `asks` is what is owed when
    this policy permits or is lifted; an `observed` policy takes no part in deciding."""

    id: PolicyId
    because: str
    lifted_by: Requirements | None
    asks: Obligations = Obligations()  # noqa: RUF009  frozen
    observed: bool = False


def read(
    statement: Statement, values: Mapping[str, str], effect: str, groups: Members
) -> tuple[Annotations, list[Mistake]]:
    """The annotations of one policy, and every mistake in them; with mistakes the annotations mean nothing.

    `values` are the annotations as Cedar read them, `effect` is "permit" or "forbid", `groups` gives the people in each
    group.
    """
    found: list[Mistake] = []

    def wrong(name: str, sentence: str) -> None:
        found.append(Mistake(statement.file, statement.line_of(name), sentence))

    for name, sentence in (*_unwritten(values), *_misplaced(values, effect)):
        wrong(name, sentence)
    is_lifted = effect == "forbid" and any(name in values for name in LIFTING)
    annotations = Annotations(
        id=PolicyId(values.get("id", "")),
        because=values.get("because", ""),
        lifted_by=lifting.read(values, groups, wrong) if is_lifted else None,
        asks=obligations.read(values, wrong),
        observed="observe" in values,
    )
    return annotations, found


def _unwritten(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the names of annotations, and with the values that every policy may have."""
    for name, value in values.items():
        if name not in KNOWN:
            yield name, f"unknown annotation @{name}; {nearest_annotation(name, KNOWN)}"
        elif name in BARE and value:
            yield name, f"@{name} takes no value"
    if not _ID.fullmatch(values.get("id", "")):
        yield "id", _bad_id("id" in values)
    if "because" in values and not _is_sentence(values["because"]):
        yield "because", f"@because needs one printable line of at most {LONGEST_BECAUSE} characters"


def _misplaced(values: Mapping[str, str], effect: str) -> Iterator[tuple[str, str]]:
    """Annotations that would mean nothing where they stand, or something else once another is lost."""
    is_lifted = any(name in values for name in LIFTING)
    for name in values:
        if name in (*LIFTING, *BESIDE) and effect != "forbid":
            yield name, f"@{name} belongs on a forbid: a permit has nothing for a review to lift"
        elif name in BESIDE and not is_lifted:
            yield name, f"@{name} means nothing without {_LIFTERS}"
        elif name in GRANTED and effect == "forbid":
            yield name, f"@{name} belongs on a permit: a forbid grants nothing, lifted or not"
        elif name in OWED and effect == "forbid" and not is_lifted:
            yield name, f"@{name} means nothing on a forbid that nothing lifts: {_LIFTERS} would"


def _bad_id(present: bool) -> str:
    form = "lower-case letters, digits, dots, hyphens and underscores, at most 80"
    return f"@id needs a name of {form}" if present else f'every policy needs an @id("name") of {form}'


def _is_sentence(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_BECAUSE and text.isprintable()
