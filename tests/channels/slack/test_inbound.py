"""Calls that prove nothing: 401 and an entry, whatever they say."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest
from testkit.slack import SIGNING_SECRET, Json, Slack
from testkit.slack_user import encoded, signed, words
from tests.channels.slack.a_workspace import GENERAL, Ours, ours

from interlock.channels.slack.blocks import APPROVE

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Ours]:
    async with Slack() as slack, ours(tmp_path, slack) as running:
        yield running


def click(user: str = "UDANA", team: str = "T0OURS") -> bytes:
    action = {"type": "button", "action_id": APPROVE, "value": "x", "block_id": "b"}
    body: Json = {"type": "block_actions", "team": {"id": team}, "user": {"id": user}, "actions": [action]}
    return encoded("interactive", body | {"trigger_id": "t", "channel": {"id": GENERAL}})[1]


@pytest.mark.parametrize(
    ("headers", "because"),
    [
        ({}, "a call without a signature"),
        ({"x-slack-request-timestamp": "soon", "x-slack-signature": "v0=00"}, "a call without a signature"),
        ({"x-slack-request-timestamp": "9" * 13, "x-slack-signature": "v0=00"}, "a call without a signature"),
        (signed("another secret", click()), "a signature that isn't Slack's"),
        ({"x-slack-request-timestamp": str(int(time.time()))}, "a signature that isn't Slack's"),
        (signed(SIGNING_SECRET, click(), time.time() - 900), "a signature of another time"),
        (signed(SIGNING_SECRET, click(), time.time() + 9000), "a signature of another time"),
        (signed(SIGNING_SECRET, b"another body"), "a signature that isn't Slack's"),
    ],
)
async def test_what_isnt_signed_now_by_slack(here: Ours, headers: dict[str, str], because: str) -> None:
    status, _ = await here.calls.send(click(), FORM | headers)
    assert status == 401 and here.slack.calls == []
    assert [(each["channel"], each["because"]) for each in await here.refused()] == [("slack", because)]


async def test_a_call_sent_again_is_refused(here: Ours) -> None:
    headers = FORM | signed(SIGNING_SECRET, click())
    assert (await here.calls.send(click(), headers))[0] == 200
    assert (await here.calls.send(click(), headers))[0] == 401
    assert [each["because"] for each in await here.refused() if "came before" in each["because"]]


@pytest.mark.parametrize("kind", ["interactive", "slash_commands", "events_api"])
@pytest.mark.parametrize("socket", [False, True])
async def test_a_call_of_another_workspace(tmp_path: Path, kind: str, socket: bool) -> None:
    async with Slack() as slack, ours(tmp_path, slack, socket=socket) as here:
        dana = here.user("dana", workspace="T0THEIRS")
        payload: Json = {
            "interactive": json.loads(json.dumps({"type": "block_actions", "team": {"id": "T0THEIRS"}, "user": {}})),
            "slash_commands": {"command": "/interlock", "user_id": dana.id, "team_id": "T0THEIRS"},
            "events_api": {"type": "event_callback", "team_id": "T0THEIRS", "event": {"type": "app_home_opened"}},
        }[kind]
        if socket:
            response = await here.service.app.dispatch(_as_socket(payload))
            assert response.status == 401
        else:
            content_type, body = encoded(kind, payload)
            headers = signed(SIGNING_SECRET, body) | {"content-type": content_type}
            assert (await here.calls.send(body, headers))[0] == 401
        assert [each["because"] for each in await here.refused()] == ["a call of another workspace"]


async def test_the_url_check_of_an_events_address_is_answered(here: Ours) -> None:
    answer = await here.calls("events_api", {"type": "url_verification", "challenge": "c-1", "token": "t"})
    assert answer == {"challenge": "c-1"}


async def test_a_body_that_is_too_large(here: Ours) -> None:
    assert here.service.inbound is not None
    assert (await here.service.inbound({}, b"x" * ((1 << 20) + 1)))[0] == 413


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["type", "team", "id", "user", "actions", "view", "event", "team_id", "authorizations"]
                    ),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=12,
        ).map(lambda value: b"payload=" + json.dumps(value).encode()),
    ),
    content_type=st.sampled_from(["application/x-www-form-urlencoded", "application/json", ""]),
)
async def test_no_signed_body_raises(here: Ours, body: bytes, content_type: str) -> None:
    assert here.service.inbound is not None
    status, _, _ = await here.service.inbound(signed(SIGNING_SECRET, body) | {"content-type": content_type}, body)
    assert status in (200, 400, 401, 404, 500)


async def test_the_names_of_what_is_refused_hold_nothing_of_it(here: Ours) -> None:
    await here.calls.send(click(user="CANARY"), FORM)
    assert "CANARY" not in words(await here.refused()) + json.dumps(await here.refused())


def _as_socket(payload: Json) -> AsyncBoltRequest:
    return AsyncBoltRequest(body=payload, mode="socket_mode")
