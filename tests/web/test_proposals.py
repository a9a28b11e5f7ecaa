"""Proposed labels, discovery and overrides over HTTP: people look, stewards judge in the console, agents do nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.a_directory_service import House, house
from tests.an_office import OPERATOR_TOKEN
from tests.promises.a_control_port import caller, key_of, signed_in
from tests.registry.a_write import CLINIC
from tests.registry.test_proposals import COLUMN, MRN, RUN, SSN, suggestion
from tests.web.test_you import registered

from interlock.errors import NotFound
from interlock.identity.passkeys import unbase64url
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, ConnectionName, PersonId
from interlock.model.proposal import DiscoveryId
from interlock.registry.discoveries import Run

OVERRIDE: dict[str, Any] = {
    "connection": "clinic",
    "column": "clinic/public.lots.code",
    "label": "phi.ssn",
    "rule": "not_this_label",
    "seconds": 3600,
    "because": "lot numbers",
}
JUDGED: dict[str, Any] = {"labels": ["phi.ssn"], "because": "they are"}


class OneRun:
    """Discovery that only remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def begin(self, connection: ConnectionName, by: str) -> Run:
        self.asked.append(by)
        return Run(DiscoveryId("d"), connection, by, datetime(2026, 11, 22, tzinfo=UTC))

    def last(self, connection: ConnectionName) -> Run:
        raise NotFound("nothing was discovered there since the gateway started", code="no_discovery")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        await opened.people.accept_owner(PersonId("olivia"), ActorId("etl"))
        await opened.labelling.proposals.propose(CLINIC, RUN, [suggestion(SSN)])
        yield opened


def waiting(here: House) -> str:
    (found,) = here.labelling.proposals.waiting()
    return found.id


async def test_people_and_the_operator_look_and_agents_dont(here: House) -> None:
    for path in ("/api/labels/proposed", "/api/labels/overrides"):
        async with signed_in(here.app, here.office, "dana") as client:
            assert (await client.get(path)).status_code == 200
        for token in (OPERATOR_TOKEN, await key_of(here.office, "dana")):
            async with caller(here.app, token) as client:
                assert (await client.get(path)).status_code == 200
        for nobody in (await key_of(here.office, "etl"), None):
            async with caller(here.app, nobody) as client:
                assert (await client.get(path)).status_code in (401, 403)
    async with caller(here.app, OPERATOR_TOKEN) as client:
        (found,) = (await client.get("/api/labels/proposed")).json()["waiting"]
    assert (found["column"], found["labels"]) == (COLUMN, ["phi.ssn"])
    assert found["evidence"] == ['name matched "ssn" in the lexicon (phi.ssn)']


@pytest.mark.parametrize(
    ("verb", "type_"), [("confirm", EntryType.LABEL_CONFIRMED), ("reject", EntryType.LABEL_REJECTED)]
)
async def test_a_steward_judges_in_the_console(here: House, verb: str, type_: EntryType) -> None:
    path = f"/api/labels/proposed/{waiting(here)}/{verb}"
    async with signed_in(here.app, here.office, "dana") as client:
        stale = await client.post(path, json={**JUDGED, "labels": ["phi.mrn"]})
        assert (stale.status_code, stale.json()["code"]) == (409, "labels_changed")
        judged = await client.post(path, json=JUDGED)
        assert judged.status_code == 200
        assert judged.json()["waiting"] == []
    (entry,) = await here.entries(type_)
    assert (entry["person"], entry["because"]) == ("dana", "they are")


async def test_nobody_else_judges_overrides_or_looks_for_labels(here: House) -> None:
    proposal = waiting(here)
    posts = [
        (f"/api/labels/proposed/{proposal}/confirm", JUDGED),
        (f"/api/labels/proposed/{proposal}/reject", JUDGED),
        ("/api/labels/overrides", OVERRIDE),
        ("/api/labels/discoveries", {"connection": "clinic"}),
    ]
    for token in (OPERATOR_TOKEN, await key_of(here.office, "dana"), await key_of(here.office, "etl"), None):
        async with caller(here.app, token) as client:
            for path, body in posts:
                assert (await client.post(path, json=body)).status_code in (401, 403)
                if token != OPERATOR_TOKEN:
                    path = path.replace("/api/", "/api/operator/")
                    assert (await client.post(path, json=body)).status_code in (401, 403)
    async with signed_in(here.app, here.office, "dana") as client:
        here.office.clock.at += here.people.votes.recent_login + timedelta(seconds=1)
        for path, body in posts:
            refused = await client.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "login_too_old")
    assert waiting(here) == proposal
    assert await here.entries(EntryType.MASK_OVERRIDDEN) == []


