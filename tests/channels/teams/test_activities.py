"""What Teams sends, read strictly: one error for everything else, whatever the bytes are."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.teams import Conversation, Teams
from tests.channels.teams.a_bot import notice, settings_of

from interlock.channels.teams.activities import (
    Click,
    Moved,
    Other,
    Said,
    check_envelope,
    read_activity,
    read_envelope,
)
from interlock.errors import AuthenticationFailed, MalformedInput

TEAMS = Teams()
DANA = TEAMS.user("Dana")
CHAT = TEAMS.chat(DANA)
CARD = notice().card
ACTIVITIES = (Click, Said, Moved, Other)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=20) | st.sampled_from([CARD, DANA.object]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("type", "name", "id", "from", "recipient", "conversation", "value", "text", "timestamp", "channelData")


def activity(**told: Any) -> dict[str, Any]:
    """One of dana's, in the chat with the bot."""
    return TEAMS.activity(DANA, CHAT, **told)


def execute(**action: Any) -> dict[str, Any]:
    """A click."""
    usual = {"type": "Action.Execute", "verb": "approve", "data": {"card": CARD}}
    return activity(type="invoke", name="adaptiveCard/action", value={"action": {**usual, **action}})


def read(told: dict[str, Any]) -> Any:
    """Both readings."""
    return read_activity(read_envelope(json.dumps(told).encode()))


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_raise_one_error(body: bytes) -> None:
    with suppress(MalformedInput):
        assert isinstance(read_activity(read_envelope(body)), ACTIVITIES)


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4), st.sampled_from(["invoke", "message", ""]))
def test_values_of_any_kind_raise_one_error(changed: dict[str, Any], kind: str) -> None:
    usual = execute() if kind == "invoke" else activity(type=kind, text="list")
    with suppress(MalformedInput):
        assert isinstance(read({**usual, **changed}), ACTIVITIES)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6), st.sampled_from(["invoke", "message", ""]))
def test_values_of_any_kind_raise_one_error_for_long(changed: dict[str, Any], kind: str) -> None:
    with suppress(MalformedInput):
        told = {**(execute() if kind == "invoke" else activity(type=kind, text="list")), **changed}
        assert isinstance(read(told), ACTIVITIES)


@given(json_values)
def test_a_click_is_one_of_our_cards_or_nothing(data: Any) -> None:
    with suppress(MalformedInput):
        clicked = read(execute(data=data))
        assert isinstance(clicked, Click) and clicked.card == CARD


def test_each_kind_is_read_as_what_it_is() -> None:
    assert read(execute()) == Click(read(execute()).sender, "approve", CARD, "", as_message=False)
    assert read(activity(type="message", text="<at>Interlock</at>&nbsp; list\r\n")).text == "list"
    value = {"card": CARD, "verb": "deny", "reason": "no"}
    assert read(activity(type="message", value=value)).as_message
    assert isinstance(read(activity(type="message", text="x" * 10_000)), Said)
    assert read(activity(type="installationUpdate", action="remove")).removed
    assert isinstance(read(activity(type="conversationUpdate", membersAdded=[])), Moved)
    assert read(activity(type="invoke", name="task/fetch")) == Other(asks=True)
    assert read({**activity(type="conversationUpdate"), "from": {"id": "29:x"}}) == Other(asks=False)


@pytest.mark.parametrize("who", [{"id": "29:x"}, {"id": "29:x", "aadObjectId": "../x"}, {}, None])
def test_a_click_of_nobody_is_malformed(who: Any) -> None:
    with pytest.raises(MalformedInput):
        read({**execute(), "from": who})


def test_an_object_id_is_the_same_however_it_is_written() -> None:
    told = {**execute(), "from": {"id": DANA.id, "aadObjectId": DANA.object.upper()}}
    assert read(told).sender.user == DANA.object


@pytest.mark.parametrize(
    "service",
    [
        "https://evil.test/",
        "{service}../x",
        "{service}\\@evil.test",
        "{host}.evil.test/teams/",
        "{host}@evil.test/",
        "http://127.0.0.1:1/teams/",
    ],
)
def test_a_service_of_another_host_is_refused(service: str) -> None:
    mine = settings_of(TEAMS)
    url = service.format(service=mine.service_url, host=mine.service_url.removesuffix("/teams/"))
    envelope = read_envelope(json.dumps({**execute(), "serviceUrl": url}).encode())
    with pytest.raises(AuthenticationFailed):
        check_envelope(envelope, url, mine, datetime.now(UTC))


def test_any_region_of_the_host_is_taken_with_or_without_its_slash() -> None:
    mine = settings_of(TEAMS)
    for url in (mine.service_url, mine.service_url.rstrip("/"), f"{TEAMS.url}emea/{TEAMS.tenant}/"):
        envelope = read_envelope(json.dumps({**execute(), "serviceUrl": url}).encode())
        check_envelope(envelope, url, mine, datetime.now(UTC))


def test_conversations_are_ids_and_no_paths() -> None:
    with pytest.raises(MalformedInput):
        read(TEAMS.activity(DANA, Conversation("19:a/../b", "channel"), type="message", text="x"))
