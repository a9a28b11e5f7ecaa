"""One caller's haste slows that caller alone; seats are given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.web.in_memory import Clock

from interlock.web import bounds
from interlock.web.bounds import Listeners, Rate
from interlock.web.problems import Refused


def test_a_burst_is_used_up_and_comes_back_with_time() -> None:
    clock = Clock()
    rate = Rate(clock, burst=3, per_second=1)
    for _ in range(3):
        rate.take("agent/a")
    with pytest.raises(Refused) as refused:
        rate.take("agent/a")
    assert (refused.value.status, refused.value.code) == (429, "too_fast")
    rate.take("agent/b")
    clock.pass_time(timedelta(seconds=1))
    rate.take("agent/a")
    with pytest.raises(Refused):
        rate.take("agent/a")


def test_callers_are_forgotten_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_CALLERS", 2)
    rate = Rate(Clock(), burst=1, per_second=1)
    for who in ("a", "b", "c", "a"):
        rate.take(who)  # a was forgotten when c came, so it starts anew
    with pytest.raises(Refused):
        rate.take("c")


def test_seats_are_limited_for_each_and_for_all_and_given_back() -> None:
    listeners = Listeners(most=3, most_each=2)
    with listeners.seat("a"), listeners.seat("a"):
        with pytest.raises(Refused), listeners.seat("a"):
            pass
        with listeners.seat("b"), pytest.raises(Refused) as refused, listeners.seat("c"):
            pass
        assert refused.value.status == 503
    with listeners.seat("a"), listeners.seat("b"), listeners.seat("c"):
        pass
