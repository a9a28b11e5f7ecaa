"""Attackers with one stolen thing each, against everything that can be asked of the gateway.

Each tries every address that isn't a read, as the application's own description and its pages list them, with what
would serve them best. What they may not do shows in three places: the action stays held, the ledger has no entry of a
kind that isn't theirs to cause, and nobody's power has changed.

Taken for granted, and said in the docs: the operator's token makes sign-in links, so whoever has it can be anybody who
has no passkey, on record; a fresh session of somebody without a passkey is that person, for as long as a login is
recent; a no needs no passkey.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.a_directory_service import house
from tests.an_office import OPERATOR_TOKEN, Again
from tests.leaks.a_target import (
    DANA,
    OFFICERS,
    OLIVIA,
    REMY,
    Target,
    kinds,
    register,
    target,
    thief,
    with_passkey,
)
from tests.promises.a_control_port import caller, key_of, signed_in
from tests.stores.a_store import ENTROPY

from interlock.errors import AuthenticationFailed
from interlock.gate import Held
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, PersonId
from interlock.model.review import ReviewState
from interlock.model.secret import Secret
from interlock.registry import People
from interlock.registry.logins import Logins
from interlock.web.callers import CSRF_HEADER
from interlock.web.session import COOKIE

TALK = {"vote.refused", "review.commented"}  # what may be said by who sees a review, and what is said of attempts
ENDED = ("passkey_removed", "sessions_ended")  # what the operator may take from people
OWN_REQUEST = {"action.held", "review.opened"}  # a proposal is a request like another: it waits for others to sign
HOUR = timedelta(hours=1, seconds=1)
ENDS = ("/sign-out", "/you/sessions/end")  # would end the attack


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Target]:
    async with target(tmp_path) as opened:
        yield opened


async def nothing_came_of_it(here: Target) -> None:
    """The action is held as before, and comes out for nobody."""
    assert await here.state() is ReviewState.PENDING
    assert here.office.authority.votes(here.review.id) == ()
    assert isinstance(await here.redeemed(), Held)


def test_an_attacker_here_tries_whatever_there_is(here: Target) -> None:
    """The list is the application's own; these are the ones that must never fall off it."""
    paths = {path for _, path in here.operations()}
    assert len(paths) > 40
    assert paths >= {
        "/api/reviews/{review}/votes",
        "/reviews/{review}/votes",
        "/reviews/{review}/break-glass",
        "/reviews/{review}/narrowing",
        "/batches",
        "/you/passkeys",
        "/you/delegations",
        "/api/people/me/delegations",
        "/api/operator/keys",
        "/api/bundles",
        "/device/{code}",
    }


# -- (a) an agent's key -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("holder", ["etl", "other"])
async def test_an_agents_key_moves_nothing(here: Target, holder: str) -> None:
    """The one that asked may take its request back, which isn't tried here; the other has nothing to do with it."""
    if holder == "other":
        await here.people.accept_owner(OLIVIA, ActorId("other"))
    before, size = here.standing(), await here.size()
    async with caller(here.app, await key_of(here.office, holder)) as client:
        at = await here.size()
        answers = await here.attack(client, "/api/reviews/{review}/withdraw")
    assert size < at and kinds(await here.since(at)) <= TALK
    assert "vote.refused" in kinds(await here.since(at))
    opened = {where for where, status in answers.items() if status < 300}
    assert {path for _, path in opened} <= {"/api/device/authorize", "/api/reviews/{review}/comments"}
    assert here.standing() == before
    await nothing_came_of_it(here)


# -- (b) a reviewer's laptop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["key", "login"])
async def test_a_reviewers_laptop_token_signs_nothing(here: Target, how: str) -> None:
    if how == "key":
        token = await key_of(here.office, "dana", "dana")
    else:
        token = (await Logins(here.office.registry).issue(DANA, timedelta(hours=8)))[0].reveal()
    before, at = here.standing(), await here.size()
    async with caller(here.app, token) as client:
        answers = await here.attack(client)
        assert answers["POST", "/api/reviews/{review}/votes"] == 403
    assert kinds(await here.since(at)) <= TALK | OWN_REQUEST
    assert here.standing() == before
    await nothing_came_of_it(here)


