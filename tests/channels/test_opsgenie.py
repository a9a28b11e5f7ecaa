"""Opsgenie: one alert to a review, notes once each on the alert or incident that the ticket names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testkit.http_service import Fault, Reply
from testkit.opsgenie import Opsgenie as Service
from tests.channels.a_told_review import PUBLIC, Told, holds_no_canary, outgoing, told
from tests.channels.an_answer import answers

from interlock.channels.opsgenie import LIMIT, Opsgenie, read_notes, read_on_call
from interlock.errors import DestinationGone, MalformedInput, ServiceAway
from interlock.model.channel_settings import PagerSettings
from interlock.model.channels import Channel, Copy
from interlock.model.review import Verdict
from interlock.model.secret import Secret
from interlock.upstreams.outgoing import Outgoing

UUID = "70413a06-38d6-4c85-92b8-5ebc900d42e2"
ALERT = f"{UUID}-1507282573372"
PLACE = ("v2/alerts", "id", ALERT)


@dataclass
class Place:
    told: Told
    service: Service
    pager: Opsgenie

    @property
    def alert(self) -> Copy:
        return self.told.copy(Channel.OPSGENIE, "alert")

    @property
    def note(self) -> Copy:
        return self.told.copy(Channel.OPSGENIE, "note")

    @property
    def notes(self) -> list[str]:
        return self.service.noted[PLACE]


def made(about: Told, service: Service, calling: Outgoing, key: str = "the key") -> Opsgenie:
    settings = PagerSettings(Secret(key), None, "", service.url, "")
    return Opsgenie(settings, notices=about.notices, calling=calling, clock=about.office.clock)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    service = Service("the key")
    service.noted[PLACE] = ["Somebody's note."]
    async with told(tmp_path, ticket=ALERT) as about, service.running(), outgoing(service.url, seconds=2.0) as calling:
        yield Place(about, service, made(about, service, calling))


async def test_an_alert_stands_while_it_waits(place: Place) -> None:
    copy = replace(place.alert, handle=await place.pager.send(place.alert))
    assert await place.pager.update(copy) == copy.handle
    await place.pager.remind(replace(copy, reminders=1))
    (alert,) = place.service.open_alerts()
    assert alert.alias == copy.id.replace("/", ".") and len(alert.raised) == 2
    await place.told.sign()
    settled = replace(copy, handle=await place.pager.update(copy))
    assert not place.service.open_alerts()
    asked = len(place.service.requests)
    assert await place.pager.update(settled) == settled.handle and len(place.service.requests) == asked


async def test_what_an_alert_says(place: Place) -> None:
    await place.pager.send(place.alert)
    (said,) = place.service.alerts[0].raised
    url = f"{PUBLIC}/reviews/{place.told.review.id}"
    assert said["message"] == "Interlock: etl asks to export and read: clinic (production)"
    assert said["priority"] == "P1" and said["details"] == {"environment": "production", "url": url}
    assert said["description"] == f"Must sign: 1 of officers. {url}"
    assert holds_no_canary(place.service.everything) and b"SELECT" not in place.service.everything


async def test_an_alert_whose_answer_got_lost_is_raised_once(place: Place) -> None:
    place.service.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ServiceAway):
        await place.pager.send(place.alert)
    assert await place.pager.find(place.alert) is None
    await place.pager.send(place.alert)
    await place.told.sign(Verdict.DENY)
    await place.service.stop()
    with pytest.raises(ServiceAway):
        await place.pager.update(place.alert)
    await place.service.start()
    await place.pager.update(place.alert)
    assert len(place.service.alerts) == 1 and not place.service.open_alerts()


async def test_an_alert_that_somebody_deleted_is_closed(place: Place) -> None:
    await place.told.sign(Verdict.DENY)
    place.service.faults.append(Reply(404))
    assert await place.pager.update(place.alert) == await place.pager.send(place.alert)
    assert not place.service.alerts


async def test_two_reviews_on_one_incident_are_each_noted(place: Place) -> None:
    other = (await place.told.another()).copy(place.note.destination.channel, "note")
    assert await place.pager.send(place.note) == "held"
    assert await place.pager.find(other) is None
    assert await place.pager.send(other) == await place.pager.find(other) == "held"
    assert len(place.notes) == 3
    await place.told.sign(Verdict.DENY)
    assert await place.pager.update(replace(place.note, handle="held")) == "refused"
    assert await place.pager.find(other) == "held" and len(place.notes) == 4


async def test_an_incident_is_told_of_each_phase_once(place: Place) -> None:
    copy = replace(place.note, handle=await place.pager.send(place.note))
    assert await place.pager.update(copy) == copy.handle
    await place.told.sign()
    copy = replace(copy, handle=await place.pager.update(copy))
    await place.told.run()
    copy = replace(copy, handle=await place.pager.update(copy))
    assert await place.pager.find(copy) == copy.handle == "ran"
    assert ["holds" in note or "signed" in note or "it ran" in note for note in place.notes] == [False, *[True] * 3]
    assert holds_no_canary(place.service.everything)


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST])
async def test_a_note_whose_answer_got_lost_is_written_once(place: Place, fault: Fault) -> None:
    place.service.faults.extend([None, fault])  # the notes are read first
    with pytest.raises(ServiceAway):
        await place.pager.send(place.note)
    await place.pager.send(place.note)
    assert len(place.notes) == 2


@pytest.mark.parametrize(
    ("ticket", "where"),
    [
        (ALERT, ("v2/alerts", "id", ALERT)),
        ("1791", ("v2/alerts", "tiny", "1791")),
        (f"https://clinic.app.opsgenie.com/alert/detail/{ALERT}/details", ("v2/alerts", "id", ALERT)),
        (f"https://clinic.app.eu.opsgenie.com/incident/detail/{UUID}", ("v1/incidents", "id", UUID)),
    ],
)
async def test_how_an_incident_is_named(tmp_path: Path, ticket: str, where: tuple[str, str, str]) -> None:
    service = Service("the key")
    places = (PLACE, ("v2/alerts", "tiny", "1791"), ("v1/incidents", "id", UUID))
    service.noted = {place: [] for place in places}
    async with told(tmp_path, ticket=ticket) as about, service.running(), outgoing(service.url) as calling:
        await made(about, service, calling).send(about.copy(Channel.OPSGENIE, "note"))
    assert [place for place in places if service.noted[place]] == [where]


@pytest.mark.parametrize(
    "ticket", ["", "JIRA-12", UUID, f"{ALERT}/close", f"https://evil.example/alert/detail/{ALERT}", "9999"]
)
async def test_a_ticket_that_names_none_is_nothing_to_tell(tmp_path: Path, ticket: str) -> None:
    service = Service("the key")
    service.noted[PLACE] = []
    async with told(tmp_path, ticket=ticket) as about, service.running(), outgoing(service.url) as calling:
        with pytest.raises(DestinationGone) as caught:
            await made(about, service, calling).send(about.copy(Channel.OPSGENIE, "note"))
    assert caught.value.code == "nothing_to_tell"
    assert not any(request.method == "POST" for request in service.requests)


async def test_its_limits(place: Place) -> None:
    place.service.faults.append(Reply(429, headers={"Retry-After": "30"}))
    with pytest.raises(ServiceAway) as caught:
        await place.pager.send(place.alert)
    assert caught.value.seconds == 30 == place.pager.pause(place.alert)
    place.told.office.clock.forward(seconds=61)
    for _ in range(LIMIT[0]):
        assert place.pager.pause(place.alert) == 0
        await place.pager.send(place.alert)
    assert place.pager.pause(place.alert) == 60


@pytest.mark.parametrize("fault", [Reply(500), Fault.LOST_REQUEST, Fault.HANG])
async def test_a_pager_that_is_away(place: Place, fault: Fault | Reply) -> None:
    place.service.faults.append(fault)
    with pytest.raises(ServiceAway):
        await place.pager.send(place.alert)


async def test_who_is_on_call(place: Place) -> None:
    place.service.on_call = {"Clinic DBAs": ["dana@clinic.test", "remy@clinic.test"], UUID: ["olivia@clinic.test"]}
    assert await place.pager.on_call("Clinic DBAs") == {"dana@clinic.test", "remy@clinic.test"}
    assert place.service.requests[-1].query == {"scheduleIdentifierType": "name", "flat": "true"}
    assert await place.pager.on_call(UUID) == {"olivia@clinic.test"}
    assert place.service.requests[-1].query["scheduleIdentifierType"] == "id"
    with pytest.raises(DestinationGone):
        await place.pager.on_call("Nobody")
    for name in ("../../v2/users", "a/b", "a?flat=false&x="):
        with pytest.raises((DestinationGone, ServiceAway)):
            await place.pager.on_call(name)
    assert all(request.path.startswith("/v2/schedules/") for request in place.service.requests)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data": []}', b'{"data": {}}', b'{"data": {"onCallRecipients": [1]}}', b'{"data": null}']
)
def test_an_answer_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_on_call(body)


@given(answers("data", "onCallRecipients", "note") | st.binary(max_size=100))
def test_nothing_else_comes_of_hostile_answers(body: bytes) -> None:
    for read in (read_on_call, read_notes):
        try:
            assert all(isinstance(each, str) for each in read(body))
        except MalformedInput:
            continue


async def test_what_a_ticket_names_stops_no_alert(place: Place) -> None:
    assert place.pager.service_of(place.note) != place.pager.service_of(place.alert)
    place.service.faults.append(Reply(429, {}, {"retry-after": "3600"}))
    with pytest.raises(ServiceAway):
        await place.pager.send(place.note)
    assert place.pager.pause(place.note) == 3600 and place.pager.pause(place.alert) == 0
    place.service.faults.append(Reply(403))
    with pytest.raises(ServiceAway) as caught:
        await place.pager.send(place.note)
    assert not caught.value.whole
