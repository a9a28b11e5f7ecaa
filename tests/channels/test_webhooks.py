"""Webhooks: signed by the standard, said again with the same id, and nothing in them that may not leave."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testkit.http_service import Fault, Reply
from testkit.webhook_receiver import WebhookReceiver
from tests.channels.a_told_review import PUBLIC, Told, holds_no_canary, outgoing, told

from interlock.channels.calling import LONGEST_WAIT, wait_asked
from interlock.channels.webhooks import Webhooks
from interlock.errors import AuthenticationFailed, DestinationGone, ServiceAway
from interlock.identity.webhook_signatures import sign, verify
from interlock.model.channel_settings import WebhookSettings
from interlock.model.channels import Channel, Copy, card_id
from interlock.model.names import ReviewId
from interlock.model.review import Verdict
from interlock.model.secret import Secret

NEW, OLD = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)


@dataclass
class Place:
    told: Told
    receiver: WebhookReceiver
    webhooks: Webhooks
    hook: WebhookSettings

    @property
    def copy(self) -> Copy:
        return self.told.copy(Channel.WEBHOOK, "siem")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with told(tmp_path) as about:
        receiver = WebhookReceiver(NEW, now=lambda: about.office.clock.now().timestamp())
        async with receiver.running(), outgoing(receiver.url + "hook", seconds=2.0) as calling:
            hook = WebhookSettings("siem", receiver.url + "hook", Secret(NEW), Secret(OLD))
            clock = about.office.clock
            made = Webhooks(
                {"siem": hook}, notices=about.notices, votes=about.office.desk.votes, calling=calling, clock=clock
            )
            yield Place(about, receiver, made, hook)


async def test_a_review_is_told_of_from_its_opening_to_its_end(place: Place) -> None:
    copy = replace(place.copy, handle=await place.webhooks.send(place.copy))
    assert await place.webhooks.update(copy) == copy.handle  # nothing has moved, nothing is said
    await place.webhooks.remind(replace(copy, reminders=1))
    await place.webhooks.remind(replace(copy, reminders=2))
    await place.told.sign()
    signed = replace(copy, handle=await place.webhooks.update(copy))
    assert signed.handle != copy.handle
    assert await place.webhooks.update(signed) == signed.handle
    await place.told.run()
    await place.webhooks.update(signed)
    kinds = [message["type"] for message in place.receiver.messages]
    assert kinds == ["review.opened", "review.reminder", "review.reminder", "review.settled", "review.settled"]
    assert [m["data"]["state"] for m in place.receiver.messages] == ["pending"] * 3 + ["approved", "succeeded"]
    assert not place.receiver.repeats and len(set(place.receiver.ids)) == 5


async def test_what_is_told(place: Place) -> None:
    await place.told.sign()
    await place.webhooks.send(place.copy)
    (message,) = place.receiver.messages
    data, review = message["data"], place.told.review
    assert message["type"] == "review.settled"  # it was settled before it was told of
    assert (data["review"], data["state"], data["connection"]) == (review.id, "approved", "clinic")
    assert (data["environment"], data["actor"], data["enforced_by"]) == ("production", "etl", "gateway")
    assert data["verbs"] == ["sql.copy_out", "sql.select"] and data["resources"] == ["clinic/public.patients"]
    assert data["labels"] == ["phi.mrn"] and data["asks"] == "1 of officers"
    assert data["url"] == f"{PUBLIC}/reviews/{review.id}"
    assert data["card"] == card_id(review.id, review.card_digest)  # what a service that votes by callback sends back
    assert [(vote["person"], vote["verdict"]) for vote in data["votes"]] == [("dana", "approve")]
    assert data["statements"] == ["COPY (SELECT * FROM patients WHERE mrn = ‹phi.mrn #1 9-16 characters›) TO STDOUT"]
    assert holds_no_canary(place.receiver.everything)


async def test_both_secrets_sign_while_one_is_being_changed(place: Place) -> None:
    place.receiver.secret = OLD
    await place.webhooks.send(place.copy)
    place.receiver.secret = NEW
    await place.told.sign(Verdict.DENY)
    await place.webhooks.update(place.copy)
    assert len(place.receiver.messages) == 2
    assert all(len(r.headers["webhook-signature"].split(" ")) == 2 for r in place.receiver.requests)


@pytest.mark.parametrize(
    "fault", [Fault.LOST_ANSWER, Fault.LOST_REQUEST, Reply(500), Reply(302, headers={"Location": "/"})]
)
async def test_what_isnt_taken_is_said_again_with_the_same_id(place: Place, fault: Fault | Reply) -> None:
    place.receiver.faults.append(fault)
    with pytest.raises(ServiceAway):
        await place.webhooks.send(place.copy)
    assert await place.webhooks.find(place.copy) is None
    place.told.office.clock.forward(minutes=3)
    await place.webhooks.send(place.copy)
    assert len(place.receiver.messages) == 1
    assert len({request.headers["webhook-id"] for request in place.receiver.requests}) == 1


async def test_a_receiver_that_hangs_is_left(place: Place) -> None:
    place.receiver.faults.append(Fault.HANG)
    with pytest.raises(ServiceAway):
        await place.webhooks.send(place.copy)


async def test_a_receiver_that_restarts(place: Place) -> None:
    await place.receiver.stop()
    with pytest.raises(ServiceAway) as caught:
        await place.webhooks.send(place.copy)
    assert caught.value.seconds is None and "127.0.0.1" not in caught.value.sentence
    await place.receiver.start()
    assert await place.webhooks.send(place.copy) == place.receiver.ids[0]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_receiver_that_asks_to_wait(place: Place, status: int) -> None:
    place.receiver.faults.append(Reply(status, headers={"Retry-After": "70"}))
    assert place.webhooks.pause(place.copy) == 0
    with pytest.raises(ServiceAway) as caught:
        await place.webhooks.send(place.copy)
    assert caught.value.seconds == 70 and place.webhooks.pause(place.copy) == 70
    assert place.webhooks.pause(place.told.copy(Channel.WEBHOOK, "other")) == 0
    place.told.office.clock.forward(seconds=71)
    assert place.webhooks.pause(place.copy) == 0


async def test_a_receiver_that_wants_no_more(place: Place) -> None:
    place.receiver.gone = True
    with pytest.raises(DestinationGone):
        await place.webhooks.send(place.copy)


async def test_what_the_settings_dont_name_gets_nothing(place: Place) -> None:
    with pytest.raises(DestinationGone):
        await place.webhooks.send(place.told.copy(Channel.WEBHOOK, "other"))
    with pytest.raises(DestinationGone):
        await place.webhooks.send(replace(place.copy, review=ReviewId("0190b1a0-0000-7000-8000-000000000000")))
    elsewhere = replace(place.hook, url=place.receiver.url + "elsewhere")
    desk, clock = place.told.office.desk, place.told.office.clock
    async with outgoing(place.receiver.url + "hook") as calling:
        other = Webhooks(
            {"siem": elsewhere}, notices=place.told.notices, votes=desk.votes, calling=calling, clock=clock
        )
        with pytest.raises(DestinationGone) as caught:
            await other.send(place.copy)
    assert caught.value.code == "not_allowed" and not place.receiver.requests


async def test_moves_at_once_are_each_told_once(place: Place) -> None:
    copies = [replace(place.copy, id=f"{place.told.review.id}/{n:016x}") for n in range(20)]
    handles = await asyncio.gather(*map(place.webhooks.send, copies))
    assert len(set(handles)) == 20 == len(place.receiver.messages)


# -- signatures -------------------------------------------------------------------------------------------------------


def test_the_standards_own_example() -> None:
    """From the specification's test vectors: this secret, id, time and body give this signature."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body, at = b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
    headers = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verify([secret], headers, body, at, TOLERANCE) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@given(st.binary(max_size=64), st.integers(-300, 300))
