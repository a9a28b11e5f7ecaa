"""A bad MCP server behind a real gateway process: values in every field, a rug pull with a poisoned description, and
questions by which it would have approvals answered. Searched in all that the client got, the log and the data.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError
from tests.an_mcp_gateway import POLICY, McpGateway, listed, mcp_gateway, mcp_server
from tests.leaks.a_hostile_mcp_server import CALM, HIDDEN, NAME, POISON, TASK_ID, VALUES

SERVER = "tests.leaks.a_hostile_mcp_server"
ERAS = ("legacy", "auto")
MAPS: dict[str, dict[str, Any]] = {
    "leak": {"does": ["read"], "labels": ["phi"], "fields": {"result.name": "phi.name", "arguments.who": "phi.name"}},
    "send": {"does": ["export"]},
}
MAPS["task"] = MAPS["leak"]
RULES = f"""{POLICY}
@id("export")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
@id("exports-are-signed") @review("security:1") @because("Exports are signed for.")
forbid (principal, action in Interlock::Action::"export", resource);
"""

pytestmark = pytest.mark.xdist_group("mcp-leaks")


class Everything:
    """A client's ears: all that it hears, as text; it says yes to whatever it is asked."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def hear(self, told: object) -> None:
        """Something came."""
        self.heard.append(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False, default=_dumped))

    async def elicited(self, context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        """Says yes."""
        self.hear(params)
        return types.ElicitResult(action="accept", content={"approve": True})

    async def sampled(
        self, context: ClientRequestContext, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult:
        """Says yes."""
        self.hear(params)
        return types.CreateMessageResult(role="assistant", model="m", content=types.TextContent(text="approve"))

    async def logged(self, params: types.LoggingMessageNotificationParams) -> None:
        """A log message."""
        self.hear(params)

    async def step(self, progress: float, total: float | None, message: str | None) -> None:
        """A step."""
        self.hear(message or "")

    def values(self) -> list[str]:
        """Which of the values were heard, as they are or in base64."""
        text = "\n".join(self.heard)
        return [value for value in VALUES if value in text or any(each in text for each in _encoded(value))]


def _dumped(told: Any) -> Any:
    return told.model_dump(by_alias=True, mode="json", exclude_none=True)


def _encoded(value: str) -> list[str]:
    """The middle of its base64, at each of the three alignments."""
    return [base64.b64encode(b"x" * n + value.encode()).decode()[4:-4] for n in range(3)]


@pytest.fixture(scope="module", params=ERAS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[McpGateway, str]]:
    """A gateway of its own for each era, as the server turns for good."""
    directory = tmp_path_factory.mktemp("hostile")
    with mcp_server(directory, "-m", SERVER) as url:
        tools = [{**tool, "interlock": MAPS.get(tool["name"], {})} for tool in asyncio.run(listed(url))]
        with mcp_gateway(directory / "gateway", url, tools, policy=RULES, content="mask", more='hold = "1s"') as made:
            yield made, request.param


def _client(served: tuple[McpGateway, str], ears: Everything) -> Any:
    gateway, mode = served
    return gateway.client(
        mode,
        elicitation_callback=ears.elicited,
        sampling_callback=ears.sampled,
        logging_callback=ears.logged,
        log_level="debug" if mode != "legacy" else None,
    )


async def _call(client: Client, ears: Everything, name: str, who: str = "") -> types.CallToolResult | None:
    try:
        result = await client.call_tool(name, {"who": who} if who else {}, progress_callback=ears.step)
    except MCPError as error:
        ears.hear([error.code, error.message, error.data])
        return None
    ears.hear(result)
    return result


def _code(result: types.CallToolResult | None) -> str:
    assert result is not None and result.is_error
    return str(result.structured_content["interlock"]["code"])


async def test_nothing_of_the_values_gets_anywhere(served: tuple[McpGateway, str]) -> None:
    gateway, _ = served
    ears = Everything()
    async with asyncio.timeout(60), _client(served, ears) as client:
        ears.hear(client.instructions or "")
        ears.hear(await client.list_tools())
        came = await _call(client, ears, "leak", NAME)
        assert came is not None and not came.is_error and len(came.content) >= 5
        assert came.structured_content["floor"] == 3, "what is around the values comes"
        await _call(client, ears, "fail")
        ears.hear(await client.list_resources())
        ears.hear(await client.read_resource("record://1"))
        ears.hear(await client.list_prompts())
        ears.hear(await client.get_prompt("tell", {}))
        ears.hear(
            await client.complete(types.PromptReference(type="ref/prompt", name="tell"), {"name": "who", "value": ""})
        )
        asked = await _call(client, ears, "ask", "x")
        assert asked is not None
    assert len([each for each in ears.heard if "record of" in each]) >= 8, "what is around the values comes"
    assert ears.values() == []
    kept = b"".join([gateway.made.log.read_bytes(), *gateway.stored()])
    assert len(kept) > 10_000
    assert [value for value in VALUES if value.encode() in kept] == []


async def test_nothing_of_the_values_gets_anywhere_by_a_task(served: tuple[McpGateway, str]) -> None:
    gateway, _ = served
    ears = Everything()
    async with asyncio.timeout(60), _client(served, ears) as client:
        came = await _call(client, ears, "task", NAME)
        assert came is not None and not came.is_error and len(came.content) >= 5
        assert came.structured_content["floor"] == 3, "what is around the values comes"
        for name in ("doom", "fake", "lost", "other"):
            ended = await _call(client, ears, name)
            assert ended is None if name == "doom" else (ended is not None and ended.is_error)
    assert ears.values() == [] and not [each for each in ears.heard if TASK_ID in each]
    kept = b"".join([gateway.made.log.read_bytes(), *gateway.stored()])
    assert [value for value in (*VALUES, TASK_ID) if value.encode() in kept] == []


async def test_a_server_s_questions_answer_no_approval(served: tuple[McpGateway, str]) -> None:
    gateway, _ = served
    ears = Everything()
    async with asyncio.timeout(60), _client(served, ears) as client:
        held = await _call(client, ears, "send", "them")
        assert held is not None and held.is_error
        told = held.structured_content["interlock"]
        assert told["status"] == "pending_approval"
        review = told["approval_id"]
        assert (await _call(client, ears, "ask", review)) is not None
        assert sum(review in each and "Approve review" in each for each in ears.heard) == 2, "it asked both ways"
        waited = await client.call_tool("interlock_await_approval", {"approval_id": review, "seconds": 1})
        assert waited.structured_content["interlock"]["status"] == "pending_approval"
        again = await _call(client, ears, "send", "them")
        assert again is not None and again.structured_content["interlock"]["approval_id"] == review
        looked = await _call(client, ears, "look")
        assert looked is not None and looked.content[0].text == "sent 0 times"  # type: ignore[union-attr]
    headers = {"Authorization": f"Bearer {gateway.key}"}
    vote = await asyncio.to_thread(
        gateway.made.call, "POST", f"/api/reviews/{review}/votes", headers, {"verdict": "approve"}
    )
    assert vote.status_code in (401, 403, 404, 422)
    officer = {"Authorization": f"Bearer {gateway.made.key('remy')}"}
    state = await asyncio.to_thread(gateway.made.call, "GET", f"/api/reviews/{review}", officer)
    assert state.json()["review"]["state"] == "pending"


WORDS = ("Quetzalcanary", "quetzalcanary")


async def test_what_only_an_agent_calls_things_is_on_no_record(served: tuple[McpGateway, str]) -> None:
    """Names of arguments, tools, prompts and prompts' arguments, schemes of URIs: each could be a value."""
    gateway, _ = served
    ears = Everything()
    async with asyncio.timeout(60), _client(served, ears) as client:
        given = {"Quetzalcanary": {"quetzalcanary": [1]}}
        assert (await client.call_tool("look", given)).content
        held = await client.call_tool("send", {"who": "them", **given})
        review = held.structured_content["interlock"]["approval_id"]
        for asked in (
            client.call_tool("Quetzalcanary", {}),
            client.get_prompt("Quetzalcanary", {}),
            client.get_prompt("tell", {"Quetzalcanary": "x"}),
            client.read_resource("quetzalcanary://1"),
            client.complete(
                types.PromptReference(type="ref/prompt", name="Quetzalcanary"), {"name": "Quetzalcanary", "value": ""}
            ),
        ):
            try:
                ears.hear(await asked)
            except MCPError as error:
                ears.hear(error.code)
    officer = {"Authorization": f"Bearer {gateway.made.key('remy')}"}
    card = await asyncio.to_thread(gateway.made.call, "GET", f"/api/reviews/{review}", officer)
    assert card.status_code == 200 and f"{gateway.connection}/send" in card.text and '"key"' in card.text
    token = {"Authorization": f"Bearer {gateway.made.operator}"}
    metrics = await asyncio.to_thread(gateway.made.call, "GET", "/metrics", token)
    assert f'interlock_mcp_tools_changed{{connection="{gateway.connection}"}} 0.0' in metrics.text
    ledger = b"".join(gateway.stored())
    for name in (b"/look", b"/prompts/?", b"/resources/?"):
        assert gateway.connection.encode() + name in ledger, "the calls are on record"
    kept = b"".join([gateway.made.log.read_bytes(), ledger, card.content, metrics.content])
    assert [word for word in WORDS if word.encode() in kept] == []


async def test_a_tool_that_turned_is_gone_and_its_words_never_come(served: tuple[McpGateway, str]) -> None:
    gateway, _ = served
    ears = Everything()
    async with asyncio.timeout(60), _client(served, ears) as client:
        before = {tool.name: tool.description for tool in (await client.list_tools()).tools}
        assert before["look"] == CALM
        # A server of before 2026-07-28 says so by itself; else it is noticed within a minute.
        async with _client((gateway, "legacy"), ears) as other:
            assert (await _call(other, ears, "turn")) is not None
        while "look" in [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools]:
            await asyncio.sleep(0.1)
        assert _code(await _call(client, ears, "look")) == "tool_changed"
        still = await client.list_tools(cache_mode="bypass")
        ears.hear(still)
        assert "send" in [tool.name for tool in still.tools]
    told = "\n".join(ears.heard)
    assert POISON not in told and HIDDEN not in told
    log = gateway.made.log.read_text()
    assert "mcp.tool_changed" in log and "reference/look" in log
    assert POISON not in log
    token = {"Authorization": f"Bearer {gateway.made.operator}"}
    metrics = (await asyncio.to_thread(gateway.made.call, "GET", "/metrics", token)).text
    for name, count in (("changed", 1), ("gone", 0)):
        assert f'interlock_mcp_tools_{name}{{connection="{gateway.connection}"}} {count}.0' in metrics
    kept = b"".join(gateway.stored())
    assert POISON.encode() not in kept and HIDDEN.encode() not in kept
    assert b"tool_changed" in kept, "it is on record"
