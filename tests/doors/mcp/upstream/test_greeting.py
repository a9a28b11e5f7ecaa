"""What is said at the beginning and with each request, and which askers share a session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.mcp.upstream.an_upstream import LEGACY, asker, legacy, modern

from interlock.doors.mcp.seams import MODERN, Asker
from interlock.doors.mcp.upstream.greeting import Era, Offer, OtherEra, first_request, greeted, relayed, stamped
from interlock.doors.mcp.upstream.keys import key_of
from interlock.doors.mcp.upstream.sieve import as_number
from interlock.model.names import ActorId, KeyId
from interlock.model.secret import Secret

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from(["capabilities", "instructions", "protocolVersion", "supportedVersions"])


@given(st.sampled_from(list(Era)), st.dictionaries(KNOWN, JSON | st.just([MODERN]) | st.just(LEGACY)))
def test_a_greeting_is_understood_or_refused(era: Era, answer: dict[str, Any]) -> None:
    try:
        greeting = greeted(era, answer)
    except OtherEra:
        return
    assert greeting.version in (MODERN if era is Era.MODERN else LEGACY)
    assert isinstance(greeting.capabilities, dict) and isinstance(greeting.instructions, str)


@pytest.mark.parametrize("era", list(Era))
def test_nothing_of_a_clients_meta_but_what_is_named(era: Era) -> None:
    meta = {"io.modelcontextprotocol/clientCapabilities": {"sampling": {}}, "progressToken": 1, "traceparent": "00-1"}
    params, _ = stamped(era, "tools/call", {"name": "x", "_meta": meta}, {"roots": {}}, {})
    assert params["_meta"]["traceparent"] == "00-1"
    assert "progressToken" not in params["_meta"]
    said = params["_meta"].get("io.modelcontextprotocol/clientCapabilities")
    tasks: dict[str, Any] = {"io.modelcontextprotocol/tasks": {}}
    assert said == ({"roots": {}, "extensions": tasks} if era is Era.MODERN else None)


def test_only_features_that_are_relayed_are_declared() -> None:
    told = {
        "roots": {"listChanged": True},
        "sampling": {"tools": {}},
        "elicitation": "x",
        "tasks": {},
        "extensions": {},
    }
    assert relayed(told) == {"roots": {"listChanged": True}, "sampling": {"tools": {}}}
    offer = Offer(LEGACY, relayed(told))
    assert first_request(Era.LEGACY, offer)["capabilities"] == relayed(told)


def test_another_credential_owner_or_chain_is_another_key() -> None:
    one = asker("a")
    actor = one.actor
    others = [
        replace(actor, id=ActorId("b")),
        replace(actor, key=KeyId("other")),
        replace(actor, chain=(asker("c").actor,)),
        replace(actor, chain=(asker("c").actor, asker("d").actor)),
        replace(actor, chain=(replace(asker("c").actor, chain=(asker("d").actor,)),)),
        replace(actor, session="s"),
        replace(actor, authn="jwt"),
    ]
    everybody = [one, *(Asker(other, one.presented, one.peer) for other in others)]
    keys = {key_of(who, modern(), None, by_token=False) for who in everybody}
    assert len(keys) == len(everybody)


def test_another_token_is_another_key_only_where_it_goes_into_ours() -> None:
    one, two = asker(presented="one"), asker(presented="two")
    assert key_of(one, modern(), None, by_token=False) == key_of(two, modern(), None, by_token=False)
    assert key_of(one, modern(), None, by_token=True) != key_of(two, modern(), None, by_token=True)
    assert one.presented == Secret("one")


def test_sessions_are_of_the_older_era_alone() -> None:
    assert key_of(asker(), legacy(), "s1", by_token=False).session == "s1"
    assert key_of(asker(), modern(), "s1", by_token=False).session == ""
    assert key_of(asker(), legacy(), None, by_token=False).session == ""


@pytest.mark.parametrize(
    ("given_back", "number"),
    [
        (7, 7),
        ("7", 7),
        (True, None),
        ("٧", None),
        ("7" * 40, None),
        (7.0, None),
        (None, None),
        ("", None),
        ("-1", None),
    ],
)
def test_our_numbers_as_servers_give_them_back(given_back: object, number: int | None) -> None:
    assert as_number(given_back) == number


def test_that_we_take_tasks_is_said_where_one_may_come_of_it() -> None:
    for method, params, takes in (
        ("tools/call", {"name": "x"}, True),
        ("tasks/get", {"taskId": "t"}, True),
        ("resources/read", {"uri": "x:y"}, False),
        ("tools/list", {}, False),
    ):
        sent, headers = stamped(Era.MODERN, method, params, {}, {})
        said = sent["_meta"]["io.modelcontextprotocol/clientCapabilities"]
        assert ("extensions" in said) is takes, method
        assert headers.get("mcp-name") == next(iter(params.values()), None)
