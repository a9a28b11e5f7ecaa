"""PagerDuty as far as Interlock uses it: events with deduplication, incidents' notes, who is on call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from testkit.http_service import HttpService, Reply, Request

_NOTES = re.compile(r"/incidents/([A-Za-z0-9]+)/notes")
_ACTIONS = ("trigger", "acknowledge", "resolve")


@dataclass
class Alert:
    """An alert under its `dedup_key`: `events` are all that came while it was open."""

    key: str
    events: list[dict[str, Any]] = field(default_factory=list)
    resolved: bool = False


class PagerDuty(HttpService):
    """REST API and Events API at one address. `incidents` are notes by incident; `on_call` users by schedule."""

    def __init__(self, key: str, routing_key: str) -> None:
        super().__init__()
        self.key, self.routing_key = key, routing_key
        self.alerts: list[Alert] = []
        self.incidents: dict[str, list[str]] = {}
        self.on_call: dict[str, list[str]] = {}
        self.page = 100

    def open_alerts(self) -> list[Alert]:
        """Those that nobody resolved."""
        return [alert for alert in self.alerts if not alert.resolved]

    async def answer(self, request: Request) -> Reply:
        """By the path."""
        if request.path == "/v2/enqueue":
            return self._enqueue(request)
        if request.headers.get("authorization") != f"Token token={self.key}":
            return Reply(401, {"error": {"message": "Unauthorized"}})
        if found := _NOTES.fullmatch(request.path):
            return self._notes(request, found[1])
        if request.path == "/oncalls":
            return self._on_calls(request)
        return Reply(404, {"error": {"message": "Not Found"}})

    def _enqueue(self, request: Request) -> Reply:
        event = request.json
        well_formed = event.get("event_action") in _ACTIONS and isinstance(event.get("dedup_key"), str)
        if event.get("routing_key") != self.routing_key or not well_formed or not _is_payload(event):
            return Reply(400, {"status": "invalid event", "message": "Event object is invalid"})
        key = event["dedup_key"]
        standing = next((alert for alert in self.open_alerts() if alert.key == key), None)
        if event["event_action"] == "trigger" and standing is None:
            standing = Alert(key)
            self.alerts.append(standing)
        if standing is not None:
            standing.events.append(event)
            standing.resolved = event["event_action"] == "resolve"
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _notes(self, request: Request, incident: str) -> Reply:
        notes = self.incidents.get(incident)
        if notes is None:
            return Reply(404, {"error": {"message": "Not Found", "code": 2100}})
        if request.method == "POST":
            if "@" not in request.headers.get("from", ""):
                return Reply(400, {"error": {"message": "Requester User Not Found"}})
            notes.append(request.json["note"]["content"])
            return Reply(201, {"note": {"id": f"PNOTE{len(notes)}", "content": notes[-1]}})
        return Reply(200, {"notes": [{"id": f"PNOTE{n}", "content": text} for n, text in enumerate(notes)]})

    def _on_calls(self, request: Request) -> Reply:
        schedule, offset = request.query.get("schedule_ids[]", ""), int(request.query.get("offset", "0"))
        users = self.on_call.get(schedule, [])
        entries = [
            {
                "user": {"id": user, "type": "user_reference"},
                "schedule": {"id": schedule, "type": "schedule_reference"},
                "escalation_level": 1,
                "start": None,
                "end": None,
            }
            for user in users[offset : offset + self.page]
        ]
        more = offset + self.page < len(users)
        return Reply(200, {"oncalls": entries, "limit": self.page, "offset": offset, "more": more, "total": None})


def _is_payload(event: dict[str, Any]) -> bool:
    if event["event_action"] != "trigger":
        return True
    payload = event.get("payload", {})
    known = payload.get("severity") in ("critical", "error", "warning", "info")
    return known and bool(payload.get("source")) and 0 < len(payload.get("summary", "")) <= 1024
