"""Signing in at a provider on a socket: the whole code flow, and everything that must not sign anybody in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from testkit.idp import Idp, Lie
from tests.web.signing_on import CONTROL, Browser, SigningOn, asked, browser_of, provider, signing_on, then_of

from interlock.model.names import PersonId
from interlock.web.oidc import ATTEMPT_COOKIE, CALLBACK
from interlock.web.session import COOKIE


@pytest.fixture(scope="module")
def served() -> Iterator[Idp]:
    with provider() as idp:
        yield idp


@pytest.fixture
async def on(served: Idp) -> AsyncIterator[SigningOn]:
    served.lies.clear()
    served.outage = False
    served.asked.clear()
    made = signing_on(served)
    yield made
    await made.outgoing.close()


@pytest.fixture
async def browser(on: SigningOn) -> AsyncIterator[Browser]:
    async with browser_of(on) as made:
        yield made


@pytest.fixture
async def stranger(on: SigningOn) -> AsyncIterator[Browser]:
    async with browser_of(on) as made:
        yield made


async def nobody(browser: Browser) -> bool:
    return (await browser.me()).status_code == 401


def code_of(page: httpx.Response) -> str:
    return page.text.partition("Code <code>")[2].partition("</code>")[0]


async def test_there_and_back_signs_in_and_goes_on_to_where_one_was(on: SigningOn, browser: Browser) -> None:
    url = await browser.leave(then="/reviews/0192f0c1-0000-7000-8000-000000000000")
    query = asked(url)
    assert query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
    assert (query["max_age"], query["scope"], query.get("prompt")) == ("28800", "openid profile", None)
    assert on.idp.client_secret not in url
    page = await browser.back(await browser.log_in(url))
    assert page.status_code == 200
    assert then_of(page) == "/reviews/0192f0c1-0000-7000-8000-000000000000"
    cookies = page.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith(f"{COOKIE}="))
    for attribute in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert attribute in session
    gone = next(cookie for cookie in cookies if cookie.startswith(f"{ATTEMPT_COOKIE}="))
    assert "Max-Age=0" in gone
    assert (await browser.me()).json()["id"] == "priya"
    assert (await browser.here.get("/")).status_code == 200


async def test_the_attempts_cookie_is_sealed_short_lived_and_lax(browser: Browser) -> None:
    answer = await browser.here.get("/sign-in/oidc")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert attribute in cookie
    query = asked(answer.headers["location"])
    for secret in (query["state"], query["nonce"], query["code_challenge"]):
        assert secret not in cookie


async def test_the_session_is_as_old_as_the_login_there(on: SigningOn, browser: Browser, stranger: Browser) -> None:
    await browser.sign_in()
    for username, (_, _) in list(on.idp._logins.items()):
        on.idp._logins[username] = (on.idp.people["priya"], int(datetime.now(UTC).timestamp()) - 2400)
    await browser.sign_in()
    session = on.office.app.state.control.sessions.read(browser.here.cookies[COOKIE])
    assert timedelta(minutes=39) < on.clock.now() - session.signed_in_at < timedelta(minutes=42)
    assert (session.began, session.provider, session.subject) == ("oidc", "sso", "sub-priya")
    assert session.key.startswith("oidc:sso:") and "priya" not in session.key
    assert not on.office.app.state.control.sign_on.is_recent(session)
    # Logging in again makes it recent, and the session that was replaced is over.
    before = browser.here.cookies[COOKIE]
    url = await browser.leave(again="true", then="/device")
    assert (asked(url)["prompt"], asked(url)["max_age"]) == ("login", "1800")
    page = await browser.back(await browser.log_in(url))
    assert then_of(page) == "/device"
    session = on.office.app.state.control.sessions.read(browser.here.cookies[COOKIE])
    assert on.office.app.state.control.sign_on.is_recent(session)
    stranger.here.cookies.set(COOKIE, before)
    assert await nobody(stranger)


async def test_a_provider_that_doesnt_ask_again_isnt_believed(on: SigningOn, browser: Browser) -> None:
    url = await browser.leave(again="true")
    on.idp.lies.add(Lie.OLD_LOGIN)
    page = await browser.back(await browser.log_in(url))
    assert (page.status_code, code_of(page)) == (401, "id_token_auth_time")
    assert await nobody(browser)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (Lie.WRONG_NONCE, "id_token_nonce"),
        (Lie.NO_NONCE, "id_token_nonce"),
        (Lie.WRONG_AUDIENCE, "id_token_audience"),
        (Lie.FOREIGN_PRESENTER, "id_token_audience"),
        (Lie.WRONG_ISSUER, "id_token_issuer"),
        (Lie.ALG_NONE, "id_token_form"),
        (Lie.SIGNED_WITH_THE_SECRET, "id_token_algorithm"),
        (Lie.SIGNED_WITH_THE_PUBLIC_KEY, "id_token_algorithm"),
        (Lie.OTHER_KEY, "id_token_signature"),
        (Lie.EXPIRED, "id_token_expired"),
        (Lie.OLD_LOGIN, "id_token_auth_time"),
        (Lie.NO_AUTH_TIME, "id_token_auth_time"),
        (Lie.WRONG_ACCESS_TOKEN, "id_token_access_token"),
        (Lie.NO_ID_TOKEN, "id_token_missing"),
        (Lie.GROUPS_ELSEWHERE, "id_token_groups_elsewhere"),
        (Lie.NAMES_ANOTHER_ISSUER, "wrong_issuer"),
        (Lie.NAMES_NO_ISSUER, "wrong_issuer"),
    ],
)
async def test_a_provider_that_lies_signs_nobody_in(on: SigningOn, browser: Browser, lie: Lie, code: str) -> None:
    on.idp.lies.add(lie)
    page = await browser.sign_in()
    assert (page.status_code, code_of(page)) == (401, code)
    assert COOKIE not in browser.here.cookies
    assert await nobody(browser)
    assert on.accounts.seen == []


async def test_metadata_of_another_issuer_are_an_outage(on: SigningOn, browser: Browser) -> None:
    on.idp.lies.add(Lie.OTHER_METADATA)
    page = await browser.here.get("/sign-in/oidc")
    assert page.status_code == 503
    assert "sso doesn&#39;t answer" in page.text or "sso doesn't answer" in page.text


# -- login CSRF, mix-up, replay ---------------------------------------------------------------------------------------


async def test_somebody_elses_code_signs_nobody_in(on: SigningOn, browser: Browser, stranger: Browser) -> None:
    """Login CSRF: the attacker's own answer, sent to a victim with and without an attempt of their own."""
    attackers = await stranger.log_in(await stranger.leave())
    page = await browser.back(attackers)
    assert page.status_code == 401 and await nobody(browser)
    await browser.leave()
    page = await browser.back(attackers)
    assert page.status_code == 401 and await nobody(browser)


