"""What actors did lately: a fold over action.* entries, for `context.recent`.

Time is cut into buckets, and a window is as many of them as cover it and the one that is running, so it reaches at
least as far back as its name says: what is counted is never less than what happened. The sums are kept up to date as
buckets come and go, so that asking costs the same however much happened.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from interlock.ledger.columns_lately import ColumnsLately
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ActorId
from interlock.model.recent import ANY_COLUMN, DAY, HOUR, MINUTE, Recent, Window, Wrote
from interlock.model.verb import VERBS

MOST_ACTORS: Final = 10_000  # the ones that asked last; beyond that the longest silent is forgotten

_CUTS: Final = ((MINUTE, timedelta(seconds=5)), (HOUR, timedelta(minutes=1)), (DAY, timedelta(minutes=15)))
_NOT_YET: Final = frozenset({"needs_request", "approval_pending"})  # told to ask people first: not yet a denial
_COUNTED: Final = frozenset(
    {EntryType.ACTION_RELEASED, EntryType.ACTION_HELD, EntryType.ACTION_DENIED, EntryType.ACTION_ENDED}
)
_EXPORTS: Final = frozenset(verb for verb, groups in VERBS.items() if "export" in groups)


@dataclass(slots=True)
class _Bucket:
    begin: float
    counts: Counter[str] = field(default_factory=Counter)
    labels: set[str] = field(default_factory=set)


class _Sliding:
    """One window of one actor."""

    def __init__(self, length: timedelta, cut: timedelta) -> None:
        self._length, self._cut = length.total_seconds(), cut.total_seconds()
        self._buckets: deque[_Bucket] = deque()
        self._sums: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()  # how many buckets each label is in

    def add(self, at: float, counts: Mapping[str, int], labels: Iterable[str]) -> None:
        bucket = self._bucket(at)
        for name, count in counts.items():  # Counter.update takes four times as long for one or two
            bucket.counts[name] += count
            self._sums[name] += count
        for label in labels:
            if label not in bucket.labels:
                bucket.labels.add(label)
                self._labels[label] += 1

    def take_back(self, at: float, counts: Mapping[str, int]) -> None:
        """Uncounts what was added at `at`, where it is found: never more than was counted there."""
        for bucket in reversed(self._buckets):
            if bucket.begin <= at and all(bucket.counts[name] >= count for name, count in counts.items()):
                bucket.counts.subtract(counts)
                self._sums.subtract(counts)
                return

    def window(self, now: float) -> Window:
        self._forget(now)
        sums = self._sums
        return Window(
            actions=sums["actions"],
            exports=sums["exports"],
            denials=sums["denials"],
            held=sums["held"],
            rows=sums["rows"],
            labels=frozenset(Label(label) for label, count in self._labels.items() if count),
        )

    def _bucket(self, at: float) -> _Bucket:
        """The running bucket. A clock that goes back adds to the last one: its time is the latest known."""
        self._forget(at)
        begin = at - at % self._cut
        if not self._buckets or self._buckets[-1].begin < begin:
            self._buckets.append(_Bucket(begin))
        return self._buckets[-1]

    def _forget(self, now: float) -> None:
        while self._buckets and self._buckets[0].begin + self._cut <= now - self._length:
            gone = self._buckets.popleft()
            self._sums.subtract(gone.counts)
            self._labels.subtract(gone.labels)
            self._labels += Counter()  # drops what is at zero


class Recents:
    """The fold; satisfies `ports.Recents`. For one thread, as the gate is."""

    def __init__(self) -> None:
        self._actors: OrderedDict[ActorId, tuple[_Sliding, ...]] = OrderedDict()
        self._masked = ColumnsLately()
        self._written = ColumnsLately(DAY)

    def of(self, actor: ActorId, now: datetime) -> Recent:
        """The windows of an actor up to `now`, which must know its zone."""
        known = self._actors.get(actor)
        masked, any_ = self._masked.of(actor, now.timestamp())
        if known is None:
            return Recent(masked=masked, masked_any=any_)
        minute, hour, day = (sliding.window(now.timestamp()) for sliding in known)
        return Recent(minute, hour, day, masked, any_)

    def wrote(self, actors: Iterable[ActorId], now: datetime) -> Wrote:
        """The labelled columns that any of these wrote to within a day."""
        found = [self._written.of(actor, now.timestamp()) for actor in actors]
        return Wrote(frozenset().union(*(columns for columns, _ in found)), any(any_ for _, any_ in found))

    def note(self, draft: Draft, now: datetime) -> None:
        """Counts what an entry says that is being written now."""
        if draft.actor is not None:
            self.take(draft.type, draft.actor.id, draft.d, now, [link.id for link in draft.actor.chain])

    def take_back(self, draft: Draft, noted: datetime) -> None:
        """Uncounts an action.held that was noted at `noted` and was never written."""
        if draft.actor is not None and draft.type is EntryType.ACTION_HELD:
            for sliding in self._actors.get(draft.actor.id, ()):
                sliding.take_back(noted.timestamp(), _counts(draft.type, draft.d))

    def take(
        self, type_: EntryType, actor: ActorId, d: Mapping[str, Any], at: datetime, chain: Sequence[ActorId] = ()
    ) -> None:
        """Counts an entry of the log. Entries come in the order of their times, as near as clocks have it."""
        if type_ not in _COUNTED:
            return
        counts = _counts(type_, d)
        labels = d["labels"] if type_ is EntryType.ACTION_RELEASED else ()
        moment = at.timestamp()
        for sliding in self._known(actor):
            sliding.add(moment, counts, labels)
        if d.get("masked") and type_ is EntryType.ACTION_RELEASED:
            self._masked.add(actor, d["masked"], moment)
        if d.get("written") and type_ is EntryType.ACTION_RELEASED:
            columns = [text.partition(" ")[2] or ANY_COLUMN for text in d["written"]]
            for each in (actor, *chain):
                self._written.add(each, columns, moment)

    def _known(self, actor: ActorId) -> tuple[_Sliding, ...]:
        known = self._actors.get(actor)
        if known is None:
            known = self._actors[actor] = tuple(_Sliding(length, cut) for length, cut in _CUTS)
            if len(self._actors) > MOST_ACTORS:
                self._actors.popitem(last=False)
        self._actors.move_to_end(actor)
        return known


def _counts(type_: EntryType, d: Mapping[str, Any]) -> Mapping[str, int]:
    match type_:
        case EntryType.ACTION_RELEASED:
            return {"actions": 1, "exports": 0 if _EXPORTS.isdisjoint(d["verbs"]) else 1}
        case EntryType.ACTION_HELD:
            return {"held": 1}
        case EntryType.ACTION_DENIED:
            return {"denials": 0 if any(each["code"] in _NOT_YET for each in d.get("reasons", ())) else 1}
        case _:
            return {"rows": d["rows"]}
