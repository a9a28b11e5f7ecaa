"""The control port over ASGI: real HTTP semantics, no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from tests.web.in_memory import Office

from interlock.model.names import PersonId

SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]
By = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def office() -> Office:
    """A fresh desk and registry behind a control port."""
    return Office()


@pytest.fixture
async def browser(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a session that sends our own origin, as a browser on our pages does."""
    transport = httpx.ASGITransport(app=office.app)
    async with httpx.AsyncClient(
        transport=transport, base_url=office.public_url, headers={"Origin": office.public_url}
    ) as client:
        yield client


@pytest.fixture
def sign_in(office: Office, browser: httpx.AsyncClient) -> SignIn:
    """Signs a person in with a link, in this browser."""

    async def signed_in(person: str) -> httpx.AsyncClient:
        token = await office.registry.issue_sign_in(PersonId(person))
        answer = await browser.post("/sign-in", data={"token": token.reveal()})
        assert answer.status_code == 303
        return browser

    return signed_in


@pytest.fixture
async def by(office: Office) -> AsyncIterator[By]:
    """Clients by bearer token."""
    clients: list[httpx.AsyncClient] = []

    def client(token: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=office.app)
        headers = {"Authorization": f"Bearer {token}"}
        clients.append(httpx.AsyncClient(transport=transport, base_url=office.public_url, headers=headers))
        return clients[-1]

    yield client
    for each in clients:
        await each.aclose()
