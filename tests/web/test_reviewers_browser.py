"""Narrowing, then approving, and a batch, in a real browser; the card that changed under one's eyes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.web.in_memory import content, rich
from tests.web.serving import Served, served

from interlock.model.review import ReviewState

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = os.environ.get("INTERLOCK_PICTURES")  # a folder: leave screenshots there, to be looked at
MILLISECONDS = 15_000

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here: the console was not tried in a browser"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def office() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    opened = chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=request.param)
    opened.set_default_timeout(MILLISECONDS)
    yield opened
    opened.close()


def signed_in(context: BrowserContext, office: Served) -> Page:
    page = context.new_page()
    page.goto(office.sign_in_link("priya"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    return page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_narrow_it_then_sign_the_new_card(context: BrowserContext, office: Served) -> None:
    review = office.open(rich(cappable=True))
    page = signed_in(context, office)
    page.goto(f"{office.url}/reviews/{review.id}")
    page.get_by_text("Narrow it before signing").click()
    page.get_by_label("At most so many rows").fill("25")
    page.get_by_role("checkbox").uncheck()
    page.get_by_label("good for so many minutes").fill("5")
    picture(page, "narrowing")
    page.get_by_role("button", name="Narrow", exact=True).click()
    expect(page.get_by_label("At a glance")).to_contain_text("priya took something away")
    expect(page.get_by_label("At a glance")).to_contain_text("at most 25 rows")
    expect(page.locator(".flag", has_text="unmasked")).to_have_count(0)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#live-state")).to_contain_text("Approved, not run yet")
    [terms] = office.office.desk.narrowings
    assert (terms.row_cap, terms.reveals, terms.valid) == (25, frozenset(), timedelta(minutes=5))
    [vote] = office.office.desk.cast
    held = office.office.desk.held[review.id]
    assert (vote.card_digest, vote.card_digest != review.card_digest) == (held.card_digest, True)


def test_alike_requests_are_ticked_one_by_one(context: BrowserContext, office: Served) -> None:
    reviews = [office.open(content(reason_given=f"part {number}")) for number in range(3)]
    page = signed_in(context, office)
    page.get_by_role("link", name="3 alike").click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    assert [boxes.nth(n).is_checked() for n in range(3)] == [False] * 3
    boxes.nth(0).check()
    boxes.nth(2).check()
    page.get_by_label("One reason for all").fill("Both read.")
    picture(page, "batch")
    page.get_by_role("button", name="Approve those ticked").click()
    expect(page.get_by_text("Your vote counts.")).to_have_count(2)
    states = [office.office.desk.held[each.id].state for each in reviews]
    assert states == [ReviewState.APPROVED, ReviewState.PENDING, ReviewState.APPROVED]


def test_a_card_that_changes_under_my_eyes_takes_its_buttons_along(chromium: Browser, office: Served) -> None:
    review = office.open(rich(cappable=True))
    context = chromium.new_context()
    context.set_default_timeout(MILLISECONDS)
    mine, theirs = signed_in(context, office), context.new_page()
    mine.goto(f"{office.url}/reviews/{review.id}")
    expect(mine.get_by_role("button", name="Approve")).to_be_visible()
    theirs.goto(f"{office.url}/reviews/{review.id}")
    theirs.get_by_text("Narrow it before signing").click()
    theirs.get_by_label("At most so many rows").fill("1")
    theirs.get_by_role("button", name="Narrow", exact=True).click()
    expect(mine.get_by_text("The card has changed since you opened this page.")).to_be_visible()
    expect(mine.get_by_role("button", name="Approve")).to_have_count(0)
    mine.get_by_role("link", name="Look at the card as it is now").click()
    expect(mine.get_by_label("At a glance")).to_contain_text("at most 1 rows")
    expect(mine.get_by_role("button", name="Approve")).to_be_visible()
    context.close()
