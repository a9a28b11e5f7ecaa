"""One request of an admitted client, from its method to its answer: the SDK's server hands each to us first.

Lists and the like belong to the session's own recorded action. Calls and reads go to `Calls`, and there through the
gate. A method that isn't named here is refused, and that is on record.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import anyio
import structlog
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
)
from mcp_types import methods as protocol
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from interlock.actions.from_document import METHODS
from interlock.doors.mcp import listening, listing
from interlock.doors.mcp.client import ServedClient
from interlock.doors.mcp.listening import Listening
from interlock.doors.mcp.needs import Bounds, Calls, Measures, ResultMasks, Tasks
from interlock.doors.mcp.reading import SESSION_HEADER
from interlock.doors.mcp.seams import Asker, Link, Links, McpRefused, Object, Progress
from interlock.doors.mcp.sessions import STATE, Exchange, Openings, Session, Sessions
from interlock.doors.mcp.shaping import capabilities, demand, shaped
from interlock.errors import InterlockError, UpstreamFailed
from interlock.gate import Denied
from interlock.model.connection import Connection
from interlock.model.decision import Reason

MAX_INSTRUCTIONS: Final = 8_192  # characters of what a server says of itself
REFUSED: Final = -32000  # JSON-RPC 2.0 section 5.1: of the range that servers define for themselves

_DOCUMENTS: Final = frozenset(METHODS)
_SET_LEVEL: Final = "logging/setLevel"
_COUNTED_AS: Final[Mapping[str, str]] = {
    "pending_approval": "held",
    "denied": "denied",
    "refused": "denied",
    "failed": "failed",
}

Context = ServerRequestContext[Any, Any]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What requests on one connection are answered with. `tasks`: None where nothing is handed out as a task."""

    connection: Connection
    links: Links
    calls: Calls
    masks: ResultMasks
    tools: listing.Tools
    sessions: Sessions
    openings: Openings
    bounds: Bounds
    measures: Measures
    end: Callable[[Asker, str], Awaitable[None]]
    tasks: Tasks | None = None
    templates: listing.Templates = field(default_factory=listing.Templates)
    cursors: listing.Cursors = field(default_factory=listing.Cursors)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request. `session` is None where it stands alone."""

    ctx: Context
    exchange: Exchange
    params: Object
    client: ServedClient
    session: str | None

    @property
    def asker(self) -> Asker:
        return self.exchange.asker


class Handling:
    """The one middleware of a connection's server; what it answers is what goes out."""

    def __init__(self, server: Server[Any], parts: Parts) -> None:
        self._server, self._parts = server, parts
        self._listening = Listening(parts.links, parts.calls, parts.templates)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """One request or notification."""
        exchange = ctx.request.scope["state"][STATE] if ctx.request is not None else None
        assert isinstance(exchange, Exchange), "whoever gets here was admitted"
        if ctx.request_id is None:
            return await self._notified(ctx, call_next, exchange)
        try:
            if ctx.method == "initialize":
                return await self._initialize(ctx, call_next, exchange)
            return await self._answered(self._asked(ctx, exchange))
        except McpRefused as refused:
            masked = await self._parts.masks.error(refused)
            raise MCPError(masked.code, masked.message, masked.data) from None
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", connection=self._parts.connection.name, code=failed.code)
            raise MCPError(REFUSED, "The server of this connection didn't answer as it should.") from None
        except InterlockError as error:
            log.warning("mcp.failed", connection=self._parts.connection.name, code=error.code)
            raise MCPError(INTERNAL_ERROR, f"Refused: {error.sentence}.") from None
        except (MCPError, ValidationError):
            raise
        except Exception as error:
            # Whatever it is, nothing of it is told: a text of it may hold values.
            log.error("mcp.broke", connection=self._parts.connection.name, error=type(error).__name__)
            raise MCPError(INTERNAL_ERROR, "The gateway failed. Nothing more is done for this request.") from None

    def _asked(self, ctx: Context, exchange: Exchange) -> _Asked:
        params: Object = ctx.params or {}
        meta = params.get("_meta")
        meta = meta if isinstance(meta, Mapping) else {}
        if exchange.modern:
            told = meta.get(CLIENT_CAPABILITIES_META_KEY)
            can, session, own = told if isinstance(told, Mapping) else {}, None, None
        else:
            session = "" if ctx.request is None else ctx.request.headers.get(SESSION_HEADER.decode(), "")
            known = self._parts.sessions.get(session)
            if known is None:
                raise MCPError(INVALID_REQUEST, "The session isn't initialized.")
            can, own = known.capabilities, known.client
        client = ServedClient(ctx.session, self._parts.masks, can, ctx.request_id, meta, own)
        return _Asked(ctx, exchange, params, client, session)

    async def _answered(self, asked: _Asked) -> HandlerResult:
        ctx, exchange = asked.ctx, asked.exchange
        handler = await self._handler(asked)
        if exchange.modern and (denied := await self._openings.once_an_hour(asked.asker, self._parts.connection)):
            raise refused_by(denied)
        if exchange.gone:
            raise _gone()
        with anyio.CancelScope() as exchange.scope:
            return shaped(
                ctx.method,
                ctx.protocol_version,
                await handler(),
                server=self._server.server_info_stamp,
                connection=self._parts.connection.name,
            )
        raise _gone()

    @property
    def _openings(self) -> Openings:
        return self._parts.openings

    async def _handler(self, asked: _Asked) -> Callable[[], Awaitable[Object]]:
        """What answers the method; raises `MCPError` for one that isn't there, and puts that on record."""
        method = asked.ctx.method
        if method in protocol.SPEC_CLIENT_METHODS:
            try:
                protocol.validate_client_request(method, asked.ctx.protocol_version, asked.ctx.params)
            except KeyError:
                raise await self._unknown(asked) from None
        if method == "ping":
            return _nothing
        if method == "tools/list":
            return partial(self._list_tools, asked)
        if method == "tools/call":
            return partial(self._call, asked)
        if method == "server/discover":
            return partial(self._discover, asked)
        if method == listening.METHOD:
            return partial(self._listen, asked)
        if method in _DOCUMENTS:
            return partial(self._document, asked)
        if method in listing.LISTS or method == _SET_LEVEL:
            return partial(self._relay, asked)
        if self._parts.tasks is not None and method in self._parts.tasks.methods:
            return partial(self._parts.tasks.answer, asked.asker, asked.client, method, asked.params)
        raise await self._unknown(asked)

    async def _unknown(self, asked: _Asked) -> MCPError:
        if self._parts.bounds.may_record(asked.asker.actor.id):
            reason = Reason("mcp_unknown_method", "The method isn't one that is relayed.")
            await self._openings.refuse(asked.asker, self._parts.connection, reason)
        return MCPError(METHOD_NOT_FOUND, "Method not found")

    async def _list_tools(self, asked: _Asked) -> Object:
        return await self._parts.tools.page(asked.asker, asked.params.get("cursor"))

    async def _call(self, asked: _Asked) -> Object:
        parts, began = self._parts, time.monotonic()
        task = asked.params.get("task")
        try:
            async with self._link(asked) as link:
                result = await parts.calls.call(
                    asked.asker,
                    asked.client,
                    link,
                    asked.params,
                    session=asked.session,
                    progress=self._progress(asked),
                    task=task if isinstance(task, Mapping) else None,
                )
        except BaseException as error:
            parts.measures.called(parts.connection.name, _failed_as(error), time.monotonic() - began)
            raise
        parts.measures.called(parts.connection.name, _came_of(result), time.monotonic() - began)
        return result

    async def _document(self, asked: _Asked) -> Object:
        async with self._link(asked) as link:
            demand(link, asked.ctx.method)
            if asked.ctx.method.startswith("resources/"):
                await self._parts.templates.fresh(link)
            return await self._parts.calls.document(
                asked.asker,
                asked.client,
                link,
                asked.ctx.method,
                asked.params,
                session=asked.session,
                progress=self._progress(asked),
            )

    async def _listen(self, asked: _Asked) -> Object:
        id_, parts = asked.ctx.request_id, self._parts
        assert id_ is not None, "a notification isn't answered"

        async def stays() -> None:
            if denied := await self._openings.once_an_hour(asked.asker, parts.connection):
                raise refused_by(denied)

        return await self._listening.serve(asked.asker, asked.client, id_, asked.params, stays)

    async def _relay(self, asked: _Asked) -> Object:
        """What belongs to the session's own action. Nobody decides on what an asker says in it, so that it can say
        nothing: a level is one of a few words, a cursor one that we gave."""
        method, cursors, who = asked.ctx.method, self._parts.cursors, asked.asker.actor
        key = "level" if method == _SET_LEVEL else "cursor"
        params = {key: given} if (given := asked.params.get(key)) is not None else {}
        if key == "cursor" and params:
            cursors.check(who, method, given)
        async with self._link(asked) as link:
            demand(link, method)
            result = await link.request(method, params)
        if method == _SET_LEVEL:
            return {}
        told = dict(await self._parts.masks.params(method, listing.told_of(method, result)))
        cursors.give(who, method, told.get("nextCursor"))
        return told

    async def _discover(self, asked: _Asked) -> Object:
        async with self._link(asked) as link:
            told: dict[str, Any] = {
                "supportedVersions": list(MODERN_PROTOCOL_VERSIONS),
                "capabilities": capabilities(link, modern=True, tasks=self._parts.tasks is not None),
            }
            if link.instructions:
                told["instructions"] = await self._instructions(link)
        return told

    async def _initialize(self, ctx: Context, call_next: CallNext, exchange: Exchange) -> HandlerResult:
        """The handshake (until 2025-11-25): asks for the session, and for the server's own side of it."""
        parts, asker = self._parts, exchange.asker
        connection = ctx.session._connection  # a session's own id, and its end, are told nowhere else
        id = connection.session_id
        if id is None:
            raise MCPError(METHOD_NOT_FOUND, "Method not found")
        result = await call_next(ctx)  # the version, and whether the request is one
        assert isinstance(result, dict)
        denied = await self._openings.open(asker, parts.connection)
        if denied is not None:
            raise refused_by(denied)
        told = (ctx.params or {}).get("capabilities")
        can: Object = told if isinstance(told, Mapping) else {}
        client = ServedClient(ctx.session, parts.masks, can, None)
        connection.exit_stack.push_async_callback(self._over, id)
        async with parts.links.link(asker, client, id) as link:
            version, tasks = str(result["protocolVersion"]), parts.tasks is not None
            result["capabilities"] = capabilities(link, modern=False, tasks=tasks, version=version)
            if link.instructions:
                result["instructions"] = await self._instructions(link)
        parts.sessions.began(id, Session(asker, parts.connection.name, can, partial(parts.end, asker, id), client))
        return result

    async def _over(self, id: str) -> None:
        self._parts.sessions.over(id)
        await self._parts.links.end(id)

    async def _instructions(self, link: Link) -> str:
        return await self._parts.masks.text(link.instructions[:MAX_INSTRUCTIONS])

    async def _notified(self, ctx: Context, call_next: CallNext, exchange: Exchange) -> HandlerResult:
        """The SDK settles what a notification means for it; of the rest only changed roots concern the server."""
        await call_next(ctx)
        if ctx.method == "notifications/roots/list_changed" and not exchange.modern:
            try:
                asked = self._asked(ctx, exchange)
                async with self._link(asked) as link:
                    await link.notify(ctx.method, {})
            except (InterlockError, MCPError):
                return None  # who notifies isn't answered
        return None

    def _link(self, asked: _Asked) -> Any:
        return self._parts.links.link(asked.asker, asked.client, asked.session)

    def _progress(self, asked: _Asked) -> Progress | None:
        """Sends progress under the client's own token; only what goes forward (MCP, "Progress")."""
        meta = asked.params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, Mapping) else None
        if not isinstance(token, str | int) or isinstance(token, bool):
            return None
        last = -1.0

        async def told(progress: float, total: float | None, message: str | None) -> None:
            nonlocal last
            if not progress > last:
                return
            last = progress
            said: dict[str, Any] = {"progressToken": token, "progress": progress}
            if total is not None:
                said["total"] = total
            if message is not None:
                said["message"] = message
            await asked.client.tell_own("notifications/progress", said)

        return told


async def _nothing() -> Object:
    return {}


def refused_by(denied: Denied) -> MCPError:
    """A denial of the session's own action, as an error of the protocol."""
    code = denied.reasons[0].code if denied.reasons else "denied"
    told = " ".join(reason.sentence for reason in denied.reasons)
    return MCPError(REFUSED, f"Refused: {told}", {"interlock": {"status": "denied", "code": code}})


def _gone() -> MCPError:
    return MCPError(INVALID_PARAMS, "The client left, so the request was cancelled.")


def _came_of(result: Object) -> str:
    """What came of a call, in the word for it that the result tells machines; else whether the tool says it failed."""
    told = result.get("structuredContent")
    own = told.get("interlock") if isinstance(told, Mapping) else None
    if isinstance(own, Mapping) and isinstance(status := own.get("status"), str):
        return _COUNTED_AS.get(status, "answered")
    if result.get("resultType") == "task" or "task" in result:
        return "held"
    return "failed" if result.get("isError") else "answered"


def _failed_as(error: BaseException) -> str:
    return "cancelled" if not isinstance(error, Exception) else "failed"