async def test_the_attackers_code_under_the_victims_state_fails_on_pkce_and_nonce(
    on: SigningOn, browser: Browser, stranger: Browser
) -> None:
    victims = asked(await browser.log_in(await browser.leave()))
    attackers = asked(await stranger.log_in(await stranger.leave()))
    mixed = {"code": attackers["code"], "state": victims["state"], "iss": victims["iss"]}
    page = await browser.back(f"{CONTROL}{CALLBACK}?{urlencode(mixed)}")
    assert (page.status_code, code_of(page)) == (401, "code_refused")
    assert await nobody(browser)


async def test_a_stolen_answer_is_of_no_use_elsewhere(browser: Browser, stranger: Browser) -> None:
    back = await browser.log_in(await browser.leave())
    await stranger.leave()
    assert (await stranger.back(back)).status_code == 401
    assert await nobody(stranger)
    assert (await browser.back(back)).status_code == 200


async def test_an_answer_counts_once_even_with_its_cookie(on: SigningOn, browser: Browser, stranger: Browser) -> None:
    back = await browser.log_in(await browser.leave())
    copied = browser.here.cookies[ATTEMPT_COOKIE]
    assert (await browser.back(back)).status_code == 200
    on.idp.asked.clear()
    stranger.here.cookies.set(ATTEMPT_COOKIE, copied)
    page = await stranger.back(back)
    assert page.status_code == 401 and await nobody(stranger)
    assert on.idp.asked == [], "an attempt that was used was taken to the provider again"