async def test_a_stolen_session_judges_nothing_of_who_has_a_passkey(here: House) -> None:
    path = f"/api/labels/proposed/{waiting(here)}"
    async with signed_in(here.app, here.office, "dana") as client:
        device = await registered(client)
        refused = await client.post(f"{path}/confirm", json=JUDGED)
        assert (refused.status_code, refused.json()["code"]) == (403, "passkey_needed")
        asked = {"verdict": "confirm", "labels": ["phi.ssn"]}
        challenge = (await client.post(f"{path}/challenge", json=asked)).json()["challenge"]
        answered = device.answer(unbase64url(challenge, 64)).fields()
        assert (await client.post(f"{path}/reject", json={**JUDGED, "assertion": answered})).status_code == 403
        challenge = (await client.post(f"{path}/challenge", json=asked)).json()["challenge"]
        answered = device.answer(unbase64url(challenge, 64)).fields()
        assert (await client.post(f"{path}/confirm", json={**JUDGED, "assertion": answered})).status_code == 200
        wish = {name: value for name, value in OVERRIDE.items() if name != "because"}
        challenge = (await client.post("/api/labels/overrides/challenge", json=wish)).json()["challenge"]
        answered = device.answer(unbase64url(challenge, 64)).fields()
        body = {**OVERRIDE, "assertion": answered}
        assert (await client.post("/api/labels/overrides", json={**body, "seconds": 7200})).status_code == 403
    assert await here.entries(EntryType.MASK_OVERRIDDEN) == []


async def test_an_override_is_made_listed_and_ended(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        (made,) = (await client.post("/api/labels/overrides", json={**OVERRIDE, "row_key": "zq-canary"})).json()[
            "overrides"
        ]
        assert (made["scope"], made["by"], made["rule"]) == ("row", "dana", "not_this_label")
        assert "zq-canary" not in str(made)
        for spoilt in (
            {"rule": "keep"},
            {"column": "public.x.y"},
            {"seconds": 0},
            {"label": ""},
            {"x": 1},
            {"because": "a\nb"},
        ):
            assert (await client.post("/api/labels/overrides", json={**OVERRIDE, **spoilt})).status_code in (400, 422)
        secret = await client.post("/api/labels/overrides", json={**OVERRIDE, "label": "secret.token"})
        assert (secret.status_code, secret.json()["code"]) == (409, "never_shown")
        path = f"/api/labels/overrides/{made['id']}/end"
        assert (await client.post(path, json={"because": "over"})).json() == {"overrides": []}
        assert (await client.post(path, json={"because": "over"})).status_code == 404
    async with signed_in(here.app, here.office, "olivia") as client:  # she owns agents
        refused = await client.post("/api/labels/overrides", json=OVERRIDE)
        assert (refused.status_code, refused.json()["code"]) == (403, "part_of_it")


async def test_the_operator_does_all_of_it_in_their_own_name(here: House) -> None:
    async with caller(here.app, OPERATOR_TOKEN) as client:
        path = f"/api/operator/labels/proposed/{waiting(here)}/confirm"
        (confirmed,) = (await client.post(path, json=JUDGED)).json()["confirmed"]
        assert confirmed["by"] == "operator"
        (made,) = (await client.post("/api/operator/labels/overrides", json=OVERRIDE)).json()["overrides"]
        assert made["by"] == "operator"
        ended = await client.post(f"/api/operator/labels/overrides/{made['id']}/end", json={"because": "x"})
        assert ended.json() == {"overrides": []}
        await here.labelling.proposals.propose(CLINIC, RUN, [suggestion(MRN, column="clinic/public.t.y")])
        path = f"/api/operator/labels/proposed/{waiting(here)}/reject"
        assert (await client.post(path, json={**JUDGED, "labels": ["phi.mrn"]})).json()["waiting"] == []


async def test_stewards_and_the_operator_have_it_look(here: House) -> None:
    runs = OneRun()
    here.app.state.control = replace(here.app.state.control, labelling=replace(here.labelling, discoveries=runs))
    body = {"connection": "clinic"}
    async with signed_in(here.app, here.office, "dana") as client:
        begun = (await client.post("/api/labels/discoveries", json=body)).json()
        assert (begun["state"], begun["by"], begun["tables"]) == ("running", "dana", [])
        assert (await client.get("/api/labels/discoveries/clinic")).json()["code"] == "no_discovery"
    async with caller(here.app, OPERATOR_TOKEN) as client:
        assert (await client.post("/api/operator/labels/discoveries", json=body)).json()["by"] == "operator"
    assert runs.asked == ["dana", "operator"]
