"""An MCP server with one of everything, on the SDK's low-level parts: what the conformance suite is run against.

python -m testkit.mcp_server PORT     over streamable HTTP, on 127.0.0.1
python -m testkit.mcp_server          over stdio
"""

from __future__ import annotations

import asyncio
import re
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import mcp_types as types
import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from testkit import mcp_inputs
from testkit.mcp_tasks import TaskTools
from testkit.mcp_tools import PNG, TOOLS

Context = ServerRequestContext[Any]
Object = dict[str, Any]

NAME: Final = "reference"
_DATA: Final = re.compile(r"test://template/([^/]{1,64})/data")
_TEXTS: Final = {
    "test://static-text": "This is the content of the static text resource.",
    "test://watched-resource": "Watched.",
}
_RESOURCES: Final = (
    ("test://static-text", "static-text", "A text that stays", "text/plain"),
    ("test://static-binary", "static-binary", "An image that stays", "image/png"),
    ("test://watched-resource", "watched-resource", "One to subscribe to", "text/plain"),
)
_PROMPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}
_FRESH: Final = {"ttlMs": 0, "cacheScope": "private"}
_CHANGE: Final[Object] = {
    "name": "change",
    "description": "The reference server's change: of a resource, by its URI.",
    "inputSchema": {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
}
_TASKS: Final = TaskTools()
_BUS: Final = InMemorySubscriptionBus()


async def _tools(_: Context, __: types.PaginatedRequestParams | None) -> Object:
    return {"tools": [*(tool.listed for tool in TOOLS.values()), *_TASKS.listed, _CHANGE], **_FRESH}


async def _call(ctx: Context, params: types.CallToolRequestParams) -> Object:
    if params.name == _CHANGE["name"]:
        return await _change(params)
    tool = TOOLS.get(params.name)
    if tool is None:
        raise MCPError(types.INVALID_PARAMS, "Unknown tool")
    return await tool.call(ctx, params)


async def _change(params: types.CallToolRequestParams) -> Object:
    """A resource changes, and the lists do."""
    uri = str((params.arguments or {}).get("uri"))
    _TEXTS[uri] = "Changed."
    for event in (ResourceUpdated(uri), ResourcesListChanged(), ToolsListChanged()):
        await _BUS.publish(event)
    return {"content": [_said("Changed.")]}


async def _resources(_: Context, __: types.PaginatedRequestParams | None) -> Object:
    keys = ("uri", "name", "description", "mimeType")
    return {"resources": [dict(zip(keys, each, strict=True)) for each in _RESOURCES], **_FRESH}


async def _templates(_: Context, __: types.PaginatedRequestParams | None) -> Object:
    template = {
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "description": "Data by id",
        "mimeType": "application/json",
    }
    return {"resourceTemplates": [template], **_FRESH}


async def _read(_: Context, params: types.ReadResourceRequestParams) -> Object:
    uri = str(params.uri)
    if uri in _TEXTS:
        return _contents({"uri": uri, "mimeType": "text/plain", "text": _TEXTS[uri]})
    if uri == "test://static-binary":
        return _contents({"uri": uri, "mimeType": "image/png", "blob": PNG})
    if (found := _DATA.fullmatch(uri)) is not None:
        body = f'{{"id":"{found[1]}","templateTest":true,"data":"Data for ID: {found[1]}"}}'
        return _contents({"uri": uri, "mimeType": "application/json", "text": body})
    raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": uri})


def _contents(one: Object) -> Object:
    return {"contents": [one], **_FRESH}


async def _prompts(_: Context, __: types.PaginatedRequestParams | None) -> Object:
    listed = [
        {
            "name": name,
            "description": f"The reference server's {name}.",
            "arguments": [{"name": each, "description": f"It is {each}", "required": True} for each in arguments],
        }
        for name, arguments in _PROMPTS.items()
    ]
    return {"prompts": listed, **_FRESH}


async def _prompt(ctx: Context, params: types.GetPromptRequestParams) -> Object:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _messages(_said("This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            return _messages(_said(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"))
        case "test_prompt_with_embedded_resource":
            uri, said = str(given.get("resourceUri")), "Embedded resource content for testing."
            embedded = {"type": "resource", "resource": {"uri": uri, "mimeType": "text/plain", "text": said}}
            return _messages(embedded, _said("Please process the embedded resource above."))
        case "test_prompt_with_image":
            image = {"type": "image", "data": PNG, "mimeType": "image/png"}
            return _messages(image, _said("Please analyze the image above."))
        case "test_input_required_result_prompt":
            return await mcp_inputs.prompt(ctx, params)
        case _:
            raise MCPError(types.INVALID_PARAMS, "Unknown prompt")


def _said(text: str) -> Object:
    return {"type": "text", "text": text}


def _messages(*blocks: Object) -> Object:
    return {"messages": [{"role": "user", "content": block} for block in blocks]}


async def _complete(_: Context, params: types.CompleteRequestParams) -> Object:
    values = [word for word in ("paris", "park", "party") if word.startswith(params.argument.value)]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


async def _nothing(_: Context, __: Any) -> Object:
    return {}


def _typed(handler: Callable[[Context, Any], Awaitable[Object]]) -> Callable[[Context, Any], Awaitable[Object]]:
    """With the type of its result, which newer versions want said."""

    async def answer(ctx: Context, params: Any) -> Object:
        result = await handler(ctx, params)
        return {"resultType": "complete", **result} if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS else result

    return answer


def reference_server() -> Server[Any]:
    """The server."""
    server: Server[Any] = Server(
        NAME,
        version="1.0.0",
        instructions="Everything here is made up.",
        get_tool_input_schema=lambda name: TOOLS[name].schema if name in TOOLS else None,
    )
    handlers: tuple[tuple[str, type[BaseModel], Callable[[Context, Any], Awaitable[Object]]], ...] = (
        ("tools/list", types.PaginatedRequestParams, _tools),
        ("tools/call", types.CallToolRequestParams, _call),
        ("resources/list", types.PaginatedRequestParams, _resources),
        ("resources/templates/list", types.PaginatedRequestParams, _templates),
        ("resources/read", types.ReadResourceRequestParams, _read),
        ("resources/subscribe", types.SubscribeRequestParams, _nothing),
        ("resources/unsubscribe", types.UnsubscribeRequestParams, _nothing),
        ("prompts/list", types.PaginatedRequestParams, _prompts),
        ("prompts/get", types.GetPromptRequestParams, _prompt),
        ("completion/complete", types.CompleteRequestParams, _complete),
        ("logging/setLevel", types.SetLevelRequestParams, _nothing),
    )
    for method, params, handler in handlers:
        server.add_request_handler(method, params, _typed(handler))
    server.add_request_handler("subscriptions/listen", types.SubscriptionsListenRequestParams, ListenHandler(_BUS))
    server.middleware.append(_TASKS)
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME))
    return server


async def _stdio() -> None:
    server = reference_server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def main(arguments: list[str]) -> None:
    """Serves until it is ended."""
    # Sampling and logging are deprecated since 2026-07-28; the scenarios for what came before need them.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    if not arguments:
        asyncio.run(_stdio())
        return
    port = int(arguments[0])
    app = reference_server().streamable_http_app(streamable_http_path="/mcp")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
