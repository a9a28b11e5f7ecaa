"""Answers in the client's own version of the protocol: what we say that a server can, and results as that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import CORE_RESULT_TYPES, INTERNAL_ERROR, METHOD_NOT_FOUND, SERVER_INFO_META_KEY
from mcp_types import methods as protocol
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from interlock.doors.mcp import listing
from interlock.doors.mcp.listening import offered
from interlock.doors.mcp.running import CORE_TASKS
from interlock.doors.mcp.seams import MODERN, Link, Object
from interlock.doors.mcp.task_shapes import EXTENSION

_CACHEABLE: Final = frozenset({"tools/list", "resources/read", "server/discover", *listing.LISTS})
_NEEDED: Final[Mapping[str, str]] = {
    "resources": "resources",
    "prompts": "prompts",
    "completion": "completions",
    "logging": "logging",
}

log = structlog.get_logger()


def demand(link: Link, method: str) -> None:
    """Raises `MCPError` where the server hasn't said that it can this."""
    needed = _NEEDED[method.partition("/")[0]]
    if needed not in link.capabilities:
        raise MCPError(METHOD_NOT_FOUND, "Method not found")


def capabilities(link: Link, *, modern: bool, tasks: bool, version: str = "") -> dict[str, Any]:
    """The server's, as far as they are relayed. Since 2026-07-28 changes are told on streams of their own, which
    servers of before don't have (`listening`)."""
    theirs, ours = link.capabilities, dict[str, Any]()
    can = offered(theirs if link.protocol_version >= MODERN else {})
    ours["tools"] = {"listChanged": not modern or "toolsListChanged" in can.kinds}
    if isinstance(resources := theirs.get("resources"), Mapping):
        subscribe = bool(can.uris) if modern else bool(resources.get("subscribe"))
        ours["resources"] = {"subscribe": subscribe, "listChanged": not modern or "resourcesListChanged" in can.kinds}
    if isinstance(theirs.get("prompts"), Mapping):
        ours["prompts"] = {"listChanged": not modern or "promptsListChanged" in can.kinds}
    if isinstance(theirs.get("completions"), Mapping):
        ours["completions"] = {}
    if isinstance(theirs.get("logging"), Mapping):
        ours["logging"] = {}
    if tasks and modern:
        ours["extensions"] = {EXTENSION: {}}
    elif tasks and version == CORE_TASKS:
        ours["tasks"] = {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
    return ours


def shaped(method: str, version: str, result: Object, *, server: Object, connection: str) -> dict[str, Any]:
    """The result as that version has it; what that doesn't know is left out. `server`: how we call ourselves.

    A result of an extension's own type is the extension's (2026-07-28, "Result"). Raises `MCPError` for one that isn't
    what the method answers with.
    """
    told, modern = dict(result), version in MODERN_PROTOCOL_VERSIONS
    kind = told.setdefault("resultType", "complete") if modern else "complete"
    if method in _CACHEABLE and modern and kind == "complete":
        told = {"ttlMs": 0, **told, "cacheScope": "private"}
    # A task of 2025-11-25 is ours (masks let none of a server's through), and the SDK's types don't know it.
    extended = kind not in CORE_RESULT_TYPES if modern else method == "tools/call" and told.keys() == {"task"}
    if method in protocol.SPEC_CLIENT_METHODS and not extended:
        try:
            told = protocol.serialize_server_result(method, version, told)
        except ValidationError:
            log.warning("mcp.bad_result", connection=connection)
            raise MCPError(INTERNAL_ERROR, "The server's answer isn't one of this method's.") from None
    if modern:
        meta = told.get("_meta")
        meta = dict(meta) if isinstance(meta, Mapping) else {}
        told["_meta"] = {**meta, SERVER_INFO_META_KEY: server}
    return told
