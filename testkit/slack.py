"""A small Slack on a real socket: the Web API that a review bot needs, socket mode, and everything that goes wrong.

Meant for tests of an installation as well as for ours. It keeps all that it was sent (`calls`, `traffic`), checks
tokens and Block Kit's limits, and can be told to fail: see `Trouble`. What people do is in `testkit.slack_user`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

from aiohttp import WSMsgType, web

from testkit.slack_limits import faults_of_message, faults_of_view

BOT_USER, BOT = "U0BOT", "B0BOT"  # what `auth.test` answers, and messages of ours carry
TEAM, BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "T0OURS", "xoxb-the-bot", "xapp-the-app", "the signing secret"
Json = dict[str, Any]
Answer = tuple[Json, str]  # what is answered, and the error code where it isn't ok


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one call of a method: `status` with `retry_after` or `location`, or an `error` code.

    `done`: it was done all the same; `hang`: no answer until the server stops; `cut`: the connection ends instead."""

    status: int = 200
    error: str = ""
    retry_after: str = ""
    location: str = ""
    done: bool = False
    hang: bool = False
    cut: bool = False


@dataclass
class Conversation:
    """A channel or a person's conversation with the bot."""

    id: str
    messages: list[Json] = field(default_factory=list)
    archived: bool = False
    bot_is_in: bool = True
    ephemeral: list[Json] = field(default_factory=list)


