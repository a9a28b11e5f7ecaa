"""Whose seat somebody may take."""

from __future__ import annotations

from datetime import UTC, datetime

from interlock.model.delegation import Delegation
from interlock.model.names import GroupName, PersonId
from interlock.review.delegations import seated

A, B = GroupName("a"), GroupName("b")
ANN, BOB, CAT, DAN = (PersonId(name) for name in ("ann", "bob", "cat", "dan"))
OWN = {ANN: frozenset({A}), BOB: frozenset({B}), CAT: frozenset[GroupName]()}
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)


def lent(delegator: PersonId, to: PersonId, group: GroupName) -> Delegation:
    return Delegation(delegator, to, group, UNTIL)


def test_a_seat_is_taken_beside_ones_own_groups() -> None:
    groups = seated(OWN, [lent(ANN, BOB, A)], (), ())
    assert groups[BOB] == {A, B}
    assert dict(groups) == {ANN: {A}, BOB: {A, B}, CAT: frozenset()}


def test_only_of_a_member_who_could_sit_in_it() -> None:
    for delegation in (lent(BOB, CAT, A), lent(CAT, BOB, A), lent(DAN, CAT, A), lent(ANN, ANN, A)):
        assert seated(OWN, [delegation], (), ()) is OWN
    assert seated(OWN, [lent(ANN, CAT, A)], {ANN}, ()) is OWN
    assert seated(OWN, [lent(ANN, CAT, A)], (), {ANN}) is OWN


def test_somebody_who_left_takes_none_and_nothing_is_passed_on() -> None:
    assert seated(OWN, [lent(ANN, DAN, A)], (), ()) is OWN
    groups = seated(OWN, [lent(ANN, BOB, A), lent(BOB, CAT, A)], (), ())
    assert groups[CAT] == frozenset()
