"""Registering a callback: only who asked, only their own review, and the secret shown once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office, content

from interlock.errors import Conflict, NotEntitled
from interlock.model.names import ActorId
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.web.callers import CSRF_HEADER

URL = {"url": "https://hooks.acme.test/x"}


@dataclass
class Registered:
    """What was wanted."""

    wanted: list[tuple[str, str]] = field(default_factory=list)

    async def check(self, actor: ActorId, url: str) -> None:
        raise AssertionError("nothing here asks beforehand")

    async def register(self, review: Review, url: str) -> Secret[str]:
        if not url.startswith("https://hooks.acme.test/"):
            raise NotEntitled("The settings don't let us call this address.", code="url_not_allowed")
        if self.wanted:
            raise Conflict("This review has a callback already.", code="callback_exists")
        self.wanted.append((review.id, url))
        return Secret("whsec_once")


@pytest.fixture
def registered(office: Office) -> Registered:
    found = Registered()
    office.app.state.control = replace(office.app.state.control, callbacks=found)
    return found


async def test_who_asked_registers_one(office: Office, by: By, registered: Registered) -> None:
    review = office.desk.open(content())
    answer = await by("agent-key").post(f"/api/reviews/{review.id}/callback", json=URL)
    assert (answer.status_code, answer.json()) == (201, {"secret": "whsec_once"})
    assert registered.wanted == [(review.id, URL["url"])]
    again = await by("agent-key").post(f"/api/reviews/{review.id}/callback", json=URL)
    assert (again.status_code, again.json()["code"]) == (409, "callback_exists")


async def test_an_address_that_isnt_allowed(office: Office, by: By, registered: Registered) -> None:
    review = office.desk.open(content())
    answer = await by("agent-key").post(f"/api/reviews/{review.id}/callback", json={"url": "https://evil.test/"})
    assert (answer.status_code, answer.json()["code"]) == (403, "url_not_allowed")
    assert "evil" not in answer.text and not registered.wanted


@pytest.mark.parametrize(("token", "status"), [("other-agent-key", 404), ("priya-key", 404), ("operator-token", 403)])
async def test_nobody_else(office: Office, by: By, registered: Registered, token: str, status: int) -> None:
    review = office.desk.open(content())
    answer = await by(token).post(f"/api/reviews/{review.id}/callback", json=URL)
    assert answer.status_code == status and not registered.wanted


async def test_not_from_the_console(office: Office, sign_in: SignIn, registered: Registered) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    csrf = (await client.get("/api/whoami")).json()["csrf"]
    answer = await client.post(f"/api/reviews/{review.id}/callback", json=URL, headers={CSRF_HEADER: csrf})
    assert answer.status_code == 403 and not registered.wanted


async def test_a_gateway_that_calls_nobody(office: Office, by: By) -> None:
    review = office.desk.open(content())
    answer = await by("agent-key").post(f"/api/reviews/{review.id}/callback", json=URL)
    assert (answer.status_code, answer.json()["code"]) == (403, "url_not_allowed")


@pytest.mark.parametrize(
    "body", [{}, {"url": 7}, {"url": "x"}, {"url": "https://x.test/" + "x" * 3000}, {**URL, "a": 1}]
)
async def test_bodies_of_another_form(office: Office, by: By, registered: Registered, body: dict[str, object]) -> None:
    review = office.desk.open(content())
    answer = await by("agent-key").post(f"/api/reviews/{review.id}/callback", json=body)
    assert answer.status_code == 422 and not registered.wanted
