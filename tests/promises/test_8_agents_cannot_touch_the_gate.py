"""Promise 8: no credential of an agent or service votes or changes anything; nor does a row written into the store."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.a_rulebook import rulebook
from tests.an_office import (
    ACTORS,
    AGENTS,
    DIRECTORY,
    OPERATOR_TOKEN,
    POLICY,
    TWO_OFFICERS,
    Again,
    Office,
    bundle,
    export,
    office,
)
from tests.postgres_fixture import Database
from tests.promises.a_control_port import ballot, caller, control, key_of, signed_in
from tests.promises.a_served_gateway import served
from tests.promises.canaries import TABLE
from tests.stores.a_store import write_raw

from interlock.errors import (
    AuthenticationFailed,
    InterlockError,
    LedgerCorrupt,
    NotFound,
    PolicyMistakes,
    UpstreamFailed,
)
from interlock.gate import Cleared, Held
from interlock.identity import keys
from interlock.identity.directory import Directory
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.names import ActorId, PersonId, ReviewId
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.model.settings import AgentSettings
from interlock.web.allowed import CallerKind, named_callers
from interlock.web.callers import CSRF_HEADER
from interlock.web.session import COOKIE

LOADER = AgentSettings(ActorId("loader"), ActorKind.SERVICE, PersonId("olivia"), frozenset({AGENTS}))
EVERYBODY = Directory(DIRECTORY.people, {**ACTORS, LOADER.id: LOADER})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened.with_directory(EVERYBODY)


async def held(desk: Office, agent: Actor, text: str = "COPY patients TO STDOUT") -> tuple[Review, Action]:
    """A pending review and what asked for it."""
    action = export(agent, text)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review, action


# -- the API ----------------------------------------------------------------------------------------------------------

FORM = {"verdict": "approve", "action_digest": "0" * 64, "card_digest": "0" * 64, "csrf": "x", "token": "x"}
BODIES = {  # what is sent to a route, where it isn't an empty object
    ("POST", "/api/reviews/{review}/votes"): "json",
    ("POST", "/api/reviews/{review}/withdraw"): "none",
    ("POST", "/api/bundles"): {"sources": {"policy.cedar": POLICY}},
    ("POST", "/api/operator/keys"): {"holder": "etl", "made_by": "dana"},
    ("POST", "/api/operator/keys/{key}/revoke"): {"because": "lost"},
    ("POST", "/api/operator/sign-in-links"): {"person": "dana"},
}
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Which routes change nothing but what needs no credential to begin: a sign-in, and asking to be let in.
# Calls of channels' services prove themselves, by a signature or a token of the service.
OPEN = frozenset(
    {
        "/sign-in",
        "/sign-out",
        "/api/device/authorize",
        "/api/device/token",
        "/channels/{channel}",
        "/channels/callback/{name}",
    }
)
# What callers ask who enforce the answers themselves: each about its own requests.
ASKING = frozenset({"evaluation", "evaluations", "requests", "requests/{task}", "requests/{task}/cancel", "outcomes"})


def _routes(app: object) -> dict[tuple[str, str], frozenset[str]]:
    """Every method and path, with the kinds of caller that it names."""
    found: dict[tuple[str, str], frozenset[str]] = {}

    def walk(routes: object) -> None:
        assert isinstance(routes, list)
        for route in routes:
            if isinstance(route, APIRoute):
                found.update({(m, route.path): frozenset(named_callers(route)) for m in route.methods or ()})
            elif hasattr(route, "original_router"):
                walk(route.original_router.routes)

    walk(app.routes)  # type: ignore[attr-defined]
    return found


def _mutating(app: object) -> dict[tuple[str, str], frozenset[str]]:
    return {route: kinds for route, kinds in _routes(app).items() if route[0] not in READS}


async def test_every_route_that_changes_something_names_who_may_call_it(desk: Office) -> None:
    found = _mutating(control(desk))
    assert found.keys() >= BODIES.keys()
    assert {path for (_, path), kinds in found.items() if CallerKind.ANYONE in kinds} == OPEN
    assert all(found.values())


def test_no_agent_s_or_service_s_credential_is_named_for_anything_but_its_own_requests(desk: Office) -> None:
    theirs = {CallerKind.AGENT, CallerKind.SERVICE}
    found = {path for (_, path), kinds in _mutating(control(desk)).items() if kinds & theirs}
    own = {f"/api/reviews/{{review}}/{what}" for what in ("withdraw", "comments", "callback")}
    assert found == own | {f"/access/v1/{what}" for what in ASKING}


async def _send(client: httpx.AsyncClient, desk: Office, review: Review, method: str, path: str) -> httpx.Response:
    sent = BODIES.get((method, path), {} if path.startswith(("/api", "/scim")) else "form")
    to = re.sub(r"\{\w+\}", "x", path.replace("{review}", review.id).replace("{key}", "0123456789abcdef"))
    looked = await ballot(desk, review)
    if sent == "json":
        return await client.request(method, to, json=looked)
    if sent == "form":
        return await client.request(method, to, data={**FORM, **looked})
    return await client.request(method, to, json=sent if isinstance(sent, dict) else None)


@pytest.mark.parametrize("who", ["agent", "other agent", "service", "operator", "nobody", "person", "stranger", "old"])
async def test_no_credential_but_a_console_session_moves_anything(desk: Office, who: str) -> None:
    review, _ = await held(desk, await desk.agent())
    tokens = {
        "agent": await key_of(desk, "etl"),
        "other agent": await key_of(desk, "other"),
        "service": await key_of(desk, "loader"),
        "operator": OPERATOR_TOKEN,
        "nobody": None,
        "person": await key_of(desk, "dana", "dana"),  # votes by token are off
        "stranger": "ilk_0123456789abcdef_" + "a" * 43,
        "old": await key_of(desk, "dana", "dana", days=1),
    }
    desk.clock.forward(days=2 if who == "old" else 0)
    app = control(desk)
    kinds = {"agent": "agent", "other agent": "agent", "service": "service", "operator": "operator", "person": "person"}
    async with caller(app, tokens[who]) as client:
        for (method, path), named in _mutating(app).items():
            votes = path.endswith("/votes")
            if path in OPEN - {"/sign-in", "/sign-out"} or (kinds.get(who) in named and not votes):
                continue  # its own requests, and what the operator and a person's key are for: none of it is a vote
            desk.clock.forward(seconds=6)  # who guesses credentials is slowed down
            answer = await _send(client, desk, review, method, path)
            if path == "/sign-out":
                assert answer.status_code in (303, 401, 403) and COOKIE not in client.cookies
            else:
                assert answer.status_code in (401, 403, 404), (who, path, answer.text)
    assert (await desk.desk.review(review.id)).state is ReviewState.PENDING
    assert desk.authority.votes(review.id) == () and not await desk.desk.votes(review.id)


@pytest.mark.parametrize("token_votes", [False, True])
async def test_keys_of_agents_never_vote_whatever_the_settings(tmp_path: Path, token_votes: bool) -> None:
    async with office(tmp_path, token_votes=token_votes) as opened:
        desk = opened.with_directory(EVERYBODY)
        review, _ = await held(desk, await desk.agent())
        app = control(desk, token_votes=token_votes)
        for holder in ("etl", "other", "loader"):
            async with caller(app, await key_of(desk, holder)) as client:
                answer = await _send(client, desk, review, "POST", "/api/reviews/{review}/votes")
                assert (answer.status_code, answer.json()["code"]) == (403, "agents_never_vote")
        assert desk.authority.votes(review.id) == ()
        assert await refusals(desk) >= 3


async def refusals(desk: Office) -> int:
    """How many refused votes are on record."""
    return sum(b'"vote.refused"' in body for body in await desk.store.entries(0, 1000))


async def test_a_console_session_votes_and_only_from_the_console_s_pages(desk: Office) -> None:
    review, _ = await held(desk, await desk.agent())
    app = control(desk)
    async with signed_in(app, desk, "dana") as client:
        path, body = f"/api/reviews/{review.id}/votes", await ballot(desk, review)
        token = client.headers.pop(CSRF_HEADER)
        assert (await client.post(path, json=body)).status_code == 403
        client.headers[CSRF_HEADER] = token[::-1]
        assert (await client.post(path, json=body)).status_code == 403
        client.headers[CSRF_HEADER] = token
        for origin in ("https://evil.test", "http://control.test", "null", ""):
            answer = await client.post(path, json=body, headers={"Origin": origin})
            assert answer.status_code == 403
        assert desk.authority.votes(review.id) == ()
        assert (await client.post(path, json=body)).status_code == 200
    assert (await desk.desk.review(review.id)).state is ReviewState.APPROVED


async def test_a_cookie_of_one_s_own_making_is_nobody(desk: Office) -> None:
    review, _ = await held(desk, await desk.agent())
    app = control(desk)
    async with signed_in(app, desk, "dana") as client:
        cookie = client.cookies[COOKIE]
        csrf = client.headers[CSRF_HEADER]
    for forged in (cookie[:-4] + "AAAA", cookie[::-1], "dana", ""):
        async with caller(app) as client:
            client.cookies[COOKIE] = forged
            client.headers[CSRF_HEADER] = csrf
            answer = await client.post(f"/api/reviews/{review.id}/votes", json=await ballot(desk, review))
            assert answer.status_code == 401
    assert desk.authority.votes(review.id) == ()


async def test_a_sign_in_link_works_once_and_an_agent_s_key_is_none(desk: Office) -> None:
    app = control(desk)
    link = (await desk.registry.issue_sign_in(PersonId("dana"))).reveal()
    async with caller(app) as client:
        assert (await client.post("/sign-in", data={"token": await key_of(desk, "etl")})).status_code == 401
        assert (await client.post("/sign-in", data={"token": link})).status_code == 303
    async with caller(app) as client:
        assert (await client.post("/sign-in", data={"token": link})).status_code == 401
    with pytest.raises(AuthenticationFailed):
        desk.registry.authenticate(Secret(link))


# -- policy -----------------------------------------------------------------------------------------------------------


async def test_another_bundle_than_the_pinned_one_doesn_t_load(desk: Office) -> None:
    await desk.registry.adopt_bundle(bundle().digest)
    await desk.registry.adopt_bundle(bundle().digest)
    with pytest.raises(PolicyMistakes, match="in force"):
        await desk.registry.adopt_bundle(bundle(POLICY + " ").digest)


async def test_a_changed_bundle_isn_t_in_force_and_a_changed_store_doesn_t_start(
    tmp_path: Path, empty_database: Database
) -> None:
    """The real program, told to start on what somebody changed while it stood still."""
    empty_database.execute(*TABLE)
    async with served(tmp_path, empty_database, POLICY) as gateway:
        await gateway.stop()
        (tmp_path / "policy.cedar").write_text(POLICY.replace("officers:1", "officers:2"))
        await gateway.start()
        await gateway.stop()
        assert "the policy files differ from those in force" in gateway.log.read_text()
        assert [entry["d"]["how"] for entry in gateway.entries() if entry["type"] == "policy.loaded"] == ["first_start"]
        (tmp_path / "policy.cedar").write_text(POLICY)
        catalog = (tmp_path / "catalog.toml").read_text()
        (tmp_path / "catalog.toml").write_text(catalog.replace("people.ssn", "people.nothing"))
        with pytest.raises(UpstreamFailed, match="in force"):
            await gateway.start()
        (tmp_path / "catalog.toml").write_text(catalog)
        write_raw(gateway.store, "UPDATE il_entry SET body = replace(body, 'first_start', 'unsafe_pin!')")
        with pytest.raises(UpstreamFailed, match="leaf isn't the hash"):
            await gateway.start()


async def test_no_credential_but_a_person_s_key_proposes_a_bundle(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        tokens = [OPERATOR_TOKEN, "ilk_0123456789abcdef_" + "a" * 43, None]
        tokens += [await key_of(house.office, holder) for holder in ("etl", "other")]
        for token in tokens:
            answer = await house.send({"policy.cedar": TWO_OFFICERS}, token)
            assert answer.status_code in (401, 403), answer.text
        assert not await house.office.desk.reviews(None, 10)


async def test_a_bundle_that_nobody_signed_isn_t_taken_up_however_often_it_is_proposed(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        for text in (TWO_OFFICERS, POLICY + "\n", POLICY + "\n\n"):
            assert (await house.propose(text)).status_code == 201
        write_raw(tmp_path / "interlock.db", APPROVED, *_votes("dana", "remy"))
        assert await house.adoption.adopt_due() == 0
        assert house.in_force == house.digest(POLICY)
    async with rulebook(tmp_path) as again:
        assert await again.adoption.adopt_due() == 0
        assert again.in_force == again.digest(POLICY)


# -- rows written into the store --------------------------------------------------------------------------------------

LATER = "'2031-01-01T00:00:00.000000Z'"
APPROVED = f"UPDATE il_review SET state = 'approved', approved_until = {LATER}"


def _votes(*people: str) -> list[str]:
    return [
        "INSERT INTO il_vote (review, person, verdict, action_digest, card_digest, presence, key, entry, at,"
        f" sealed_reason) SELECT id, '{person}', 'approve', digest, card_digest, 'console', 'k', 'e-{person}',"
        " opened_at, x'' FROM il_review"
        for person in people
    ]


NEVER_SIGNED = {
    "state": [APPROVED],
    "state and votes": [APPROVED, *_votes("dana", "remy")],
    "released": ["UPDATE il_review SET state = 'released'"],
    "requirements": [APPROVED, "UPDATE il_review SET requirements = replace(requirements, '1', '0')"],
    "nobody excluded": [APPROVED, "UPDATE il_review SET excluded = '[]'", *_votes("olivia")],
    "digests of another": [APPROVED, f"UPDATE il_review SET digest = '{'0' * 64}', card_digest = '{'0' * 64}'"],
    "its opening": [APPROVED, "UPDATE il_review SET opened_entry = (SELECT id FROM il_entry WHERE idx = 0)"],
}


async def _released(desk: Office, review: Review, action: Action, agent: Actor | None = None) -> bool:
    """Whether anything whatever gets it released: redeeming, and asking again."""
    action = replace(action, actor=agent or action.actor)
    try:
        if isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared):
            return True
        answer = await desk.gate.ask(action)
        if isinstance(answer, Held):
            answer = await desk.gate.redeem(answer.review.id, action, Again(action))
    except InterlockError:
        return False
    return isinstance(answer, Cleared)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("forged", list(NEVER_SIGNED))
async def test_forged_rows_release_nothing(tmp_path: Path, forged: str, running: bool) -> None:
    async with office(tmp_path) as desk:
        agent = await desk.agent()
        review, action = await held(desk, agent)
        if running:
            write_raw(tmp_path / "interlock.db", *NEVER_SIGNED[forged])
            assert not await _released(desk, review, action)
    if not running:
        write_raw(tmp_path / "interlock.db", *NEVER_SIGNED[forged])
        async with office(tmp_path) as desk:
            assert not await _released(desk, review, action)


async def test_one_signature_and_a_forged_requirement_aren_t_two(tmp_path: Path) -> None:
    async with office(tmp_path, policy=TWO_OFFICERS) as desk:
        review, action = await held(desk, await desk.agent())
        await desk.vote(review, "dana")
        write_raw(
            tmp_path / "interlock.db",
            "UPDATE il_review SET requirements = replace(requirements, '2', '1')",
            APPROVED,
            *_votes("remy"),
        )
        assert not await _released(desk, review, action)


async def test_a_deny_that_was_deleted_still_denies(desk: Office, tmp_path: Path) -> None:
    review, action = await held(desk, await desk.agent())
    await desk.vote(review, "remy", Verdict.DENY)
    write_raw(tmp_path / "interlock.db", "DELETE FROM il_vote", APPROVED, *_votes("dana"))
    assert not await _released(desk, review, action)
    with pytest.raises(InterlockError):
        await desk.vote(review, "dana")


@pytest.mark.parametrize("again", [False, True])
async def test_what_was_used_isn_t_used_again(tmp_path: Path, again: bool) -> None:
    async with office(tmp_path) as desk:
        review, action = await held(desk, await desk.agent())
        await desk.vote(review, "dana")
        assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)
        if not again:
            write_raw(tmp_path / "interlock.db", APPROVED)
            assert not await _released(desk, review, action)
    if again:
        write_raw(tmp_path / "interlock.db", APPROVED)
        async with office(tmp_path) as desk:
            assert not await _released(desk, review, action)


async def test_a_withdrawn_review_stays_so(desk: Office, tmp_path: Path) -> None:
    agent = await desk.agent()
    review, action = await held(desk, agent)
    await desk.vote(review, "dana")
    second, other = await held(desk, agent, "COPY other TO STDOUT")
    await desk.desk.withdraw(second.id, agent.id)
    write_raw(tmp_path / "interlock.db", APPROVED)
    assert not await _released(desk, second, other)
    assert await _released(desk, review, action)


async def test_times_in_rows_extend_nothing(desk: Office, tmp_path: Path) -> None:
    agent = await desk.agent()
    late, never = await held(desk, agent), await held(desk, agent, "COPY never TO STDOUT")
    await desk.vote(late[0], "dana")
    write_raw(tmp_path / "interlock.db", f"UPDATE il_review SET approved_until = {LATER}, expires_at = {LATER}")
    desk.clock.forward(minutes=31)
    assert not await _released(desk, *late)
    with pytest.raises(InterlockError):
        await desk.vote(await desk.desk.review(never[0].id), "dana")
    assert not await _released(desk, *never)


@pytest.mark.parametrize("what", ["sealed_payload", "sealed_card", "both"])
async def test_seals_can_t_be_swapped(desk: Office, tmp_path: Path, what: str) -> None:
    agent = await desk.agent()
    harmless, first = await held(desk, agent, "COPY harmless TO STDOUT")
    harmful, second = await held(desk, agent, "COPY harmful TO STDOUT")
    columns = ("sealed_payload", "sealed_card") if what == "both" else (what,)
    swaps = [
        f"UPDATE il_review SET {c} = (SELECT {c} FROM il_review WHERE id = '{harmful.id}') WHERE id = '{harmless.id}'"
        for c in columns
    ]
    await desk.vote(harmless, "dana")
    write_raw(tmp_path / "interlock.db", *swaps)
    if "sealed_payload" in columns:
        with pytest.raises(LedgerCorrupt):
            await desk.gate.redeem(harmless.id, first, Again(first))
    if "sealed_card" in columns:
        with pytest.raises(LedgerCorrupt):
            await desk.desk.card(harmless.id)
    assert not await _released(desk, harmful, second)


async def test_a_review_moved_to_another_actor_isn_t_theirs(desk: Office, tmp_path: Path) -> None:
    review, action = await held(desk, await desk.agent())
    thief = await desk.agent("other")
    await desk.vote(review, "dana")
    write_raw(tmp_path / "interlock.db", "UPDATE il_review SET actor = 'other'")
    assert not await _released(desk, review, action, thief)


async def test_a_review_made_of_rows_alone_is_none(desk: Office, tmp_path: Path) -> None:
    review, action = await held(desk, await desk.agent())
    copied = "0" * 8 + review.id[8:]
    with closing(sqlite3.connect(tmp_path / "interlock.db")) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(il_review)") if row[1] not in ("id", "lookup")]
    listed = ", ".join(names)
    insert = f"INSERT INTO il_review (id, lookup, {listed}) SELECT '{copied}', x'00', {listed} FROM il_review"
    write_raw(tmp_path / "interlock.db", insert, APPROVED, *_votes("dana"))
    forged = ReviewId(copied)
    with pytest.raises(NotFound):
        await desk.desk.review(forged)
    with pytest.raises(NotFound):
        await desk.gate.redeem(forged, action, Again(action))
    assert not await _released(desk, review, action)


async def test_keys_in_rows_open_nothing(desk: Office, tmp_path: Path) -> None:
    made, presented, _ = keys.make(b"8 bytes!", b"k" * 32)
    agent = await desk.agent()
    await desk.registry.revoke_key(agent.key, PersonId("olivia"), "lost")
    write_raw(
        tmp_path / "interlock.db",
        f"INSERT INTO il_key (id, holder, state, expires_at) VALUES ('{made}', 'dana', 'live', NULL)",
        f"UPDATE il_key SET state = 'live', holder = 'dana', expires_at = NULL WHERE id = '{agent.key}'",
    )
    with pytest.raises(AuthenticationFailed):
        desk.registry.authenticate(presented)
    assert desk.registry.current(agent) is None


ENTRY = "INSERT INTO il_entry SELECT log_id, (SELECT max(idx) + 1 FROM il_entry), 'forged', leaf, body FROM il_entry"


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE il_entry SET body = replace(body, 'officers', 'owners')",
        f"{ENTRY} WHERE idx = 0",
        "DELETE FROM il_entry WHERE idx = (SELECT max(idx) FROM il_entry)",
        "DELETE FROM il_entry WHERE idx = 1",
        "UPDATE il_head SET size = size - 1",
    ],
)
async def test_a_forged_log_isn_t_opened(tmp_path: Path, forged: str) -> None:
    async with office(tmp_path) as desk:
        review, _ = await held(desk, await desk.agent())
        await desk.vote(review, "dana")
    write_raw(tmp_path / "interlock.db", forged)
    with pytest.raises(LedgerCorrupt):
        async with office(tmp_path):
            pass


async def test_a_log_forged_while_it_is_open_stops_the_writer(desk: Office, tmp_path: Path) -> None:
    review, action = await held(desk, await desk.agent())
    write_raw(tmp_path / "interlock.db", f"{ENTRY} WHERE idx = 0", APPROVED)
    assert not await _released(desk, review, action)
    await asyncio.sleep(0)
