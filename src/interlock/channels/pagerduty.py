"""PagerDuty: alerts by the Events API v2, notes on incidents and who is on call by the REST API v2.

An alert is raised under `dedup_key` = the copy's id, so that raising it again is no second one, and resolved once the
review is settled. A note has no such key: what is there is read before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from interlock.channels import incidents
from interlock.channels.calling import Answer, Calling, Pace, failed, refused
from interlock.channels.details import Details, Notices, details_of
from interlock.channels.incidents import ALERT, CLOSED, NOTE, RAISED
from interlock.channels.notice import Notice
from interlock.errors import DestinationGone, MalformedInput, ServiceAway, UpstreamFailed
from interlock.model.channel_settings import PagerSettings
from interlock.model.channels import Channel, Copy
from interlock.ports import Clock

REST_LIMIT: Final = (960, 60.0)  # calls within seconds, of a key (PagerDuty's documentation, "REST API rate limits")
EVENTS_LIMIT: Final = (120, 60.0)  # of a routing key
MOST_NOTES: Final = 2_000  # PagerDuty keeps at most so many on an incident
MOST_ON_CALL: Final = 100  # a page
PAGES: Final = 10
_SERVICE: Final = "PagerDuty"
# Ids are of capitals and digits and begin with P or Q; numbers are what people read.
_REFERENCE = re.compile(r"([PQR][A-Z0-9]{4,31}|[1-9][0-9]{0,9})", re.ASCII)
_URL = re.compile(r"https://[a-z0-9-]{1,63}(?:\.eu)?\.pagerduty\.com/incidents/([PQR][A-Z0-9]{4,31})", re.ASCII)
_SEVERITIES: Final = {"production": "critical", "prod": "critical", "staging": "warning", "": "warning"}
_REFUSED: Final = frozenset({400, 404, 410, 422})
_OF_ONE: Final = frozenset({403, 409})  # an incident may be out of our key's reach, or locked


class PagerDuty:
    """The courier of `[pagerduty]`, and what `OnCall` asks of it."""

    def __init__(self, settings: PagerSettings, *, notices: Notices, calling: Calling, clock: Clock) -> None:
        self._settings, self._notices = settings, notices
        self._calling, self._clock = calling, clock
        self._rest, self._events = Pace(*REST_LIMIT), Pace(*EVENTS_LIMIT)

    @property
    def channel(self) -> Channel:
        """PagerDuty."""
        return Channel.PAGERDUTY

    def service_of(self, copy: Copy) -> str:
        """Its two APIs: a ticket that an asker chose stops no alert."""
        return "events" if copy.destination.address == ALERT else "rest"

    def pause(self, copy: Copy) -> float:
        """By the limits of the API that this copy goes through."""
        return (self._events if copy.destination.address == ALERT else self._rest).pause(self._clock.now())

    async def send(self, copy: Copy) -> str:
        """Raises the alert, or writes the first note."""
        if copy.destination.address == NOTE:
            return await self._note(copy)
        return await self._alert(copy, "trigger")

    async def find(self, copy: Copy) -> str | None:
        """The last phase noted. None for an alert: raising it again is no second one."""
        if copy.destination.address != NOTE:
            return None
        details = await details_of(self._notices, copy.review)
        return incidents.noted(copy, await self._notes(self._incident(details.notice)))

    async def update(self, copy: Copy) -> str:
        """Resolves the alert once the review is settled; writes the note of a further phase."""
        if copy.destination.address == NOTE:
            return await self._note(copy)
        return copy.handle if copy.handle == CLOSED else await self._alert(copy, "")

    async def remind(self, copy: Copy) -> None:
        """Raises the same alert again, which pages anew where it was acknowledged. Notes aren't repeated."""
        if copy.destination.address == ALERT:
            await self._alert(copy, "trigger")

    async def on_call(self, schedule: str) -> frozenset[str]:
        """The ids of the users on call by a schedule; raises `ServiceAway`, `DestinationGone` or `MalformedInput`."""
        found: set[str] = set()
        for page in range(PAGES):
            asked = urlencode({"schedule_ids[]": schedule, "limit": MOST_ON_CALL, "offset": page * MOST_ON_CALL})
            answer = await self._get(f"{self._settings.api}oncalls?{asked}")
            users, more = read_on_call(answer.body, schedule)
            found |= users
            if not more:
                return frozenset(found)
        raise MalformedInput("PagerDuty's list of who is on call doesn't end")

    # -- alerts -------------------------------------------------------------------------------------------------------

    async def _alert(self, copy: Copy, waiting: str) -> str:
        """Makes the alert as the review is: `waiting` is the event for one that waits, "" for none."""
        details = await details_of(self._notices, copy.review)
        if details.waits:
            if waiting:
                await self._event({"event_action": waiting, **_alert(details)}, copy)
            return RAISED
        await self._event({"event_action": "resolve"}, copy)
        return CLOSED

    async def _event(self, event: Mapping[str, object], copy: Copy) -> None:
        key = self._settings.routing_key
        if key is None:
            raise DestinationGone("The settings have no [pagerduty] routing_key.", code="not_set_up")
        body = {"routing_key": key.reveal(), "dedup_key": copy.id, **event}
        self._events.made(self._clock.now())
        url = f"{self._settings.events}v2/enqueue"
        try:
            answer = await self._calling.post(url, json.dumps(body).encode(), headers=_JSON)
        except UpstreamFailed as error:
            raise failed(_SERVICE, error) from None
        self._check(answer, self._events)

    # -- notes --------------------------------------------------------------------------------------------------------

    async def _note(self, copy: Copy) -> str:
        details = await details_of(self._notices, copy.review)
        phase = incidents.phase_of(details.notice.state)
        if phase == copy.handle:
            return phase
        incident = self._incident(details.notice)
        if any(text.endswith(incidents.mark(copy, phase)) for text in await self._notes(incident)):
            return phase  # written before, and the answer got lost
        body = json.dumps({"note": {"content": incidents.note(copy, details, phase)}}).encode()
        self._rest.made(self._clock.now())
        headers = {**self._headers(), **_JSON, "From": self._settings.sender}
        try:
            answer = await self._calling.post(self._notes_url(incident), body, headers=headers)
        except UpstreamFailed as error:
            raise failed(_SERVICE, error) from None
        self._check(answer, self._rest)
        return phase

    async def _notes(self, incident: str) -> list[str]:
        try:
            answer = await self._get(self._notes_url(incident))
            return read_notes(answer.body)
        except MalformedInput:
            raise ServiceAway("PagerDuty's answer can't be understood.", whole=False) from None
        except DestinationGone as error:
            raise (error if error.code == "not_allowed" else incidents.nothing_to_tell()) from None

    def _incident(self, notice: Notice) -> str:
        return incidents.named(notice.ticket, _REFERENCE, _URL)

    def _notes_url(self, incident: str) -> str:
        return f"{self._settings.api}incidents/{quote(incident, safe='')}/notes"

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _get(self, url: str) -> Answer:
        self._rest.made(self._clock.now())
        try:
            answer = await self._calling.get(url, headers=self._headers())
        except UpstreamFailed as error:
            raise failed(_SERVICE, error) from None
        self._check(answer, self._rest)
        return answer

    def _check(self, answer: Answer, pace: Pace) -> None:
        if not 200 <= answer.status < 300:
            alone = _OF_ONE if pace is self._rest else frozenset()
            error = refused(_SERVICE, answer, self._clock.now(), gone=_REFUSED, alone=alone)
            if isinstance(error, ServiceAway):
                pace.asked_to_wait(self._clock.now(), error.seconds)
            raise error

    def _headers(self) -> dict[str, str]:
        token = f"Token token={self._settings.key.reveal()}"
        return {"Accept": "application/vnd.pagerduty+json;version=2", "Authorization": token}


