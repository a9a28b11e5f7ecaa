"""What a client is told is there: tools as they are pinned, and what a server lists of resources and prompts, masked.

Tools are told in the order of their names, page by page, to each asker those that it may call as far as policy can say
without arguments. Nothing of a server's `_meta` or icons is passed on.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import X_MCP_HEADER_KEY
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND

from interlock.actions.from_document import MAX_TEMPLATES
from interlock.doors.mcp.needs import Pins, ResultMasks
from interlock.doors.mcp.seams import Asker, Link, McpRefused, Object
from interlock.errors import UpstreamFailed
from interlock.model.actor import Actor
from interlock.model.tool import Tool

PAGE: Final = 100  # tools on one page
MOST_LISTED: Final = 1_000  # of what a server lists on one of its pages
MAX_CURSOR: Final = 512
MOST_CURSORS: Final = 4_096  # of one connection's lists; the oldest are forgotten
TEMPLATE_PAGES: Final = 10
MAX_TEMPLATE: Final = 512  # characters of a URI template; a longer one isn't matched
TEMPLATES_SECONDS: Final = 60.0
TEMPLATES_TIMEOUT: Final = 10.0

NO_CURSOR: Final = "That cursor isn't one that this listing gave."

_KEYS: Final[Mapping[str, str]] = {
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}
LISTS: Final = frozenset(_KEYS)

_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "resources/list": ("uri", "name", "title", "description", "mimeType", "size", "annotations"),
    "resources/templates/list": ("uriTemplate", "name", "title", "description", "mimeType", "annotations"),
    "prompts/list": ("name", "title", "description", "arguments"),
}


class Cursors:
    """The cursors that a server's lists were given with, each for the asker and list that it was given for: what else
    an asker sends for one would get to the server with nobody asked. Who uses one that isn't known here any more begins
    the list anew (2025-11-25, "Pagination")."""

    def __init__(self) -> None:
        self._given: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def give(self, actor: Actor, method: str, cursor: object) -> None:
        """What a list goes on with, if anything."""
        if not isinstance(cursor, str):
            return
        self._given[actor.id, method, cursor] = None
        self._given.move_to_end((actor.id, method, cursor))
        while len(self._given) > MOST_CURSORS:
            self._given.popitem(last=False)

    def check(self, actor: Actor, method: str, cursor: object) -> None:
        """Raises `MCPError` for one that wasn't given."""
        if not isinstance(cursor, str) or (actor.id, method, cursor) not in self._given:
            raise MCPError(INVALID_PARAMS, NO_CURSOR)


class Tools:
    """`tools/list`."""

    def __init__(self, pins: Pins, masks: ResultMasks, own: Sequence[Object] = ()) -> None:
        self._pins, self._masks, self._own = pins, masks, own
        self._masked: OrderedDict[str, Object | None] = OrderedDict()  # by their definitions' digests

    async def page(self, asker: Asker, cursor: object) -> Object:
        """One page; raises `MCPError` for a cursor that isn't one of ours, `UpstreamFailed` when it isn't known what
        the server has."""
        after = _read_cursor(cursor)
        await self._pins.fresh()
        told = {
            tool.name: shown for tool in self._pins.available(asker) if (shown := await self._shown(tool)) is not None
        }
        told |= {str(own["name"]): dict(own) for own in self._own}
        names = [name for name in sorted(told) if name > after]
        page: dict[str, Any] = {"tools": [told[name] for name in names[:PAGE]]}
        if len(names) > PAGE:
            page["nextCursor"] = base64.urlsafe_b64encode(names[PAGE - 1].encode()).decode()
        return page

    async def _shown(self, tool: Tool) -> Object | None:
        """As clients see it; None for one that can't be named. People signed for the words of a pinned one; those of
        any other are the server's, and masked."""
        shown = _shown(tool)
        if self._pins.tool(tool.name) is not None:
            return shown
        digest = tool.definition_digest
        if digest not in self._masked:
            told = await self._masks.params("tools/list", {"tools": [shown]})
            self._masked[digest] = next((_usable(each, shown) for each in told.get("tools", ())), None)
            while len(self._masked) > MOST_LISTED:
                self._masked.popitem(last=False)
        return self._masked[digest]

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The input schema that clients were shown of a tool: which arguments it mirrors into headers."""
        tool = self._pins.tool(name)
        return None if tool is None else _schema(tool)


class Templates:
    """The URI templates of a server's resources: by those policies are asked about what is read, never by the URI."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._known, self._read_at = now, tuple[str, ...](), float("-inf")
        self._reading = asyncio.Lock()

    def known(self) -> tuple[str, ...]:
        """As the server listed them last."""
        return self._known

    async def fresh(self, link: Link) -> None:
        """Asks the server unless that was lately; one that knows no such list has none. Raises `UpstreamFailed`: what
        is read couldn't be told apart. Who asks at the same time waits for the same answer."""
        if "resources" not in link.capabilities:
            return
        async with self._reading:
            if self._now() - self._read_at >= TEMPLATES_SECONDS:
                self._known = tuple(sorted(await _every_template(link)))
                self._read_at = self._now()


