"""PagerDuty: one alert to a review, notes once each on the incident that the ticket names, nothing of the asker's."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.http_service import Fault, Reply
from testkit.pagerduty import PagerDuty as Service
from tests.channels.a_told_review import PUBLIC, Told, holds_no_canary, outgoing, told
from tests.channels.an_answer import answers

from interlock.channels.pagerduty import EVENTS_LIMIT, REST_LIMIT, PagerDuty, read_notes, read_on_call
from interlock.errors import DestinationGone, MalformedInput, ServiceAway
from interlock.model.channel_settings import PagerSettings
from interlock.model.channels import Channel, Copy
from interlock.model.review import Verdict
from interlock.model.secret import Secret

INCIDENT = "Q0CANARYLESS1"
URL = f"https://clinic.pagerduty.com/incidents/{INCIDENT}"


@dataclass
class Place:
    told: Told
    service: Service
    pager: PagerDuty

    @property
    def alert(self) -> Copy:
        return self.told.copy(Channel.PAGERDUTY, "alert")

    @property
    def note(self) -> Copy:
        return self.told.copy(Channel.PAGERDUTY, "note")

    @property
    def notes(self) -> list[str]:
        return self.service.incidents[INCIDENT]


def pager_settings(service: Service, key: str = "the key") -> PagerSettings:
    return PagerSettings(Secret(key), Secret("routing"), "gate@clinic.test", service.url, service.url)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    service = Service("the key", "routing")
    service.incidents[INCIDENT] = ["Somebody's note."]
    async with (
        told(tmp_path, ticket=INCIDENT) as about,
        service.running(),
        outgoing(service.url, seconds=2.0) as calling,
    ):
        pager = PagerDuty(pager_settings(service), notices=about.notices, calling=calling, clock=about.office.clock)
        yield Place(about, service, pager)


# -- alerts -----------------------------------------------------------------------------------------------------------


async def test_an_alert_stands_while_it_waits(place: Place) -> None:
    copy = replace(place.alert, handle=await place.pager.send(place.alert))
    assert await place.pager.update(copy) == copy.handle
    await place.pager.remind(replace(copy, reminders=1))
    (alert,) = place.service.open_alerts()
    assert alert.key == copy.id and len(alert.events) == 2
    await place.told.sign()
    settled = replace(copy, handle=await place.pager.update(copy))
    assert not place.service.open_alerts() and settled.handle != copy.handle
    asked = len(place.service.requests)
    await place.told.run()
    assert await place.pager.update(settled) == settled.handle and len(place.service.requests) == asked


async def test_what_an_alert_says(place: Place) -> None:
    await place.pager.send(place.alert)
    ((event,),) = [alert.events for alert in place.service.alerts]
    payload, url = event["payload"], f"{PUBLIC}/reviews/{place.told.review.id}"
    assert payload["summary"] == "Interlock: etl asks to export and read: clinic (production)"
    assert (payload["severity"], payload["source"], event["client"]) == ("critical", "interlock", "Interlock")
    assert payload["custom_details"] == {"environment": "production", "must sign": "1 of officers"}
    assert event["client_url"] == url == event["links"][0]["href"]
    assert holds_no_canary(place.service.everything) and b"SELECT" not in place.service.everything
    assert b"the key" not in place.service.everything  # the Events API knows another one


async def test_an_alert_whose_answer_got_lost_is_raised_once(place: Place) -> None:
    place.service.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ServiceAway):
        await place.pager.send(place.alert)
    assert await place.pager.find(place.alert) is None
    await place.pager.send(place.alert)
    assert len(place.service.alerts) == 1
    place.service.faults.append(Fault.LOST_ANSWER)
    await place.told.sign(Verdict.DENY)
    with pytest.raises(ServiceAway):
        await place.pager.update(place.alert)
    await place.pager.update(place.alert)
    assert len(place.service.alerts) == 1 and not place.service.open_alerts()


async def test_what_is_settled_before_it_was_told_raises_nothing(place: Place) -> None:
    await place.told.sign(Verdict.DENY)
    await place.pager.send(place.alert)
    await place.pager.remind(replace(place.alert, reminders=1))
    assert not place.service.alerts


# -- notes ------------------------------------------------------------------------------------------------------------


async def test_an_incident_is_told_of_each_phase_once(place: Place) -> None:
    copy = replace(place.note, handle=await place.pager.send(place.note))
    assert await place.pager.update(copy) == copy.handle
    await place.pager.remind(replace(copy, reminders=1))
    await place.told.sign()
    copy = replace(copy, handle=await place.pager.update(copy))
    await place.told.run()
    copy = replace(copy, handle=await place.pager.update(copy))
    assert await place.pager.update(copy) == copy.handle == await place.pager.find(copy)
    first, held, signed, ran = place.notes
    assert first == "Somebody's note." and f"{PUBLIC}/reviews/{copy.review}" in held
    assert held.startswith("Interlock holds an action until people sign: etl asks to export and read: clinic")
    assert "signed (approved)" in signed and "it ran (succeeded)" in ran
    assert holds_no_canary(place.service.everything.replace(INCIDENT.encode(), b""))
    written = [request for request in place.service.requests if request.method == "POST"]
    assert {request.headers["from"] for request in written} == {"gate@clinic.test"}


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST])
async def test_a_note_whose_answer_got_lost_is_written_once(place: Place, fault: Fault) -> None:
    place.service.faults.extend([None, fault])  # the notes are read first
    with pytest.raises(ServiceAway):
        await place.pager.send(place.note)
    there = fault is Fault.LOST_ANSWER
    assert await place.pager.find(place.note) == ("held" if there else None)
    assert await place.pager.send(place.note) == "held"
    assert len(place.notes) == 2


async def test_two_reviews_on_one_incident_are_each_noted(place: Place) -> None:
    other = (await place.told.another()).copy(place.note.destination.channel, "note")
    assert await place.pager.send(place.note) == "held"
    assert await place.pager.find(other) is None
    assert await place.pager.send(other) == await place.pager.find(other) == "held"
    assert len(place.notes) == 3
    await place.told.sign(Verdict.DENY)
    assert await place.pager.update(replace(place.note, handle="held")) == "refused"
    assert await place.pager.find(other) == "held" and len(place.notes) == 4


async def test_another_reviews_note_isnt_taken_for_ours(place: Place) -> None:
    other = replace(place.note, id=place.note.id[:-1] + "0")
    await place.pager.send(other)
    assert await place.pager.find(place.note) is None
    place.notes.append(place.notes[-1] + " quoted")
    assert await place.pager.find(place.note) is None
    await place.pager.send(place.note)
    assert len(place.notes) == 4


@pytest.mark.parametrize("ticket", [URL, "4711", URL.replace("clinic.pagerduty", "clinic.eu.pagerduty")])
async def test_how_an_incident_is_named(tmp_path: Path, ticket: str) -> None:
    service = Service("the key", "routing")
    service.incidents = {INCIDENT: [], "4711": []}
    async with told(tmp_path, ticket=ticket) as about, service.running(), outgoing(service.url) as calling:
        pager = PagerDuty(pager_settings(service), notices=about.notices, calling=calling, clock=about.office.clock)
        await pager.send(about.copy(Channel.PAGERDUTY, "note"))
    assert sum(map(len, service.incidents.values())) == 1


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        "JIRA-12",
        f"see {INCIDENT}",
        f"{INCIDENT}/../../users",
        f"{INCIDENT}?x=1",
        URL.replace("pagerduty.com", "pagerduty.com.evil.example"),
        URL.replace("https", "http"),
        URL.replace("clinic.", "clinic@evil."),
        URL + "/merge",
        "Q0NOSUCHONE",
        "P" * 40,
    ],
)
async def test_a_ticket_that_names_no_incident_there_is_nothing_to_tell(tmp_path: Path, ticket: str) -> None:
    service = Service("the key", "routing")
    service.incidents[INCIDENT] = []
    async with told(tmp_path, ticket=ticket) as about, service.running(), outgoing(service.url) as calling:
        pager = PagerDuty(pager_settings(service), notices=about.notices, calling=calling, clock=about.office.clock)
        with pytest.raises(DestinationGone) as caught:
            await pager.send(about.copy(Channel.PAGERDUTY, "note"))
    assert caught.value.code == "nothing_to_tell" and not service.incidents[INCIDENT]
    assert not any(request.method == "POST" for request in service.requests)


# -- failures and limits ----------------------------------------------------------------------------------------------


async def test_a_pager_that_is_asked_too_often(place: Place) -> None:
    place.service.faults.append(Reply(429, headers={"Retry-After": "30"}))
    with pytest.raises(ServiceAway) as caught:
        await place.pager.send(place.alert)
    assert caught.value.seconds == 30 and place.pager.pause(place.alert) == 30 and place.pager.pause(place.note) == 0
    place.told.office.clock.forward(seconds=31)
    place.service.faults.append(Reply(429, headers={"Retry-After": "20"}))
    with pytest.raises(ServiceAway):
        await place.pager.send(place.note)
    assert place.pager.pause(place.alert) == 0 and place.pager.pause(place.note) == 20


async def test_the_limits_of_both_apis_are_kept(place: Place) -> None:
    clock = place.told.office.clock
    for _ in range(EVENTS_LIMIT[0]):
        assert place.pager.pause(place.alert) == 0
        await place.pager.send(place.alert)
    assert place.pager.pause(place.alert) == 60 and place.pager.pause(place.note) == 0
    clock.forward(seconds=60)
    assert place.pager.pause(place.alert) == 0 and REST_LIMIT == (960, 60.0)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Reply(400), DestinationGone),
        (Reply(401), ServiceAway),
        (Reply(500), ServiceAway),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), ServiceAway),
        (Fault.LOST_REQUEST, ServiceAway),
        (Fault.HANG, ServiceAway),
    ],
)
async def test_what_goes_wrong_with_an_alert(place: Place, fault: Fault | Reply, expected: type[Exception]) -> None:
    place.service.faults.append(fault)
    with pytest.raises((ServiceAway, DestinationGone)) as caught:
        await place.pager.send(place.alert)
    assert type(caught.value) is expected


async def test_a_wrong_key_is_told_and_not_given_up(place: Place) -> None:
    async with outgoing(place.service.url) as calling:
        wrong = PagerDuty(
            pager_settings(place.service, "another"),
            notices=place.told.notices,
            calling=calling,
            clock=place.told.office.clock,
        )
        with pytest.raises(ServiceAway):
            await wrong.send(place.note)
        with pytest.raises(ServiceAway):
            await wrong.on_call("SCHED")


async def test_a_restart_in_the_middle(place: Place) -> None:
    await place.pager.send(place.alert)
    await place.service.stop()
    await place.told.sign()
    with pytest.raises(ServiceAway):
        await place.pager.update(place.alert)
    await place.service.start()
    await place.pager.update(place.alert)
    assert not place.service.open_alerts() and len(place.service.alerts) == 1


# -- who is on call, and hostile answers ------------------------------------------------------------------------------


async def test_who_is_on_call_over_several_pages(place: Place) -> None:
    place.service.on_call["SCHED"] = [f"U{n}" for n in range(250)]
    assert await place.pager.on_call("SCHED") == {f"U{n}" for n in range(250)}
    assert len(place.service.requests) == 3 and await place.pager.on_call("NOBODY") == frozenset()
    place.service.on_call["SCHED"] = [f"U{n}" for n in range(5000)]
    with pytest.raises(MalformedInput):
        await place.pager.on_call("SCHED")


async def test_a_schedule_is_one_parameter(place: Place) -> None:
    await place.pager.on_call("A&schedule_ids[]=B#/../")
    assert place.service.requests[-1].query["schedule_ids[]"] == "A&schedule_ids[]=B#/../"
    assert place.service.requests[-1].path == "/oncalls"


async def test_another_schedules_people_dont_count(place: Place) -> None:
    entry = {"user": {"id": "U1"}, "schedule": {"id": "OTHER"}}
    place.service.faults.append(Reply(200, {"oncalls": [entry, {**entry, "schedule": None}], "more": False}))
    assert await place.pager.on_call("SCHED") == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"oncalls": {}}',
        b'{"oncalls": [1]}',
        b'{"oncalls": [{}]}',
        b'{"oncalls": [{"user": {}, "schedule": {"id": "SCHED"}}]}',
        b'{"oncalls": [{"user": {"id": 1}, "schedule": {"id": "SCHED"}}]}',
        b'{"oncalls": [{"user": {"id": "U"}, "schedule": {"id": 5}}]}',
        b'{"oncalls": [], "more": 1}',
        b'{"oncalls": [], "oncalls": []}',
        b'{"oncalls": [' + b'{"user": {"id": "U"}, "schedule": null},' * 101 + b"{}]}",
    ],
)
def test_an_answer_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_on_call(body, "SCHED")


@given(answers("oncalls", "user", "schedule", "id", "more"))
def test_nothing_else_comes_of_hostile_answers(body: bytes) -> None:
    try:
        users, more = read_on_call(body, "id")
    except MalformedInput:
        return
    assert all(isinstance(user, str) for user in users) and isinstance(more, bool)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(answers("oncalls", "user", "schedule", "id", "more") | st.binary(max_size=200))
def test_nothing_else_comes_of_many_hostile_answers(body: bytes) -> None:
    for read in (read_notes, lambda raw: read_on_call(raw, "id")[0]):
        with contextlib.suppress(MalformedInput):
            assert all(isinstance(each, str) for each in read(body))


@given(answers("notes", "content", "id"))
def test_nothing_else_comes_of_hostile_notes(body: bytes) -> None:
    try:
        assert all(isinstance(text, str) for text in read_notes(body))
    except MalformedInput:
        return


@given(st.binary(max_size=200))
def test_nor_of_any_bytes(body: bytes) -> None:
    for read in (read_notes, lambda raw: read_on_call(raw, "S")):
        with pytest.raises(MalformedInput):
            read(b"x" + body)


async def test_a_note_isnt_written_where_the_notes_cant_be_read(place: Place) -> None:
    place.service.faults.append(Reply(200, b"<html>"))
    with pytest.raises(ServiceAway):
        await place.pager.send(place.note)
    assert len(place.notes) == 1 and json.dumps(place.notes)


@pytest.mark.parametrize("status", [403, 409])
async def test_an_incident_out_of_reach_says_nothing_of_others(place: Place, status: int) -> None:
    assert place.pager.service_of(place.note) != place.pager.service_of(place.alert)
    place.service.faults.append(Reply(status))
    with pytest.raises(ServiceAway) as caught:
        await place.pager.send(place.note)
    assert not caught.value.whole
    place.service.faults.append(Reply(status))
    with pytest.raises(ServiceAway) as caught:
        await place.pager.send(place.alert)
    assert caught.value.whole, "an alert names nothing that its asker chose"
