"""Opsgenie: alerts, notes on alerts and incidents, and who is on call, by its REST API.

An alert has an `alias` of the copy's own: raising it again counts it up and is no second one. A note has no such key:
what is there is read before anything is written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from interlock.channels import incidents
from interlock.channels.calling import Answer, Calling, Pace, failed, refused
from interlock.channels.details import Details, Notices, details_of
from interlock.channels.incidents import ALERT, CLOSED, NOTE, RAISED
from interlock.channels.notice import Notice
from interlock.errors import DestinationGone, MalformedInput, ServiceAway, UpstreamFailed
from interlock.model.channel_settings import PagerSettings
from interlock.model.channels import Channel, Copy
from interlock.ports import Clock

LIMIT: Final = (100, 60.0)  # calls within seconds: what the smallest plans allow an integration
MOST_NOTES: Final = 100  # a page, the newest first
MOST_ON_CALL: Final = 1_000
_SERVICE: Final = "Opsgenie"
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ALERT_ID = re.compile(rf"({_UUID}-[0-9]{{13}})", re.ASCII)
_TINY = re.compile(r"([1-9][0-9]{0,9})", re.ASCII)
_ALERT_URL = re.compile(
    rf"https://[a-z0-9-]{{1,63}}\.app(?:\.eu)?\.opsgenie\.com/alert/detail/({_UUID}-[0-9]{{13}})(?:/details)?", re.ASCII
)
_INCIDENT_URL = re.compile(
    rf"https://[a-z0-9-]{{1,63}}\.app(?:\.eu)?\.opsgenie\.com/incident/detail/({_UUID})", re.ASCII
)
_IS_ID = re.compile(_UUID, re.ASCII)
_PRIORITIES: Final = {"production": "P1", "prod": "P1", "staging": "P3", "": "P3"}
_MESSAGE: Final = 130  # characters of an alert's message, by their documentation
_REFUSED: Final = frozenset({400, 404, 410, 422})
_OF_ONE: Final = frozenset({403, 409})  # what a ticket names may be out of our key's reach, or locked
_NEWEST: Final = f"limit={MOST_NOTES}&order=desc"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where notes go: the path, and how what stands in it is meant."""

    path: str
    kind: str


