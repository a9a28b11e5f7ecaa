"""What actors did lately: never less than what happened, and not much more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from interlock.ledger import recents
from interlock.ledger.recents import Recents
from interlock.model.actor import Actor, ActorKind
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ActorId, EntryId, KeyId, PersonId
from interlock.model.recent import DAY, HOUR, MINUTE, QUIET, Recent, Window

START = datetime(2026, 11, 22, 2, 24, 3, 123456, tzinfo=UTC)
CUTS = {MINUTE: timedelta(seconds=5), HOUR: timedelta(minutes=1), DAY: timedelta(minutes=15)}
ETL = ActorId("etl")
AGENT = Actor(ActorKind.AGENT, ETL, frozenset(), PersonId("olivia"), KeyId("k"), PersonId("olivia"), PersonId("olivia"))


def released(*labels: str, export: bool = False) -> dict[str, Any]:
    return {"verbs": ["sql.copy_out", "sql.select"] if export else ["sql.select"], "labels": sorted(labels)}


EVENTS = st.one_of(
    st.tuples(
        st.just(EntryType.ACTION_RELEASED),
        st.builds(
            lambda labels, export: released(*labels, export=export),
            st.frozensets(st.sampled_from(["phi", "phi.mrn", "pci"])),
            st.booleans(),
        ),
    ),
    st.tuples(st.sampled_from([EntryType.ACTION_HELD, EntryType.ACTION_DENIED]), st.just({"labels": ["secret"]})),
    st.tuples(st.just(EntryType.ACTION_ENDED), st.builds(lambda rows: {"rows": rows}, st.integers(0, 10**6))),
)
STEPS = st.one_of(
    st.floats(0, 12),
    st.floats(0, 200),
    st.floats(0, 5_000),
    st.floats(0, 200_000),
    st.sampled_from([5, 60, 900, 3600, 86400]),
).map(lambda seconds: timedelta(seconds=seconds))


@dataclass
class Model:
    """Every event with its time, counted one by one."""

    events: list[tuple[datetime, EntryType, Mapping[str, Any]]] = field(default_factory=list)

    def window(self, now: datetime, length: timedelta) -> Window:
        within = [(type_, d) for at, type_, d in self.events if at >= now - length]
        runs = [d for type_, d in within if type_ is EntryType.ACTION_RELEASED]
        return Window(
            actions=len(runs),
            exports=sum("sql.copy_out" in d["verbs"] for d in runs),
            denials=sum(type_ is EntryType.ACTION_DENIED for type_, _ in within),
            held=sum(type_ is EntryType.ACTION_HELD for type_, _ in within),
            rows=sum(d["rows"] for type_, d in within if type_ is EntryType.ACTION_ENDED),
            labels=frozenset(Label(label) for d in runs for label in d["labels"]),
        )


def at_least(more: Window, less: Window) -> bool:
    return (
        more.actions >= less.actions
        and more.exports >= less.exports
        and more.denials >= less.denials
        and more.held >= less.held
        and more.rows >= less.rows
        and more.labels >= less.labels
    )


def assert_few_buckets(kept: Recents) -> None:
    begins = [[bucket.begin for bucket in sliding._buckets] for sliding in kept._known(ETL)]
    assert all(each == sorted(each) for each in begins)
    assert all(len(each) <= length // CUTS[length] + 2 for each, length in zip(begins, CUTS, strict=True))


def windows(recent: Recent) -> dict[timedelta, Window]:
    return {MINUTE: recent.minute, HOUR: recent.hour, DAY: recent.day}


class Windows(RuleBasedStateMachine):
    """A clock that only goes forward: each window is between itself and itself with one more cut."""

    def __init__(self) -> None:
        super().__init__()
        self.recents, self.model, self.now = Recents(), Model(), START

    @rule(event=EVENTS)
    def happen(self, event: tuple[EntryType, dict[str, Any]]) -> None:
        self.recents.take(event[0], ETL, event[1], self.now)
        self.model.events.append((self.now, *event))

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @invariant()
    def nothing_is_missing_and_little_is_too_much(self) -> None:
        for length, found in windows(self.recents.of(ETL, self.now)).items():
            assert at_least(found, self.model.window(self.now, length))
            assert at_least(self.model.window(self.now, length + CUTS[length]), found)


class StrayClock(RuleBasedStateMachine):
    """A clock that also goes back: what no reading since has put outside a window is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.recents, self.now = Recents(), START
        self.happened: list[tuple[datetime, EntryType, dict[str, Any]]] = []
        self.latest: list[datetime] = []  # the latest reading since each of them

    @rule(event=EVENTS)
    def happen(self, event: tuple[EntryType, dict[str, Any]]) -> None:
        self.recents.take(event[0], ETL, event[1], self.now)
        self.happened.append((self.now, *event))
        self.latest.append(self.now)

    @rule(step=STEPS, back=st.booleans())
    def jump(self, step: timedelta, back: bool) -> None:
        self.now += -step if back else step
        self.latest = [max(latest, self.now) for latest in self.latest]

    @invariant()
    def nothing_is_missing(self) -> None:
        for length, found in windows(self.recents.of(ETL, self.now)).items():
            pairs = zip(self.happened, self.latest, strict=True)
            within = Model([event for event, latest in pairs if latest - event[0] <= length])
            assert at_least(found, within.window(START - timedelta(days=10_000), DAY))

    @invariant()
    def few_buckets_are_kept(self) -> None:
        assert_few_buckets(self.recents)


