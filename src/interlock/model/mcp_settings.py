"""`[mcp.NAME]`: servers that speak MCP, as connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from interlock.model.connection import Connection
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret


@dataclass(frozen=True, slots=True)
class McpHttp:
    """A server over streamable HTTP. `headers` are sent with each request; `ca`: instead of the system's roots."""

    url: str
    headers: Mapping[str, Secret[str]] = field(default_factory=dict)
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class McpProcess:
    """A server as a child process over stdio. Its environment is `environment` and nothing else.

    `user`: as whom it runs when we are root ("nobody" unless said); `directory`: where, "/" for None.
    """

    command: tuple[str, ...]
    environment: Mapping[str, Secret[str]] = field(default_factory=dict)
    user: str = "nobody"
    directory: Path | None = None


@dataclass(frozen=True, slots=True)
class McpOAuth:
    """How we get tokens of our own for a server over HTTP.

    `grant`: "client_credentials" (RFC 6749 section 4.4), or "token_exchange" (RFC 8693), where the asker's own JWT
    is exchanged, and who has none is refused. `resource`: RFC 8707, the server's URL unless said.
    """

    grant: str
    token_url: str
    client_id: str
    client_secret: Secret[str]
    scopes: tuple[str, ...] = ()
    resource: str = ""
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class TokenNeeds:
    """What an issuer's token must bring besides being good. Interlock's own keys aren't asked for any of it.

    `scopes`: all of these (RFC 6749 section 3.3). `acr_values`: its person was authenticated in one of these ways, the
    preferred one first, and not longer ago than `max_age` (RFC 9470); neither is asked for by () and None.
    """

    scopes: frozenset[str] = frozenset()
    acr_values: tuple[str, ...] = ()
    max_age: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.scopes and not self.acr_values and self.max_age is None


@dataclass(frozen=True, slots=True)
class McpTokens:
    """`[mcp.NAME.tokens]`: what tokens need for anything at all, and besides that for what does something of an action
    group (`model.verb.TOOL_VERBS`)."""

    always: TokenNeeds = TokenNeeds()
    groups: Mapping[str, TokenNeeds] = field(default_factory=dict)

    @property
    def scopes(self) -> frozenset[str]:
        """All that may be asked for."""
        return self.always.scopes.union(*(needs.scopes for needs in self.groups.values()))


@dataclass(frozen=True, slots=True)
class McpSettings:
    """One `[mcp.NAME]` table.

    `content`: "mask" (values without labels are looked into; so unless said otherwise) or "off". `profile`: the masking
    profile. `hold`: how long a call waits for people before it is answered with a handle. `most_sessions`: upstream
    sessions or children at once. `timeout`: how long one upstream request may take. `unpinned`: whether tools that no
    file pins may be called ("allow"; policy sees an opaque call) or aren't there ("hide"). `tokens`: what issuers'
    tokens must bring.
    """

    connection: Connection
    upstream: McpHttp | McpProcess
    oauth: McpOAuth | None = None
    content: str = "mask"
    profile: str = ""
    hold: timedelta = timedelta(seconds=45)
    most_sessions: int = 64
    timeout: timedelta = timedelta(seconds=300)
    unpinned: str = "hide"
    tokens: McpTokens = McpTokens()


@dataclass(frozen=True, slots=True)
class OwnMcpSettings:
    """`[mcp.interlock]`, of Interlock's own server. `hold`: how long a call waits for people at most; `timeout`: how
    long the statements of one call may take."""

    hold: timedelta = timedelta(seconds=45)  # clients give up after 60 s
    timeout: timedelta = timedelta(seconds=300)
    tokens: McpTokens = McpTokens()


McpConnections = Mapping[ConnectionName, McpSettings]