class Opsgenie:
    """The courier of `[opsgenie]`, and what `OnCall` asks of it."""

    def __init__(self, settings: PagerSettings, *, notices: Notices, calling: Calling, clock: Clock) -> None:
        self._settings, self._notices = settings, notices
        self._calling, self._clock = calling, clock
        self._paces = {ALERT: Pace(*LIMIT), NOTE: Pace(*LIMIT)}

    @property
    def channel(self) -> Channel:
        """Opsgenie."""
        return Channel.OPSGENIE

    def service_of(self, copy: Copy) -> str:
        """Alerts and notes: a ticket that an asker chose stops no alert."""
        return NOTE if copy.destination.address == NOTE else ALERT

    def pause(self, copy: Copy) -> float:
        """By the limits of its API, which it keeps for alerts and for notes apart."""
        return self._paces[self.service_of(copy)].pause(self._clock.now())

    async def send(self, copy: Copy) -> str:
        """Raises the alert, or writes the first note."""
        return await (self._note(copy) if copy.destination.address == NOTE else self._show(copy, raises=True))

    async def find(self, copy: Copy) -> str | None:
        """The last phase noted. None for an alert: raising it again is no second one."""
        if copy.destination.address != NOTE:
            return None
        details = await details_of(self._notices, copy.review)
        return incidents.noted(copy, await self._notes(_place(details.notice)))

    async def update(self, copy: Copy) -> str:
        """Closes the alert once the review is settled; writes the note of a further phase."""
        if copy.destination.address == NOTE:
            return await self._note(copy)
        return copy.handle if copy.handle == CLOSED else await self._show(copy, raises=False)

    async def remind(self, copy: Copy) -> None:
        """Raises the same alert again. Notes aren't repeated."""
        if copy.destination.address == ALERT:
            await self._show(copy, raises=True)

    async def on_call(self, schedule: str) -> frozenset[str]:
        """The user names on call by a schedule, given by its name or id; raises `ServiceAway`, `DestinationGone` or
        `MalformedInput`."""
        kind = "id" if _IS_ID.fullmatch(schedule) else "name"
        path = f"v2/schedules/{quote(schedule, safe='')}/on-calls?scheduleIdentifierType={kind}&flat=true"
        return read_on_call((await self._call(path, None, NOTE)).body)

    # -- alerts -------------------------------------------------------------------------------------------------------

    async def _show(self, copy: Copy, *, raises: bool) -> str:
        details = await details_of(self._notices, copy.review)
        if details.waits:
            if raises:
                await self._call("v2/alerts", {"alias": _alias(copy), **_alert(details)}, ALERT)
            return RAISED
        path = f"v2/alerts/{_alias(copy)}/close?identifierType=alias"
        try:
            await self._call(path, {"source": "Interlock", "note": f"Interlock: {details.notice.state.value}."}, ALERT)
        except DestinationGone as error:
            if error.code != DestinationGone.code:
                raise
        return CLOSED  # also where there is no such alert (any more)

    # -- notes --------------------------------------------------------------------------------------------------------

    async def _note(self, copy: Copy) -> str:
        details = await details_of(self._notices, copy.review)
        phase = incidents.phase_of(details.notice.state)
        if phase == copy.handle:
            return phase
        place = _place(details.notice)
        if any(text.endswith(incidents.mark(copy, phase)) for text in await self._notes(place)):
            return phase  # written before, and the answer got lost
        body = {"note": incidents.note(copy, details, phase), "source": "Interlock"}
        await self._call(f"{place.path}?identifierType={place.kind}", body, NOTE)
        return phase

    async def _notes(self, place: _Place) -> list[str]:
        try:
            answer = await self._call(f"{place.path}?identifierType={place.kind}&{_NEWEST}", None, NOTE)
            return read_notes(answer.body)
        except MalformedInput:
            raise ServiceAway("Opsgenie's answer can't be understood.", whole=False) from None
        except DestinationGone as error:
            raise (error if error.code == "not_allowed" else incidents.nothing_to_tell()) from None

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _call(self, path: str, body: object | None, what: str) -> Answer:
        """GET, or POST where there is a body; `what` it is about, of which there are limits."""
        pace = self._paces[what]
        pace.made(self._clock.now())
        headers = {"Authorization": f"GenieKey {self._settings.key.reveal()}"}
        url = self._settings.api + path
        try:
            if body is None:
                answer = await self._calling.get(url, headers=headers)
            else:
                headers["Content-Type"] = "application/json"
                answer = await self._calling.post(url, json.dumps(body).encode(), headers=headers)
        except UpstreamFailed as error:
            raise failed(_SERVICE, error) from None
        if not 200 <= answer.status < 300:
            alone = _OF_ONE if what == NOTE else frozenset()
            wrong = refused(_SERVICE, answer, self._clock.now(), gone=_REFUSED, alone=alone)
            if isinstance(wrong, ServiceAway):
                pace.asked_to_wait(self._clock.now(), wrong.seconds)
            raise wrong
        return answer


def read_on_call(body: bytes) -> frozenset[str]:
    """The user names in an answer of `on-calls?flat=true`; raises `MalformedInput` for anything that isn't one."""
    data = incidents.read_object(body).get("data")
    names = data.get("onCallRecipients") if isinstance(data, dict) else None
    if not isinstance(names, list) or len(names) > MOST_ON_CALL or not all(isinstance(name, str) for name in names):
        raise MalformedInput("an answer on who is on call without their names")
    return frozenset(names)


def read_notes(body: bytes) -> list[str]:
    """The texts of a page of notes; raises `MalformedInput`."""
    return [
        incidents.text_of(each, "note") for each in incidents.members(incidents.read_object(body), "data", MOST_NOTES)
    ]


def _alias(copy: Copy) -> str:
    """The copy's id without the slash, which can't stand in a path."""
    return copy.id.replace("/", ".")


def _place(notice: Notice) -> _Place:
    ticket = notice.ticket.strip()
    if found := _INCIDENT_URL.fullmatch(ticket):
        return _Place(f"v1/incidents/{found[1]}/notes", "id")
    kind = "tiny" if _TINY.fullmatch(ticket) else "id"
    return _Place(f"v2/alerts/{incidents.named(ticket, _TINY, _ALERT_ID, _ALERT_URL)}/notes", kind)


def _alert(details: Details) -> dict[str, object]:
    notice = details.notice
    return {
        "message": f"Interlock: {incidents.title(details)}"[:_MESSAGE],
        "description": f"Must sign: {incidents.asks(details)}. {notice.url}",
        "details": {"environment": details.environment, "url": notice.url},
        "source": "Interlock",
        "priority": _PRIORITIES.get(details.environment, "P5"),
    }
