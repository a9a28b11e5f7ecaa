"""Reviews that an actor could ask for and nobody could sign.

Loading already refuses quorums that the people there couldn't meet. But nobody signs for what is their own: with those
left out who answer for an agent, a group may be empty for that one agent alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from interlock.model.actor import ActorKind
from interlock.model.decision import Quorum, Requirements
from interlock.model.matching import satisfied
from interlock.model.names import GroupName, PersonId
from interlock.policy.cases import in_words
from interlock.policy.checks import Rule
from interlock.policy.scopes import may_be, verbs
from interlock.policy.surroundings import Members, Surroundings

Excluded = Mapping[str, frozenset[PersonId]]
"""By actor's name: the people who may not sign for what it asks."""

_MOST_TOLD = 3  # actors named in one warning
_MOST_WAYS = 256  # of choosing one quorum of each @review_any; beyond that it isn't certain


def unsignable(
    rules: Sequence[Rule], groups: Members, around: Surroundings, excluded: Excluded
) -> Iterator[tuple[Rule, str]]:
    """Each forbid whose review nobody could sign for some actor that it may be about, with a sentence."""
    obeyed = [rule for rule in rules if not rule.annotations.observed]
    for rule in obeyed:
        if rule.annotations.lifted_by is not None:
            askers = _askers(rule, obeyed, around)
            yield from ((rule, said) for said in _stuck(rule.annotations.lifted_by, askers, groups, excluded))


def _stuck(
    asked: Requirements, askers: Iterable[tuple[ActorKind, str]], groups: Members, excluded: Excluded
) -> Iterator[str]:
    """A sentence for all askers who leave the same people out."""
    stuck: defaultdict[frozenset[PersonId], list[str]] = defaultdict(list)
    for kind, name in askers:
        out = excluded.get(name, _own(kind, name))
        if not can_be_met(asked, groups, out):
            stuck[out & _asked_people(asked, groups)].append(name)
    for out, names in stuck.items():
        yield _sentence(asked, groups, out, names)


def _askers(rule: Rule, rules: Sequence[Rule], around: Surroundings) -> Iterator[tuple[ActorKind, str]]:
    """Actors whom the rule may be about, and whom some permit lets ask for one of its verbs."""
    asked = verbs(rule.tree)
    permits = [each for each in rules if each.permits and not asked.isdisjoint(verbs(each.tree))]
    for kind, named in around.actors.items():
        for name in named:
            if may_be(rule.tree, kind, name, around) and any(may_be(p.tree, kind, name, around) for p in permits):
                yield kind, name


def can_be_met(asked: Requirements, groups: Members, out: frozenset[PersonId]) -> bool:
    """Whether different people, without those `out`, could sign all of it, each counted once."""
    together = [*asked.quorums, *(quorum for stages in asked.stages for stage in stages for quorum in stage)]
    ways = 1
    for choices in asked.any_of:
        ways *= len(choices)
    if ways > _MOST_WAYS:
        return True
    return any(_met((*together, *chosen), groups, out) for chosen in product(*asked.any_of))


def eligible(group: GroupName, groups: Members, out: frozenset[PersonId]) -> tuple[PersonId, ...]:
    """The people of a group who may sign, by name."""
    return tuple(sorted(groups.get(group, frozenset()) - out))


def groups_asked(asked: Requirements) -> frozenset[GroupName]:
    """Every group that a signature may come from."""
    staged = (quorum for stages in asked.stages for stage in stages for quorum in stage)
    chosen = (quorum for choices in asked.any_of for quorum in choices)
    return frozenset(quorum.group for quorum in (*asked.quorums, *staged, *chosen))


def _met(quorums: Iterable[Quorum], groups: Members, out: frozenset[PersonId]) -> bool:
    people: dict[PersonId, frozenset[GroupName]] = {}
    asked = tuple(quorums)
    for group in {quorum.group for quorum in asked}:
        for person in groups.get(group, frozenset()) - out:
            people[person] = people.get(person, frozenset()) | {group}
    return satisfied(asked, people, people)


def _asked_people(asked: Requirements, groups: Members) -> frozenset[PersonId]:
    return frozenset().union(*(groups.get(group, frozenset()) for group in groups_asked(asked)))


def _sentence(asked: Requirements, groups: Members, out: frozenset[PersonId], names: list[str]) -> str:
    few = ", ".join(names[:_MOST_TOLD]) + (f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else "")
    whom = f"what {few} {'asks' if len(names) == 1 else 'ask'} for"
    if out and _asked_people(asked, groups) <= out:
        theirs = " and ".join(sorted(out))
        return f"only {theirs} could sign, and may not sign {whom}, which is their own: it would be refused unheard"
    return f"nobody could sign {whom}: it needs {in_words(asked)}, without those who answer for it"


def _own(kind: ActorKind, name: str) -> frozenset[PersonId]:
    """A person doesn't sign for themselves."""
    return frozenset({PersonId(name)}) if kind is ActorKind.PERSON else frozenset()
