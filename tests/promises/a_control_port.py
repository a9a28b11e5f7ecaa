"""The control port over ASGI, on the real desk and registry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI
from tests.an_office import Office

from interlock.model.names import PersonId
from interlock.model.review import Review
from interlock.web.callers import CSRF_HEADER
from interlock.web.control import control_app

URL = "https://control.test"


def control(office: Office, *, token_votes: bool = False) -> FastAPI:
    """The application."""
    seals = office.desk.sealer
    given = (office.desk, office.registry, seals, office.clock, URL, token_votes, "test", lambda: None)
    return control_app(*given)


@asynccontextmanager
async def caller(app: FastAPI, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a bearer token, or none."""
    headers = {"Origin": URL} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL, headers=headers) as client:
        yield client


@asynccontextmanager
async def signed_in(app: FastAPI, office: Office, person: str) -> AsyncIterator[httpx.AsyncClient]:
    """A person's browser, with a console session of its own."""
    link = await office.registry.issue_sign_in(PersonId(person))
    async with caller(app) as client:
        assert (await client.post("/sign-in", data={"token": link.reveal()})).status_code == 303
        client.headers[CSRF_HEADER] = (await client.get("/api/whoami")).json()["csrf"]
        yield client


async def ballot(office: Office, review: Review, verdict: str = "approve") -> dict[str, str]:
    """The body of a vote by somebody who looked."""
    card = await office.desk.card(review.id)
    return {"verdict": verdict, "action_digest": card.action_digest, "card_digest": card.card_digest}


async def key_of(office: Office, holder: str, made_by: str = "olivia", days: int | None = None) -> str:
    """A fresh key."""
    lasts = timedelta(days=days) if days else None
    return (await office.registry.issue_key(holder, PersonId(made_by), lasts))[1].reveal()
