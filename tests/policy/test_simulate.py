"""Recorded actions decided by two bundles: what differs is grouped, counted and exemplified; memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from interlock.model.action import Action
from interlock.model.names import EntryId, PolicyId
from interlock.model.recent import QUIET, Recent, Window
from interlock.model.verb import SQL_COPY_OUT, SQL_SELECT
from interlock.policy import simulate as module
from interlock.policy.bundle import Bundle
from interlock.policy.outcomes import Outcome
from interlock.policy.simulate import Recorded, Skipped, simulate

from .asking import NOON, action, actor, bundle, relation, reveal, showing

PERMIT = '@id("all") permit (principal, action, resource);'
HELD = '@id("held") @review("privacy-officers:{}") forbid (principal, action in Interlock::Action::"export", resource);'
PRESENT, EDITED = bundle(PERMIT), bundle(PERMIT, HELD.format(1))

READ = action((SQL_SELECT, relation()))
EXPORT = action((SQL_COPY_OUT, relation()), exposure=showing("phi.mrn"))


def recorded(
    what: Action = READ, number: int = 0, was: Outcome | None = Outcome.ALLOWED, recent: Recent = QUIET
) -> Recorded:
    return Recorded(EntryId(f"entry-{number}"), NOON + timedelta(minutes=number), what, recent, was, (PolicyId("all"),))


def test_differences_are_grouped_and_counted_with_their_first_entry() -> None:
    other = action((SQL_COPY_OUT, relation()), by=actor("other"))
    log = [recorded(READ, 0), recorded(EXPORT, 1), recorded(EXPORT, 2), recorded(other, 3)]
    found = simulate(log, PRESENT, EDITED)
    assert (found.replayed, found.changes, found.drifted, found.skipped) == (4, 3, (), ())
    first, second = found.changed
    assert (first.where.actor, first.where.connection, first.where.verbs) == ("etl-agent", "clinic", ("sql.copy_out",))
    assert (first.before.outcome, first.before.policies) == (Outcome.ALLOWED, ("all",))
    assert (first.after.outcome, first.after.needs, first.after.policies) == (
        Outcome.HELD,
        "privacy-officers:1",
        ("held",),
    )
    assert (first.count, first.example) == (2, "entry-1")
    assert (second.where.actor, second.count) == ("other", 1)


def test_another_quorum_or_cap_is_a_difference_and_another_policy_s_name_isn_t() -> None:
    log = [recorded(EXPORT)]
    assert simulate(log, EDITED, bundle(PERMIT, HELD.format(2))).changes == 1
    assert simulate(log, EDITED, bundle(PERMIT, HELD.format(1).replace('"held"', '"other"'))).changes == 0
    capped = action((SQL_SELECT, relation()), cappable=True)
    assert simulate([recorded(capped)], PRESENT, bundle(f'@row_cap("5") {PERMIT}')).changes == 1


def test_where_the_bundle_in_force_decides_otherwise_than_was_recorded() -> None:
    log = [recorded(EXPORT, 0), recorded(EXPORT, 1, Outcome.HELD), recorded(EXPORT, 2, None)]
    found = simulate(log, PRESENT, PRESENT)
    assert found.changes == 0
    (drift,) = found.drifted
    assert (drift.before.outcome, drift.after.outcome, drift.count) == (Outcome.HELD, Outcome.ALLOWED, 1)
    assert (drift.before.policies, drift.example) == (("all",), "entry-1")


def test_what_couldn_t_be_replayed_is_counted_by_reason() -> None:
    gone = [Skipped(EntryId("a"), "gone"), Skipped(EntryId("b"), "gone"), Skipped(EntryId("c"), "cut")]
    found = simulate([*gone, recorded()], PRESENT, EDITED)
    assert (found.replayed, found.skipped) == (1, (("gone", 2), ("cut", 1)))


def test_policies_on_what_was_done_lately_go_by_what_was_done_then() -> None:
    busy = '@id("busy") forbid (principal, action, resource) when { context.recent.hour.exports > 2 };'
    log = [recorded(READ, n, recent=Recent(hour=Window(exports=n))) for n in range(6)]
    assert [each.count for each in simulate(log, PRESENT, bundle(PERMIT, busy)).changed] == [3]


def test_policies_on_the_hour_go_by_the_entry_s_time() -> None:
    night = '@id("night") forbid (principal, action, resource) when { context.hour == 13 };'
    log = [recorded(READ, minutes) for minutes in (0, 29, 30, 89, 90)]  # from 12:30:15 on
    assert [each.count for each in simulate(log, PRESENT, bundle(PERMIT, night)).changed] == [2]


def test_reveals_of_different_columns_aren_t_told_as_one() -> None:
    shown = [action((SQL_SELECT, relation()), exposure=showing("phi.mrn"), reveals=(reveal(c),)) for c in "ab"]
    no = '@id("no") forbid (principal, action in Interlock::Action::"reveal", resource);'
    found = simulate([recorded(each, n) for n, each in enumerate(shown)], PRESENT, bundle(PERMIT, no))
    assert {each.before.under for each in found.changed} == {(f"reveal {reveal(c).column} phi.mrn",) for c in "ab"}


class Counting(Bundle):
    """Counts how often it is asked."""

    asked = 0

    def decide(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        self.asked += 1
        return super().decide(*args, **kwargs)  # type: ignore[arg-type]


def counting(text: str) -> Counting:
    made = bundle(text)
    return Counting(made.rules, made.reads)


def test_what_a_bundle_can_t_tell_apart_is_decided_once() -> None:
    present, edited = counting(PERMIT), counting(PERMIT + HELD.format(1))
    log = [recorded(action((SQL_COPY_OUT, relation(f"clinic/public.t{n}"))), n) for n in range(50)]
    assert simulate(log, present, edited).changes == 50
    assert (present.asked, edited.asked) == (1, 1)


def test_the_log_is_read_as_it_comes_and_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 3)
    monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
    taken: list[int] = []

    def log() -> Iterator[Recorded]:
        for number in range(10):
            taken.append(number)
            yield recorded(action((SQL_COPY_OUT, relation()), by=actor(f"agent-{number}")), number)

    stream = log()
    assert taken == []
    found = simulate(stream, PRESENT, EDITED)
    assert taken == list(range(10))
    assert (len(found.changed), found.beyond, found.changes) == (3, 7, 10)
