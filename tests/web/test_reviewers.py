"""What reviewers see and do besides voting: sight, narrowing, talk, broken glass, hidden values, batches, grants."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office, content, rich
from tests.web.reviewing import AUDITORS, GLASS

from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.person import Person
from interlock.model.review import Review, ReviewState
from interlock.web.console.batches import MAX_BATCH

HOSTILE = "</blockquote><script>alert(1)</script>\u202e http://evil.test"


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes to `action`."""
    form = page[page.index(f'action="{action}"') :]
    return dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form[: form.index("</form>")]))


def joins(office: Office, person: str, *groups: GroupName) -> None:
    known = office.registry.people.get(PersonId(person)) or Person(PersonId(person), person.title(), frozenset())
    office.registry.people[known.id] = replace(known, groups=known.groups | set(groups))


def glazed(office: Office, review: Review) -> Review:
    """The review with glass that members of on-call may break."""
    asked = replace(review.requirements, break_glass=frozenset({GLASS}))
    office.desk.held[review.id] = replace(review, requirements=asked)
    return office.desk.held[review.id]


async def csrf_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/api/whoami")).json()["csrf"])


# -- who sees ---------------------------------------------------------------------------------------------------------


async def test_whoever_has_no_part_in_a_review_is_told_that_there_is_none(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    gone = "0192f0c1-0000-7000-8000-0000000000ff"
    client = await sign_in("sam")
    assert review.id not in (await client.get("/")).text
    assert (await client.get("/api/reviews")).json()["reviews"] == []
    for path in ("/reviews/{}", "/reviews/{}/alike", "/api/reviews/{}"):
        real, unreal = await client.get(path.format(review.id)), await client.get(path.format(gone))
        assert (real.status_code, unreal.status_code) == (404, 404)
        assert real.text.replace(review.id, gone) == unreal.text
    form = {"csrf": await csrf_of(client), "action_digest": review.digest, "card_digest": review.card_digest}
    posts = {
        "votes": {"verdict": "approve"},
        "narrowing": {"row_cap": "1"},
        "comments": {"kind": "comment", "text": "x"},
        "break-glass": {"reason": "x" * 30},
        "afterwards": {"justified": "true"},
        "leaves": {"leaf": "0.0"},
    }
    for name, more in posts.items():
        assert (await client.post(f"/reviews/{review.id}/{name}", data={**form, **more})).status_code == 404, name
    assert (office.desk.cast, office.desk.said, office.desk.narrowings, office.desk.showing) == ([], [], [], [])
    assert ("may not see it") in {because for _, _, because in office.desk.refused}


async def test_auditors_read_and_sign_nothing(office: Office, sign_in: SignIn) -> None:
    joins(office, "sam", AUDITORS)
    review = office.desk.open(content())
    page = (await (await sign_in("sam")).get(f"/reviews/{review.id}")).text
    assert "public.patients" in page
    assert 'name="verdict"' not in page and "/narrowing" not in page and 'name="leaf"' not in page


# -- narrowing --------------------------------------------------------------------------------------------------------


async def test_narrowing_makes_another_card_that_is_then_signed(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(rich(cappable=True))
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{review.id}")).text
    form = fields(page, f"/reviews/{review.id}/narrowing")
    assert 'name="row_cap" type="number" min="0" max="1000"' in page
    sent = {**form, "row_cap": "10", "valid_minutes": "5"}  # the one reveal isn't ticked any more
    answer = await client.post(f"/reviews/{review.id}/narrowing", data=sent)
    assert answer.status_code == 303
    [terms] = office.desk.narrowings
    assert (terms.row_cap, terms.reveals, terms.valid) == (10, frozenset(), timedelta(minutes=5))
    after = (await client.get(f"/reviews/{review.id}")).text
    assert "priya took something away" in after and "at most 10 rows" in after
    stale = await client.post(f"/reviews/{review.id}/votes", data={**form, "verdict": "approve"})
    assert stale.status_code == 409 and "another card" in stale.text
    fresh = fields(after, f"/reviews/{review.id}/votes")
    assert (await client.post(f"/reviews/{review.id}/votes", data={**fresh, "verdict": "approve"})).status_code == 303
    assert office.desk.held[review.id].state is ReviewState.APPROVED


@pytest.mark.parametrize(
    ("terms", "cappable", "code"),
    [
        ({"row_cap": "1001", "keep": "0"}, True, "not_narrower"),
        ({"row_cap": "10", "keep": "0"}, False, "not_narrower"),
        ({"valid_minutes": "11", "keep": "0"}, True, "not_narrower"),
        ({"row_cap": "1000", "valid_minutes": "10", "keep": "0"}, True, "nothing_narrowed"),
    ],
)
async def test_narrowing_never_adds(
    office: Office, sign_in: SignIn, terms: dict[str, str], cappable: bool, code: str
) -> None:
    review = office.desk.open(rich(cappable=cappable))
    client = await sign_in("priya")
    form = fields((await client.get(f"/reviews/{review.id}")).text, f"/reviews/{review.id}/narrowing")
    answer = await client.post(f"/reviews/{review.id}/narrowing", data={**form, **terms})
    assert answer.status_code == 422
    assert ("only be made" in answer.text) == (code == "not_narrower")
    assert office.desk.narrowings == []


# -- what is said -----------------------------------------------------------------------------------------------------


async def test_a_question_and_its_answer_are_text_and_nothing_else(office: Office, sign_in: SignIn, by: By) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    form = {"csrf": await csrf_of(client), "kind": "question", "text": HOSTILE}
    assert (await client.post(f"/reviews/{review.id}/comments", data=form)).status_code == 303
    agent = by("agent-key")
    [asked] = (await agent.get(f"/api/reviews/{review.id}")).json()["questions"]
    assert (asked["who"], asked["kind"]) == ("a reviewer", "question")
    said = {"kind": "answer", "text": HOSTILE}
    assert (await agent.post(f"/api/reviews/{review.id}/comments", json=said)).status_code == 200
    page = (await client.get(f"/reviews/{review.id}")).text
    assert "<script>alert" not in page and "\u202e" not in page and "evil.test</a>" not in page
    assert page.count("&lt;script&gt;alert(1)") == 2
    assert "unverified text" in page[page.index('class="answer"') :][:400]


@pytest.mark.parametrize(
    ("key", "kind", "status"),
    [
        ("agent-key", "comment", 403),
        ("agent-key", "question", 403),
        ("other-agent-key", "answer", 404),
        ("owen-key", "answer", 403),
        ("owen-key", "comment", 200),
        ("operator-token", "comment", 403),
    ],
)
async def test_who_may_say_what(office: Office, by: By, key: str, kind: str, status: int) -> None:
    review = office.desk.open(content())
    answer = await by(key).post(f"/api/reviews/{review.id}/comments", json={"kind": kind, "text": "x"})
    assert answer.status_code == status
    assert len(office.desk.said) == (status == 200)


async def test_nobody_answers_for_the_asker_in_the_console(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    form = {"csrf": await csrf_of(client), "kind": "answer", "text": "It is fine."}
    assert (await client.post(f"/reviews/{review.id}/comments", data=form)).status_code == 403
    assert office.desk.said == []


# -- broken glass -----------------------------------------------------------------------------------------------------


async def test_breaking_the_glass_is_loud_until_somebody_else_has_looked(office: Office, sign_in: SignIn) -> None:
    joins(office, "sam", GLASS)
    review = glazed(office, office.desk.open(content()))
    client = await sign_in("sam")
    page = (await client.get(f"/reviews/{review.id}")).text
    form = fields(page, f"/reviews/{review.id}/break-glass")
    short = await client.post(f"/reviews/{review.id}/break-glass", data={**form, "reason": "too short"})
    assert short.status_code == 422 and office.desk.glass == {}
    reason = "The registry feed is down and patients wait."
    assert (await client.post(f"/reviews/{review.id}/break-glass", data={**form, "reason": reason})).status_code == 303
    assert "Look at the broken glass" not in (await client.get(f"/reviews/{review.id}")).text
    for path in ("/", "/grants", f"/reviews/{review.id}"):
        assert "The glass was broken" in (await client.get(path)).text, path
    own = {"csrf": form["csrf"], "justified": "true"}
    assert (await client.post(f"/reviews/{review.id}/afterwards", data=own)).status_code == 403

    other = await sign_in("priya")
    page = (await other.get(f"/reviews/{review.id}")).text
    form = fields(page, f"/reviews/{review.id}/afterwards")
    looked = await other.post(f"/reviews/{review.id}/afterwards", data={**form, "justified": "false"})
    assert looked.status_code == 303
    page = (await other.get(f"/reviews/{review.id}")).text
    assert "The glass was broken" not in page and "it was not justified" in page


async def test_the_glass_is_offered_to_nobody_else(office: Office, sign_in: SignIn) -> None:
    review = glazed(office, office.desk.open(content()))
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{review.id}")).text
    assert "/break-glass" not in page
    form = fields(page, f"/reviews/{review.id}/votes")
    answer = await client.post(f"/reviews/{review.id}/break-glass", data={**form, "reason": "x" * 30})
    assert answer.status_code == 403 and office.desk.glass == {}


# -- hidden values ----------------------------------------------------------------------------------------------------


async def test_a_hidden_value_is_shown_on_a_page_of_its_own_and_nowhere_else(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{review.id}")).text
    assert re.findall(r'name="leaf" value="([^"]+)"', page) == ["0.0", "0.1", "0.2"]  # the shown one has no button
    assert (await client.get(f"/reviews/{review.id}/leaves")).status_code == 405
    answer = await client.post(f"/reviews/{review.id}/leaves", data={"csrf": await csrf_of(client), "leaf": "0.1"})
    assert answer.status_code == 200 and "MRN-0042" in answer.text and "It was recorded" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "location" not in answer.headers and "MRN-0042" not in str(answer.url)
    assert office.desk.showing == [(review.id, "priya", 0, 1)]
    assert "MRN-0042" not in (await client.get(f"/reviews/{review.id}")).text


async def test_a_hidden_value_needs_the_right_and_the_csrf_token(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("owen")
    assert 'name="leaf"' not in (await client.get(f"/reviews/{review.id}")).text
    refused = await client.post(f"/reviews/{review.id}/leaves", data={"csrf": await csrf_of(client), "leaf": "0.0"})
    assert refused.status_code == 403 and "MRN-0042" not in refused.text
    client = await sign_in("priya")
    forged = await client.post(f"/reviews/{review.id}/leaves", data={"csrf": "0" * 64, "leaf": "0.0"})
    assert forged.status_code == 403 and office.desk.showing == []


# -- alike requests ---------------------------------------------------------------------------------------------------


def alike(office: Office, count: int) -> list[Review]:
    """Requests that differ in their leaves and reasons only."""
    made = []
    for number in range(count):
        card = content(reason_given=f"part {number}", action=f"0192f0c1-0000-7000-9000-{number:012x}")
        card["statements"][0]["leaves"][3] = {**card["statements"][0]["leaves"][3], "shown": f"50{number}"}
        made.append(office.desk.open(card))
    return made


async def test_alike_requests_share_a_row_and_a_page_with_every_leaf(office: Office, sign_in: SignIn) -> None:
    found = alike(office, 3)
    other = office.desk.open(content(unbounded=True))
    elsewhere = office.desk.open(content(connection={"name": "lab", "environment": "test", "tags": []}))
    office.desk.held[elsewhere.id] = replace(elsewhere, connection=ConnectionName("lab"))
    client = await sign_in("priya")
    inbox = (await client.get("/")).text
    assert inbox.count('class="row-link"') == 3 and "3 alike: decide together" in inbox
    page = (await client.get(f"/reviews/{found[0].id}/alike")).text
    members = re.findall(r'name="member" value="([^"]+)"', page)
    assert members == [f"{r.id}:{r.digest}:{r.card_digest}" for r in found]
    assert "checked" not in page
    for number in range(3):
        assert f"50{number}" in page and f"part {number}" in page
    assert other.id not in page and elsewhere.id not in page

    ticked = [*members[:2], members[1]]
    form = {"csrf": await csrf_of(client), "verdict": "approve", "reason": "both read", "member": ticked}
    result = await client.post("/batches", data=form)
    assert result.status_code == 200 and result.text.count("Your vote counts.") == 2
    assert [v.review for v in office.desk.cast] == [found[0].id, found[1].id]
    assert [(v.action_digest, v.card_digest) for v in office.desk.cast] == [
        (r.digest, r.card_digest) for r in found[:2]
    ]
    assert office.desk.held[found[2].id].state is ReviewState.PENDING


async def test_one_vote_of_a_batch_that_does_not_count_stops_no_other(office: Office, sign_in: SignIn) -> None:
    found = alike(office, 3)
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{found[0].id}/alike")).text
    members = re.findall(r'name="member" value="([^"]+)"', page)
    office.desk.move(found[0].id, ReviewState.WITHDRAWN)
    swapped = f"{found[1].id}:{found[2].digest}:{found[2].card_digest}"
    form = {"csrf": await csrf_of(client), "verdict": "approve", "member": [members[0], swapped, members[2]]}
    result = html.unescape((await client.post("/batches", data=form)).text)
    assert result.count("Your vote didn't count") == 2 and result.count("Your vote counts.") == 1
    assert [v.review for v in office.desk.cast] == [found[2].id]


async def test_a_batch_has_a_limit_and_nothing_ticked_is_nothing_sent(office: Office, sign_in: SignIn) -> None:
    found = alike(office, 2)
    client = await sign_in("priya")
    csrf = await csrf_of(client)
    member = f"{found[0].id}:{found[0].digest}:{found[0].card_digest}"
    many = [member] * (MAX_BATCH + 1)
    assert (await client.post("/batches", data={"csrf": csrf, "verdict": "deny", "member": many})).status_code == 422
    none = await client.post("/batches", data={"csrf": csrf, "verdict": "approve"})
    assert none.status_code == 200 and "Nothing was ticked" in none.text
    assert office.desk.cast == []


# -- approvals, history, the inbox ------------------------------------------------------------------------------------


async def test_an_approval_can_be_revoked_while_it_is_good(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    form = fields((await client.get(f"/reviews/{review.id}")).text, f"/reviews/{review.id}/votes")
    await client.post(f"/reviews/{review.id}/votes", data={**form, "verdict": "approve"})
    page = (await client.get("/grants")).text
    assert "signed by <bdi>priya</bdi>" in page and "1 run is left" in page
    form = fields(page, f"/reviews/{review.id}/votes")
    assert (await client.post(f"/reviews/{review.id}/votes", data={**form, "verdict": "deny"})).status_code == 303
    assert office.desk.held[review.id].state is ReviewState.DENIED
    assert "No approval is good" in (await client.get("/grants")).text


async def test_history_shows_earlier_requests_of_the_form_that_i_may_see(office: Office, sign_in: SignIn) -> None:
    first = office.desk.open(content())
    hidden = office.desk.open(content())
    office.desk.held[hidden.id] = replace(hidden, excluded=frozenset({PersonId("nobody")}))
    client = await sign_in("priya")
    form = fields((await client.get(f"/reviews/{first.id}")).text, f"/reviews/{first.id}/votes")
    await client.post(f"/reviews/{first.id}/votes", data={**form, "verdict": "deny"})
    office.clock.pass_time(timedelta(minutes=1))
    now = office.desk.open(content())
    page = (await client.get(f"/reviews/{now.id}")).text
    earlier = page[page.index('id="earlier"') :]
    assert f'href="/reviews/{first.id}"' in earlier and "<bdi>priya</bdi></strong> denied" in earlier
    for each in (first, now):
        office.desk.held[each.id] = replace(office.desk.held[each.id], excluded=frozenset({PersonId("sam")}))
    theirs = (await (await sign_in("sam")).get(f"/reviews/{now.id}")).text
    assert f'href="/reviews/{first.id}"' in theirs and hidden.id not in theirs


async def test_a_thousand_reviews_unseal_no_more_than_is_shown_and_that_once(office: Office, sign_in: SignIn) -> None:
    for number in range(1000):
        office.desk.open(content(), actor=f"agent-{number % 100}")
    client = await sign_in("priya")
    await client.get("/")
    assert office.desk.unsealed == 60
    await client.get("/")
    assert office.desk.unsealed == 60


async def test_a_login_that_is_too_old_is_told_how_to_sign_in_again(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    review = office.desk.open(content())
    told = "interlock console link priya"
    assert told not in (await client.get(f"/reviews/{review.id}")).text
    office.clock.pass_time(timedelta(hours=1, seconds=1))
    review = office.desk.open(content())
    for path in (f"/reviews/{review.id}", f"/reviews/{review.id}/alike"):
        assert told in (await client.get(path)).text
