"""The Bot Connector, called through the Teams SDK's conversation client, with every way to fail told apart.

The SDK's client is given an HTTP client of ours: no proxies of the environment, no redirects, bounded in time and in
what it reads; the base address is the settings', never one that a request named (docs/decisions/0022).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

import httpx
from microsoft_teams.api.activities.message import MessageActivityInput
from microsoft_teams.api.clients.conversation import ConversationClient, CreateConversationParams
from microsoft_teams.api.models import Account, TeamsChannelAccount
from microsoft_teams.common.http import Client, ClientOptions
from pydantic import ValidationError

from interlock.channels.calling import wait_asked
from interlock.channels.teams.card import CONTENT_TYPE, Json
from interlock.channels.teams.limits import Limits
from interlock.channels.teams.login import Login
from interlock.errors import DeliveryUnsure, DestinationGone, InterlockError, MessageGone, ServiceAway
from interlock.model.channel_settings import TeamsSettings
from interlock.ports import Clock

SECONDS: Final = 10.0  # for the whole of one call
CONNECT_SECONDS: Final = 4.0
MAX_ANSWER: Final = 1024 * 1024  # bytes
CONNECTIONS: Final = 20
PAGE: Final = 500  # members; the most that Teams gives at once
PAGES: Final = 4

_ID: Final = re.compile(r"[A-Za-z0-9:@._;=+-]{1,512}", re.ASCII)  # of a conversation or message, as it stands in a path
_NO_ID: Final = "DO_NOT_USE_PLACEHOLDER_ID"  # what the SDK says where the Connector said nothing
_NEW_CHAT: Final = "chat"
_LATER: Final = frozenset({408, 409, 412, 425, 429})  # 412 is to be tried again, by Teams' page on rate limits
_ELSEWHERE: Final = frozenset({"ConversationNotFound", "BotNotInConversationRoster"})
_SUMMARY: Final = "A review in Interlock"  # what a notification shows: nothing of the review

T = TypeVar("T")


class Connector:
    """One bot's calls. `close` it when the gateway ends."""

    def __init__(
        self, settings: TeamsSettings, login: Login, limits: Limits, clock: Clock, *, seconds: float = SECONDS
    ) -> None:
        self._settings, self._login, self._limits, self._clock = settings, login, limits, clock
        self._seconds = seconds
        self._http = httpx.AsyncClient(
            transport=_Bounded(retries=0, limits=httpx.Limits(max_connections=CONNECTIONS)),
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            headers={"Accept-Encoding": "identity", "User-Agent": "interlock"},
            follow_redirects=False,
            trust_env=False,
        )
        client = Client(ClientOptions(token=login))
        client.http = self._http
        self._conversations = ConversationClient(settings.service_url, client)

    async def post(self, conversation: str, card: Json) -> str:
        """Sends a card; gives the message's id. Raises `ServiceAway`, `DestinationGone`, `DeliveryUnsure`."""
        sent = await self._call(
            conversation, lambda: self._conversations.create_activity(conversation, _message(card)), DeliveryUnsure
        )
        if sent.id == _NO_ID or not is_id(sent.id):
            raise DeliveryUnsure("Teams took a message and didn't say which it is.")
        return sent.id

    async def put(self, conversation: str, message: str, card: Json) -> None:
        """Changes a message, which may be done again. Raises `ServiceAway`, `DestinationGone`, `MessageGone`."""
        _check_id(message)
        await self._call(
            conversation,
            lambda: _answered(self._conversations.update_activity(conversation, message, _message(card))),
            ServiceAway,
            missing=MessageGone,
        )

    async def open_chat(self, user: str) -> str:
        """The conversation with one user (an object id of the directory): the same one each time, by Teams' rules.

        Raises `ServiceAway`, and `DestinationGone` where the bot isn't installed for them."""
        tenant = self._settings.tenant
        params = CreateConversationParams(
            members=[Account(id=user)], tenant_id=tenant, channel_data={"tenant": {"id": tenant}}
        )
        found = await self._call(_NEW_CHAT, lambda: self._conversations.create(params), ServiceAway)
        if not is_id(found.id):
            raise ServiceAway("Teams named a conversation that can't be one.")
        return found.id

    async def member(self, conversation: str, user: str) -> TeamsChannelAccount:
        """One member of a conversation. Raises `ServiceAway`, `DestinationGone` (not in it, or we aren't)."""
        place = root_of(conversation)
        _check_id(user)
        return await self._call(place, lambda: self._conversations.get_member_by_id(place, user), ServiceAway)

    async def roster(self, conversation: str) -> list[TeamsChannelAccount]:
        """Its members, the first `PAGE * PAGES` of them. Raises like `member`."""
        place, found, token = root_of(conversation), list[TeamsChannelAccount](), None
        for _ in range(PAGES):
            page = await self._call(
                place, partial(self._conversations.get_paged_members, place, PAGE, token), ServiceAway
            )
            found += page.members
            if not (token := page.continuation_token):
                break
        return found

    async def close(self) -> None:
        """Ends its connections."""
        await self._http.aclose()

    async def _call(
        self,
        place: str,
        call: Callable[[], Awaitable[T]],
        lost: type[InterlockError],
        missing: type[InterlockError] = DestinationGone,
    ) -> T:
        """Makes a call. `lost`: what it means when the answer doesn't come; `missing`: what 404 means."""
        _check_id(place)
        await self._login()  # before, so that its failure isn't taken for one of the call
        self._limits.take(root_of(place))
        try:
            async with asyncio.timeout(self._seconds):
                return await call()
        except httpx.HTTPStatusError as error:
            raise self._refused(error.response, missing) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise ServiceAway("Teams can't be reached now.") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise lost(f"Teams' answer got lost ({type(error).__name__}).") from None
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise lost("Teams' answer can't be read.") from None

    def _refused(self, response: httpx.Response, missing: type[InterlockError]) -> InterlockError:
        status, code = response.status_code, _code(response)
        said = f"Teams answered with status {status}" + (f" ({code})." if code else ".")
        if status == HTTPStatus.UNAUTHORIZED:
            self._login.forget()
            return ServiceAway(said)
        if status in _LATER or status < 400 or status >= 500:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return ServiceAway(said, seconds=wait_asked(headers, self._clock.now()))
        if status == HTTPStatus.NOT_FOUND and code not in _ELSEWHERE:
            return missing(said)
        return DestinationGone(said)


