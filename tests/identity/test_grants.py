"""What a token was granted for: scopes as sets of words, and claims of hostile shapes refused with one error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.identity.grants import MAX_SCOPES, WORD, Grant, granted

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CANARY = "canary-7Q4K"


def test_what_a_token_says() -> None:
    found = granted({"scope": "tracker tracker.write", "acr": "mfa", "auth_time": SECONDS - 60}, NOW)
    assert found == Grant(frozenset({"tracker", "tracker.write"}), "mfa", NOW - timedelta(seconds=60))
    assert granted({}, NOW) == granted({"scope": ""}, NOW) == Grant()


def test_scopes_have_case_and_no_order() -> None:
    assert granted({"scope": "a B"}, NOW) == granted({"scope": "B a"}, NOW)
    assert granted({"scope": "a b"}, NOW) != granted({"scope": "a B"}, NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": ["read", "write"]},
        {"scope": 7},
        {"scope": None},
        {"scope": {"read": True}},
        {"scope": True},
        {"scope": " read"},
        {"scope": "read "},
        {"scope": "read  write"},
        {"scope": "read\twrite"},
        {"scope": "read\nwrite"},
        {"scope": "read write read"},
        {"scope": 'read"'},
        {"scope": "re\\ad"},
        {"scope": "r\u00e9ad"},
        {"scope": "\uff52ead"},
        {"scope": "read\x00"},
        {"scope": " ".join(f"s{n}" for n in range(MAX_SCOPES + 1))},
        {"scope": " ".join(f"s{n}" for n in range(10_000))},
        {"scope": "s" * 5_000},
        {"acr": 2},
        {"acr": ["mfa"]},
        {"acr": "m" * 5_000},
        {"auth_time": "yesterday"},
        {"auth_time": True},
        {"auth_time": -1},
        {"auth_time": [SECONDS]},
        {"auth_time": None},
        {"auth_time": SECONDS + 31},
    ],
)
def test_hostile_claims_are_one_error_that_repeats_nothing(claims: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput) as caught:
        granted({**claims, "sub": CANARY}, NOW)
    assert CANARY not in str(caught.value) and "read" not in str(caught.value)


@given(st.one_of(st.text(), st.lists(st.text()), st.integers(), st.none(), st.dictionaries(st.text(), st.text())))
def test_any_claim_is_read_or_refused(value: Any) -> None:
    try:
        found = granted({"scope": value}, NOW)
    except MalformedInput:
        return
    assert isinstance(value, str) and " ".join(sorted(found.scopes)) == " ".join(sorted(value.split()))
    assert all(WORD.fullmatch(word) for word in found.scopes)
