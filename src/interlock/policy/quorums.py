"""Quorums as annotations write them, and whether anybody could meet them.

@review("group:n, group:n")              all of these
@review_any("group:n, group:n")          one of these
@stages("group:n, group:n > group:n")    all of each stage, and a stage only once the one before it is met
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from interlock.model.decision import Quorum, Stages
from interlock.model.matching import satisfied
from interlock.model.names import GroupName, PersonId
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import Members

LIFTING = ("review", "review_any", "stages")

Wrong = Callable[[str, str], None]
"""Takes an annotation's name and what is wrong with it."""

_QUORUM = re.compile(r"\s*([^\s:,>]+)\s*:\s*([1-9][0-9]{0,2})\s*", re.ASCII)
_FORM = {
    "review": '"group:number", or several of them with commas between',
    "review_any": '"group:number", or several of them with commas between',
    "stages": '"group:number > group:number": stages with > between, each of quorums with commas between',
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one policy asks of people: every quorum of `all_of`, one of `any_of` unless empty, every one of `stages`."""

    all_of: tuple[Quorum, ...] = ()
    any_of: tuple[Quorum, ...] = ()
    stages: Stages = ()


def read(values: Mapping[str, str], groups: Members, wrong: Wrong) -> Asked:
    """The quorums of one policy's annotations; what can't be read or met is told to `wrong`."""
    found: list[str] = []

    def told(name: str, sentence: str) -> None:
        found.append(name)
        wrong(name, sentence)

    asked = Asked(
        all_of=_listed("review", values["review"], groups, told) if "review" in values else (),
        any_of=_listed("review_any", values["review_any"], groups, told) if "review_any" in values else (),
        stages=_staged(values["stages"], groups, told) if "stages" in values else (),
    )
    if not found:
        for name, sentence in _unreachable(asked, groups):
            wrong(name, sentence)
    return asked


def _staged(text: str, groups: Members, wrong: Wrong) -> Stages:
    return tuple(_listed("stages", stage, groups, wrong) for stage in text.split(">"))


def _listed(name: str, text: str, groups: Members, wrong: Wrong) -> tuple[Quorum, ...]:
    """Quorums with commas between, sorted: their order means nothing."""
    quorums: dict[GroupName, int] = {}
    for part in text.split(","):
        matched = _QUORUM.fullmatch(part)
        if matched is None:
            wrong(name, f"@{name} needs {_FORM[name]}")
            continue
        group, count = GroupName(matched[1]), int(matched[2])
        if group in quorums:
            wrong(name, f'@{name} names the group "{group}" twice' + (" in one stage" if name == "stages" else ""))
        elif group not in groups:
            wrong(name, f'@{name} names the unknown group "{group}"{nearest(group, groups)}')
        elif count > len(groups[group]):
            wrong(name, f'@{name} asks for {count} of "{group}", which has {_people(len(groups[group]))}')
        quorums[group] = count
    return tuple(Quorum(group, quorums[group]) for group in sorted(quorums))


def _unreachable(asked: Asked, groups: Members) -> Iterator[tuple[str, str]]:
    """What different people can't meet, though there are enough in each group: somebody would have to count twice."""
    together = (*asked.all_of, *(quorum for stage in asked.stages for quorum in stage))
    if not _reachable(together, groups):
        names = " and ".join(
            f"@{name}" for name, there in (("review", asked.all_of), ("stages", asked.stages)) if there
        )
        yield (
            "review" if asked.all_of else "stages",
            f"{names} can't be met: each person counts once in all of it, and there aren't enough different people",
        )
        return
    for choice in asked.any_of:
        if not _reachable((*together, choice), groups):
            yield (
                "review_any",
                f'the choice "{choice.group}:{choice.count}" of @review_any can never be met: each person counts once,'
                " and the rest of this policy takes them all",
            )


def _reachable(quorums: tuple[Quorum, ...], groups: Members) -> bool:
    people: dict[PersonId, frozenset[GroupName]] = {}
    for group in {quorum.group for quorum in quorums}:
        for person in groups[group]:
            people[person] = people.get(person, frozenset()) | {group}
    return satisfied(quorums, people, people)


def _people(count: int) -> str:
    return "no people" if count == 0 else "1 person" if count == 1 else f"{count} people"
