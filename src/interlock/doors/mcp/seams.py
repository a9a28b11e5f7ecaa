"""The seams inside the MCP door: what the side of clients and the side of servers need of each other.

Messages between them are JSON as it is on the wire (`params` and `result` objects), so that what the SDK's types don't
know isn't lost without anybody's decision.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from interlock.identity.grants import Grant
from interlock.model.actor import Actor
from interlock.model.names import ConnectionName
from interlock.model.peer import Peer
from interlock.model.secret import Secret

Object = Mapping[str, Any]

MODERN: Final = "2026-07-28"
"""The first version in which each request stands alone."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sends a request, as admitted; `presented` is checked again in long waits, as `peer` showed it. `grant`: what
    a token was granted for; None for an Interlock key."""

    actor: Actor
    presented: Secret[str]
    peer: Peer
    grant: Grant | None = None


class McpRefused(Exception):
    """An error that the server answered with (JSON-RPC 2.0 section 5.1). Its message and data are the server's words:
    they are masked before anybody downstream sees them, and never logged."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"the server answered with error {code}")
        self.code, self.message, self.data = code, message, data


class Words(Protocol):
    """What masks a server's words about one call (`doors/mcp/words.py`)."""

    async def text(self, text: str) -> str:
        """A text."""

    async def error(self, refused: McpRefused) -> McpRefused:
        """An error."""

    async def params(self, method: str, params: Object) -> Object:
        """What it asks or tells by itself."""

    def recalling(self, words: Words) -> Words:
        """The same, also looking for what that call was given."""


class Client(Protocol):
    """The client of one session (until 2025-11-25) or request (since 2026-07-28), as a server may turn to it."""

    @property
    def protocol_version(self) -> str:
        """The version that the client speaks."""

    @property
    def capabilities(self) -> Object:
        """What it said it can (`ClientCapabilities`), for this session or request."""

    @property
    def hushed(self) -> bool:
        """Whether it isn't asked anything more."""

    def hush(self) -> None:
        """From now on it isn't asked anything: what runs was signed for as it is, and an answer would add to it."""

    def heed(self, words: Words) -> None:
        """From now on what is asked or told is about that call, and masked by it."""

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  theirs
        """Asks the client (sampling, elicitation, roots); raises `McpRefused`, or `UpstreamFailed` when it is gone or
        its version has no such requests."""

    async def tell(self, method: str, params: Object) -> None:
        """Sends a notification; nothing when it is gone."""


Progress = Callable[[float, float | None, str | None], Awaitable[None]]


class Link(Protocol):
    """One session with a server, or one request's use of it."""

    @property
    def protocol_version(self) -> str:
        """The version spoken with the server."""

    @property
    def capabilities(self) -> Object:
        """The server's (`ServerCapabilities`)."""

    @property
    def instructions(self) -> str:
        """The server's; "" for none."""

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  told to the server's side
    ) -> Object:
        """Asks the server; the whole `result` object.

        `params` without `_meta` of the protocol's own: those are the link's to set. A result may be an `input_required`
        one (2026-07-28). Cancelling the awaiting task cancels the request at the server. Raises `McpRefused`;
        `UpstreamFailed` when it is away, died, took too long or sent what isn't MCP.
        """

    async def notify(self, method: str, params: Object) -> None:
        """Sends a notification; raises `UpstreamFailed`."""

    def again(self, client: Client) -> AbstractAsyncContextManager[Link]:
        """A use of the same session of its own, for another client of the same asker's; it may outlast this one.
        Raises `UpstreamFailed` where that session is over and can't be had again."""


class Links(Protocol):
    """Where links come from: one for each connection."""

    def link(self, asker: Asker, client: Client, session: str | None) -> AbstractAsyncContextManager[Link]:
        """A link for this asker and client. `session` is the id of the client's session, which gets one and the same
        upstream session until `end`; None for a request that stands alone, which shares one with the same asker's.

        No two actors share an upstream session. Raises `UpstreamFailed` when the server can't be reached or as many
        sessions as allowed are open.
        """

    async def end(self, session: str) -> None:
        """The client's session is over; so is its upstream one."""

    async def listed(self) -> Sequence[Object]:
        """All tools as the server lists them now, every page; raises `UpstreamFailed`."""

    async def close(self) -> None:
        """Ends everything; children are gone when it returns."""


AllLinks = Mapping[ConnectionName, Links]
