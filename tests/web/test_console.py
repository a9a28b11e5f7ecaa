"""The console's pages, over HTTP: signing in and out, the inbox, the card, the form."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.web.conftest import SignIn
from tests.web.in_memory import DIFF, Office, change_of_policies, content, rich

from interlock.model.decision import Reuse
from interlock.model.names import PersonId
from interlock.model.review import Review, ReviewState
from interlock.web.console.inbox import MAX_LOOKED, MAX_SETTLED, MAX_SHOWN, fairly, inbox
from interlock.web.console.summaries import Summaries


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the vote's form, as a browser would send them."""
    form = page[page.index('class="panel decide"') :]
    return dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form[: form.index("</form>")]))


async def test_only_a_post_signs_in_and_only_once(office: Office, browser: httpx.AsyncClient) -> None:
    token = (await office.registry.issue_sign_in(PersonId("priya"))).reveal()
    for _ in range(3):  # link previews
        page = await browser.get("/sign-in", params={"token": token})
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    answer = await browser.post("/sign-in", data={"token": token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-interlock=")
    for attribute in ("Secure", "HttpOnly", "SameSite=strict", "Path=/", "Max-Age=28800"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert (await browser.get("/")).status_code == 200
    browser.cookies.clear()
    again = await browser.post("/sign-in", data={"token": token})
    assert again.status_code == 401
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("origin", [None, "null", "https://evil.test"])
async def test_signing_in_from_elsewhere_uses_nothing_up(
    office: Office, browser: httpx.AsyncClient, origin: str | None
) -> None:
    token = (await office.registry.issue_sign_in(PersonId("priya"))).reveal()
    del browser.headers["Origin"]
    headers = {"Origin": origin} if origin else {}
    answer = await browser.post("/sign-in", data={"token": token}, headers=headers)
    assert answer.status_code == 403
    assert token in office.registry.links


async def test_signing_out_needs_the_csrf_token(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    assert (await client.post("/sign-out", data={"csrf": "0" * 64})).status_code == 403
    csrf = (await client.get("/api/whoami")).json()["csrf"]
    answer = await client.post("/sign-out", data={"csrf": csrf})
    assert answer.status_code == 303
    assert (await client.get("/")).status_code == 401


async def test_signing_out_ends_every_copy_of_the_cookie(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    stolen = client.cookies["__Host-interlock"]
    csrf = (await client.get("/api/whoami")).json()["csrf"]
    await client.post("/sign-out", data={"csrf": csrf})
    client.cookies.set("__Host-interlock", stolen)
    assert (await client.get("/")).status_code == 401
    assert (await client.get("/api/whoami")).status_code == 401


async def test_the_link_says_whose_it_is_and_what_it_replaces(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    before = client.cookies["__Host-interlock"]
    token = (await office.registry.issue_sign_in(PersonId("owen"))).reveal()
    page = (await client.get("/sign-in", params={"token": token})).text
    assert "signs you in as <strong><bdi>Owen Blake</bdi></strong>" in page
    assert "You are signed in as <strong><bdi>Priya Raman</bdi></strong>; this replaces it." in page
    assert token in office.registry.links
    assert (await client.post("/sign-in", data={"token": token})).status_code == 303
    assert (await client.get("/api/whoami")).json()["id"] == "owen"
    client.cookies.set("__Host-interlock", before)
    assert (await client.get("/api/whoami")).status_code == 401, "the session that was replaced lives on"


async def test_a_link_that_is_no_good_says_so_and_has_no_button(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in", params={"token": "f" * 32})
    assert page.status_code == 401
    assert "has been used or is too old" in page.text
    assert 'action="/sign-in"' not in page.text


async def test_a_session_ends_by_itself(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    office.clock.pass_time(timedelta(hours=8))
    page = await client.get("/")
    assert page.status_code == 401
    assert "You are not signed in" in page.text


async def test_the_inbox_sorts_by_what_i_have_to_do(office: Office, sign_in: SignIn) -> None:
    reviews = [office.desk.open(content()) for _ in range(3)]
    office.desk.move(reviews[1].id, ReviewState.APPROVED)
    office.desk.move(reviews[2].id, ReviewState.SUCCEEDED)
    page = (await (await sign_in("priya")).get("/")).text
    assert re.findall(r'<h2 id="(\w+)">[^<]*<span class="count">(\d+)', page) == [
        ("yours", "1"), ("approved", "1"), ("settled", "1")
    ]  # fmt: skip
    assert "to export and read <bdi>clinic/public.patients</bdi>" in page


async def test_a_flood_hides_nobody_elses_review(office: Office, sign_in: SignIn) -> None:
    mine = office.desk.open(content())
    office.clock.pass_time(timedelta(seconds=1))
    for number in range(150):  # newer, and no two alike
        office.desk.open(content(verbs=[f"sql.select_{number}"]), actor="other-agent")
    page = (await (await sign_in("priya")).get("/")).text
    assert f"/reviews/{mine.id}" in page
    assert re.findall(r'href="/reviews/([^"]+)"', page)[0] == mine.id
    assert page.count('class="row-link"') == 21
    assert "and 130 more of <bdi>other-agent</bdi>" in page
    assert ">151</span>" in page


async def test_what_expires_first_is_at_the_top_and_everybodys_first_comes_before_anybodys_second(
    office: Office,
) -> None:
    reviews = []
    for number in range(30):
        for name in ("a", "b", "c"):
            reviews.append(office.desk.open(content(), actor=name))
            office.clock.pass_time(timedelta(seconds=number))
    shown = fairly(reversed(reviews))
    assert shown == sorted(shown, key=lambda review: review.expires_at)
    assert Counter(review.actor for review in shown) == {"a": 20, "b": 20, "c": 20}
    assert shown[0] is reviews[0]
    many = [office.desk.open(content(), actor="flood") for _ in range(20)]
    others = [office.desk.open(content(), actor=f"agent-{number}") for number in range(MAX_SHOWN - 1)]
    assert set(fairly(many + others)) == {many[0], *others}


async def test_who_asks_and_where_is_what_the_card_says(office: Office, sign_in: SignIn) -> None:
    """A vote binds the card; a row of the store that says otherwise isn't shown for it."""
    review = office.desk.open(content(), actor="innocent-agent")
    client = await sign_in("priya")
    for path in ("/", f"/reviews/{review.id}"):
        page = (await client.get(path)).text
        assert "innocent-agent" not in page
        assert "<bdi>etl-agent</bdi>" in page
    office.desk.corrupt.add(review.id)
    assert "<bdi>innocent-agent</bdi>" in (await client.get(f"/reviews/{review.id}")).text


async def test_names_keep_their_direction_to_themselves(office: Office, sign_in: SignIn) -> None:
    fields = content()
    hebrew = "\u05d0\u05d1"
    fields["outputs"][0]["name"] = fields["actor"]["id"] = fields["resources"][0]["id"] = hebrew
    review = office.desk.open(fields)
    page = (await (await sign_in("priya")).get(f"/reviews/{review.id}")).text
    assert f'<th scope="row"><bdi><code>{hebrew}</code></bdi></th>' in page
    assert f"<title>&#x2068;{hebrew}&#x2069; on &#x2068;clinic&#x2069;" in page
    around = re.findall(rf"(<[^>]+>){hebrew}", page)
    assert around and set(around) <= {"<bdi>", "<code>"}, around


async def test_the_inbox_says_why_i_may_not_sign(office: Office, sign_in: SignIn) -> None:
    office.desk.open(content())
    page = (await (await sign_in("owen")).get("/")).text
    assert re.findall(r'<h2 id="(\w+)">[^<]*<span class="count">(\d+)', page)[:2] == [("yours", "0"), ("others", "1")]
    assert "Not for you to sign: you are part of the request." in page


async def test_the_form_sends_the_digests_that_were_shown(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    fields = hidden((await client.get(f"/reviews/{review.id}")).text)
    assert (fields["action_digest"], fields["card_digest"]) == (review.digest, review.card_digest)
    answer = await client.post(f"/reviews/{review.id}/votes", data={**fields, "verdict": "approve", "reason": "ok"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reviews/{review.id}")
    assert office.desk.held[review.id].state is ReviewState.APPROVED
    late = await client.post(f"/reviews/{review.id}/votes", data={**fields, "verdict": "approve"})
    assert late.status_code == 403
    assert "That didn't count." in late.text


@pytest.mark.parametrize("broken", ["csrf", "action_digest", "card_digest"])
async def test_a_changed_form_does_not_count(office: Office, sign_in: SignIn, broken: str) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    fields = hidden((await client.get(f"/reviews/{review.id}")).text)
    answer = await client.post(f"/reviews/{review.id}/votes", data={**fields, "verdict": "approve", broken: "0" * 64})
    assert answer.status_code in (403, 409)
    assert office.desk.cast == []


async def test_a_form_from_another_origin_does_not_count(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    fields = hidden((await client.get(f"/reviews/{review.id}")).text)
    answer = await client.post(
        f"/reviews/{review.id}/votes", data={**fields, "verdict": "approve"}, headers={"Origin": "https://evil.test"}
    )
    assert answer.status_code == 403
    assert office.desk.cast == []


@pytest.mark.parametrize("missing", sorted(content()))
async def test_a_card_that_is_not_whole_has_no_approve_button(office: Office, sign_in: SignIn, missing: str) -> None:
    fields = content()
    del fields[missing]
    review = office.desk.open(fields)
    page = (await (await sign_in("priya")).get(f"/reviews/{review.id}")).text
    assert 'value="approve"' not in page
    assert 'value="deny"' in page
    assert "can't be shown whole" in page


async def test_a_broken_seal_is_told_and_has_no_approve_button(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    office.desk.corrupt.add(review.id)
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{review.id}")).text
    assert 'value="approve"' not in page
    assert "the seal" in page
    assert (await client.get("/")).status_code == 200


async def test_who_may_not_sign_has_no_buttons(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    page = (await (await sign_in("owen")).get(f"/reviews/{review.id}")).text
    assert 'name="verdict"' not in page and "/narrowing" not in page
    assert "Not for you to sign: you are part of the request." in page


async def test_all_of_the_card_is_on_the_page(office: Office, sign_in: SignIn) -> None:
    """Every text of the card's content appears; of a leaf that is shown, its text."""
    review = office.desk.open(rich())
    page = (await (await sign_in("priya")).get(f"/reviews/{review.id}")).text
    seen = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    for text in texts(office.desk.cards[review.id]):
        assert re.sub(r"\s+", " ", text).strip().replace("'", "&#39;") in seen, text
    assert "every row may change" in seen
    assert "2 of privacy-officers, then 1 of security; and 1 of owners or 2 of stewards" in seen
    assert "may run 3 times within 10 minutes" in seen
    assert "at most 1000 rows" in seen
    assert "Votes also count from slack, teams" in seen
    assert "members of on-call" in seen
    assert "<h1>" in page and "to export and read and reveal values of" in seen
    assert "unmasked" in seen


async def test_a_change_of_policies_is_shown_line_by_line(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(change_of_policies())
    page = (await (await sign_in("priya")).get(f"/reviews/{review.id}")).text
    shown = html.unescape(re.sub(r"<[^>]+>", "", page[page.index('<pre class="code"') : page.index("</pre>")]))
    assert shown.split("\n") == DIFF.split("\n")
    assert "<b>weaker</b>" not in page
    assert "What would change" in page
    assert "to change the policies of <bdi>interlock</bdi>" in page
    css = (await (await sign_in("priya")).get("/static/console.css")).text
    assert re.search(r"\.code \{[^}]*white-space: pre-wrap", css)


async def test_an_approval_for_several_runs_says_how_many_are_left(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content(uses=3))
    times = replace(review.requirements, reuse=Reuse(3, timedelta(minutes=10)))
    until = office.clock.now() + timedelta(minutes=10)
    used = replace(review, requirements=times, state=ReviewState.APPROVED, approved_until=until, uses_left=2)
    office.desk.held[review.id] = used
    client = await sign_in("priya")
    for path in ("/", f"/reviews/{review.id}"):
        page = (await client.get(path)).text
        assert "2 of 3 runs are left" in page
        assert "Approved, ran 1 of 3 times" in page


async def test_what_runs_by_itself_says_so(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    for deferred in (True, False):
        review = office.desk.open(content())
        office.desk.held[review.id] = replace(review, deferred=deferred)
        page = (await client.get(f"/reviews/{review.id}")).text
        assert ("Runs by itself when approved" in page) is deferred
        told = (await client.get(f"/api/reviews/{review.id}")).json()["review"]
        assert told["wait"] == ("deferred" if deferred else "attached")


async def test_who_has_a_say_later_can_say_no_now_and_not_yes(office: Office, sign_in: SignIn) -> None:
    review = office.desk.open(content())
    office.desk.not_now[PersonId("priya")] = "it is for members of security to sign now"
    client = await sign_in("priya")
    page = (await client.get(f"/reviews/{review.id}")).text
    assert "Not for you to sign: it is for members of security to sign now." in page
    assert 'value="approve"' not in page and 'value="deny"' in page
    fields = hidden(page)
    assert (await client.post(f"/reviews/{review.id}/votes", data={**fields, "verdict": "approve"})).status_code == 403
    assert (await client.post(f"/reviews/{review.id}/votes", data={**fields, "verdict": "deny"})).status_code == 303
    assert office.desk.held[review.id].state is ReviewState.DENIED


def texts(value: object) -> list[str]:
    match value:
        case {"shown": str(shown)}:
            return [shown]
        case dict():
            return [t for k, v in value.items() if k not in ("enforced_by", "expires_at") for t in texts(v)]
        case list():
            return [t for v in value for t in texts(v)]
        case str():
            return [value]
        case _:
            return []


HOSTILE = '<img src=x onerror=alert(1)>\u202e{{ 7*7 }}" onclick="x'


@pytest.mark.parametrize("place", ["reason", "actor", "code", "resource", "output", "policy", "leaf", "owner"])
async def test_text_of_others_never_becomes_markup(office: Office, sign_in: SignIn, place: str) -> None:
    fields = content()
    match place:
        case "reason":
            fields["reason_given"] = HOSTILE
        case "actor" | "owner":
            fields["actor"]["id" if place == "actor" else "owner"] = HOSTILE
        case "code":
            fields["statements"][0]["code"][0] = HOSTILE
        case "leaf":
            fields["statements"][0]["leaves"][3]["shown"] = HOSTILE
        case "resource":
            fields["resources"][0]["id"] = HOSTILE
        case "output":
            fields["outputs"][0]["name"] = HOSTILE
        case _:
            fields["policies"][0]["because"] = HOSTILE
    review = office.desk.open(fields)
    page = (await (await sign_in("priya")).get(f"/reviews/{review.id}")).text
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page
    assert '" onclick="x' not in page
    assert "{{ 7*7 }}" in page


async def test_the_state_that_settled_is_shown(office: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    for state in ReviewState:
        review: Review = office.desk.open(content())
        office.desk.move(review.id, state)
        page = await client.get(f"/reviews/{review.id}")
        assert page.status_code == 200
        assert f'class="state {state.value}"' in page.text


async def test_settled_ones_that_somebody_may_see_are_found_behind_many_that_they_may_not(office: Office) -> None:
    reviews = [office.desk.open(content()) for _ in range(MAX_LOOKED)]
    for review in reviews:
        office.desk.move(review.id, ReviewState.DENIED)
    seen = {review.id for review in reviews[:MAX_SETTLED] + reviews[-1:]}  # the oldest, and the newest
    for review in reviews:
        part = review.excluded | ({PersonId("sam")} if review.id in seen else set())
        office.desk.held[review.id] = replace(office.desk.held[review.id], excluded=part)
    found = await inbox(office.desk, Summaries(office.desk), PersonId("sam"))
    shown = [row.review.id for row in found.settled.rows]
    assert shown == [reviews[-1].id, *(review.id for review in reviews[MAX_SETTLED - 1 : 0 : -1])]


async def test_there_is_no_other_file(sign_in: SignIn) -> None:
    client = await sign_in("priya")
    for name in ("..%2f..%2fpages.py", "pages.py", "%2e%2e/templates/page.html", ""):
        assert (await client.get(f"/static/{name}")).status_code == 404