async def test_an_attempt_is_over_after_ten_minutes(on: SigningOn, browser: Browser) -> None:
    back = await browser.log_in(await browser.leave())
    begun = browser.here.cookies[ATTEMPT_COOKIE]
    sealed = on.office.app.state.control.sign_on.attempts.read(begun)
    assert timedelta(minutes=9) < sealed.until - on.clock.now() <= timedelta(minutes=10)
    on.office.app.state.control.sign_on.attempts.end(sealed.mark, sealed.until)
    assert (await browser.back(back)).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "A" * 4000, "é"])
async def test_a_made_up_attempt_is_none(browser: Browser, cookie: str) -> None:
    headers = [("cookie", f"{ATTEMPT_COOKIE}={cookie}".encode("latin-1").decode("latin-1"))]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = await browser.here.get(CALLBACK, params={"code": "c", "state": "s"}, headers=raw)
    assert answer.status_code == 401


async def test_a_session_cookie_is_no_attempt_and_the_other_way_round(browser: Browser, stranger: Browser) -> None:
    await browser.sign_in()
    stranger.here.cookies.set(ATTEMPT_COOKIE, browser.here.cookies[COOKIE])
    assert (await stranger.here.get(CALLBACK, params={"code": "c", "state": "s"})).status_code == 401
    await browser.leave()
    stranger.here.cookies.set(COOKIE, browser.here.cookies[ATTEMPT_COOKIE])
    assert await nobody(stranger)


async def test_a_refusal_there_is_told_without_the_providers_words(browser: Browser) -> None:
    page = await browser.back(await browser.log_in(await browser.leave(), refuse=True))
    assert (page.status_code, code_of(page)) == (401, "provider_refused")
    assert "alert(1)" not in page.text


@pytest.mark.parametrize(
    "then", ["//evil.test", "https://evil.test", "/\\evil.test", "/a?b", "/a#b", "javascript:alert(1)", "/..", "/a\n"]
)
async def test_it_goes_on_to_pages_of_ours_only(browser: Browser, then: str) -> None:
    page = await browser.sign_in(then=then)
    assert then_of(page) == "/"


# -- whose account -----------------------------------------------------------------------------------------------------


async def test_an_account_that_is_nobodys_is_told_how_to_link_it(on: SigningOn, browser: Browser) -> None:
    page = await browser.sign_in("mallory")
    assert page.status_code == 403
    for told in ("sub-mallory", "Mallory &lt;script&gt;", "sign-in link", "/you"):
        assert told in page.text
    assert await nobody(browser)
    assert on.accounts.seen == []


async def test_who_is_gone_from_here_isnt_signed_in(on: SigningOn, browser: Browser) -> None:
    del on.office.registry.people[PersonId("priya")]
    assert (await browser.sign_in()).status_code == 403
    assert await nobody(browser)


async def test_a_session_ends_with_the_person_and_doesnt_come_back_with_them(on: SigningOn, browser: Browser) -> None:
    await browser.sign_in()
    priya = on.office.registry.people.pop(PersonId("priya"))
    assert await nobody(browser)
    on.office.registry.people[priya.id] = priya
    assert await nobody(browser)


async def test_a_session_ends_with_the_link_of_the_account(on: SigningOn, browser: Browser) -> None:
    await browser.sign_in()
    on.accounts.whose.clear()
    assert await nobody(browser)


async def test_groups_are_handed_on_at_each_sign_in(on: SigningOn, browser: Browser) -> None:
    await browser.sign_in()
    on.idp.people["priya"].groups.clear()
    await browser.sign_in()
    on.idp.people["priya"].groups.extend(["Privacy Officers", "Everybody"])
    assert on.accounts.seen == [
        (PersonId("priya"), frozenset({"Privacy Officers", "Everybody"})),
        (PersonId("priya"), frozenset()),
    ]


