"""What people do in Slack: press a button, send a modal, type a command, open the home tab; over HTTP or a socket."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from testkit.slack import SIGNING_SECRET, Deliver, Json, Slack


@dataclass(frozen=True)
class SignedCalls:
    """Slack's side of HTTP: signed requests to the app's address."""

    url: str
    secret: str = SIGNING_SECRET

    async def __call__(self, kind: str, payload: Json) -> Json:
        """Sends it, and gives what was answered; raises when that isn't 200."""
        content_type, body = encoded(kind, payload)
        status, answer = await self.send(body, signed(self.secret, body) | {"content-type": content_type})
        assert status == 200, status
        found: Json = json.loads(answer) if answer else {}
        return found

    async def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Sends anything at all."""
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.read()


def signed(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The headers that prove a body to be Slack's."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def encoded(kind: str, payload: Json) -> tuple[str, bytes]:
    """(content type, body) of what comes over HTTP."""
    form = "application/x-www-form-urlencoded"
    match kind:
        case "interactive":
            return form, urlencode({"payload": json.dumps(payload)}).encode()
        case "slash_commands":
            return form, urlencode(payload).encode()
        case _:
            return "application/json", json.dumps(payload).encode()


@dataclass(frozen=True)
class SlackUser:
    """Somebody at their client. `team` is what payloads say of their own workspace, `workspace` of ours."""

    slack: Slack
    id: str
    deliver: Deliver
    team: str = ""
    workspace: str = ""

    async def press(self, action: str, place: Json, channel: str = "", view: str = "") -> Json:
        """Presses the button of that action on a message, modal or home tab; gives the acknowledgement."""
        button = next(each for each in buttons(place) if each["action_id"] == action)
        payload = self._payload("block_actions") | {
            "trigger_id": self.slack.trigger(),
            "response_url": "http://127.0.0.1:9/never",
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": button.get("value", "")}],
        }
        where = {"channel": {"id": channel}} if channel else {"view": {"id": "V0", "type": view or "home"}}
        return await self.deliver("interactive", payload | where)

    async def submit(self, view_id: str, reason: str | None = None) -> Json:
        """Sends a modal; gives what stands in its place."""
        view = self.slack.views[view_id]
        values = {"reason": {"interlock_reason": {"type": "plain_text_input", "value": reason}}}
        shown = {
            "id": view_id,
            "type": "modal",
            "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"],
            "state": {"values": values},
        }
        return await self.deliver(
            "interactive", self._payload("view_submission") | {"trigger_id": self.slack.trigger(), "view": shown}
        )

    async def command(self, text: str, channel: str = "C0ANY") -> Json:
        """Types `/interlock text`."""
        team = self.workspace or self.slack.team
        payload = {"command": "/interlock", "text": text, "user_id": self.id, "team_id": team, "channel_id": channel}
        return await self.deliver("slash_commands", payload | {"trigger_id": self.slack.trigger()})

    async def open_home(self) -> Json:
        """Looks at the app's home tab."""
        event = {"type": "app_home_opened", "user": self.id, "tab": "home", "channel": f"D{self.id}"}
        team = self.workspace or self.slack.team
        return await self.deliver("events_api", {"type": "event_callback", "team_id": team, "event": event})

    def _payload(self, kind: str) -> Json:
        user = {"id": self.id, "team_id": self.team or self.slack.team, "name": self.id.lower()}
        return {"type": kind, "team": {"id": self.workspace or self.slack.team}, "user": user}


def buttons(place: Json) -> list[Json]:
    """The buttons of a message or view."""
    rows = (block["elements"] for block in place["blocks"] if block["type"] == "actions")
    return [button for row in rows for button in row]


def words(value: Any) -> str:
    """Every text in it, joined: what somebody can read."""
    return "\n".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
