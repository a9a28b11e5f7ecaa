"""The API: who may read, who may vote, how refusals look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office, content

from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"


def ballot(review: Review, verdict: str = "approve", **changes: Any) -> dict[str, Any]:
    return {"verdict": verdict, "action_digest": review.digest, "card_digest": review.card_digest, **changes}


@pytest.fixture
def review(office: Office) -> Review:
    return office.desk.open(content())


# -- who is calling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic cHJpeWE6eA==", "Bearer é", "Bearer " + "a" * 600]
)
async def test_nobody_gets_in_without_a_credential(browser: httpx.AsyncClient, header: str) -> None:
    headers = [(b"authorization", header.encode())] if header else []
    answer = await browser.get("/api/reviews", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code", "sentence"}


@pytest.mark.parametrize(
    ("token", "kind", "may_vote"),
    [("agent-key", "agent", False), ("service-key", "service", False), ("priya-key", "person", False)],
)
async def test_whoami_by_key(by: By, token: str, kind: str, may_vote: bool) -> None:
    told = (await by(token).get("/api/whoami")).json()
    assert (told["kind"], told["may_vote"], told["by"]) == (kind, may_vote, "key")


async def test_whoami_by_console_and_operator(by: By, sign_in: SignIn) -> None:
    told = (await (await sign_in("priya")).get("/api/whoami")).json()
    assert (told["kind"], told["by"], told["may_vote"], told["name"]) == ("person", "console", True, "Priya Raman")
    told = (await by("operator-token").get("/api/whoami")).json()
    assert (told["kind"], told["may_vote"]) == ("operator", False)


async def test_a_bearer_token_wins_over_a_cookie(sign_in: SignIn) -> None:
    client = await sign_in("priya")
    told = (await client.get("/api/whoami", headers={"Authorization": "Bearer agent-key"})).json()
    assert told["kind"] == "agent"
    assert (await client.get("/api/whoami", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_a_person_taken_out_of_the_settings_is_out_at_once(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    del office.registry.people[next(p for p in office.registry.people if p == "priya")]
    assert (await client.get("/api/whoami")).status_code == 401


async def test_too_many_requests_of_one_caller_are_refused(by: By) -> None:
    hasty = by("agent-key")
    codes = {(await hasty.get("/api/whoami")).status_code for _ in range(130)}
    assert codes == {200, 429}
    assert (await by("priya-key").get("/api/whoami")).status_code == 200


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_people_see_the_whole_card_with_both_digests(by: By, review: Review) -> None:
    told = (await by("priya-key").get(f"/api/reviews/{review.id}")).json()
    assert told["card"]["content"] == content()
    assert (told["card"]["action_digest"], told["card"]["card_digest"]) == (review.digest, review.card_digest)
    assert (told["card"]["whole"], told["may_sign"], told["why_not"]) == (True, True, None)
    told = (await by("owen-key").get(f"/api/reviews/{review.id}")).json()
    assert (told["may_sign"], told["why_not"]) == (False, "you are part of the request")


async def test_an_agent_sees_how_its_own_review_stands_and_nothing_else(office: Office, by: By, review: Review) -> None:
    told = (await by("agent-key").get(f"/api/reviews/{review.id}")).json()
    assert told["state"] == "pending"
    assert told["reasons"] == ["PHI would leave the database"]
    assert set(told) == {
        "view", "id", "state", "action_digest", "labels", "reasons", "opened_at", "expires_at", "approved_until",
        "narrowed", "row_cap", "questions", "wait",
    }  # fmt: skip
    other = by("other-agent-key")
    assert (await other.get(f"/api/reviews/{review.id}")).status_code == 404
    assert (await other.get("/api/reviews")).json() == {"reviews": [], "next": None}
    assert [r["id"] for r in (await by("agent-key").get("/api/reviews")).json()["reviews"]] == [review.id]


async def test_the_operator_reads_no_reviews(by: By, review: Review) -> None:
    for path in ("/api/reviews", f"/api/reviews/{review.id}", "/api/events"):
        answer = await by("operator-token").get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "people_only")


async def test_lists_are_filtered_and_bounded(office: Office, by: By) -> None:
    first, second = office.desk.open(content()), office.desk.open(content())
    office.desk.move(first.id, ReviewState.EXPIRED)
    client = by("priya-key")

    async def ids(query: str) -> list[str]:
        return [r["review"]["id"] for r in (await client.get(f"/api/reviews{query}")).json()["reviews"]]

    assert await ids("") == [second.id, first.id]
    assert await ids("?state=expired") == [first.id]
    assert await ids("?state=expired&state=pending") == [second.id, first.id]
    assert await ids("?limit=1") == [second.id]
    for query in ("?limit=0", "?limit=100000", "?state=nonsense"):
        answer = await client.get(f"/api/reviews{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("name", ["0192f0c1-0000-7000-8000-00000000ffff", "x", "..%2f..%2fetc", "'; DROP TABLE r"])
async def test_a_review_that_is_not_there(by: By, name: str) -> None:
    answer = await by("priya-key").get(f"/api/reviews/{name}")
    assert answer.status_code in (404, 422)
    assert "DROP" not in answer.text


# -- voting -----------------------------------------------------------------------------------------------------------


async def test_a_vote_from_the_console_counts(office: Office, sign_in: SignIn, review: Review) -> None:
    client = await sign_in("priya")
    csrf = (await client.get("/api/whoami")).json()["csrf"]
    answer = await client.post(
        f"/api/reviews/{review.id}/votes", json=ballot(review), headers={"X-Interlock-CSRF": csrf}
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    [vote] = office.desk.cast
    assert (vote.person, vote.presence.value, vote.key) == ("priya", "console", "link-priya")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "csrf"),
        ({"X-Interlock-CSRF": "0" * 64}, "csrf"),
        ({"X-Interlock-CSRF": "right", "Origin": "https://evil.test"}, "wrong_origin"),
        ({"X-Interlock-CSRF": "right", "Origin": "null"}, "wrong_origin"),
        ({"X-Interlock-CSRF": "right", "Origin": "https://interlock.test:8443"}, "wrong_origin"),
        ({"X-Interlock-CSRF": "right", "Origin": "http://interlock.test"}, "wrong_origin"),
    ],
)
async def test_a_cookie_alone_is_not_enough(
    office: Office, sign_in: SignIn, review: Review, headers: dict[str, str], code: str
) -> None:
    client = await sign_in("priya")
    csrf = (await client.get("/api/whoami")).json()["csrf"]
    sent = {name: csrf if value == "right" else value for name, value in headers.items()}
    answer = await client.post(f"/api/reviews/{review.id}/votes", json=ballot(review), headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert office.desk.cast == []


async def test_a_persons_key_counts_only_where_that_is_declared_unsafe(office: Office, by: By, review: Review) -> None:
    answer = await by("priya-key").post(f"/api/reviews/{review.id}/votes", json=ballot(review))
    assert (answer.status_code, answer.json()["code"]) == (403, "token_votes_off")
    assert answer.json()["review"] == review.id
    assert office.desk.cast == []
    assert office.desk.refused == [(review.id, "person/priya", "token_votes_off")]

    unsafe = Office(unsafe_token_votes=True)
    held = unsafe.desk.open(content())
    transport = httpx.ASGITransport(app=unsafe.app)
    async with httpx.AsyncClient(transport=transport, base_url=unsafe.public_url) as client:
        answer = await client.post(
            f"/api/reviews/{held.id}/votes", json=ballot(held), headers={"Authorization": "Bearer priya-key"}
        )
    assert answer.status_code == 200
    assert [v.presence.value for v in unsafe.desk.cast] == ["token"]


@pytest.mark.parametrize(
    ("token", "who"),
    [("agent-key", "agent/etl-agent"), ("service-key", "service/nightly"), ("operator-token", "operator")],
)
@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("body", [None, {"verdict": "nonsense"}])
async def test_agents_services_and_the_operator_never_vote_and_it_is_recorded(
    token: str, who: str, unsafe: bool, body: dict[str, Any] | None
) -> None:
    office = Office(unsafe_token_votes=unsafe)
    review = office.desk.open(content())
    transport = httpx.ASGITransport(app=office.app)
    async with httpx.AsyncClient(transport=transport, base_url=office.public_url) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        answer = await client.post(f"/api/reviews/{review.id}/votes", json=body or ballot(review))
    assert (answer.status_code, answer.json()["code"]) == (403, "agents_never_vote")
    assert office.desk.cast == []
    assert office.desk.refused == [(review.id, who, "agents_never_vote")]


async def test_an_agent_can_neither_fill_the_ledger_with_refusals_nor_probe_for_reviews(
    office: Office, by: By, review: Review
) -> None:
    agent = by("other-agent-key")
    missing = "0192f0c1-0000-7000-8000-00000000ffff"
    told = [(await agent.post(f"/api/reviews/{r}/votes", json={})).json()["code"] for r in (review.id, missing)]
    assert told == ["agents_never_vote"] * 2
    assert [r for r, _, _ in office.desk.refused] == [review.id]
    codes = [(await agent.post(f"/api/reviews/{review.id}/votes", json={})).status_code for _ in range(20)]
    assert codes[-1] == 429
    assert len(office.desk.refused) < 12


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"action_digest": "0" * 64}, 409, "conflict"),
        ({"card_digest": "0" * 64}, 409, "conflict"),
        ({"card_digest": "short"}, 422, "malformed"),
        ({"verdict": "maybe"}, 422, "malformed"),
        ({"reason": "x" * 2001}, 422, "malformed"),
        ({"surprise": 1}, 422, "malformed"),
    ],
)
async def test_a_vote_for_anything_else_than_what_was_shown_does_not_count(
    change: dict[str, Any], status: int, code: str
) -> None:
    office = Office(unsafe_token_votes=True)
    review = office.desk.open(content())
    transport = httpx.ASGITransport(app=office.app)
    async with httpx.AsyncClient(transport=transport, base_url=office.public_url) as client:
        client.headers["Authorization"] = "Bearer priya-key"
        answer = await client.post(f"/api/reviews/{review.id}/votes", json=ballot(review, **change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert office.desk.cast == []


async def test_a_card_that_is_not_whole_can_be_denied_and_not_approved(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content(surprise="something new"))
    client = await sign_in("priya")
    headers = {"X-Interlock-CSRF": (await client.get("/api/whoami")).json()["csrf"]}
    answer = await client.post(f"/api/reviews/{review.id}/votes", json=ballot(review), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "card_not_whole")
    assert office.desk.refused == [(review.id, "priya", "the card can't be shown whole")]
    answer = await client.post(f"/api/reviews/{review.id}/votes", json=ballot(review, "deny"), headers=headers)
    assert answer.json()["state"] == "denied"


async def test_only_the_asker_withdraws(office: Office, by: By, sign_in: SignIn, review: Review) -> None:
    path = f"/api/reviews/{review.id}/withdraw"
    assert (await by("other-agent-key").post(path)).status_code == 404
    assert (await by("priya-key").post(path)).json()["code"] == "asker_only"
    assert (await by("operator-token").post(path)).json()["code"] == "asker_only"
    assert office.desk.held[review.id].state is ReviewState.PENDING
    assert (await by("agent-key").post(path)).json()["state"] == "withdrawn"
    assert (await by("agent-key").post(path)).status_code == 409


# -- the operator -----------------------------------------------------------------------------------------------------


async def test_the_operator_makes_keys_and_links(office: Office, by: By) -> None:
    client = by("operator-token")
    body = {"holder": "etl-agent", "made_by": "owen", "expires_in_seconds": 3600}
    answer = await client.post("/api/operator/keys", json=body)
    made = {"key": "key-1", "token": "secret-1", "owner_awaited": None}
    assert (answer.status_code, answer.json()) == (201, made)
    assert office.registry.issued == [("etl-agent", "owen", timedelta(hours=1))]
    awaited = await client.post("/api/operator/keys", json={**body, "holder": "other-agent"})
    assert awaited.json()["owner_awaited"] == "owen"
    url = (await client.post("/api/operator/sign-in-links", json={"person": "priya"})).json()["url"]
    assert url.startswith("https://interlock.test/sign-in?token=")
    assert url.rpartition("=")[2] in office.registry.links
    assert (await client.post("/api/operator/keys", json={**body, "holder": "nobody"})).status_code == 404
    assert (await client.post("/api/operator/keys", json={**body, "expires_in_seconds": 1})).status_code == 422


async def test_the_operator_revokes_a_key_and_says_why(office: Office, by: By) -> None:
    client, path = by("operator-token"), "/api/operator/keys/key-etl-agent/revoke"
    for because in ("", "  ", "two\nlines", "x" * 201):
        assert (await client.post(path, json={"because": because})).status_code == 422
    assert (await client.post(path, json={})).status_code == 422
    assert office.registry.revoked == []
    answer = await client.post(path, json={"because": "The laptop was lost."})
    assert (answer.status_code, answer.json()) == (200, {"key": "key-etl-agent"})
    assert office.registry.revoked == [("key-etl-agent", "operator", "The laptop was lost.")]
    assert (await by("agent-key").get("/api/whoami")).status_code == 401
    assert (await client.post(path, json={"because": "again"})).status_code == 404


async def test_a_whole_key_isnt_taken_for_its_id(office: Office, by: By) -> None:
    answer = await by("operator-token").post("/api/operator/keys/ilk_ab_canary/revoke", json={"because": "x"})
    assert answer.status_code == 422
    assert "canary" not in answer.text


@pytest.mark.parametrize("token", ["agent-key", "priya-key"])
async def test_nobody_else_does(office: Office, by: By, token: str) -> None:
    for path in ("/api/operator/keys", "/api/operator/sign-in-links"):
        answer = await by(token).post(path, json={"holder": "etl-agent", "made_by": "owen", "person": "priya"})
        assert (answer.status_code, answer.json()["code"]) == (403, "operator_only")
    answer = await by(token).post("/api/operator/keys/key-owen/revoke", json={"because": "x"})
    assert (answer.status_code, office.registry.revoked) == (403, [])
    assert (office.registry.issued, office.registry.links) == ([], {})


# -- the description --------------------------------------------------------------------------------------------------


async def test_the_reference_page_names_every_path_code_and_field(browser: httpx.AsyncClient) -> None:
    described = (await browser.get("/api/openapi.json")).json()
    page = REFERENCE.read_text()
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page
    for field in content():
        assert f"`{field}`" in page


async def test_ids_are_typed(office: Office, by: By, review: Review) -> None:
    assert (await by("priya-key").get(f"/api/reviews/{ReviewId(review.id.upper())}")).status_code == 422