Windows.TestCase.settings = StrayClock.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestWindows = Windows.TestCase
TestStrayClock = StrayClock.TestCase


def test_everything_passes_in_the_end() -> None:
    kept = Recents()
    kept.take(EntryType.ACTION_RELEASED, ETL, released("phi.mrn", export=True), START)
    kept.take(EntryType.ACTION_ENDED, ETL, {"rows": 7}, START)
    whole = Window(actions=1, exports=1, rows=7, labels=frozenset({Label("phi.mrn")}))
    assert kept.of(ETL, START) == Recent(whole, whole, whole)
    assert kept.of(ETL, START + timedelta(minutes=2)) == Recent(Window(), whole, whole)
    assert kept.of(ETL, START + timedelta(hours=2)) == Recent(Window(), Window(), whole)
    assert kept.of(ETL, START + timedelta(days=2)) == QUIET


def test_a_label_goes_with_the_last_action_that_touched_it() -> None:
    kept = Recents()
    for seconds, label in ((0, "phi"), (0, "pci"), (30, "phi")):
        kept.take(EntryType.ACTION_RELEASED, ETL, released(label), START + timedelta(seconds=seconds))
    assert kept.of(ETL, START + timedelta(seconds=80)).minute.labels == {"phi"}
    assert kept.of(ETL, START + timedelta(seconds=80)).minute.actions == 1


def test_a_hold_that_was_never_written_is_uncounted_once() -> None:
    kept = Recents()
    held = Draft(id=EntryId("e1"), type=EntryType.ACTION_HELD, d={}, actor=AGENT)
    for seconds in (0, 10):
        kept.note(held, START + timedelta(seconds=seconds))
    kept.take_back(held, START)
    assert kept.of(ETL, START + timedelta(seconds=20)).minute.held == 1
    assert kept.of(ETL, START + timedelta(seconds=66)).minute.held == 1  # the one that was written is the later one
    assert kept.of(ETL, START + timedelta(days=2)) == QUIET
    kept.take_back(held, START)  # forgotten by now: nothing is owed
    assert kept.of(ETL, START + timedelta(days=2)) == QUIET


def test_only_actions_and_their_endings_count() -> None:
    kept = Recents()
    for type_ in EntryType:
        if type_ not in (
            EntryType.ACTION_RELEASED,
            EntryType.ACTION_HELD,
            EntryType.ACTION_DENIED,
            EntryType.ACTION_ENDED,
        ):
            kept.take(type_, ETL, {}, START)
    assert kept.of(ETL, START) == QUIET


def test_drafts_are_counted_for_who_asked() -> None:
    ana = PersonId("ana")
    actor = Actor(ActorKind.AGENT, ETL, frozenset(), ana, KeyId("k"), ana, ana)
    kept = Recents()
    kept.note(Draft(EntryId("1"), EntryType.ACTION_DENIED, {}, actor), START)
    kept.note(Draft(EntryId("2"), EntryType.ACTION_DENIED, {}, None), START)
    assert kept.of(ETL, START).day.denials == 1
    assert kept.of(ActorId("other"), START) == QUIET


@pytest.mark.parametrize(("code", "denials"), [("forbidden", 1), ("needs_request", 0), ("approval_pending", 0)])
def test_being_told_to_ask_people_first_is_no_denial(code: str, denials: int) -> None:
    kept = Recents()
    kept.take(EntryType.ACTION_DENIED, ETL, {"reasons": [{"code": code, "policy": ""}]}, START)
    assert kept.of(ETL, START).day.denials == denials


def test_actors_are_bounded_and_the_longest_silent_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recents, "MOST_ACTORS", 3)
    kept = Recents()
    for name in ("a", "b", "c", "a", "d"):
        kept.take(EntryType.ACTION_HELD, ActorId(name), {}, START)
    assert {name: kept.of(ActorId(name), START).day.held for name in "abcd"} == {"a": 2, "b": 0, "c": 1, "d": 1}


@given(st.lists(st.floats(0, 10**6), max_size=300))
def test_however_much_happens_few_buckets_are_kept(steps: list[float]) -> None:
    kept, now = Recents(), START
    for step in steps:
        now += timedelta(seconds=step % 700)
        kept.take(EntryType.ACTION_HELD, ETL, {}, now)
    assert_few_buckets(kept)
