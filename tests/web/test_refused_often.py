"""Whoever is refused again and again is told to wait, fills no ledger, and may still do what counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.a_directory_service import House, house
from tests.an_office import export
from tests.promises.a_control_port import signed_in

from interlock.desk.refusals import MOST
from interlock.gate import Held
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, PersonId
from interlock.model.review import Review
from interlock.web.callers import CSRF_HEADER
from interlock.web.control import REFUSALS_AT_ONCE

STALE = {"action_digest": "0" * 64, "card_digest": "0" * 64}
BREAK = {**STALE, "reason": "the ward waits for its list"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def review_of(here: House) -> Review:
    await here.people.accept_owner(PersonId("olivia"), ActorId("etl"))
    held = await here.office.gate.ask(export(await here.office.agent()))
    assert isinstance(held, Held)
    return held.review


async def form(client: httpx.AsyncClient, path: str, **fields: str) -> int:
    return (await client.post(path, data={"csrf": client.headers[CSRF_HEADER], **fields})).status_code


async def test_refused_votes_fill_no_ledger_and_keep_nobody_from_voting(here: House) -> None:
    review = await review_of(here)
    async with signed_in(here.app, here.office, "dana") as client:
        path, told = f"/api/reviews/{review.id}/votes", Counter[int]()
        for _ in range(100):
            told[(await client.post(path, json={"verdict": "deny", **STALE})).status_code] += 1
        assert told == {409: REFUSALS_AT_ONCE, 429: 100 - REFUSALS_AT_ONCE}
        assert len(await here.entries(EntryType.VOTE_REFUSED)) == MOST
        here.office.clock.at += timedelta(minutes=1)
        await here.office.desk.expire_due()
        assert (await here.entries(EntryType.VOTE_REFUSED))[-1]["because"] == "90 more attempts"
        card = await here.office.desk.card(review.id)
        for _ in range(2 * REFUSALS_AT_ONCE):
            await client.post(path, json={"verdict": "deny", **STALE})
        good = {"verdict": "deny", "action_digest": card.action_digest, "card_digest": card.card_digest}
        assert (await client.post(path, json=good)).status_code == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [("votes", {"verdict": "deny", **STALE}), ("narrowing", {"valid_minutes": "1", **STALE}), ("break-glass", BREAK)],
)
async def test_so_it_is_with_every_form_of_the_console(here: House, path: str, fields: dict[str, str]) -> None:
    review = await review_of(here)
    async with signed_in(here.app, here.office, "dana") as client:
        told = [await form(client, f"/reviews/{review.id}/{path}", **fields) for _ in range(REFUSALS_AT_ONCE + 5)]
    assert set(told[:REFUSALS_AT_ONCE]) <= {403, 409} and set(told[REFUSALS_AT_ONCE:]) == {429}
    assert len(await here.entries(EntryType.VOTE_REFUSED)) == MOST
