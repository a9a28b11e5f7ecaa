"""Socket mode: we call Slack and keep a websocket open, for sites that nothing outside can call.

Envelopes lead to the same Bolt app as signed requests. The connection is ours and not `slack_sdk`'s client's, because
that one tries again for ever at an address which is good once, has a queue without a bound, and leaves tasks behind
when it is closed. docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

import aiohttp
import structlog
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from interlock.channels.slack.app import SlackApp
from interlock.channels.slack.payloads import record, text
from interlock.channels.slack.tasks import Tasks
from interlock.channels.slack.web_api import WebApi, failure_of
from interlock.errors import ServiceAway
from interlock.model.secret import Secret

log = structlog.get_logger("interlock.slack")

_HEARTBEAT: Final = 20.0  # seconds: a connection that doesn't answer a ping within half of it is dead
_OPENING: Final = 10.0
_MOST_MESSAGE: Final = 1 << 20
_LONGEST: Final = 60.0  # seconds between two attempts at most


class SocketMode:
    """The websocket; `patience` is the first pause after a failure, in seconds, doubled up to a minute."""

    def __init__(self, api: WebApi, token: Secret[str], app: SlackApp, patience: float = 1.0) -> None:
        self._api, self._token, self._app, self._patience = api, token, app, patience
        self._answers = Tasks()
        self._up = False

    @property
    def connected(self) -> bool:
        """Whether Slack has said hello on a connection that is still there."""
        return self._up

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps the connection until `stop` is set; then lets what is under way end."""
        working = asyncio.create_task(self._keep())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._answers.close()
            for task in (working, stopping):
                task.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)

    async def _keep(self) -> None:
        pause = self._patience
        async with aiohttp.ClientSession(trust_env=not self._api.is_local) as session:
            while True:
                asked = None
                try:
                    await self._connected(session)
                except ServiceAway as away:
                    asked = away.seconds
                    log.warning("slack.socket_away", code=away.code)
                except Exception as error:  # whatever a broken connection raises: it is opened again
                    log.warning("slack.socket_lost", because=type(error).__name__)
                pause = self._patience if self._up else min(pause * 2, _LONGEST)
                self._up = False
                await asyncio.sleep(max(pause, asked or 0.0))

    async def _connected(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(_OPENING):
            url = await self._address()
            socket = await session.ws_connect(
                url, heartbeat=_HEARTBEAT, max_msg_size=_MOST_MESSAGE, timeout=aiohttp.ClientWSTimeout(ws_close=2.0)
            )
        try:
            async for received in socket:
                if received.type is not aiohttp.WSMsgType.TEXT or not self._received(socket, received.data):
                    return
        finally:
            await socket.close()

    async def _address(self) -> str:
        """A fresh one, good once."""
        try:
            answer = await self._api.client.apps_connections_open(app_token=self._token.reveal())
        except SlackApiError as error:
            raise failure_of("apps.connections.open", error) from None
        url = str(answer.get("url", ""))
        if not url.startswith(("wss://", "ws://") if self._api.is_local else "wss://"):
            raise ServiceAway("Slack named an address for socket mode that isn't wss://")
        return url

    def _received(self, socket: aiohttp.ClientWebSocketResponse, raw: str) -> bool:
        """Whether the connection goes on."""
        message = record(json.loads(raw))
        match message.get("type"):
            case "hello":
                self._up = True
            case "disconnect":
                return False
            case "interactive" | "slash_commands" | "events_api" if not self._answers.full:
                self._answers.start(self._answered(socket, text(message, "envelope_id"), message.get("payload")))
        return True

    async def _answered(self, socket: aiohttp.ClientWebSocketResponse, envelope: str, payload: object) -> None:
        response = await self._app.dispatch(AsyncBoltRequest(body=dict(record(payload)), mode="socket_mode"))
        if response.status == 200:
            await socket.send_json({"envelope_id": envelope} | _payload(response))


def _payload(response: BoltResponse) -> dict[str, object]:
    if not response.body:
        return {}
    if response.first_headers().get("content-type", "").startswith("application/json"):
        return {"payload": json.loads(response.body)}
    return {"payload": {"text": response.body}}
