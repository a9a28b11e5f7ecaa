"""Teams' limits, by a clock that is set by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.channels.teams.a_bot import Ticks

from interlock.channels.teams.limits import ALL, HOUR, MAX_CONVERSATIONS, SHORT, Limits

WINDOWS = (*SHORT, HOUR)


@given(st.lists(st.floats(0, 40), max_size=400))
def test_whoever_waits_as_told_never_goes_over_a_limit(idle: list[float]) -> None:
    clock = Ticks()
    limits, calls = Limits(clock), list[float]()
    for wait in idle:
        clock.at += wait if wait > 35 else 0  # mostly at once
        clock.at += limits.pause("19:a") * (1 + 1e-9)
        assert limits.pause("19:a") <= 1e-6
        limits.take("19:a")
        calls.append(clock.at)
    for window, most in WINDOWS:
        for n, began in enumerate(calls):
            assert sum(began <= at < began + window - 1e-6 for at in calls[n:]) <= most


def test_an_hour_lets_no_more_through_than_its_limit() -> None:
    clock = Ticks()
    limits, made, began = Limits(clock), 0, clock.at
    while clock.at < began + HOUR[0]:
        if (wait := limits.pause("19:a")) > 0:
            clock.at += wait
            continue
        limits.take("19:a")
        made += 1
    assert 0.9 * HOUR[1] < made <= HOUR[1]


def test_all_conversations_together_have_a_limit_too() -> None:
    clock = Ticks()
    limits = Limits(clock)
    for n in range(ALL[0][1]):
        assert limits.pause(f"19:{n}") == 0
        limits.take(f"19:{n}")
    assert limits.pause("19:another") == 1.0


def test_what_is_remembered_has_a_bound() -> None:
    clock = Ticks()
    limits = Limits(clock)
    for n in range(MAX_CONVERSATIONS + 10):
        limits.take(f"19:{n}")
    assert len(limits._used) == MAX_CONVERSATIONS