_JSON: Final = {"Content-Type": "application/json"}


def read_on_call(body: bytes, schedule: str) -> tuple[frozenset[str], bool]:
    """The users' ids in a page of `GET /oncalls`, of this schedule alone, and whether there is another page.

    Raises `MalformedInput` for anything that isn't such a page.
    """
    answer = incidents.read_object(body)
    entries = incidents.members(answer, "oncalls", MOST_ON_CALL)
    found = set()
    for entry in entries:
        user, of = entry.get("user"), entry.get("schedule")
        if not isinstance(user, dict) or not (of is None or isinstance(of, dict)):
            raise MalformedInput("an entry of who is on call without user or schedule")
        if of is not None and incidents.text_of(of, "id") == schedule:
            found.add(incidents.text_of(user, "id"))
    return frozenset(found), incidents.flag(answer, "more")


def read_notes(body: bytes) -> list[str]:
    """The texts of an incident's notes; raises `MalformedInput`."""
    return [
        incidents.text_of(each, "content")
        for each in incidents.members(incidents.read_object(body), "notes", MOST_NOTES)
    ]


def _alert(details: Details) -> dict[str, object]:
    notice = details.notice
    return {
        "client": "Interlock",
        "client_url": notice.url,
        "links": [{"href": notice.url, "text": "The review"}],
        "payload": {
            "summary": f"Interlock: {incidents.title(details)}",
            "source": "interlock",
            "severity": _SEVERITIES.get(details.environment, "info"),
            "custom_details": {"environment": details.environment, "must sign": incidents.asks(details)},
        },
    }