async def test_what_a_laptop_token_proposes_takes_effect_only_once_somebody_else_signs(here: Target) -> None:
    async with caller(here.app, await key_of(here.office, "dana", "dana")) as client:
        await here.attack(client)
    proposed = [each for each in await here.office.desk.reviews(None, 10) if each.connection == "interlock"]
    assert len(proposed) == 1 and DANA in proposed[0].excluded
    async with signed_in(here.app, here.office, "dana") as client:
        card = await here.office.desk.card(proposed[0].id)
        body = {"verdict": "approve", "action_digest": card.action_digest, "card_digest": card.card_digest}
        assert (await client.post(f"/api/reviews/{proposed[0].id}/votes", json=body)).status_code == 403
    assert (await here.office.desk.review(proposed[0].id)).state is ReviewState.PENDING


# -- (c) a stolen session ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=6), HOUR])
async def test_the_cookie_of_somebody_with_a_passkey_moves_nothing(here: Target, age: timedelta) -> None:
    """Not one yes, and no power: nothing that would still be there once the session is over."""
    await with_passkey(here, "dana")
    before = here.standing()
    async with thief(here, "dana", age=age) as client:
        at = await here.size()
        answers = await here.attack(client, *ENDS, *CONFIRMED)
    assert kinds(await here.since(at)) <= TALK | {"action.denied", "review.seen"}, answers
    assert here.standing() == before
    await nothing_came_of_it(here)


async def test_the_old_cookie_of_somebody_without_a_passkey_moves_nothing(here: Target) -> None:
    before = here.standing()
    async with thief(here, "dana", age=HOUR) as client:
        at = await here.size()
        await here.attack(client, *ENDS)
    assert kinds(await here.since(at)) <= TALK | {"action.denied", "review.seen"}
    assert here.standing() == before
    await nothing_came_of_it(here)


async def test_the_attack_reaches_what_it_is_aimed_at(here: Target) -> None:
    """By somebody who may, the same requests do sign, lend and link: what they can't do above isn't for want of form.

    A fresh session of somebody without a passkey is that person. What it did is on record as theirs.
    """
    async with thief(here, "dana") as client:
        at = await here.size()
        await here.attack(client, *ENDS)
    assert {"vote.cast", "delegation.changed"} <= kinds(await here.since(at))
    assert await here.state() is ReviewState.APPROVED


CONFIRMED = (  # by a passkey of whoever has one: tried one by one, with an account that waits to be linked
    "/you/delegations",
    "/api/people/me/delegations",
    "/you/links/confirm",
    "/api/people/me/links/confirm",
)


@pytest.mark.parametrize("path", CONFIRMED)
async def test_the_cookie_of_somebody_with_a_passkey_lends_out_no_vote_and_links_no_account(
    here: Target, path: str
) -> None:
    """Who delegates the victim's vote to themselves, or links an account of their own, is there after the session."""
    await with_passkey(here, "dana")
    async with thief(here, "dana") as client:
        here.people.claim_link(here.people.begin_link(DANA, "slack"), "slack", "U-mallory", "mallory")
        before, fields = here.standing(), here.values()
        if path.startswith("/api/"):
            answer = await client.post(path, json=here.body(path, "POST"))
        else:
            csrf = client.headers[CSRF_HEADER]
            named = ("delegate", "group", "until", "provider", "subject")
            answer = await client.post(path, data={"csrf": csrf, **{name: fields[name] for name in named}})
        assert answer.status_code in (401, 403), answer.text
    assert here.standing() == before
    assert here.people.given(DANA) == () and here.people.person_of("slack", "U-mallory") is None


