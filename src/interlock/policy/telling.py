"""What a bundle can tell apart: two actions with one key are decided alike, at whatever times they are asked.

Names count only as far as policies name them or ask what they are like, counts of what an actor did lately only by
where they lie among the numbers that policies compare them with. So most of a log comes down to a few keys.
This is for reports. The gate remembers less, by simpler reasoning (`cache`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from cedarpy import pst

from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.label import Label
from interlock.model.recent import Recent, Window
from interlock.model.resource import ResourceKind
from interlock.policy.bundle import Bundle
from interlock.policy.reads import entity_uids, is_input, nodes, path, values
from interlock.policy.requests import principals, rows_estimate
from interlock.policy.schema import WINDOW, WINDOWS

_ORDERS: Final = frozenset({"eq", "not_eq", "less", "less_eq", "greater", "greater_eq"})
_SIZES: Final = frozenset({"estimated", "rows_estimate"})
_RECENT: Final = ("context", "recent")
_COUNTS: Final = tuple(name for name, kind in WINDOW.items() if kind == "Long")


@dataclass(frozen=True, slots=True)
class _Names:
    """What policies ask of resources' names: whether one is one of `words`, or is like one of `patterns`.

    `other`: they do something else with them, so that every name counts as it is.
    """

    words: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]
    other: bool

    def place(self, name: str) -> Hashable:
        """What all names have in common that policies can't tell from this one."""
        if self.other:
            return name
        return name if name in self.words else "", tuple(bool(each.fullmatch(name)) for each in self.patterns)


@dataclass(frozen=True, slots=True)
class Telling:
    """What the policies of a bundle look at.

    `named` are the ids of all entities that they name. `numbers` are those that a count is compared with, sorted, by
    (window, count); None where it is used in another way.
    """

    reads: frozenset[str]
    named: frozenset[str]
    names: _Names
    numbers: Mapping[tuple[str, str], tuple[int, ...] | None]
    zone: tzinfo

    def key(self, action: Action, at: datetime, recent: Recent) -> Hashable | None:
        """All that the decision depends on; None where it may be another one a moment later, or on a call's input."""
        if "now" in self.reads or action.input is not None:
            return None
        exposure = action.exposure
        return (
            tuple(map(self._principal, principals(action.actor))),
            action.connection,
            self._asks(action),
            frozenset((self._name(each.column, action), each.label) for each in action.reveals),
            (exposure.labels, exposure.filters, exposure.probes, exposure.writes),
            (exposure.unbounded, exposure.opaque, exposure.own),
            (action.enforced_by, bool(action.reason_given.strip()), bool(action.ticket_given.strip())),
            (action.cappable, action.refusal, rows_estimate(action) if _SIZES & self.reads else None),
            at.astimezone(self.zone).hour if "hour" in self.reads else None,
            self._recent(recent) if "recent" in self.reads else None,
            recent.written_back(exposure.written) if "writes_masked" in self.reads else None,
        )

    def _principal(self, actor: Actor) -> Hashable:
        return actor.kind, actor.id if actor.id in self.named else "", actor.groups

    def _asks(self, action: Action) -> Hashable:
        """A resource that is asked for twice bears the labels of both mentions."""
        labels: dict[tuple[ResourceKind, str], frozenset[Label]] = {}
        for ask in action.asks:
            key = (ask.resource.kind, ask.resource.id)
            labels[key] = labels.get(key, frozenset()) | ask.resource.labels
        return frozenset(
            # Whether a tool is pinned, and how, is told by its name.
            (ask.verb, kind, name if kind is ResourceKind.TOOL else self._name(name, action), labels[kind, name])
            for ask in action.asks
            for kind, name in ((ask.resource.kind, ask.resource.id),)
        )

    def _name(self, name: str, action: Action) -> Hashable:
        """Which of the named it is or lies in (`a.b.c` may lie in `a.b`), and what is asked of its name."""
        parts = name.split(".")
        above = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        named = frozenset(known for known in above if known in self.named)
        return named, self.names.place(name.removeprefix(f"{action.connection.name}/"))

    def _recent(self, recent: Recent) -> Hashable:
        windows = {"minute": recent.minute, "hour": recent.hour, "day": recent.day}
        counts = tuple(self._place(windows[window], window, count) for window, count in self.numbers)
        return counts, tuple(window.labels for window in windows.values())

    def _place(self, window: Window, name: str, count: str) -> Hashable:
        value, numbers = getattr(window, count), self.numbers[name, count]
        return value if numbers is None else (bisect_left(numbers, value), bisect_right(numbers, value))


def telling(bundle: Bundle) -> Telling:
    """What a bundle's policies look at, observed ones included."""
    trees = [rule.tree for rule in bundle.rules.sources_by_id.values()]
    named = frozenset(uid.id for uid in entity_uids(tuple(trees)))
    every = [node for tree in trees for node in nodes(tree.clauses)]
    return Telling(bundle.reads, named, _names(every), _numbers(every), bundle.rules.zone)


def _names(every: Iterable[object]) -> _Names:
    read, used = 0, 0
    words: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for node in every:
        match node:
            case pst.GetAttr() if _is_name(node):
                read += 1
            case pst.Like(base=base, pattern=pattern) if _is_name(base):
                used += 1
                text = "".join(re.escape(part.value) if isinstance(part, pst.Char) else ".*" for part in pattern)
                patterns.append(re.compile(text, re.DOTALL))
            case pst.BinaryOp(op="eq" | "not_eq" | "contains", left=left, right=right):
                for side, other in ((left, right), (right, left)):
                    parts = tuple(values(other))
                    if _is_name(side) and all(isinstance(part, pst.StringLit) for part in parts):
                        used += 1
                        words.update(part.value for part in parts if isinstance(part, pst.StringLit))
    return _Names(frozenset(words), tuple(patterns), other=read != used)


def _is_name(node: object) -> bool:
    return isinstance(node, pst.GetAttr) and node.attr == "name" and not is_input(node)


def _numbers(every: Iterable[object]) -> Mapping[tuple[str, str], tuple[int, ...] | None]:
    """For each count that policies read: the numbers it is compared with, if that is all that is done with it."""
    read: Counter[tuple[str, str]] = Counter()
    compared: dict[tuple[str, str], list[int]] = {}
    depths: Counter[int] = Counter()
    for node in every:
        match node:
            case pst.GetAttr() if path(node)[:2] == _RECENT:
                depths[len(path(node))] += 1
                count = _count(node)
                read.update([count] if count is not None else [])
            case pst.BinaryOp(op=op, left=left, right=right) if op in _ORDERS:
                for side, other in ((left, right), (right, left)):
                    count = _count(side)
                    if count is not None and isinstance(other, pst.LongLit):
                        compared.setdefault(count, []).append(other.value)
    if not depths[2] == depths[3] == depths[4]:  # a window handed on as a whole: anything in it may count
        return {(window, count): None for window in WINDOWS for count in _COUNTS}
    return {
        count: tuple(sorted(set(compared[count]))) if len(compared.get(count, ())) == times else None
        for count, times in read.items()
    }


def _count(node: object) -> tuple[str, str] | None:
    """(window, count) of `context.recent.hour.exports`."""
    match path(node):
        case (_, _, window, count) if path(node)[:2] == _RECENT and window in WINDOWS and count in _COUNTS:
            return window, count
        case _:
            return None
