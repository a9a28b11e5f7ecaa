"""Slack calls us: signed requests at `/channels/slack` (docs.slack.dev/authentication/verifying-requests-from-slack).

What isn't signed with our secret, is older than five minutes or came before gets 401 and is recorded.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from slack_bolt.request.async_request import AsyncBoltRequest

from interlock.channels.answering import Refuse
from interlock.channels.slack.app import SlackApp
from interlock.model.channels import Channel
from interlock.model.secret import Secret

WINDOW: Final = 300  # seconds, as Slack says
_MOST_BODY: Final = 1 << 20
_MOST_SEEN: Final = 20_000  # requests within the window; beyond, none is taken

Answer = tuple[int, Mapping[str, str], bytes]


class SlackInbound:
    """`web.needs.Inbound` for Slack; `clock` gives seconds since 1970."""

    def __init__(self, secret: Secret[str], app: SlackApp, refuse: Refuse, clock: Callable[[], float]) -> None:
        self._secret, self._app, self._refuse, self._clock = secret, app, refuse, clock
        self._seen: OrderedDict[bytes, float] = OrderedDict()  # signatures, by when they are too old anyway

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answers a request; `headers` have names in lower case."""
        if len(body) > _MOST_BODY:
            return 413, {}, b""
        now = self._clock()
        because = self._why_not(headers, body, now)
        if because is not None:
            await self._refuse(Channel.SLACK, because)
            return 401, {}, b""
        if len(self._seen) >= _MOST_SEEN:
            return 503, {"retry-after": "60"}, b""
        self._seen[_signature(headers)] = now + 2 * WINDOW
        try:
            request = AsyncBoltRequest(
                body=body.decode(), headers={"content-type": headers.get("content-type", "")}, mode="http"
            )
        except Exception:  # a body that isn't what its type says; Bolt's reader has no error of its own
            return 400, {}, b""
        response = await self._app.dispatch(request)
        return response.status, response.first_headers_without_set_cookie(), (response.body or "").encode()

    def _why_not(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        stamp = headers.get("x-slack-request-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return "a call without a signature"
        expected = hmac.new(self._secret.reveal().encode(), b"v0:%s:%s" % (stamp.encode(), body), hashlib.sha256)
        if not hmac.compare_digest(_signature(headers), b"v0=" + expected.hexdigest().encode()):
            return "a signature that isn't Slack's"
        if abs(now - int(stamp)) > WINDOW:
            return "a signature of another time"
        self._forget(now)
        return "a call that came before" if _signature(headers) in self._seen else None

    def _forget(self, now: float) -> None:
        while self._seen and next(iter(self._seen.values())) < now:
            self._seen.popitem(last=False)


def _signature(headers: Mapping[str, str]) -> bytes:
    return headers.get("x-slack-signature", "").encode("utf-8", "surrogatepass")
