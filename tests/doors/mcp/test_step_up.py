"""What a token must bring for a request: by connection and by what a tool does; and how its client is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.doors.mcp.a_door import Pins, a_tool

from interlock.doors.mcp.metadata import challenge, metadata
from interlock.doors.mcp.reading import Kind, Message
from interlock.doors.mcp.step_up import lacking, task_in
from interlock.identity.grants import Grant
from interlock.model.mcp_settings import McpTokens, TokenNeeds
from interlock.model.verb import TOOL_CALL, TOOL_EXPORT, TOOL_READ, TOOL_WRITE

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PINS = Pins(
    [
        a_tool("read", verbs=(TOOL_READ,)),
        a_tool("write", verbs=(TOOL_WRITE,)),
        a_tool("send", verbs=(TOOL_READ, TOOL_EXPORT)),
        a_tool("says_it_writes", verbs=(TOOL_READ,), annotations={"destructiveHint": True}),
        a_tool("unmapped", verbs=(TOOL_CALL,)),
    ]
)
TOKENS = McpTokens(
    TokenNeeds(frozenset({"open"})),
    {"write": TokenNeeds(frozenset({"w"})), "export": TokenNeeds(frozenset({"x1", "x2"}))},
)


def asked(method: str, kind: Kind = Kind.REQUEST, **params: Any) -> Message:
    return Message(kind, 1, method, params, b"")


def call(name: object) -> Message:
    return asked("tools/call", name=name)


def missing(message: Message | None, *scopes: str, tokens: McpTokens = TOKENS) -> set[str] | None:
    found = lacking(tokens, Grant(frozenset(scopes)), message, PINS, NOW)
    assert found is None or (found.code, found.status) == ("insufficient_scope", 403)
    return None if found is None else set(found.scopes)


def test_what_a_tool_does_says_which_scopes_its_call_needs() -> None:
    assert missing(call("read"), "open") is None
    assert missing(call("write"), "open") == {"open", "w"}
    assert missing(call("write"), "open", "w") is None
    assert missing(call("send"), "open", "x1") == {"open", "x1", "x2"}
    assert missing(call("says_it_writes"), "open") == {"open", "w"}


def test_nothing_goes_without_what_is_always_needed() -> None:
    for message in (
        None,
        asked("tools/list"),
        asked("initialize"),
        asked("ping"),
        call("read"),
        asked("x", Kind.RESPONSE),
    ):
        assert missing(message) == {"open"}
        assert missing(message, "open") is None
        assert missing(message, "OPEN", "ope", "open.") == {"open"}


@pytest.mark.parametrize("name", ["unmapped", "unknown", "", 7, None, ["read"], {"read": 1}])
def test_what_nobody_knows_needs_all_of_it_unless_the_settings_say_what(name: object) -> None:
    assert missing(call(name), "open", "w", "x1") == {"open", "w", "x1", "x2"}
    assert missing(call(name), "open", "w", "x1", "x2") is None
    said = McpTokens(TOKENS.always, {**TOKENS.groups, "execute": TokenNeeds(frozenset({"e"}))})
    assert missing(call(name), "open", tokens=said) == {"open", "e"}
    assert missing(call(name), "open", "e", tokens=said) is None


def test_resources_and_prompts_are_read() -> None:
    tokens = McpTokens(groups={"read": TokenNeeds(frozenset({"r"}))})
    for method in ("resources/read", "resources/subscribe", "prompts/get", "completion/complete"):
        assert missing(asked(method), tokens=tokens) == {"r"}
    for method in ("resources/list", "prompts/list", "tools/list", "tasks/get"):
        assert missing(asked(method), tokens=tokens) is None


def test_to_hear_of_resources_is_to_read_them_whichever_way_it_is_asked_for() -> None:
    tokens = McpTokens(groups={"read": TokenNeeds(frozenset({"r"}))})
    some: tuple[Any, ...] = (["kb://a"], {"kb://a": True}, "kb://a")
    for uris in some:
        wanted = {"toolsListChanged": True, "resourceSubscriptions": uris}
        assert missing(asked("subscriptions/listen", notifications=wanted), tokens=tokens) == {"r"}
    none: tuple[Any, ...] = ({"toolsListChanged": True}, {"resourceSubscriptions": []}, ["resourceSubscriptions"], None)
    for each in none:
        assert missing(asked("subscriptions/listen", notifications=each), tokens=tokens) is None


def test_what_a_task_gives_needs_what_its_call_needs() -> None:
    def missing_behind(message: Message, tool: str | None, *scopes: str) -> set[str] | None:
        found = lacking(TOKENS, Grant(frozenset(scopes)), message, PINS, NOW, tool)
        return None if found is None else set(found.scopes)

    waits = asked("tools/call", name="interlock_await_approval", arguments={"approval_id": "r1"})
    for message in (asked("tasks/get", taskId="r1"), asked("tasks/result", taskId="r1"), waits):
        assert task_in(message) == "r1"
        assert missing_behind(message, None, "open") is None  # there is no such task: nothing is told
        assert missing_behind(message, "read", "open") is None
        assert missing_behind(message, "write", "open") == {"open", "w"}
        assert missing_behind(message, "write", "open", "w") is None
        assert missing_behind(message, "", "open", "w") == {"open", "w", "x1", "x2"}


def test_only_what_asks_for_a_result_is_about_a_task() -> None:
    gives_up = asked("tools/call", name="interlock_cancel", arguments={"approval_id": "r1"})
    told = asked("tasks/get", Kind.NOTIFICATION, taskId="r1")
    for message in (None, asked("tasks/list"), asked("tasks/cancel", taskId="r1"), gives_up, told, call("read")):
        assert task_in(message) is None
    nothing: tuple[Any, ...] = (None, [], "r1")
    for arguments in nothing:
        assert task_in(asked("tools/call", name="interlock_await_approval", arguments=arguments)) is None


def test_our_own_tools_need_what_is_always_needed() -> None:
    assert missing(call("interlock_await_approval"), "open") is None


def test_the_challenge_keeps_what_the_token_has_of_this_connection_and_tells_nothing_else_of_it() -> None:
    assert missing(call("write"), "open", "x1", "canary-7Q4K") == {"open", "w", "x1"}


LOGIN = McpTokens(groups={"write": TokenNeeds(frozenset({"w"}), ("phr", "mfa"), timedelta(minutes=15))})


@pytest.mark.parametrize(
    ("acr", "ago", "well"),
    [
        ("mfa", 900, True),
        ("phr", 0, True),
        ("phr", -20, True),  # clocks differ
        ("mfa", 901, False),
        ("mfa", None, False),
        ("", 60, False),
        ("MFA", 60, False),
        ("mfa phr", 60, False),
    ],
)
def test_a_login_that_is_too_old_or_too_weak(acr: str, ago: int | None, well: bool) -> None:
    at = None if ago is None else NOW - timedelta(seconds=ago)
    found = lacking(LOGIN, Grant(frozenset({"w"}), acr, at), call("write"), PINS, NOW)
    assert (found is None) is well
    if found is not None:
        assert (found.code, found.status) == ("insufficient_user_authentication", 401)
        told = found.challenge("https://g.test", "tracker")
        assert 'acr_values="phr mfa"' in told and 'max_age="900"' in told and 'scope="w"' in told
    assert lacking(LOGIN, Grant(), call("read"), PINS, NOW) is None


def test_the_shortest_age_and_the_ways_that_do_for_all_are_asked_for() -> None:
    tokens = McpTokens(
        TokenNeeds(acr_values=("a", "b"), max_age=timedelta(hours=1)),
        {"write": TokenNeeds(acr_values=("b", "c"), max_age=timedelta(minutes=5))},
    )
    found = lacking(tokens, Grant(), call("write"), PINS, NOW)
    assert found is not None and (found.acr_values, found.max_age) == (("b",), 300)


def test_challenges_are_written_as_the_rfcs_have_them() -> None:
    where = 'resource_metadata="https://g.test/.well-known/oauth-protected-resource/mcp/tracker"'
    assert challenge("https://g.test", "tracker") == f"Bearer {where}"
    assert challenge("https://g.test", "tracker", error="insufficient_scope", scopes={"b", "a"}) == (
        f'Bearer error="insufficient_scope", scope="a b", {where}'
    )
    assert challenge("https://g.test", "tracker", max_age=0) == f'Bearer max_age="0", {where}'


def test_the_metadata_names_the_scopes_that_there_are() -> None:
    assert metadata("https://g.test", "tracker", (), TOKENS.scopes)["scopes_supported"] == ["open", "w", "x1", "x2"]
    assert "scopes_supported" not in metadata("https://g.test", "tracker", ("https://i.test",))
