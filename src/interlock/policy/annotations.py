"""The grammar of our annotations (design section 5). Cedar accepts any annotation in silence; we don't.

@id("name")                      required, unique in the bundle
@because("a sentence")           what the asker and the reviewer are told
@review("group:n, group:n")      on a forbid: lifted for one action once n people of every group have signed
@expires("30m")                  with @review: how long the review waits
@valid("10m")                    with @review: how long an approval may wait for its release
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from interlock.model.decision import Quorum, Requirements
from interlock.model.names import GroupName, PolicyId
from interlock.policy.statements import Mistake, Statement

KNOWN = ("id", "because", "review", "expires", "valid")
LIFTING = ("review", "expires", "valid")
NOT_BUILT_YET = (
    "review_any",
    "stages",
    "reuse",
    "channels",
    "step_up",
    "justify",
    "ticket",
    "row_cap",
    "break_glass",
    "observe",
)

DEFAULT_EXPIRES = timedelta(minutes=30)
DEFAULT_VALID = timedelta(minutes=10)
# A review that waits for weeks, or an approval that is good for days, is a standing permit under another name.
LONGEST_EXPIRES = timedelta(days=7)
LONGEST_VALID = timedelta(days=1)
LONGEST_BECAUSE = 200

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_QUORUM = re.compile(r"\s*([^\s:,]+)\s*:\s*([1-9][0-9]{0,2})\s*")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Annotations:
    """What a policy's annotations say. `lifted_by` is set on a forbid that a review lifts."""

    id: PolicyId
    because: str
    lifted_by: Requirements | None


def read(
    statement: Statement, values: Mapping[str, str], effect: str, groups: Mapping[GroupName, int]
) -> tuple[Annotations, list[Mistake]]:
    """The annotations of one policy, and every mistake in them; with mistakes the annotations mean nothing.

    `values` are the annotations as Cedar read them, `effect` is "permit" or "forbid", `groups` gives the number of
    people in each group.
    """
    found: list[Mistake] = []

    def wrong(name: str, sentence: str) -> None:
        found.append(Mistake(statement.file, statement.line_of(name), sentence))

    for name in values:
        if name not in KNOWN:
            wrong(name, _unknown(name))
    if not _ID.fullmatch(values.get("id", "")):
        wrong("id", _bad_id("id" in values))
    because = values.get("because", "")
    if "because" in values and not _is_sentence(because):
        wrong("because", f"@because needs one printable line of at most {LONGEST_BECAUSE} characters")
    for name, sentence in _misplaced(values, effect):
        wrong(name, sentence)
    lifted_by = None
    if "review" in values:
        quorums, sentences = _quorums(values["review"], groups)
        for sentence in sentences:
            wrong("review", sentence)
        expires = _duration(values.get("expires"), DEFAULT_EXPIRES, LONGEST_EXPIRES)
        valid = _duration(values.get("valid"), DEFAULT_VALID, LONGEST_VALID)
        for name, value, most in (("expires", expires, LONGEST_EXPIRES), ("valid", valid, LONGEST_VALID)):
            if value is None:
                wrong(name, f'@{name} needs a duration such as "30m" (s, m, h or d), at most {most.days} d')
        lifted_by = Requirements(quorums, expires or DEFAULT_EXPIRES, valid or DEFAULT_VALID)
    return Annotations(PolicyId(values.get("id", "")), because, lifted_by), found


def nearest(name: str, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` for the closest valid name, or nothing."""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _unknown(name: str) -> str:
    if name in NOT_BUILT_YET:
        return f"@{name} isn't built yet, so this policy can't be kept; this version knows {_listed(KNOWN)}"
    close = difflib.get_close_matches(name, (*KNOWN, *NOT_BUILT_YET), n=1, cutoff=0.6)
    hint = f"did you mean @{close[0]}?" if close else f"this version knows {_listed(KNOWN)}"
    return f"unknown annotation @{name}; {hint}"


def _bad_id(present: bool) -> str:
    form = "lower-case letters, digits, dots, hyphens and underscores, at most 80"
    return f"@id needs a name of {form}" if present else f'every policy needs an @id("name") of {form}'


def _is_sentence(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_BECAUSE and text.isprintable()


def _misplaced(values: Mapping[str, str], effect: str) -> Iterator[tuple[str, str]]:
    for name in LIFTING:
        if name not in values:
            continue
        if effect != "forbid":
            yield name, f"@{name} belongs on a forbid: a permit has nothing for a review to lift"
        elif "review" not in values:
            yield name, f"@{name} means nothing without @review"


def _quorums(text: str, groups: Mapping[GroupName, int]) -> tuple[tuple[Quorum, ...], list[str]]:
    quorums: dict[GroupName, int] = {}
    sentences: list[str] = []
    for part in text.split(","):
        matched = _QUORUM.fullmatch(part)
        if matched is None:
            sentences.append('@review needs "group:number", or several of them with commas between')
            continue
        group, count = GroupName(matched[1]), int(matched[2])
        if group in quorums:
            sentences.append(f'@review names the group "{group}" twice')
        elif group not in groups:
            sentences.append(f'@review names the unknown group "{group}"{nearest(group, groups)}')
        elif count > groups[group]:
            sentences.append(f'@review asks for {count} of "{group}", which has {_people(groups[group])}')
        quorums[group] = count
    return tuple(Quorum(group, quorums[group]) for group in sorted(quorums)), sentences


def _duration(text: str | None, default: timedelta, longest: timedelta) -> timedelta | None:
    if text is None:
        return default
    matched = _DURATION.fullmatch(text)
    if matched is None:
        return None
    duration = timedelta(seconds=int(matched[1]) * _UNITS[matched[2]])
    return duration if duration <= longest else None


def _people(count: int) -> str:
    return "no people" if count == 0 else "1 person" if count == 1 else f"{count} people"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"@{name}" for name in names)
