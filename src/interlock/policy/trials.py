"""One action, changed in one thing at a time: what `explain` tries to find out what would change an outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from itertools import chain, islice
from typing import Final

from interlock.model.action import Action
from interlock.model.exposure import Exposure
from interlock.model.label import Label, upward
from interlock.model.names import GroupName

MOST: Final = 200  # trials; a decision takes up to some milliseconds

_GIVEN = "given for a trial"


class Trial(StrEnum):
    """What is changed."""

    WITHOUT_LABEL = "without_label"
    FLAG = "flag"
    REASON = "reason"
    TICKET = "ticket"
    WITHOUT_REVEAL = "without_reveal"
    IN_GROUP = "in_group"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Changed:
    """The action after one change. `what` is the label, the flag with its new value, the group and so on."""

    trial: Trial
    what: str
    action: Action


def trials(action: Action, groups: Collection[GroupName]) -> Iterator[Changed]:
    """At most `MOST` of them: what the asker can change itself first, then what it can't."""
    every = chain(_said(action), _reveals(action), _flags(action), _labels(action), _groups(action, groups))
    return islice(every, MOST)


def _said(action: Action) -> Iterator[Changed]:
    if not action.reason_given.strip():
        yield Changed(Trial.REASON, "given", replace(action, reason_given=_GIVEN))
    if not action.ticket_given.strip():
        yield Changed(Trial.TICKET, "given", replace(action, ticket_given=_GIVEN))


def _reveals(action: Action) -> Iterator[Changed]:
    """Each reveal left out, and all of them where there are several."""
    reveals = sorted(action.reveals)
    for reveal in reveals:
        what = f"{reveal.column} {reveal.label}"
        yield Changed(Trial.WITHOUT_REVEAL, what, replace(action, reveals=action.reveals - {reveal}))
    if len(reveals) > 1:
        yield Changed(Trial.WITHOUT_REVEAL, "any", replace(action, reveals=frozenset()))


def _flags(action: Action) -> Iterator[Changed]:
    """`unbounded` and `opaque`, each the other way round, and `cappable` where it isn't."""
    for name in ("unbounded", "opaque"):
        value = not getattr(action.exposure, name)
        changed = tuple(_flipped(each, name, value) for each in action.exposures)
        yield Changed(Trial.FLAG, f"{name} {_said_flag(value)}", replace(action, exposures=changed))
    if not action.cappable:
        yield Changed(Trial.FLAG, "cappable true", replace(action, cappable=True))


def _flipped(exposure: Exposure, name: str, value: bool) -> Exposure:
    if name == "unbounded":
        return replace(exposure, unbounded=value)
    return replace(exposure, opaque=value, opaque_because=exposure.opaque_because if value else ())


def _said_flag(value: bool) -> str:
    return "true" if value else "false"


def _labels(action: Action) -> Iterator[Changed]:
    """All labels taken away, where they are under several roots; then each with those beneath it, the highest first."""
    everything = upward(action.exposure.labels.union(*(ask.resource.labels for ask in action.asks)))
    ordered = sorted(everything, key=lambda each: (each.count("."), each))
    roots = [label for label in ordered if "." not in label]
    if len(roots) > 1:
        yield Changed(Trial.WITHOUT_LABEL, "any", reduce(without, roots, action))
    for label in ordered:
        yield Changed(Trial.WITHOUT_LABEL, label, without(action, label))


def without(action: Action, label: Label) -> Action:
    """The action as if nothing in it bore this label, or one beneath it."""

    def kept(labels: frozenset[Label]) -> frozenset[Label]:
        return frozenset(each for each in labels if not _is_under(each, label))

    exposures = tuple(
        replace(
            each,
            outputs=tuple(replace(output, labels=kept(output.labels)) for output in each.outputs),
            labels=kept(each.labels),
            filters=kept(each.filters),
            probes=kept(each.probes),
            writes=kept(each.writes),
            written=tuple(replace(column, labels=kept(column.labels)) for column in each.written),
        )
        for each in action.exposures
    )
    asks = tuple(replace(ask, resource=replace(ask.resource, labels=kept(ask.resource.labels))) for ask in action.asks)
    reveals = frozenset(reveal for reveal in action.reveals if not _is_under(reveal.label, label))
    return replace(action, exposures=exposures, asks=asks, reveals=reveals)


def _is_under(label: Label, above: Label) -> bool:
    return label == above or label.startswith(f"{above}.")


def _groups(action: Action, groups: Collection[GroupName]) -> Iterator[Changed]:
    for group in sorted(set(groups) - action.actor.groups):
        actor = replace(action.actor, groups=action.actor.groups | {group})
        yield Changed(Trial.IN_GROUP, group, replace(action, actor=actor))
