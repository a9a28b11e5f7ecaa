"""The client of a request or session, as a server may turn to it: what a server asks or tells goes out masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp.server.connection import allowed_log_levels
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp_types import METHOD_NOT_FOUND, REQUEST_TIMEOUT
from pydantic import BaseModel, RootModel, ValidationError

from interlock.doors.mcp.seams import MODERN, McpRefused, Object, Words
from interlock.errors import UpstreamFailed

LONGEST_ASK: Final = 600.0  # seconds that a server may wait for a client's answer

_ASKS: Final[Mapping[str, str]] = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
    "ping": "",
}
"""What a server may ask a client, and the capability that the client must have declared."""

_OF_THE_REQUEST: Final = frozenset({"notifications/message", "notifications/progress"})
_OF_THE_SESSION: Final = frozenset(
    {
        "notifications/resources/updated",
        "notifications/resources/list_changed",
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/elicitation/complete",
    }
)


class _Raw(BaseModel):
    """A request or notification as the SDK sends it on, with params as they are."""

    method: str
    params: dict[str, Any]


class _RawResult(RootModel[dict[str, Any]]):
    """Any result; the SDK has held it against the version's own form."""


class ServedClient:
    """A client of ours; `request` is the id of the request that the server is working on, None where there is none.
    `own`: that of the whole session which the request is in."""

    def __init__(
        self,
        session: ServerSession,
        masks: Words,
        capabilities: Object,
        request: str | int | None,
        meta: Object | None = None,
        own: ServedClient | None = None,
    ) -> None:
        self._session, self._masks, self._request, self._own = session, masks, request, own
        self._capabilities, self._meta = capabilities, meta
        self._hushed = False

    @property
    def protocol_version(self) -> str:
        """The version that the client speaks."""
        return self._session.protocol_version

    @property
    def capabilities(self) -> Object:
        """What it said it can."""
        return self._capabilities

    @property
    def hushed(self) -> bool:
        """See `seams.Client`."""
        return self._hushed

    def hush(self) -> None:
        """See `seams.Client`."""
        self._hushed = True

    def heed(self, words: Words) -> None:
        """See `seams.Client`. What the server says in the session, of no request, may be about it as well."""
        self._masks = words
        if self._own is not None:
            self._own.recall(words)

    def recall(self, words: Words) -> None:
        """One of the session's requests is such a call."""
        self._masks = self._masks.recalling(words)

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  as the seam has it
        """Asks the client; see `seams.Client`. What it can't be asked is refused as a client would refuse it."""
        if self.protocol_version >= MODERN:
            raise UpstreamFailed("since 2026-07-28 a client isn't asked in the middle of a request", code="mcp_no_way")
        needed = _ASKS.get(method)
        if needed is None or (needed and (self._hushed or needed not in self._capabilities)):
            raise McpRefused(METHOD_NOT_FOUND, "The client doesn't take such requests.")
        masked = await self._masks.params(method, params)
        asked: Any = _Raw(method=method, params=dict(masked))
        about = ServerMessageMetadata(related_request_id=self._request)
        try:
            answer = await self._session.send_request(asked, _RawResult, min(timeout, LONGEST_ASK), metadata=about)
        except NoBackChannelError:
            raise UpstreamFailed("the client can't be asked anything here", code="mcp_no_way") from None
        except ValidationError:
            raise UpstreamFailed("the client's answer isn't one", code="mcp_client_answer") from None
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise UpstreamFailed("the client didn't answer in time", code="mcp_client_silent") from None
            raise McpRefused(error.code, error.message, error.data) from None
        return answer.root

    async def tell(self, method: str, params: Object) -> None:
        """Sends a notification, of those that a server may send; see `seams.Client`."""
        of_request = method in _OF_THE_REQUEST
        if not (of_request or method in _OF_THE_SESSION) or not self._wants(method, params):
            return
        masked = await self._masks.params(method, params)
        await self.tell_own(method, masked, of_request=of_request)

    async def tell_own(self, method: str, params: Object, *, of_request: bool = True) -> None:
        """Sends a notification whose words are ours."""
        told: Any = _Raw(method=method, params=dict(params))
        await self._session.send_notification(told, self._request if of_request else None)

    def _wants(self, method: str, params: Object) -> bool:
        """Since 2026-07-28 log messages are sent to who asked for them with the request, from the level on that it
        named."""
        if method != "notifications/message":
            return True
        return params.get("level") in allowed_log_levels(self.protocol_version, self._meta)