def test_what_is_signed_verifies_with_either_secret(body: bytes, skew: int) -> None:
    headers = sign([Secret(NEW), Secret(OLD)], "msg_1", NOW, body)
    for secrets in ([Secret(NEW)], [Secret(OLD)], [Secret(OLD), Secret(NEW)]):
        assert verify(secrets, headers, body, NOW + timedelta(seconds=skew), TOLERANCE) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_what_is_old_or_from_the_future_is_stale(seconds: int) -> None:
    headers = sign([Secret(NEW)], "msg_1", NOW, b"{}")
    with pytest.raises(AuthenticationFailed) as caught:
        verify([Secret(NEW)], headers, b"{}", NOW + timedelta(seconds=seconds), TOLERANCE)
    assert caught.value.code == "stale"


def test_no_header_and_no_byte_may_be_another() -> None:
    headers, body = sign([Secret(NEW)], "msg_1", NOW, b'{"a":1}'), b'{"a":1}'
    wrong = [({**headers, name: value[:-2] + "zz"}, body) for name, value in headers.items()]
    wrong += [({k: v for k, v in headers.items() if k != name}, body) for name in headers]
    wrong += [(headers, body + b" "), ({**headers, "webhook-timestamp": headers["webhook-timestamp"] + "0"}, body)]
    wrong += [({**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,")}, body)]
    wrong += [({**headers, "webhook-timestamp": "١"}, body), ({**headers, "webhook-id": "msg 1"}, body)]
    for given_headers, given_body in wrong:
        with pytest.raises(AuthenticationFailed) as caught:
            verify([Secret(NEW)], given_headers, given_body, NOW, TOLERANCE)
        assert caught.value.code in ("bad_signature", "not_named")
    with pytest.raises(AuthenticationFailed) as caught:  # a full stop would let one message be read as another
        verify([Secret(NEW)], sign([Secret(NEW)], "msg.1", NOW, body), body, NOW, TOLERANCE)
    assert caught.value.code == "not_named"
    many = " ".join([headers["webhook-signature"]] * 9)
    with pytest.raises(AuthenticationFailed, match="signed"):
        verify([Secret(NEW)], {**headers, "webhook-signature": many}, body, NOW, TOLERANCE)
    with pytest.raises(AuthenticationFailed):
        verify([], headers, body, NOW, TOLERANCE)
    with pytest.raises(AuthenticationFailed):
        verify([Secret(OLD)], headers, body, NOW, TOLERANCE)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))
def test_nothing_else_comes_of_hostile_headers(headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationFailed):
        verify([Secret(NEW)], headers, json.dumps(headers).encode(), NOW, TOLERANCE)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("999999", LONGEST_WAIT),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_how_long_to_wait(text: str, seconds: float | None) -> None:
    assert wait_asked({"retry-after": text}, NOW) == seconds
    assert wait_asked({}, NOW) is None


@given(st.text(max_size=40))
def test_no_wait_is_longer_than_an_hour(text: str) -> None:
    seconds = wait_asked({"retry-after": text}, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


async def test_each_receiver_is_a_service_and_waits_no_longer_for_a_clock_set_back(place: Place) -> None:
    other = place.told.copy(Channel.WEBHOOK, "other")
    assert place.webhooks.service_of(place.copy) != place.webhooks.service_of(other)
    place.receiver.faults.append(Reply(429, {}, {"retry-after": "70"}))
    with pytest.raises(ServiceAway):
        await place.webhooks.send(place.copy)
    place.told.office.clock.forward(minutes=-50)
    assert place.webhooks.pause(place.copy) == 70
    place.told.office.clock.forward(seconds=70)
    assert place.webhooks.pause(place.copy) == 0
