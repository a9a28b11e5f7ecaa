"""Derived labels over HTTP: people look, those who sign for policies clear them in the console, agents do neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.a_directory_service import House, house
from tests.an_office import OPERATOR_TOKEN
from tests.promises.a_control_port import caller, key_of, signed_in
from tests.registry.a_write import MRN, NOTES, SSN, WRITES, carry, released, write
from tests.web.test_you import registered

from interlock.identity.passkeys import unbase64url
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, PersonId

BODY: dict[str, Any] = {"column": NOTES, "labels": ["phi.ssn", "phi.mrn"], "because": "only codes are left"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        ours = replace(opened, office=opened.office.with_policy(WRITES))
        await ours.people.accept_owner(PersonId("olivia"), ActorId("etl"))
        await released(ours.office, write(await ours.office.agent(), carry(NOTES, SSN, MRN)))
        yield ours


def left(here: House) -> list[str]:
    return [each.column for each in here.clearing.listed()]


async def test_people_and_the_operator_look(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        (found,) = (await client.get("/api/labels")).json()["columns"]
    assert (found["connection"], found["column"], found["now"]) == ("clinic", NOTES, [])
    assert [(each["label"], each["actor"]) for each in found["labels"]] == [("phi.mrn", "etl"), ("phi.ssn", "etl")]
    for token in (OPERATOR_TOKEN, await key_of(here.office, "dana")):
        async with caller(here.app, token) as client:
            assert (await client.get("/api/labels")).status_code == 200


async def test_in_the_console_who_signs_for_policies_clears_them(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        stale = await client.post("/api/labels/clear", json={**BODY, "labels": ["phi.ssn"]})
        assert (stale.status_code, stale.json()["code"]) == (409, "labels_changed")
        cleared = await client.post("/api/labels/clear", json=BODY)
        assert (cleared.status_code, cleared.json()) == (200, {"columns": []})
        again = await client.post("/api/labels/clear", json=BODY)
        assert (again.status_code, again.json()["code"]) == (404, "nothing_derived")
    (entry,) = await here.entries(EntryType.LABEL_CLEARED)
    assert (entry["person"], entry["because"]) == ("dana", BODY["because"])


async def test_nobody_else_does(here: House) -> None:
    async with signed_in(here.app, here.office, "olivia") as client:  # her agent brought them
        refused = await client.post("/api/labels/clear", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (403, "part_of_it")
    for token in (OPERATOR_TOKEN, await key_of(here.office, "dana"), await key_of(here.office, "etl"), None):
        async with caller(here.app, token) as client:
            assert (await client.post("/api/labels/clear", json=BODY)).status_code in (401, 403)
            if token != OPERATOR_TOKEN:
                assert (await client.post("/api/operator/labels/clear", json=BODY)).status_code in (401, 403)
    async with caller(here.app, await key_of(here.office, "etl")) as client:
        assert (await client.get("/api/labels")).status_code == 403
    assert left(here) == [NOTES]


async def test_a_login_of_long_ago_clears_nothing(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        here.office.clock.at += here.people.votes.recent_login + timedelta(seconds=1)
        refused = await client.post("/api/labels/clear", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (403, "login_too_old")
    assert left(here) == [NOTES]


async def test_a_stolen_session_clears_nothing_of_who_has_a_passkey(here: House) -> None:
    asked = {"column": NOTES, "labels": BODY["labels"]}
    async with signed_in(here.app, here.office, "dana") as client:
        assert (await client.post("/api/labels/clear/challenge", json=asked)).status_code == 404  # she has none
        device = await registered(client)
        refused = await client.post("/api/labels/clear", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (403, "passkey_needed")
        challenge = (await client.post("/api/labels/clear/challenge", json=asked)).json()["challenge"]
        answered = device.answer(unbase64url(challenge, 64)).fields()
        assert (await client.post("/api/labels/clear", json={**BODY, "assertion": answered})).status_code == 200
        assert (await client.post("/api/labels/clear", json={**BODY, "assertion": answered})).status_code == 404
    assert left(here) == []


@pytest.mark.parametrize(
    "spoilt", [{"because": ""}, {"because": "two\nlines"}, {"labels": []}, {"column": ""}, {"x": 1}]
)
async def test_a_body_of_another_form_is_refused(here: House, spoilt: dict[str, Any]) -> None:
    async with caller(here.app, OPERATOR_TOKEN) as client:
        assert (await client.post("/api/operator/labels/clear", json={**BODY, **spoilt})).status_code == 422
    assert left(here) == [NOTES]


async def test_the_operator_clears_them(here: House) -> None:
    async with caller(here.app, OPERATOR_TOKEN) as client:
        assert (await client.post("/api/operator/labels/clear", json=BODY)).json() == {"columns": []}
    (entry,) = await here.entries(EntryType.LABEL_CLEARED)
    assert entry["person"] == "operator"
