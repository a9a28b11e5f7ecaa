"""Time that never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interlock.model.steady import Steady


def test_it_goes_on_with_the_clock_and_never_back() -> None:
    at, steady = datetime(2026, 1, 1, 12, tzinfo=UTC), Steady()
    assert steady.of(at) == at and steady.of(at + timedelta(seconds=5)) == at + timedelta(seconds=5)
    back = at - timedelta(minutes=50)
    assert steady.of(back) == at + timedelta(seconds=5), "it stands still for a moment"
    assert steady.of(back + timedelta(seconds=3)) == at + timedelta(seconds=8), "and goes on"
    assert steady.of(back - timedelta(hours=1)) == at + timedelta(seconds=8)
