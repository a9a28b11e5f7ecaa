"""The page about oneself: accepting agents, confirming accounts, delegating; and who can't do it for somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from testkit.authenticator import Authenticator
from tests.a_directory_service import House, house
from tests.promises.a_control_port import URL, caller, key_of, signed_in

from interlock.identity.passkeys import unbase64url
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, PersonId
from interlock.web.callers import CSRF_HEADER

DANA, OLIVIA = PersonId("dana"), PersonId("olivia")
CHANGES = (EntryType.IDENTITY_CHANGED, EntryType.LINK_MADE, EntryType.LINK_REMOVED, EntryType.DELEGATION_CHANGED)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def send(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """A form of the page, sent with its CSRF token."""
    return await client.post(path, data={"csrf": client.headers[CSRF_HEADER], **fields})


async def test_an_owner_sees_what_they_answer_for_accepts_it_and_stops(here: House) -> None:
    async with signed_in(here.app, here.office, "olivia") as client:
        page = (await client.get("/you")).text
        assert 'aria-label="Answer for etl"' in page and 'href="/you"' in page
        assert (await send(client, "/you/wards/accept", actor="etl")).status_code == 303
        assert here.people.wards(OLIVIA)[0].accepted
        assert 'aria-label="Stop answering for etl"' in (await client.get("/you")).text
        assert (await send(client, "/you/wards/decline", actor="etl")).status_code == 303
        assert not here.people.wards(OLIVIA)[0].accepted
        assert (await send(client, "/you/wards/accept", actor="nobody")).status_code == 404
    async with signed_in(here.app, here.office, "dana") as client:
        assert (await send(client, "/you/wards/accept", actor="etl")).status_code == 404


async def test_an_account_is_linked_only_once_it_was_shown_and_confirmed(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        begun = await send(client, "/you/links/begin", provider="slack")
        code = begun.text.split("<code>")[-1].split("</code>")[0] if begun.status_code == 200 else ""
        pending = here.people.pending_links(DANA)
        assert len(pending) == 1 and "within ten minutes" in begun.text and code
        issued = here.people.begin_link(DANA, "slack")
        here.people.claim_link(issued, "slack", "T1/U-mallory", "<b>mallory</b>")
        page = (await client.get("/you/links/confirm?provider=slack")).text
        assert "T1/U-mallory" in page and "&lt;b&gt;mallory&lt;/b&gt;" in page and "<b>mallory" not in page
        assert here.people.person_of("slack", "T1/U-mallory") is None
        assert (await send(client, "/you/links/cancel", provider="slack")).status_code == 303
        refused = await send(client, "/you/links/confirm", provider="slack", subject="T1/U-mallory")
        assert refused.status_code == 404
        mine = here.people.begin_link(DANA, "slack")
        here.people.claim_link(mine, "slack", "T1/U-dana", "dana")
        assert (await send(client, "/you/links/confirm", provider="slack", subject="T1/U-dana")).status_code == 303
        assert here.people.person_of("slack", "T1/U-dana") == DANA
        assert (await send(client, "/you/links/remove", provider="slack", subject="T1/U-dana")).status_code == 303
        assert here.people.person_of("slack", "T1/U-dana") is None


async def test_a_delegation_is_given_shown_and_given_back(here: House) -> None:
    until = (here.office.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    async with signed_in(here.app, here.office, "dana") as client:
        given = await send(client, "/you/delegations", delegate="remy", group="officers", until=until)
        assert given.status_code == 303
        assert "signs for you in officers" in (await client.get("/you")).text
        for wrong in ({"until": "soon"}, {"group": "owners"}, {"delegate": "dana"}):
            fields = {"delegate": "remy", "group": "officers", "until": until, **wrong}
            assert (await send(client, "/you/delegations", **fields)).status_code in (403, 404, 422)
    async with signed_in(here.app, here.office, "remy") as client:
        assert "You sign for" in (await client.get("/you")).text
        assert (await send(client, "/you/delegations/end", delegator="dana", group="officers")).status_code == 303
    assert here.people.given(DANA) == ()


async def test_another_delegate_replaces_the_first_and_the_page_says_so_before(here: House) -> None:
    until = (here.office.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    async with signed_in(here.app, here.office, "dana") as client:
        assert "ends what you gave before" not in (await client.get("/you")).text
        assert (await send(client, DELEGATING, delegate="remy", group="officers", until=until)).status_code == 303
        page = (await client.get("/you")).text
        assert "naming anybody but <strong><bdi>remy</bdi></strong> ends what you gave before" in page
        assert (await send(client, DELEGATING, delegate="olivia", group="officers", until=until)).status_code == 303
    assert [each.delegate for each in here.people.given(DANA)] == ["olivia"]


DELEGATING, CONFIRMING, UNLINKING = "/you/delegations", "/you/links/confirm", "/you/links/remove"


async def registered(client: httpx.AsyncClient) -> Authenticator:
    """A passkey of whoever is signed in."""
    device = Authenticator(URL, "control.test")
    asked = (await send(client, "/you/passkeys/options")).json()["create"]["challenge"]
    made = device.register(unbase64url(asked, 64))
    fields = {"attestation": made.attestation, "made_client_data": made.client_data, "name": "Laptop"}
    assert (await send(client, "/you/passkeys", **fields)).status_code == 303
    return device


async def answer(client: httpx.AsyncClient, device: Authenticator, path: str, **fields: str) -> dict[str, str]:
    """The passkey's answer for a form with these fields, as the page's script brings it."""
    asked = await send(client, f"{path}/challenge", **fields)
    assert asked.status_code == 200, asked.text
    return device.answer(unbase64url(asked.json()["challenge"], 64)).fields()


async def test_a_stolen_session_names_nobody_who_signs_in_its_persons_place(here: House) -> None:
    until = (here.office.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    fields = {"delegate": "remy", "group": "officers", "until": until}
    async with signed_in(here.app, here.office, "dana") as client:
        assert "data-passkey=" not in (await client.get("/you")).text.partition('id="passkeys"')[0]
        laptop = await registered(client)
        page = (await client.get("/you")).text
        assert f'action="{DELEGATING}" data-passkey="{DELEGATING}/challenge"' in page
        refused = await send(client, DELEGATING, **fields)
        assert refused.status_code == 403 and "Confirm this with a passkey" in refused.text
        for_another = await answer(client, laptop, DELEGATING, **{**fields, "delegate": "olivia"})
        assert (await send(client, DELEGATING, **fields, **for_another)).status_code == 403
        in_json = {"delegate": "remy", "group": "officers", "until": f"{until}:00Z"}
        for more in ({}, {"assertion": for_another}, {"assertion": {**for_another, "signature": "!"}}):
            told = await client.post("/api/people/me/delegations", json={**in_json, **more})
            assert told.status_code == 403
        assert here.people.given(DANA) == ()
        good = await answer(client, laptop, DELEGATING, **fields)
        assert (await send(client, DELEGATING, **fields, **good)).status_code == 303
        ended = await send(client, "/you/delegations/end", delegator="dana", group="officers")
        assert ended.status_code == 303  # taking away takes none
        again = await answer(client, laptop, DELEGATING, **fields)
        told = await client.post("/api/people/me/delegations", json={**in_json, "assertion": again})
        assert [each["delegate"] for each in told.json()["given"]] == ["remy"]


async def test_a_stolen_session_links_no_account(here: House) -> None:
    account = {"provider": "slack", "subject": "U1"}
    async with signed_in(here.app, here.office, "dana") as client:
        laptop = await registered(client)
        here.people.claim_link(here.people.begin_link(DANA, "slack"), "slack", "U1", "dana")
        page = (await client.get("/you")).text
        assert f'action="{CONFIRMING}" data-passkey="{CONFIRMING}/challenge"' in page
        assert (await send(client, CONFIRMING, **account)).status_code == 403
        told = await client.post("/api/people/me/links/confirm", json=account)
        assert (told.status_code, told.json()["code"]) == (403, "passkey_needed")
        assert here.people.person_of("slack", "U1") is None
        good = await answer(client, laptop, CONFIRMING, **account)
        assert (await send(client, CONFIRMING, **account, **good)).status_code == 303
        assert here.people.person_of("slack", "U1") == DANA
        assert f'action="{UNLINKING}" data-passkey="{UNLINKING}/challenge"' in (await client.get("/you")).text
        assert (await send(client, UNLINKING, **account)).status_code == 403
        told = await client.post("/api/people/me/links/remove", json={**account, "assertion": good})
        assert told.status_code == 403
        assert here.people.person_of("slack", "U1") == DANA
        good = await answer(client, laptop, UNLINKING, **account)
        assert (await send(client, UNLINKING, **account, **good)).status_code == 303
        assert here.people.person_of("slack", "U1") is None


@pytest.mark.parametrize("path", [DELEGATING, CONFIRMING, UNLINKING])
async def test_a_challenge_is_for_our_own_page_and_for_who_has_a_passkey(here: House, path: str) -> None:
    fields = {"delegate": "remy", "group": "officers", "until": "2027-01-01T00:00", "provider": "slack", "subject": "U"}
    async with signed_in(here.app, here.office, "dana") as client:
        assert (await send(client, f"{path}/challenge", **fields)).status_code == 404
        await registered(client)
        assert (await client.post(f"{path}/challenge", data={"csrf": "x" * 64, **fields})).status_code == 403
    async with caller(here.app) as client:
        assert (await client.post(f"{path}/challenge", data={"csrf": "", **fields})).status_code in (401, 303)


POWER = (
    ("/you/wards/accept", {"actor": "etl"}),
    ("/you/links/begin", {"provider": "slack"}),
    ("/you/links/confirm", {"provider": "slack", "subject": "U-mallory"}),
    ("/you/delegations", {"delegate": "dana", "group": "officers", "until": "2027-01-01T00:00"}),
)


@pytest.mark.parametrize(("path", "fields"), POWER)
async def test_what_gives_power_needs_our_own_page_its_token_and_a_recent_login(
    here: House, path: str, fields: dict[str, str]
) -> None:
    async with signed_in(here.app, here.office, "olivia") as client:
        here.people.claim_link(here.people.begin_link(OLIVIA, "slack"), "slack", "U-mallory", "mallory")
        csrf = client.headers[CSRF_HEADER]
        elsewhere = {"Origin": "https://evil.test"}
        assert (await client.post(path, data={"csrf": csrf, **fields}, headers=elsewhere)).status_code == 403
        assert (await client.post(path, data={"csrf": "x" * 64, **fields})).status_code == 403
        assert (await client.post(path, data=fields)).status_code in (403, 422)
        here.office.clock.at += timedelta(hours=1, seconds=1)
        old = await client.post(path, data={"csrf": csrf, **fields})
        assert old.status_code == 403 and "Sign in again" in old.text
    assert await here.entries(*CHANGES) == []


AWAY = (
    ("/you/wards/decline", {"actor": "etl"}, "wards/etl/decline", None),
    (
        "/you/links/remove",
        {"provider": "slack", "subject": "U1"},
        "links/remove",
        {"provider": "slack", "subject": "U1"},
    ),
)


@pytest.mark.parametrize(("page", "fields", "path", "body"), AWAY)
async def test_an_old_login_stops_no_agent_and_unlinks_nothing(
    here: House, page: str, fields: dict[str, str], path: str, body: dict[str, str] | None
) -> None:
    await here.people.accept_owner(OLIVIA, ActorId("etl"))
    here.people.claim_link(here.people.begin_link(OLIVIA, "slack"), "slack", "U1", "olivia")
    await here.people.confirm_link(OLIVIA, "slack", "U1")
    before = await here.entries(*CHANGES)
    async with signed_in(here.app, here.office, "olivia") as client:
        here.office.clock.at += timedelta(hours=1, seconds=1)
        old = await send(client, page, **fields)
        assert old.status_code == 403 and "Sign in again" in old.text
        told = await client.post(f"/api/people/me/{path}", json=body)
        assert (told.status_code, told.json()["code"]) == (403, "login_too_old")
    assert await here.entries(*CHANGES) == before


@pytest.mark.parametrize(
    "path",
    [
        "wards/etl/accept",
        "wards/etl/decline",
        "links",
        "links/confirm",
        "links/remove",
        "delegations",
        "delegations/end",
    ],
)
async def test_no_key_changes_anything_about_a_person(here: House, path: str) -> None:
    await here.people.accept_owner(OLIVIA, here.people.wards(OLIVIA)[1].id)
    before = await here.entries(*CHANGES)
    for holder in ("olivia", "other"):
        async with caller(here.app, await key_of(here.office, holder)) as client:
            answer = await client.post(f"/api/people/me/{path}", json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "console_only")
    assert await here.entries(*CHANGES) == before


async def test_the_api_tells_and_changes_what_the_page_does(here: House) -> None:
    until = (here.office.clock.now() + timedelta(days=2)).isoformat()
    async with signed_in(here.app, here.office, "olivia") as client:
        told = (await client.post("/api/people/me/wards/etl/accept")).json()
        assert [(w["id"], w["accepted"]) for w in told["wards"]] == [("etl", True), ("other", False)]
        code = (await client.post("/api/people/me/links", json={"provider": "slack"})).json()["code"]
        from interlock.model.secret import Secret

        here.people.claim_link(Secret(code), "slack", "U1", "olivia")
        account = {"provider": "slack", "subject": "U1"}
        linked = await client.post("/api/people/me/links/confirm", json=account)
        assert linked.json()["accounts"] == [{**account, "by_settings": False}]
        wanted = {"delegate": "dana", "group": "owners", "until": until}
        assert (await client.post("/api/people/me/delegations", json=wanted)).status_code == 200
    async with caller(here.app, await key_of(here.office, "olivia")) as client:
        told = (await client.get("/api/people/me")).json()
        assert [each["group"] for each in told["given"]] == ["owners"] and told["id"] == "olivia"
