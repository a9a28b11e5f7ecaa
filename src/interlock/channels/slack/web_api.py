"""Calls to Slack's Web API: one session, no redirects, no retries behind our back; failures as ours.

`slack_sdk` would by itself send a call again whose connection broke: for `chat.postMessage` that is a second message.
So its retry handlers are off, and a call whose answer got lost is told apart (`AnswerLost`) from one that surely
wasn't done. Nothing of an answer goes into a sentence but Slack's error code.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from interlock.errors import DestinationGone, MessageGone, ServiceAway, UpstreamFailed
from interlock.model.channel_settings import SlackSettings

TIMEOUT: Final = 10.0  # seconds for a call
MAX_ANSWER: Final = 1024 * 1024  # bytes of one answer's body
_CONNECTIONS: Final = 20
_LONGEST: Final = 3600.0  # seconds that we wait at most because Slack asks for it
_USUAL: Final = 30.0  # where it asks for something that isn't a number
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CODE: Final = re.compile(r"[a-z_]{1,60}", re.ASCII)

# Error codes: docs.slack.dev/reference/methods, each method's list.
_REMOVED: Final = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "app_uninstalled", "no_team"}
)
_GONE: Final = frozenset(
    {
        "cannot_dm_bot",
        "channel_is_limited_access",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_NO_MESSAGE: Final = frozenset({"cant_update_message", "edit_window_closed", "message_not_found", "thread_not_found"})
_TOO_MUCH: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
_MAYBE_DONE: Final = frozenset(
    {"fatal_error", "internal_error", "request_timeout"}
)  # Slack: may have been done in part


class AnswerLost(UpstreamFailed):
    """It isn't known whether the call was done: the outbox looks for a first message, and repeats only a change."""

    code = "answer_lost"


class TooMuch(UpstreamFailed):
    """Slack doesn't take these blocks; nothing was done."""

    code = "blocks_refused"


class WebApi:
    """Slack's Web API with the bot's token. Made in a running loop; `close()` it."""

    def __init__(self, settings: SlackSettings, timeout: float = TIMEOUT) -> None:
        self.settings = settings
        self.logger = silent_logger()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_no_redirects,),
            response_class=_BoundedAnswer,
            headers={"Accept-Encoding": "identity"},  # what is packed has no bound that its length would tell
        )
        self.client = AsyncWebClient(
            token=settings.bot_token.reveal(),
            base_url=settings.api,
            session=self._session,
            logger=self.logger,
            retry_handlers=[],
        )
        if self.is_local:
            self.client.proxy = None  # a proxy of the environment isn't for this machine

    @property
    def is_local(self) -> bool:
        """Whether `settings.api` is on this machine."""
        return urlsplit(self.settings.api).hostname in _HERE

    async def call(self, method: str, **arguments: object) -> Mapping[str, object]:
        """Calls a method with a JSON body; gives the answer.

        Raises `AnswerLost`, `ServiceAway` (with code "bot_removed" where the token is no good), `DestinationGone`,
        `MessageGone`, `TooMuch`.
        """
        return await self._called(method, json=arguments)

    async def look_up(self, method: str, **arguments: object) -> Mapping[str, object]:
        """Calls a method that reads, with a form: those take no JSON. Raises as `call`."""
        return await self._called(method, data=arguments)

    async def _called(self, method: str, **body: Any) -> Mapping[str, object]:
        try:
            response = await self.client.api_call(method, **body)
        except SlackApiError as error:
            raise failure_of(method, error) from None
        except (aiohttp.ClientConnectorError, SlackClientError) as error:
            raise ServiceAway(f"Slack can't be reached for {method} ({type(error).__name__})") from None
        except Exception as error:  # the SDK lets through whatever an answer that isn't one makes of it
            raise AnswerLost(f"Slack's answer to {method} was lost ({type(error).__name__})") from None
        data = response.data
        return data if isinstance(data, dict) else {}

    async def close(self) -> None:
        """Ends the connections."""
        await self._session.close()


def failure_of(method: str, error: SlackApiError) -> UpstreamFailed:
    """What an error that Slack answered means to us."""
    response = error.response
    data = getattr(response, "data", None)
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    found = str(data.get("error", "")) if isinstance(data, dict) else ""
    code = found if _CODE.fullmatch(found) else "no_code"
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return ServiceAway(f"Slack asks to wait with {method}", seconds=_seconds(response), code="rate_limited")
    if code in _REMOVED:
        return ServiceAway(
            f"Slack doesn't take the bot's token any more ({code}): install the app again and set bot_token",
            code="bot_removed",
        )
    if code in _GONE:
        return DestinationGone(f"Slack refuses {method} there: {code}", code=code)
    if code in _NO_MESSAGE:
        return MessageGone(f"Slack refuses {method}: {code}", code=code)
    if code in _TOO_MUCH:
        return TooMuch(f"Slack refuses what {method} shows: {code}")
    if status >= 500 or code in _MAYBE_DONE:
        return AnswerLost(f"Slack failed in {method}: {code}, status {status}")
    return ServiceAway(f"Slack refuses {method}: {code}, status {status}", code="refused")


def silent_logger() -> logging.Logger:
    """A logger that says nothing: the libraries' own lines quote what was sent and answered."""
    logger = logging.Logger("interlock.slack", logging.CRITICAL + 1)  # one of its own, out of the tree
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


def _seconds(response: object) -> float:
    headers = getattr(response, "headers", {})
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    text = str(found)
    return min(float(text), _LONGEST) if text.isascii() and text.isdigit() and len(text) < 10 else _USUAL


class _BoundedAnswer(aiohttp.ClientResponse):
    """An answer of which no more is read than may come: the SDK would read all there is, and then parse it."""

    async def read(self) -> bytes:
        """The body. Raises `ClientPayloadError` for one that is too long or packed."""
        if self._body is None:
            try:
                self._body = await self._bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _bounded(self) -> bytes:
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise aiohttp.ClientPayloadError("an encoding that wasn't asked for")
        if (self.content_length or 0) > MAX_ANSWER:
            raise aiohttp.ClientPayloadError("more than may come")
        pieces, size = list[bytes](), 0
        async for piece in self.content.iter_any():
            size += len(piece)
            if size > MAX_ANSWER:
                raise aiohttp.ClientPayloadError("more than may come")
            pieces.append(piece)
        return b"".join(pieces)


async def _no_redirects(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Slack's methods don't redirect; a redirect would take the call to an address that isn't the settings'."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientPayloadError("a redirect")
    return response