async def test_linking_needs_a_session_and_signs_nobody_in(on: SigningOn, browser: Browser) -> None:
    assert (await browser.here.get("/sign-in/oidc", params={"purpose": "link"})).status_code == 401
    token = await on.office.registry.issue_sign_in(PersonId("owen"))
    await browser.here.post("/sign-in", data={"token": token.reveal()})
    before = browser.here.cookies[COOKIE]
    page = await browser.sign_in("owen", purpose="link")
    assert then_of(page) == "/you/links/confirm"
    assert browser.here.cookies[COOKIE] == before
    assert on.accounts.claimed == [(PersonId("owen"), "sub-owen", "Owen Blake")]
    taken = await browser.sign_in("priya", purpose="link", again="true")
    assert (taken.status_code, code_of(taken)) == (409, "already_linked")


async def test_nobody_links_their_account_to_somebody_who_is_signed_in(
    on: SigningOn, browser: Browser, stranger: Browser
) -> None:
    token = await on.office.registry.issue_sign_in(PersonId("owen"))
    await browser.here.post("/sign-in", data={"token": token.reveal()})
    attackers = await stranger.log_in(await stranger.leave(), "mallory")
    assert (await browser.back(attackers)).status_code == 401
    await browser.leave(purpose="link")
    assert (await browser.back(attackers)).status_code == 401
    assert on.accounts.claimed == []


# -- rotation and outage -----------------------------------------------------------------------------------------------


async def test_new_keys_are_taken_up_without_a_restart(on: SigningOn, browser: Browser) -> None:
    for elliptic in (False, True):
        assert (await browser.sign_in()).status_code == 200
        on.idp.rotate(elliptic=elliptic)
        on.office.app.state.control.sign_on.means.provider._made._keys._asked = None  # ten seconds later
        assert (await browser.sign_in()).status_code == 200


async def test_tokens_of_unknown_keys_dont_make_us_ask_on_and_on(on: SigningOn, browser: Browser) -> None:
    assert (await browser.sign_in()).status_code == 200
    on.idp.asked.clear()
    for _ in range(4):
        on.idp.rotate()
        await browser.sign_in()
    assert on.idp.asked.count("/keys") <= 1
    assert on.idp.asked.count("/.well-known/openid-configuration") == 0


async def test_an_outage_is_said_and_links_still_work(on: SigningOn, browser: Browser) -> None:
    on.idp.outage = True
    page = await browser.here.get("/sign-in/oidc")
    assert page.status_code == 503
    assert "interlock console link" in page.text
    token = await on.office.registry.issue_sign_in(PersonId("priya"))
    assert (await browser.here.post("/sign-in", data={"token": token.reveal()})).status_code == 303
    assert (await browser.me()).json()["id"] == "priya"


async def test_an_outage_on_the_way_back_is_said_too(on: SigningOn, browser: Browser) -> None:
    back = await browser.log_in(await browser.leave())
    on.idp.outage = True
    page = await browser.back(back)
    assert page.status_code == 503
    assert await nobody(browser)


async def test_an_outage_ends_no_session_and_a_short_one_stops_nobody_from_beginning(
    on: SigningOn, browser: Browser
) -> None:
    await browser.sign_in()
    on.idp.outage = True
    assert (await browser.me()).status_code == 200
    assert (await browser.leave()).startswith(on.idp.issuer)  # the metadata are known


async def test_the_pages_offer_it(on: SigningOn, browser: Browser) -> None:
    page = await browser.here.get("/reviews/0192f0c1-0000-7000-8000-000000000000")
    assert page.status_code == 401
    assert 'href="/sign-in/oidc?then=/reviews/0192f0c1-0000-7000-8000-000000000000"' in page.text
    assert 'href="/sign-in/oidc?then=/' in (await browser.here.get("/sign-in")).text


async def test_without_a_provider_there_is_nothing_there() -> None:
    from tests.web.in_memory import Office

    office = Office()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=office.app), base_url=CONTROL) as client:
        assert (await client.get("/sign-in/oidc")).status_code == 404
        assert (await client.get(CALLBACK, params={"code": "c", "state": "s"})).status_code == 404
        assert "/sign-in/oidc" not in (await client.get("/sign-in")).text
