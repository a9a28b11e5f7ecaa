"""What would have happened: the report of @observe policies, and of connections in `unsafe_observe`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from interlock.model.names import EntryId, PolicyId

MOST_GROUPS: Final = 10_000  # told apart; what is beyond is counted together


class Source(StrEnum):
    """Why nothing was stopped."""

    POLICY = "policy"  # the policy is under @observe
    CONNECTION = "connection"  # the connection runs in unsafe_observe


class Would(StrEnum):
    """What would have been done instead."""

    STOPPED = "stopped"  # by an @observe policy: held or denied, which its annotations tell
    HELD = "held"
    DENIED = "denied"
    MASKED = "masked"


@dataclass(frozen=True, slots=True)
class Noted:
    """What one entry of the log says: its id, type, actor and `d`."""

    entry: EntryId
    type: str
    actor: str
    d: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """What is counted together. `policy` is empty where none is named: nothing permitted it, or masks alone."""

    source: Source
    would: Would
    policy: PolicyId
    actor: str
    connection: str
    verbs: tuple[str, ...]
    was: str  # released, held or denied


@dataclass(frozen=True, slots=True)
class Counted:
    """A group, how often, and its first entry."""

    group: Group
    count: int
    example: EntryId


@dataclass(frozen=True, slots=True)
class Observations:
    """The report: groups, the most frequent first; how many entries were looked at; how many are in no group."""

    counted: tuple[Counted, ...]
    entries: int
    beyond: int


@dataclass(slots=True)
class _Tally:
    counts: dict[Group, int] = field(default_factory=dict)
    examples: dict[Group, EntryId] = field(default_factory=dict)
    beyond: int = 0

    def add(self, group: Group, entry: EntryId) -> None:
        if group not in self.counts and len(self.counts) >= MOST_GROUPS:
            self.beyond += 1
            return
        self.counts[group] = self.counts.get(group, 0) + 1
        self.examples.setdefault(group, entry)


def observations(noted: Iterable[Noted]) -> Observations:
    """Counts what entries of actions (released, held, denied) note; read once, as they come."""
    tally, entries = _Tally(), 0
    for each in noted:
        entries += 1
        for group in _groups(each):
            tally.add(group, each.entry)
    found = (Counted(group, count, tally.examples[group]) for group, count in tally.counts.items())
    ordered = sorted(found, key=lambda each: (-each.count, str(each.group)))
    return Observations(tuple(ordered), entries, tally.beyond)


def _groups(noted: Noted) -> Iterator[Group]:
    d = noted.d
    about = (noted.actor, str(d["connection"]), tuple(d["verbs"]), noted.type.removeprefix("action."))
    for policy in d.get("observed", ()):
        yield Group(Source.POLICY, Would.STOPPED, PolicyId(policy), *about)
    if "would" in d:
        policies = {reason["policy"] for reason in d.get("reasons", ())} if d["would"] != Would.MASKED else {""}
        for policy in sorted(policies) or [""]:
            yield Group(Source.CONNECTION, Would(d["would"]), PolicyId(policy), *about)
