"""The device flow (RFC 8628): a terminal asks, a person confirms, the password comes once; and the ways to cheat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.web.in_memory import Clock, Office
from tests.web.signing_on import CONTROL, Logins

from interlock.model.names import PersonId
from interlock.web.api.device_shapes import CLIENT, GRANT
from interlock.web.device_requests import ALPHABET, DeviceRequest, DeviceRequests, NotYet, shown, typed
from interlock.web.problems import Refused
from interlock.web.sign_on import Means

HOUR = timedelta(hours=1)


class Device:
    """An office, terminals at addresses, and people's browsers."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.logins = Logins(self.clock)
        means = Means(logins=self.logins, recent_login=timedelta(minutes=30), door_port=6432)
        self.office = Office(CONTROL, clock=self.clock, means=means)
        self._open: list[httpx.AsyncClient] = []

    def client(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.office.app, client=(address, 4711))
        self._open.append(httpx.AsyncClient(transport=transport, base_url=CONTROL, headers={"Origin": CONTROL}))
        return self._open[-1]

    async def signed_in(self, person: str = "priya", address: str = "127.0.0.1") -> httpx.AsyncClient:
        client = self.client(address)
        token = await self.office.registry.issue_sign_in(PersonId(person))
        assert (await client.post("/sign-in", data={"token": token.reveal()})).status_code == 303
        return client

    async def ask(self, client: httpx.AsyncClient | None = None, **form: Any) -> dict[str, Any]:
        client = client or self.client()
        answer = await client.post("/api/device/authorize", data={"client_id": CLIENT, **form})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def poll(self, device_code: str, seconds: float = 5) -> httpx.Response:
        self.clock.pass_time(timedelta(seconds=seconds))
        form = {"client_id": CLIENT, "grant_type": GRANT, "device_code": device_code}
        return await self.client().post("/api/device/token", data=form)

    async def answer(self, client: httpx.AsyncClient, code: str, says: str = "confirm", **form: str) -> httpx.Response:
        csrf = (await client.get("/api/whoami")).json()["csrf"]
        return await client.post(f"/device/{code}", data={"csrf": csrf, "says": says, **form})

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    made = Device()
    yield made
    await made.close()