@pytest.mark.parametrize("fields", ["nothing", "anothers", "a copy of an earlier yes"])
async def test_the_cookie_thief_has_no_answer_that_approves(here: Target, fields: str) -> None:
    mine, theirs = await with_passkey(here, "dana"), Authenticator("https://control.test", "control.test")
    async with thief(here, "dana") as client:
        csrf = client.headers[CSRF_HEADER]
        digests = {"action_digest": here.review.digest, "card_digest": here.review.card_digest}
        asked = await client.post(
            f"/reviews/{here.review.id}/challenge?verdict=approve", data={"csrf": csrf, **digests}
        )
        challenge = asked.json()["challenge"].encode()
        answer = {
            "nothing": {},
            "anothers": theirs.answer(challenge).fields(),
            "a copy of an earlier yes": mine.answer(b"another challenge of before").fields(),
        }[fields]
        form = {"csrf": csrf, "verdict": "approve", **digests, **answer}
        assert (await client.post(f"/reviews/{here.review.id}/votes", data=form)).status_code in (401, 403)
    await nothing_came_of_it(here)


async def test_the_cookie_thief_brings_no_passkey_and_takes_none_away(here: Target) -> None:
    """With one there already, never; with none, not once five minutes have passed since the login."""
    mine = await with_passkey(here, "dana")
    for victim, age in (("dana", timedelta(0)), ("dana", timedelta(minutes=6)), ("remy", timedelta(minutes=6))):
        async with thief(here, victim, age=age) as client:
            theirs = Authenticator("https://control.test", "control.test")
            assert await register(here, client, theirs) in (401, 403), (victim, age)
            (passkey,) = here.passkeys.of(DANA)
            removal = await client.post(
                f"/you/passkeys/{passkey.credential}/remove", data={"csrf": client.headers[CSRF_HEADER]}
            )
            assert removal.status_code in (401, 403, 404), (victim, age)
    assert [each.credential for each in here.passkeys.of(DANA)] == [mine.answer(b"x").credential]
    assert list(here.passkeys.of(REMY)) == []


async def test_a_registration_begun_in_time_is_not_finished_by_who_comes_late(here: Target) -> None:
    """The challenge is the browser's that asked for it: an old session has none, and spoils one at most."""
    async with signed_in(here.app, here.office, "dana") as victim:
        csrf = victim.headers[CSRF_HEADER]
        assert (await victim.post("/you/passkeys/options", data={"csrf": csrf})).status_code == 200
        made = Authenticator("https://control.test", "control.test").register(b"a guess")
        form = {"csrf": csrf, "name": "x", "attestation": made.attestation, "made_client_data": made.client_data}
        assert (await victim.post("/you/passkeys", data=form)).status_code in (401, 403)
    assert list(here.passkeys.of(DANA)) == []


async def test_a_session_that_was_signed_out_is_over_for_the_thief_too(here: Target) -> None:
    async with thief(here, "dana") as client, caller(here.app) as copy:
        copy.cookies.set(COOKIE, client.cookies[COOKIE])
        csrf = client.headers[CSRF_HEADER]
        assert (await client.post("/sign-out", data={"csrf": csrf})).status_code == 303
        copy.headers[CSRF_HEADER] = csrf
        assert set((await here.attack(copy)).values()) <= {303, 400, 401, 403, 200, 404, 422}
    await nothing_came_of_it(here)


async def test_an_old_cookie_does_not_fill_the_ledger_with_refusals(here: Target) -> None:
    async with thief(here, "dana", age=HOUR) as client:
        at, shown = await here.size(), f"{here.review.id}:{0:064x}"
        members = [f"{shown}:{n:064x}" for n in range(50)]
        for _ in range(3):
            form = {"csrf": client.headers[CSRF_HEADER], "verdict": "approve", "member": members}
            await client.post("/batches", data=form)
    assert len(await here.since(at)) <= 50


# -- (d) a provisioning key -------------------------------------------------------------------------------------------


async def test_a_directorys_key_lets_nobody_in_and_signs_nothing(here: Target) -> None:
    token = (await here.people.issue_provisioning_key("okta", OLIVIA))[1].reveal()
    before, at = here.standing(), await here.size()
    async with caller(here.app, token) as client:
        answers = await here.attack(client)
        reached = {path for (_, path), status in answers.items() if status < 300}
    assert all(path.startswith("/scim/") or path == "/api/device/authorize" for path in reached), reached
    assert kinds(await here.since(at)) <= {"vote.refused"}
    assert here.standing() == before
    await nothing_came_of_it(here)


