"""Passkeys in a real browser, with Chromium's virtual authenticator: registered, voted with, cloned, stolen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright
from tests.web.stepping_up import Served

from interlock.gate import Cleared
from interlock.model.names import PersonId
from interlock.model.review import Review, ReviewState

CHROMIUM = Path("/usr/bin/chromium")
MILLISECONDS = 15_000

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here: passkeys were not tried in a browser"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context()
    opened.set_default_timeout(MILLISECONDS)
    yield opened
    opened.close()


def signed_in(context: BrowserContext, office: Served, person: str = "dana") -> Page:
    page = context.new_page()
    token = office.run(office.here.office.registry.issue_sign_in(PersonId(person)))
    page.goto(f"{office.url}/sign-in?token={token.reveal()}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    return page


class Device:
    """A virtual authenticator in one page, over the DevTools protocol."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        found = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        credentials: list[dict[str, Any]] = found["credentials"]
        return credentials

    def take(self, credential: dict[str, Any]) -> None:
        self._session.send("WebAuthn.addCredential", {"authenticatorId": self._id, "credential": credential})

    def verifies(self, user: bool) -> None:
        said = {"authenticatorId": self._id, "isUserVerified": user}
        self._session.send("WebAuthn.setUserVerified", said)


def registered(page: Page, office: Served, name: str = "Work laptop") -> None:
    page.goto(f"{office.url}/you/passkeys")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Register a passkey").click()
    expect(page.get_by_text(name, exact=True)).to_be_visible()


def approve(page: Page, office: Served, review: Review) -> None:
    page.goto(f"{office.url}/reviews/{review.id}")
    page.get_by_role("button", name="Approve").click()


def test_register_approve_run_and_remove(context: BrowserContext, office: Served) -> None:
    page = signed_in(context, office)
    Device(page)
    registered(page, office)
    review, action = office.held()
    approve(page, office, review)
    expect(page.locator("#live-state")).to_contain_text("Approved")
    expect(page.locator("#live-votes")).to_contain_text("with a passkey")
    [vote] = office.entries(b"vote.cast")
    assert b'"presence":"webauthn"' in vote
    assert isinstance(office.run(office.here.redeemed(review, action)), Cleared)

    page.goto(f"{office.url}/you/passkeys")
    page.get_by_role("button", name="Remove Work laptop").click()
    expect(page.get_by_text("You have none.")).to_be_visible()


def test_without_its_user_verified_a_passkey_signs_nothing(context: BrowserContext, office: Served) -> None:
    page = signed_in(context, office)
    device = Device(page)
    registered(page, office)
    review, _ = office.held()
    device.verifies(False)
    approve(page, office, review)
    expect(page.get_by_role("alert")).to_contain_text("nothing was sent")
    assert office.state(review) is ReviewState.PENDING
    device.verifies(True)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#live-state")).to_contain_text("Approved")


def test_a_stolen_cookie_approves_nothing(chromium: Browser, context: BrowserContext, office: Served) -> None:
    page = signed_in(context, office)
    Device(page)
    registered(page, office)
    review, _ = office.held()
    thief = chromium.new_context(java_script_enabled=False)
    thief.add_cookies(context.cookies())  # type: ignore[arg-type]
    theirs = thief.new_page()
    approve(theirs, office, review)
    expect(theirs.get_by_role("alert")).to_contain_text("passkey")
    assert office.state(review) is ReviewState.PENDING
    theirs.get_by_role("button", name="Deny").click()  # which harms nobody
    expect(theirs.locator("#live-state")).to_contain_text("Denied")
    thief.close()


def test_a_copy_of_a_passkey_is_found_out(chromium: Browser, context: BrowserContext, office: Served) -> None:
    page = signed_in(context, office)
    device = Device(page)
    registered(page, office)
    copied = device.credentials()[0]
    review, _ = office.held()
    approve(page, office, review)
    expect(page.locator("#live-state")).to_contain_text("Approved")

    elsewhere = chromium.new_context()
    elsewhere.set_default_timeout(MILLISECONDS)
    theirs = signed_in(elsewhere, office)
    Device(theirs).take({**copied, "signCount": 0})
    second, _ = office.run(office.here.held("COPY visits TO STDOUT"))
    approve(theirs, office, second)
    expect(theirs.get_by_role("alert")).to_contain_text("counter went back")
    assert office.state(second) is ReviewState.PENDING
    assert any(b"passkey_cloned" in each for each in office.entries(b"vote.refused"))
    elsewhere.close()


def test_without_javascript_the_page_is_whole_and_says_why(chromium: Browser, office: Served) -> None:
    bare = chromium.new_context(java_script_enabled=False)
    page = signed_in(bare, office)
    page.goto(f"{office.url}/you/passkeys")
    expect(page.get_by_text("this needs JavaScript")).to_be_visible()
    page.get_by_label("Name").fill("x")
    page.get_by_role("button", name="Register a passkey").click()
    expect(page.get_by_text("Only a script of this page can ask your device")).to_be_visible()
    bare.close()


def test_a_delegation_is_confirmed_with_the_passkey_and_only_with_it(office: Served, context: BrowserContext) -> None:
    page = signed_in(context, office)
    device, people = Device(page), office.here.people
    registered(page, office)
    page.goto(f"{office.url}/you")
    page.get_by_label("Who signs in your place").select_option("remy")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_text("signs for you in officers")).to_be_visible()
    assert [each.delegate for each in people.given(PersonId("dana"))] == ["remy"]
    device.verifies(False)
    page.get_by_label("Who signs in your place").select_option("olivia")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_text("Your passkey gave no answer, so nothing was sent. Try again.")).to_be_visible()
    page.get_by_role("button", name="End the delegation").click()
    expect(page.get_by_text("Nobody signs for you, and you for nobody.")).to_be_visible()