def is_id(text: str) -> bool:
    """Whether this can be the id of a conversation or message, and nothing else in a path."""
    return bool(_ID.fullmatch(text)) and not text.startswith(".")


def root_of(conversation: str) -> str:
    """A channel's conversation, without the thread in it."""
    return conversation.partition(";messageid=")[0]


def thread_of(conversation: str, message: str) -> str:
    """Where an answer to a message goes: its thread in a channel, the conversation itself elsewhere."""
    place = root_of(conversation)
    return f"{place};messageid={message}" if place.endswith(("@thread.tacv2", "@thread.skype")) else place


def _check_id(text: str) -> None:
    if not is_id(text):
        raise DestinationGone("this isn't an id of Teams'", code="not_an_id")


def _message(card: Json) -> MessageActivityInput:
    attachment = {"contentType": CONTENT_TYPE, "content": card}
    return MessageActivityInput.model_validate({"summary": _SUMMARY, "attachments": [attachment]})


async def _answered(call: Awaitable[object]) -> None:
    """The SDK wants an id back from a change; the Connector may as well say nothing."""
    try:
        await call
    except KeyError:
        return


def _code(response: httpx.Response) -> str:
    """The error's code, a word of letters; "" for anything else."""
    try:
        said = response.json()
        code = said["error"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z]{1,60}", code) else ""


class _Bounded(httpx.AsyncHTTPTransport):
    """Reads no more of an answer than may come."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BoundedStream(response.stream)
        return response


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            if size > MAX_ANSWER:
                raise httpx.DecodingError("more than may come")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