async def test_whom_a_directory_adds_signs_nothing_until_others_have_let_them_in(here: Target) -> None:
    """Not even its maker lets them in; and who leaves by it votes no more."""
    token = (await here.people.issue_provisioning_key("okta", REMY))[1].reveal()
    scim = "urn:ietf:params:scim:schemas:core:2.0:"
    async with caller(here.app, token) as client:
        user = {"schemas": [f"{scim}User"], "userName": "mallory"}
        made = await client.post("/scim/v2/Users", json=user)
        assert made.status_code == 201, made.text
        group = {"schemas": [f"{scim}Group"], "displayName": "Officers", "members": [{"value": made.json()["id"]}]}
        assert (await client.post("/scim/v2/Groups", json=group)).status_code == 201
    await here.house.provisioning.settle_due()
    (joining,) = [each for each in await here.house.pending() if each.connection == "interlock"]
    assert PersonId("mallory") not in here.people.directory.everyone()
    assert {REMY, PersonId("mallory")} <= joining.excluded
    assert await here.house.vote(joining, "remy") == 403


# -- (e) the operator's token -----------------------------------------------------------------------------------------


async def test_the_operators_token_signs_nothing_and_changes_no_policy(here: Target) -> None:
    """It makes and ends keys and links, and removes lost passkeys: each on record as the operator's."""
    await with_passkey(here, "dana")
    at = await here.size()
    async with caller(here.app, OPERATOR_TOKEN) as client:
        await here.attack(client, "/api/operator/keys/{key}/revoke")
    entries = await here.since(at)
    assert kinds(entries) <= {
        "vote.refused",
        "key.issued",
        "key.revoked",
        *(f"identity.changed:{what}" for what in ENDED),
    }
    assert {e.d["by"] for e in entries if e.type.value == "identity.changed"} == {"operator"}
    assert not here.people.given(DANA) and here.people.linked_accounts(DANA) == ()
    await nothing_came_of_it(here)


async def test_a_key_made_in_anothers_name_brings_nobody_of_the_request_back(here: Target) -> None:
    """The operator may name whom they like as its maker: the owner stays out, and one more with them."""
    async with caller(here.app, OPERATOR_TOKEN) as client:
        made = await client.post("/api/operator/keys", json={"holder": "etl", "made_by": "remy"})
    actor = here.office.registry.authenticate(Secret(made.json()["token"]))
    answer = await here.office.gate.redeem(here.review.id, here.action, Again(here.action))
    assert isinstance(answer, Held)
    assert here.office.desk.why_not(here.review, OLIVIA)
    assert (actor.owner, actor.made_by) == (OLIVIA, REMY)


# -- credentials that are over ----------------------------------------------------------------------------------------


async def test_who_left_and_came_back_has_nothing_from_before(tmp_path: Path) -> None:
    """An id may be given to another human: keys, sessions, passkeys, delegations and accounts don't come with it."""
    async with house(tmp_path) as here:
        key = await key_of(here.office, "dana", "dana")
        here.people.claim_link(here.people.begin_link(DANA, "sso"), "sso", "sub-old-dana", "dana of before")
        await here.people.confirm_link(DANA, "sso", "sub-old-dana")
        until = here.office.clock.now() + timedelta(days=2)
        await here.people.delegate(DANA, REMY, OFFICERS, until)
        async with signed_in(here.app, here.office, "dana") as client:
            await here.people.remove_person(DANA, "test")
            await back(here.people, DANA)
            assert here.people.directory.person(DANA) is not None
            assert (await client.get("/api/whoami")).status_code == 401
        with pytest.raises(AuthenticationFailed):
            here.office.registry.authenticate(Secret(key))
        assert here.people.given(DANA) == ()
        assert here.people.person_of("sso", "sub-old-dana") is None


async def back(people: People, person: PersonId) -> None:
    """They join again; what a signed review would write."""
    await people._commit(
        people._draft(
            EntryType.IDENTITY_CHANGED,
            {"what": "person_added", "subject": person, "by": "test", "name": "Another", "review": ENTROPY.uuid7()},
            person,
        )
    )
