"""A service that takes webhooks as Standard Webhooks 1.0 says: it checks signatures itself, and drops repeats by id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from testkit.http_service import HttpService, Reply, Request

TOLERANCE = 300  # seconds


class WebhookReceiver(HttpService):
    """`messages` are those that it took, each once; `repeats` are the ids that came again."""

    def __init__(self, secret: str, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.secret, self.now = secret, now
        self.gone = False
        self.messages: list[Any] = []
        self.ids: list[str] = []
        self.repeats: list[str] = []

    async def answer(self, request: Request) -> Reply:
        """204 for what is signed and fresh, 400 for anything else, 410 once nobody wants to hear any more."""
        if self.gone:
            return Reply(410)
        if request.method != "POST" or not self._is_signed(request):
            return Reply(400)
        id_ = request.headers["webhook-id"]
        if id_ in self.ids:
            self.repeats.append(id_)
        else:
            self.ids.append(id_)
            self.messages.append(request.json)
        return Reply(204)

    def _is_signed(self, request: Request) -> bool:
        id_, seconds = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not id_ or not seconds.isdigit() or abs(self.now() - int(seconds)) > TOLERANCE:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        made = hmac.new(key, f"{id_}.{seconds}.".encode() + request.body, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(made).decode()
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(expected, each) for each in given)
