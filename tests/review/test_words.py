"""Requirements in plain words."""

from __future__ import annotations

import pytest

from interlock.model.decision import Quorum
from interlock.model.names import GroupName
from interlock.review.words import needs, period, runs, runs_left


def of(group: str, count: int = 1) -> Quorum:
    """So many of a group."""
    return Quorum(GroupName(group), count)


def test_who_must_sign() -> None:
    assert needs([of("a", 2)]) == "2 of a"
    assert needs([of("a"), of("b", 2)]) == "1 of a and 2 of b"
    assert needs([], [[of("a"), of("b")]]) == "1 of a or 1 of b"
    assert (
        needs([], [], [[[of("privacy-officers", 2)], [of("security")]]]) == "2 of privacy-officers, then 1 of security"
    )
    assert needs([of("a")], [[of("b"), of("c")]], [[[of("d"), of("e")], [of("f")]]]) == (
        "1 of a; and 1 of d and 1 of e, then 1 of f; and 1 of b or 1 of c"
    )


def test_what_an_approval_is_good_for() -> None:
    assert runs(1, 90) == "may run once within 1 minute 30 seconds"
    assert runs(3, 600) == "may run 3 times within 10 minutes"
    assert runs_left(1, 1) == ""
    assert runs_left(3, 2) == "2 of 3 runs are left"
    assert runs_left(2, 1) == "1 of 2 runs is left"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "no time"), (1, "1 second"), (3600, "1 hour"), (90061, "1 day 1 hour 1 minute 1 second")]
)
def test_stretches_of_time(seconds: int, told: str) -> None:
    assert period(seconds) == told