def error(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"])


async def test_asked_confirmed_and_handed_out_once(device: Device) -> None:
    asked = await device.ask(lasts="7200")
    assert asked["verification_uri_complete"] == f"{CONTROL}/device/{asked['user_code']}"
    assert (asked["expires_in"], asked["interval"]) == (600, 5)
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"
    browser = await device.signed_in()
    page = (await browser.get(f"/device/{asked['user_code']}")).text
    for told in (asked["user_code"], "<strong>as you</strong>", "127.0.0.1", "for 2 h", "interlock login", "deny it"):
        assert told in page
    assert asked["device_code"] not in page
    assert device.logins.issued == []
    assert "Confirmed" in (await device.answer(browser, asked["user_code"])).text
    given = await device.poll(asked["device_code"])
    assert given.status_code == 200
    assert given.headers["cache-control"] == "no-store"
    assert given.json() == {
        "access_token": "password-1",
        "token_type": "Bearer",
        "expires_in": 7200,
        "person": "priya",
        "postgres_port": 6432,
    }
    assert device.logins.issued == [(PersonId("priya"), timedelta(hours=2))]
    for _ in range(2):  # a replay
        assert error(await device.poll(asked["device_code"])) == "expired_token"
    assert len(device.logins.issued) == 1


async def test_a_code_that_was_typed_is_found_however_it_was_written(device: Device) -> None:
    asked = await device.ask()
    browser = await device.signed_in()
    csrf = (await browser.get("/api/whoami")).json()["csrf"]
    for text in (asked["user_code"], asked["user_code"].lower(), asked["user_code"].replace("-", " ")):
        answer = await browser.post("/device", data={"csrf": csrf, "code": text})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/device/{asked['user_code']}")
    assert 'name="code"' in (await browser.get("/device")).text


async def test_denied_is_told_and_final(device: Device) -> None:
    asked = await device.ask()
    browser = await device.signed_in()
    assert "Denied" in (await device.answer(browser, asked["user_code"], "deny")).text
    assert (await device.answer(browser, asked["user_code"])).status_code == 404
    assert error(await device.poll(asked["device_code"])) == "access_denied"
    assert error(await device.poll(asked["device_code"])) == "expired_token"
    assert device.logins.issued == []


async def test_after_ten_minutes_it_is_over_confirmed_or_not(device: Device) -> None:
    asked, confirmed = await device.ask(), await device.ask()
    browser = await device.signed_in()
    await device.answer(browser, confirmed["user_code"])
    device.clock.pass_time(timedelta(minutes=10))
    assert error(await device.poll(asked["device_code"])) == "expired_token"
    assert error(await device.poll(confirmed["device_code"])) == "expired_token"
    assert (await device.answer(browser, asked["user_code"])).status_code == 404
    assert device.logins.issued == []


async def test_who_polls_too_fast_waits_longer(device: Device) -> None:
    asked = await device.ask()
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"
    assert error(await device.poll(asked["device_code"], 1)) == "slow_down"
    assert error(await device.poll(asked["device_code"], 5)) == "slow_down"  # ten seconds now, then fifteen
    assert error(await device.poll(asked["device_code"], 15)) == "authorization_pending"


async def test_polling_needs_the_device_code(device: Device) -> None:
    asked = await device.ask()
    browser = await device.signed_in()
    await device.answer(browser, asked["user_code"])
    for guess in (asked["user_code"], "x", asked["device_code"][:-1], asked["device_code"] + "A"):
        assert error(await device.poll(guess)) == "expired_token"
    assert device.logins.issued == []


async def test_a_code_is_answered_once_by_whoever_is_first(device: Device) -> None:
    asked = await device.ask()
    first, second = await device.signed_in("owen"), await device.signed_in("priya")
    await device.answer(first, asked["user_code"])
    for says in ("confirm", "deny"):
        assert (await device.answer(second, asked["user_code"], says)).status_code == 404
    assert (await device.poll(asked["device_code"])).json()["person"] == "owen"


async def test_confirming_what_another_machine_asked_for_takes_a_word_of_its_own(device: Device) -> None:
    """Phishing: an attacker elsewhere asks, and gets a signed-in person to open the link."""
    asked = await device.ask(device.client("203.0.113.9"))
    browser = await device.signed_in("priya", "198.51.100.7")
    page = (await browser.get(f"/device/{asked['user_code']}")).text
    assert "203.0.113.9" in page and "isn&#39;t the one of this browser" in page.replace("isn't", "isn&#39;t")
    refused = await device.answer(browser, asked["user_code"])
    assert refused.status_code == 409
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"
    await device.answer(browser, asked["user_code"], elsewhere="true")
    assert (await device.poll(asked["device_code"])).status_code == 200


async def test_confirming_takes_a_recent_login(device: Device) -> None:
    browser = await device.signed_in()
    device.clock.pass_time(timedelta(minutes=30, seconds=1))
    asked = await device.ask()
    page = (await browser.get(f"/device/{asked['user_code']}")).text
    assert 'value="confirm"' not in page and 'value="deny"' in page
    assert (await device.answer(browser, asked["user_code"])).status_code == 403
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"


@pytest.mark.parametrize("origin", [None, "https://evil.test"])
async def test_confirming_from_elsewhere_does_nothing(device: Device, origin: str | None) -> None:
    asked = await device.ask()
    browser = await device.signed_in()
    csrf = (await browser.get("/api/whoami")).json()["csrf"]
    path, form = f"/device/{asked['user_code']}", {"says": "confirm"}
    assert (await browser.post(path, data={**form, "csrf": "0" * 64})).status_code == 403
    del browser.headers["Origin"]
    headers = {"Origin": origin} if origin else {}
    assert (await browser.post(path, data={**form, "csrf": csrf}, headers=headers)).status_code == 403
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"


async def test_only_people_at_the_console_confirm(device: Device) -> None:
    asked = await device.ask()
    for token in ("agent-key", "priya-key", "operator-token"):
        headers = {"Authorization": f"Bearer {token}"}
        answer = await device.client().post(f"/device/{asked['user_code']}", data={"says": "confirm"}, headers=headers)
        assert answer.status_code in (401, 403), token
    assert (await device.client().get(f"/device/{asked['user_code']}")).status_code == 401
    assert error(await device.poll(asked["device_code"])) == "authorization_pending"


async def test_guessing_codes_ends_soon_and_hides_the_right_one_too(device: Device) -> None:
    asked = await device.ask()
    browser, other = await device.signed_in(), await device.signed_in("owen")
    for number in range(5):
        guess = shown(f"BBBBBBB{ALPHABET[number]}")
        assert (await browser.get(f"/device/{guess}")).status_code == 404
    refused = await browser.get(f"/device/{asked['user_code']}")
    assert refused.status_code == 429
    assert (await device.answer(browser, asked["user_code"])).status_code == 429
    assert (await other.get(f"/device/{asked['user_code']}")).status_code == 200, "a neighbour is locked out"
    device.clock.pass_time(timedelta(minutes=1))
    assert (await browser.get(f"/device/{asked['user_code']}")).status_code == 200


async def test_few_wait_at_once(device: Device) -> None:
    client = device.client("203.0.113.9")
    for _ in range(20):
        await device.ask(client)
    refused = await client.post("/api/device/authorize", data={"client_id": CLIENT})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_logins")
    await device.ask(device.client("203.0.113.10"))
    device.clock.pass_time(timedelta(minutes=10))
    await device.ask(client)


def test_memory_is_bounded_whatever_addresses_ask() -> None:
    requests = DeviceRequests(Clock(), most=30)
    for number in range(100):
        requests.begin(f"10.0.{number}.1", HOUR)
    assert len(requests._by_code) == len(requests._by_device) == 30


def test_one_site_keeps_nobody_out_however_many_networks_it_has() -> None:
    requests = DeviceRequests(Clock())
    for number in range(100):
        requests.begin(f"2001:db8:0:{number:x}::1", HOUR)
    with pytest.raises(Refused):
        requests.begin("2001:db8:0:ffff::1", HOUR)
    requests.begin("2001:db8:1::1", HOUR)
    requests.begin("198.51.100.7", HOUR)


def test_when_it_is_full_whoever_asked_for_most_loses_the_oldest_that_waits() -> None:
    requests = DeviceRequests(Clock(), most=30)
    mine, _ = requests.begin("198.51.100.7", HOUR)
    many = [requests.begin("203.0.113.9", HOUR) for _ in range(20)]
    for number in range(9):
        requests.begin(f"10.0.0.{number}", HOUR)
    assert requests.confirm(many[0][1].code, PersonId("priya"))
    newcomer, _ = requests.begin("192.0.2.1", HOUR)
    assert requests.poll(many[1][0]) is NotYet.OVER
    assert [requests.poll(device) for device in (mine, newcomer, many[2][0])] == [NotYet.PENDING] * 3
    confirmed = requests.poll(many[0][0])
    assert isinstance(confirmed, DeviceRequest) and confirmed.confirmed_by == "priya"


def test_what_was_confirmed_is_never_dropped_for_another() -> None:
    requests = DeviceRequests(Clock(), most=3)
    for number in range(3):
        assert requests.confirm(requests.begin(f"10.0.0.{number}", HOUR)[1].code, PersonId("priya"))
    with pytest.raises(Refused):
        requests.begin("192.0.2.1", HOUR)


async def test_who_is_gone_when_it_is_fetched_gets_nothing(device: Device) -> None:
    asked = await device.ask()
    await device.answer(await device.signed_in(), asked["user_code"])
    device.logins.gone.add(PersonId("priya"))
    assert error(await device.poll(asked["device_code"])) == "access_denied"
    device.logins.gone.clear()
    assert error(await device.poll(asked["device_code"])) == "expired_token"


@pytest.mark.parametrize("lasts", ["0", "-1", "28801", "a day"])
async def test_no_longer_than_a_working_day(device: Device, lasts: str) -> None:
    answer = await device.client().post("/api/device/authorize", data={"client_id": CLIENT, "lasts": lasts})
    assert answer.status_code == 422


async def test_other_clients_and_grants_arent_served(device: Device) -> None:
    answer = await device.client().post("/api/device/authorize", data={"client_id": "another"})
    assert answer.status_code == 422
    form = {"client_id": CLIENT, "grant_type": "password", "device_code": "x"}
    assert (await device.client().post("/api/device/token", data=form)).status_code == 422


def test_codes_are_of_letters_that_nobody_confuses() -> None:
    requests, seen = DeviceRequests(Clock()), set()
    for number in range(200):
        device, request = requests.begin(f"10.0.0.{number}", HOUR)
        assert len(request.code) == 8 and set(request.code) <= set(ALPHABET)
        assert len(device) == 43 and device not in repr(request) and request.device not in repr(request)
        seen |= {request.code, device}
    assert len(seen) == 400
    assert not set("AEIOUY01") & set(ALPHABET)


@pytest.mark.parametrize("text", ["", "BCDF", "BCDFGHJKL", "BCDF-GHJA", "bcdf-ghj1", "BCDF_GHJK", "é" * 8])
def test_what_isnt_a_code_is_none(text: str) -> None:
    assert typed(text) is None


def test_a_poll_forgets_what_is_over() -> None:
    clock = Clock()
    requests = DeviceRequests(clock)
    device, _ = requests.begin("a", timedelta(hours=1))
    clock.pass_time(timedelta(minutes=10))
    assert requests.poll(device) is NotYet.OVER
    assert not requests._by_code and not requests._by_device
