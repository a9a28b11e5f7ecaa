"""Opsgenie as far as Interlock uses it: alerts by alias, notes on alerts and incidents, who is on call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from testkit.http_service import HttpService, Reply, Request

_CLOSE = re.compile(r"/v2/alerts/([^/]+)/close")
_NOTES = re.compile(r"/(v2/alerts|v1/incidents)/([^/]+)/notes")
_ON_CALLS = re.compile(r"/v2/schedules/([^/]+)/on-calls")
_TAKEN = {"result": "Request will be processed", "took": 0.1, "requestId": "1"}


@dataclass
class Alert:
    """An alert under its alias; `raised` holds each request that raised it."""

    alias: str
    raised: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False


class Opsgenie(HttpService):
    """`noted` are the notes by ("v2/alerts" or "v1/incidents", kind of identifier, identifier)."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.alerts: list[Alert] = []
        self.noted: dict[tuple[str, str, str], list[str]] = {}
        self.on_call: dict[str, list[str]] = {}

    def open_alerts(self) -> list[Alert]:
        """Those that nobody closed."""
        return [alert for alert in self.alerts if not alert.closed]

    async def answer(self, request: Request) -> Reply:
        """By the path."""
        if request.headers.get("authorization") != f"GenieKey {self.key}":
            return Reply(422, {"message": "Could not authenticate"})
        if request.path == "/v2/alerts" and request.method == "POST":
            return self._raise(request.json)
        if found := _CLOSE.fullmatch(request.path):
            return self._close(found[1], request)
        if found := _NOTES.fullmatch(request.path):
            return self._notes(request, (found[1], request.query.get("identifierType", "id"), found[2]))
        if found := _ON_CALLS.fullmatch(request.path):
            return self._on_calls(found[1])
        return Reply(404, {"message": "No such thing"})

    def _raise(self, asked: dict[str, Any]) -> Reply:
        if not 0 < len(asked.get("message", "")) <= 130 or asked.get("priority") not in ("P1", "P2", "P3", "P4", "P5"):
            return Reply(422, {"message": "Request body is not processable"})
        standing = next((alert for alert in self.open_alerts() if alert.alias == asked["alias"]), None)
        if standing is None:
            standing = Alert(asked["alias"])
            self.alerts.append(standing)
        standing.raised.append(asked)
        return Reply(202, _TAKEN)

    def _close(self, alias: str, request: Request) -> Reply:
        assert request.query.get("identifierType") == "alias"
        for alert in self.open_alerts():
            alert.closed = alert.closed or alert.alias == alias
        return Reply(202, _TAKEN)  # done later; there may be none

    def _notes(self, request: Request, place: tuple[str, str, str]) -> Reply:
        notes = self.noted.get(place)
        if request.method == "POST":
            if notes is not None:
                notes.append(request.json["note"])
            return Reply(202, _TAKEN)
        if notes is None:
            return Reply(404, {"message": "Alert does not exist"})
        newest = list(reversed(notes))[: int(request.query.get("limit", "10"))]
        return Reply(200, {"data": [{"note": text, "owner": "System", "offset": "1"} for text in newest], "took": 0.1})

    def _on_calls(self, schedule: str) -> Reply:
        if schedule not in self.on_call:
            return Reply(404, {"message": "Schedule does not exist"})
        parent = {"id": "1", "name": schedule, "enabled": True}
        return Reply(200, {"data": {"_parent": parent, "onCallRecipients": self.on_call[schedule]}, "took": 0.1})
