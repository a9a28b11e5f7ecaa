"""The table of transitions: nothing leaves a final state, and a missing key is the error."""

from __future__ import annotations

import pytest

from interlock.errors import Conflict
from interlock.model.review import ReviewState
from interlock.review.states import TRANSITIONS, Event, follow, sources

FINAL = set(ReviewState) - {state for state, _ in TRANSITIONS}


def test_every_final_state_is_final() -> None:
    assert {s.value for s in FINAL} == {
        "succeeded",
        "failed",
        "rolled_back",
        "unknown",
        "denied",
        "expired",
        "withdrawn",
        "superseded",
    }


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("event", Event)
def test_a_missing_key_is_the_error(state: ReviewState, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert follow(state, event) is TRANSITIONS[state, event]
        assert state in sources(event)
    else:
        with pytest.raises(Conflict):
            follow(state, event)


def test_only_an_approval_releases() -> None:
    assert sources(Event.RELEASED) == {ReviewState.APPROVED}