async def _every_template(link: Link) -> set[str]:
    """Of every page; raises `UpstreamFailed`, also for a list without end."""
    found: set[str] = set()
    params: Object = {}
    for _ in range(TEMPLATE_PAGES):
        try:
            result = await link.request("resources/templates/list", params, timeout=TEMPLATES_TIMEOUT)
        except McpRefused as refused:
            if refused.code == METHOD_NOT_FOUND:
                return found
            raise UpstreamFailed("The MCP server doesn't list its templates.") from None
        told = told_of("resources/templates/list", result)
        listed = (each.get("uriTemplate") for each in told["resourceTemplates"])
        found |= {uri for uri in listed if isinstance(uri, str) and len(uri) <= MAX_TEMPLATE}
        if len(found) >= MAX_TEMPLATES:
            break
        if (following := told.get("nextCursor")) is None:
            return found
        params = {"cursor": following}
    raise UpstreamFailed("The MCP server has more templates than can be told apart.", code="upstream_junk")


def _read_cursor(cursor: object) -> str:
    if cursor is None:
        return ""
    try:
        if not isinstance(cursor, str) or not 0 < len(cursor) <= MAX_CURSOR:
            raise ValueError
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise MCPError(INVALID_PARAMS, NO_CURSOR) from None


def _shown(tool: Tool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": tool.name, "inputSchema": _schema(tool)}
    also: dict[str, Any] = {
        "title": tool.title,
        "description": tool.description,
        "outputSchema": tool.output_schema,
        "annotations": tool.annotations,
        # What a server demands tasks for may be called without: the gateway waits for its task.
        "execution": {"taskSupport": "optional"} if tool.task_support != "forbidden" else {},
    }
    return told | {key: value for key, value in also.items() if value}


def _usable(masked: Mapping[str, Any], shown: Mapping[str, Any]) -> Object | None:
    """A masked definition without the schemas that aren't what they were: half a schema would tell clients wrong."""
    if masked.get("name") != shown["name"]:
        return None
    told = {key: value for key, value in masked.items() if key != "outputSchema" or value == shown["outputSchema"]}
    return told if told.get("inputSchema") == shown["inputSchema"] else {**told, "inputSchema": {"type": "object"}}


def _schema(tool: Tool) -> Mapping[str, Any]:
    """The schema of its arguments. Where arguments bear labels, none is to be mirrored into a header: those end up in
    logs of whatever lies between."""
    schema: Mapping[str, Any] = tool.input_schema or {"type": "object"}
    labelled = any(path.startswith("arguments.") for path in tool.fields)
    return _without_headers(schema) if labelled else schema


def _without_headers(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _without_headers(value) for key, value in node.items() if key != X_MCP_HEADER_KEY}
    if isinstance(node, list | tuple):
        return [_without_headers(each) for each in node]
    return node


def told_of(method: str, result: Object) -> Object:
    """Of a list as the server gave it, what is passed on; the rest is dropped."""
    key = _KEYS[method]
    given = result.get(key)
    listed = [_kept(method, each) for each in given[:MOST_LISTED] if isinstance(each, Mapping)] if given else []
    told: dict[str, Any] = {key: listed}
    if isinstance(cursor := result.get("nextCursor"), str):
        told["nextCursor"] = cursor
    return told


def _kept(method: str, each: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each[name] for name in _TOLD[method] if each.get(name) is not None}
