"""What edited policies would have decided otherwise, of actions that were recorded.

    for each recorded action: decided by the policies in force, decided by the edited ones, the two compared

Beside it is told where the policies in force decide otherwise by now than it was recorded: drift, of people, groups and
connections, or of policies changed since. Memory is bounded however long the log is.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from interlock.model.action import Action
from interlock.model.names import EntryId, PolicyId
from interlock.model.recent import Recent
from interlock.policy.bundle import Bundle
from interlock.policy.outcomes import Outcome, Verdict, verdict
from interlock.policy.telling import telling

MOST_GROUPS: Final = 10_000  # of differences told apart; what is beyond is counted together
MOST_REMEMBERED: Final = 20_000  # decisions


@dataclass(frozen=True, slots=True)
class Recorded:
    """One action of the log. `was` is how it was decided, None where that wasn't policy's doing."""

    entry: EntryId
    at: datetime
    action: Action
    recent: Recent
    was: Outcome | None
    policies: tuple[PolicyId, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry of an action that can't be asked about once more, and why."""

    entry: EntryId
    because: str


@dataclass(frozen=True, slots=True)
class Where:
    """Who did what where: differences are told for each."""

    actor: str
    connection: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """How something is decided: the outcome, what people must sign, what must hold, and which policies say so."""

    outcome: Outcome
    needs: str = ""
    under: tuple[str, ...] = ()
    policies: tuple[PolicyId, ...] = ()


@dataclass(frozen=True, slots=True)
class Differing:
    """Actions decided alike before and alike after; `example` is the first one's entry."""

    where: Where
    before: Side
    after: Side
    count: int
    example: EntryId


@dataclass(frozen=True, slots=True)
class Simulation:
    """`changed`: the edited policies against those in force. `drifted`: those in force against the record.

    `beyond` counts differences of groups past `MOST_GROUPS`. `skipped` gives counts by reason.
    """

    replayed: int
    changed: tuple[Differing, ...]
    drifted: tuple[Differing, ...]
    beyond: int
    skipped: tuple[tuple[str, int], ...]

    @property
    def changes(self) -> int:
        """How many actions would have been decided otherwise."""
        return sum(each.count for each in self.changed) + self.beyond


def simulate(recorded: Iterable[Recorded | Skipped], present: Bundle, edited: Bundle) -> Simulation:
    """Decides each recorded action by both bundles, as of its own time. `recorded` is read once, as it comes."""
    before, after = _Judge(present), _Judge(edited)
    changed, drifted, skipped, replayed = _Tally(), _Tally(), Counter[str](), 0
    for each in recorded:
        if isinstance(each, Skipped):
            skipped[each.because] += 1
            continue
        replayed += 1
        old, new = before.verdict(each), after.verdict(each)
        if not old.same(new):
            changed.add(each, _side(old), _side(new))
        if each.was is not None and each.was is not old.outcome:
            drifted.add(each, Side(each.was, policies=each.policies), _side(old))
    counts = tuple(sorted(skipped.items(), key=lambda item: (-item[1], item[0])))
    return Simulation(replayed, changed.groups(), drifted.groups(), changed.beyond, counts)


class _Judge:
    """A bundle that remembers what it said, held and denied too, by all that it can tell apart.

    In a report that is safe, and most of a log is the same few things asked again.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._telling = telling(bundle)
        self._known: OrderedDict[Hashable, Verdict] = OrderedDict()

    def verdict(self, recorded: Recorded) -> Verdict:
        key = self._telling.key(recorded.action, recorded.at, recorded.recent)
        known = None if key is None else self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        found = verdict(self._bundle.decide(recorded.action, recorded.at, recorded.recent))
        # Reveals are told by name in what must hold; where names don't count, another action's would be told.
        if key is not None and not recorded.action.reveals:
            self._known[key] = found
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found


@dataclass(slots=True)
class _Tally:
    _counts: dict[tuple[Where, Side, Side], int] = field(default_factory=dict)
    _examples: dict[tuple[Where, Side, Side], EntryId] = field(default_factory=dict)
    beyond: int = 0

    def add(self, recorded: Recorded, before: Side, after: Side) -> None:
        action = recorded.action
        where = Where(action.actor.id, action.connection.name, tuple(sorted({ask.verb for ask in action.asks})))
        key = (where, before, after)
        if key not in self._counts and len(self._counts) >= MOST_GROUPS:
            self.beyond += 1
            return
        self._counts[key] = self._counts.get(key, 0) + 1
        self._examples.setdefault(key, recorded.entry)

    def groups(self) -> tuple[Differing, ...]:
        """The most frequent first."""
        found = (Differing(*key, count, self._examples[key]) for key, count in self._counts.items())
        return tuple(sorted(found, key=lambda each: (-each.count, str(each))))


def _side(verdict: Verdict) -> Side:
    return Side(verdict.outcome, verdict.needs, verdict.under, verdict.policies)
