"""A server's whole list of tools: every page of it, within bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from interlock.doors.mcp.seams import Object
from interlock.errors import UpstreamFailed

PAGES: Final = 100
TOOLS: Final = 5_000


async def every_tool(request: Callable[[str, Object], Awaitable[Object]]) -> list[Object]:
    """All tools. Raises `UpstreamFailed` for a list that doesn't end, repeats a name or isn't one."""
    tools: list[Object] = []
    names: set[str] = set()
    params: dict[str, Any] = {}
    for _ in range(PAGES):
        page = await request("tools/list", params)
        found = page.get("tools")
        for tool in found if isinstance(found, list) else [None]:
            if not isinstance(tool, Mapping) or not isinstance(name := tool.get("name"), str) or name in names:
                raise UpstreamFailed("The MCP server's list of tools isn't one.", code="upstream_junk")
            names.add(name)
            tools.append(tool)
        following = page.get("nextCursor")
        if following is None:
            return tools
        if not isinstance(following, str) or len(tools) > TOOLS:
            break
        params = {"cursor": following}
    raise UpstreamFailed("The MCP server's list of tools has no end.", code="upstream_junk")
