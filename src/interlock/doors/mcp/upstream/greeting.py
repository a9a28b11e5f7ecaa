"""How a session with a server begins, in either era, and what is said with each request after that.

Until 2025-11-25 by `initialize`; since 2026-07-28 by `server/discover`, and then each request says by itself for whom
it is (`_meta`) and on HTTP says its method and name in headers once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
    find_invalid_x_mcp_header,
    mcp_param_headers,
    x_mcp_header_map,
)
from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, LOG_LEVEL_META_KEY, PROTOCOL_VERSION_META_KEY
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION, MODERN_PROTOCOL_VERSIONS

from interlock import __version__
from interlock.doors.mcp.seams import MODERN, Object
from interlock.doors.mcp.task_shapes import EXTENSION, NAMED_BY
from interlock.errors import UpstreamFailed

OURSELVES: Final[Mapping[str, Any]] = {"name": "interlock", "version": __version__}
_RELAYED: Final = ("roots", "sampling", "elicitation")  # features of a client that a server may turn to
_TAKES_TASKS: Final = frozenset({"tools/call", *NAMED_BY})
"""Requests with which we say that we take tasks: the gateway does, whatever its client can."""
_NAMED_BY: Final = {**NAME_BEARING_METHODS, **NAMED_BY}
_KEPT_META: Final = frozenset({"traceparent", "tracestate", LOG_LEVEL_META_KEY})


class Era(Enum):
    """Which of the two ways of speaking MCP."""

    LEGACY = "initialize"
    MODERN = "server/discover"

    @property
    def other(self) -> Era:
        """Not this one."""
        return Era.MODERN if self is Era.LEGACY else Era.LEGACY


class OtherEra(UpstreamFailed):
    """The server answered, but doesn't speak this era. `sure`: it said so in so many words."""

    def __init__(self, *, sure: bool) -> None:
        super().__init__("The MCP server speaks no version that we speak.", code="upstream_version")
        self.sure = sure


@dataclass(frozen=True, slots=True)
class Offer:
    """What we say of the client when a session begins: version and features that a server may turn to."""

    version: str = LATEST_HANDSHAKE_VERSION
    capabilities: Object = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the server said of itself."""

    version: str
    capabilities: Object
    instructions: str


def era_of(protocol_version: str) -> Era:
    """The era of a version."""
    return Era.MODERN if protocol_version in MODERN_PROTOCOL_VERSIONS else Era.LEGACY


def relayed(capabilities: Object) -> dict[str, Any]:
    """Of a client's features those whose traffic we know how to relay; extensions and tasks are the gateway's own."""
    return {name: plain(capabilities[name]) for name in _RELAYED if isinstance(capabilities.get(name), Mapping)}


def offered(protocol_version: str, capabilities: Object) -> Offer:
    """What we offer for a client of that version."""
    known = protocol_version if protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION
    return Offer(known, relayed(capabilities))


def first_request(era: Era, offer: Offer) -> dict[str, Any]:
    """The params of the first request in that era."""
    if era is Era.MODERN:
        return {}
    said = {"capabilities": plain(offer.capabilities), "clientInfo": dict(OURSELVES)}
    return {"protocolVersion": offer.version, **said}


def greeted(era: Era, answer: Object) -> Greeting:
    """The server's answer to it, read. Raises `OtherEra`."""
    capabilities, instructions = answer.get("capabilities"), answer.get("instructions") or ""
    if not isinstance(capabilities, Mapping) or not isinstance(instructions, str):
        raise OtherEra(sure=False)
    match era, answer:
        case Era.MODERN, {"supportedVersions": [*versions]} if MODERN in versions:
            return Greeting(MODERN, capabilities, instructions)
        case Era.LEGACY, {"protocolVersion": str() as spoken} if spoken in HANDSHAKE_PROTOCOL_VERSIONS:
            return Greeting(spoken, capabilities, instructions)
        case _:
            raise OtherEra(sure=True)


def stamped(
    era: Era, method: str, params: Object, can: Object, in_headers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """(params, headers) of a request as sent. `can`: the features of the client that it is for; `in_headers`: what of
    a tool's arguments goes into headers too."""
    sent = {name: plain(value) for name, value in params.items() if name != "_meta"}
    given = params.get("_meta")
    meta = {name: given[name] for name in _KEPT_META if name in given} if isinstance(given, Mapping) else {}
    if era is Era.LEGACY:
        meta.pop(LOG_LEVEL_META_KEY, None)
        return (sent | {"_meta": meta} if meta else sent), {}
    takes: dict[str, Any] = {"extensions": {EXTENSION: {}}} if method in _TAKES_TASKS else {}
    meta |= {
        PROTOCOL_VERSION_META_KEY: MODERN,
        CLIENT_INFO_META_KEY: dict(OURSELVES),
        CLIENT_CAPABILITIES_META_KEY: plain(can) | takes,
    }
    return sent | {"_meta": meta}, _headers(method, sent, in_headers)


def _headers(method: str, sent: Object, in_headers: Mapping[str, Any]) -> dict[str, str]:
    headers = {MCP_PROTOCOL_VERSION_HEADER: MODERN, MCP_METHOD_HEADER: method}
    name = sent.get(_NAMED_BY.get(method, ""))
    if isinstance(name, str):
        headers[MCP_NAME_HEADER] = encode_header_value(name)
        if method == "tools/call" and name in in_headers:
            headers |= mcp_param_headers(in_headers[name], sent.get("arguments") or {})
    return headers


def header_maps(tools: Sequence[Object]) -> dict[str, Any]:
    """Of each tool which arguments its server wants in headers too (2026-07-28, "x-mcp-header"); invalid ones have
    none."""
    maps: dict[str, Any] = {}
    for tool in tools:
        schema = tool.get("inputSchema")
        if (
            isinstance(schema, Mapping)
            and find_invalid_x_mcp_header(schema) is None
            and (of := x_mcp_header_map(schema))
        ):
            maps[tool["name"]] = of
    return maps


def plain(value: Any) -> Any:
    """Dicts and lists all the way down, whatever kinds of mappings and sequences there were."""
    match value:
        case Mapping():
            return {name: plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _:
            return value