class Slack:
    """The workspace. `async with Slack() as slack`; `slack.api` is the base address."""

    def __init__(self, team: str = TEAM) -> None:
        self.team = team
        self.users: dict[str, Json] = {}
        self.conversations: dict[str, Conversation] = {}
        self.views: dict[str, Json] = {}  # open modals
        self.homes: dict[str, Json] = {}
        self.calls: list[tuple[str, Json]] = []
        self.acknowledged: dict[str, Json] = {}  # envelope -> what the app answered
        self.bot_removed = False
        self._troubles: dict[str, deque[Trouble]] = {}
        self._triggers: set[str] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._changed = asyncio.Condition()
        self._numbers = itertools.count(1)
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    # -- being there ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Slack:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Serves; on the port it had before, if any."""
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=1 << 22)
        app.router.add_post("/api/{method}", self._called)
        app.router.add_get("/socket/{ticket}", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Is away: connections end."""
        self._stopping.set()
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api(self) -> str:
        """`[slack] api`."""
        return f"http://127.0.0.1:{self.port}/api/"

    # -- setting the scene ---------------------------------------------------------------------------------------------

    def user(self, user: str, team: str = "", flags: Mapping[str, bool] = MappingProxyType({})) -> str:
        """Adds somebody; the flag `is_restricted` makes a guest, `team` a stranger of another workspace."""
        plain = {"is_restricted": False, "is_ultra_restricted": False, "is_bot": False, "deleted": False}
        stranger = {"is_stranger": True} if team else {}
        self.users[user] = (
            {"id": user, "team_id": team or self.team, "name": user.lower()} | plain | stranger | dict(flags)
        )
        return user

    def channel(self, channel: str) -> Conversation:
        """Adds a channel that the bot is in."""
        return self.conversations.setdefault(channel, Conversation(channel))

    def trouble(self, method: str, *troubles: Trouble) -> None:
        """The next calls of this method go wrong, one after the other."""
        self._troubles.setdefault(method, deque()).extend(troubles)

    def well(self) -> None:
        """Nothing goes wrong any more, whatever was still to."""
        self._troubles.clear()

    def delete(self, channel: str, ts: str) -> None:
        """Somebody deletes a message."""
        there = self.conversations[channel]
        there.messages = [each for each in there.messages if each["ts"] != ts]

    def trigger(self) -> str:
        """A fresh trigger, good once."""
        made = f"trigger.{next(self._numbers)}"
        self._triggers.add(made)
        return made

    # -- looking ----------------------------------------------------------------------------------------------------

    def called(self, method: str) -> list[Json]:
        """What a method was called with, in order."""
        return [arguments for name, arguments in self.calls if name == method]

    def traffic(self) -> str:
        """Everything that was ever sent here, as one text to search in."""
        return json.dumps([self.calls, self.acknowledged], ensure_ascii=False)

    async def until(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits until something that was sent here makes it true."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(holds)

    async def envelope(self, kind: str, payload: Json) -> Json:
        """Sends an envelope over socket mode; gives what it was acknowledged with."""
        await self.until(lambda: bool(self._sockets))
        envelope = f"envelope-{next(self._numbers)}"
        message = {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        await next(iter(self._sockets)).send_json(message)
        await self.until(lambda: envelope in self.acknowledged)
        return self.acknowledged[envelope]

    async def disconnect(self) -> None:
        """Asks the app to connect anew, as Slack does every few hours."""
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    @property
    def connections(self) -> int:
        """Open websockets."""
        return len(self._sockets)

    # -- the Web API ---------------------------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments: Json = await request.json() if "json" in request.content_type else dict(await request.post())
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        queue = self._troubles.get(method)
        trouble = queue.popleft() if queue else Trouble()
        goes_wrong = trouble != Trouble()
        answer: Json = {}
        error = ""
        if not goes_wrong or trouble.done:
            answer, error = self._answer(method, arguments, token)
        async with self._changed:
            self.calls.append((method, arguments))
            self._changed.notify_all()
        if trouble.hang:
            await self._stopping.wait()
        if trouble.hang or trouble.cut:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if goes_wrong:
            named = {"Retry-After": trouble.retry_after, "Location": trouble.location}
            headers = {name: value for name, value in named.items() if value}
            return web.json_response({"ok": False, "error": trouble.error}, status=trouble.status, headers=headers)
        return web.json_response({"ok": not error, "error": error} | answer if error else {"ok": True} | answer)

    def _answer(self, method: str, arguments: Json, token: str) -> Answer:
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            return {}, "invalid_auth" if token else "not_authed"
        if self.bot_removed:
            return {}, "account_inactive"
        known: Mapping[str, Callable[[Json], Answer]] = {
            "auth.test": lambda _: ({"team_id": self.team, "user_id": BOT_USER, "bot_id": BOT}, ""),
            "apps.connections.open": lambda _: (
                {"url": f"ws://127.0.0.1:{self.port}/socket/{next(self._numbers)}"},
                "",
            ),
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.delete": self._delete,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "conversations.info": lambda a: ({"channel": {"id": a["channel"]}}, self._closed(a.get("channel", ""))),
            "users.info": self._user_info,
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "views.publish": self._publish,
        }
        return known[method](arguments) if method in known else ({}, "unknown_method")

    def _closed(self, channel: str) -> str:
        there = self.conversations.get(channel)
        if there is None:
            return "channel_not_found"
        return "is_archived" if there.archived else "" if there.bot_is_in else "not_in_channel"

    def _post(self, a: Json) -> Answer:
        if (error := self._closed(a.get("channel", ""))) or (error := _message_error(a)):
            return {}, error
        there = self.conversations[a["channel"]]
        if "thread_ts" in a and not any(each["ts"] == a["thread_ts"] for each in there.messages):
            return {}, "thread_not_found"
        ts = f"17000{next(self._numbers):05d}.000100"
        there.messages.append(a | {"ts": ts, "user": BOT_USER, "bot_id": BOT})
        return {"channel": a["channel"], "ts": ts}, ""

    def _update(self, a: Json) -> Answer:
        if (error := self._closed(a.get("channel", ""))) or (error := _message_error(a)):
            return {}, error
        for each in self.conversations[a["channel"]].messages:
            if each["ts"] == a.get("ts"):
                each.update(a)
                return {"channel": a["channel"], "ts": a["ts"]}, ""
        return {}, "message_not_found"

    def _post_ephemeral(self, a: Json) -> Answer:
        if (error := self._closed(a.get("channel", ""))) or (error := _message_error(a)):
            return {}, error
        self.conversations[a["channel"]].ephemeral.append(a)
        return {"message_ts": f"17000{next(self._numbers):05d}.000100"}, ""

    def _delete(self, a: Json) -> Answer:
        self.delete(a["channel"], a["ts"])
        return {}, ""

    def _open(self, a: Json) -> Answer:
        user = self.users.get(a.get("users", ""))
        if user is None or user["deleted"]:
            return {}, "user_not_found" if user is None else "user_disabled"
        return {"channel": {"id": self.channel("D" + user["id"]).id}}, ""

    def _history(self, a: Json) -> Answer:
        if error := self._closed(a.get("channel", "")):
            return {}, error
        newest = self.conversations[a["channel"]].messages[::-1]
        start, limit = int(a.get("cursor") or 0), int(a.get("limit", 100))
        page = [dict(each) for each in newest[start : start + limit]]
        if a.get("include_all_metadata") not in ("true", "1"):
            for each in page:
                each.pop("metadata", None)
        more = str(start + limit) if start + limit < len(newest) else ""
        return {"messages": page, "response_metadata": {"next_cursor": more}}, ""

    def _user_info(self, a: Json) -> Answer:
        user = self.users.get(a.get("user", ""))
        return ({"user": user}, "") if user is not None else ({}, "user_not_found")

    def _open_view(self, a: Json) -> Answer:
        if a.get("trigger_id") not in self._triggers:
            return {}, "expired_trigger_id"
        self._triggers.discard(a["trigger_id"])
        if faults_of_view(a.get("view")):
            return {}, "invalid_arguments"
        view_id = f"V{next(self._numbers)}"
        self.views[view_id] = a["view"]
        return {"view": {"id": view_id}}, ""

    def _update_view(self, a: Json) -> Answer:
        if a.get("view_id") not in self.views:
            return {}, "not_found"
        if faults_of_view(a.get("view")):
            return {}, "invalid_arguments"
        self.views[a["view_id"]] = a["view"]
        return {"view": {"id": a["view_id"]}}, ""

    def _publish(self, a: Json) -> Answer:
        if a.get("user_id") not in self.users:
            return {}, "user_not_found"
        if faults_of_view(a.get("view")):
            return {}, "invalid_arguments"
        self.homes[a["user_id"]] = a["view"]
        return {}, ""

    # -- socket mode ---------------------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        await self._note(lambda: self._sockets.add(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    answer: Json = json.loads(message.data)
                    taken = {str(answer["envelope_id"]): answer.get("payload", {})}
                    await self._note(partial(self.acknowledged.update, taken))
        finally:
            await self._note(lambda: self._sockets.discard(socket))
        return socket

    async def _note(self, change: Callable[[], object]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()


def _message_error(a: Json) -> str:
    faults = faults_of_message(a.get("blocks"), a.get("text"))
    return "" if not faults else "msg_blocks_too_long" if "msg_blocks_too_long" in faults else "invalid_blocks"


Deliver = Callable[[str, Json], Awaitable[Json]]
"""(kind of envelope, payload) -> what the app answered: over HTTP or socket mode."""
