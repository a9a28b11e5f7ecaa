"""The console in a real browser: signing in, reading the card, voting, live without reload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Playwright, expect, sync_playwright
from tests.web.in_memory import content
from tests.web.serving import Served, served

from interlock.model.review import ReviewState

CHROMIUM = Path("/usr/bin/chromium")  # Debian's; `scripts/system-packages.sh` installs it where it may
PICTURES = os.environ.get("INTERLOCK_PICTURES")  # a folder: leave screenshots there, to be looked at
MILLISECONDS = 15_000

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here: the console was not tried in a browser"),
]

HOSTILE = content(
    reason_given="Please approve\u202e)gnihton seteled(\u202c <a href='https://evil.test'>Approve</a> http://evil.test",
    actor={"kind": "agent", "id": "etl-agent<script>alert(1)</script>", "owner": "owen", "chain": ["nightly\u200b"]},
)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def office() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    opened = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(MILLISECONDS)
    yield opened
    opened.close()


def signed_in(context: BrowserContext, office: Served, person: str = "priya") -> Page:
    page = context.new_page()
    page.goto(office.sign_in_link(person))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    return page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_sign_in_read_the_card_and_approve_while_a_second_page_watches(context: BrowserContext, office: Served) -> None:
    review = office.open(content())
    page = signed_in(context, office)
    watching = context.new_page()
    watching.goto(office.url)
    expect(watching.get_by_role("heading", name="Waiting for you 1")).to_be_visible()

    page.get_by_role("link", name="etl-agent asks").click()
    expect(page.locator(".leaf.labelled").first).to_have_text("phi.mrn · #1 · 5-8 characters")
    picture(page, "card")
    page.get_by_label("Reason").fill("Agreed with the study's lead.")
    page.get_by_role("button", name="Approve").click()

    expect(page.locator("#live-state")).to_contain_text("Approved, not run yet")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(watching.get_by_role("heading", name="Waiting for you 0")).to_be_visible()  # nobody reloaded it
    assert office.office.desk.held[review.id].state is ReviewState.APPROVED
    assert [v.presence.value for v in office.office.desk.cast] == ["console"]
    office.move(review, ReviewState.SUCCEEDED)
    expect(page.locator("#live-state")).to_contain_text("Ran, succeeded")
    picture(page, "card-settled")


def test_a_new_review_appears_and_a_half_typed_reason_stays(context: BrowserContext, office: Served) -> None:
    first = office.open(content(), count=2)
    page = signed_in(context, office)
    office.open(
        content(actor={"kind": "agent", "id": "other-agent", "owner": "owen", "chain": []}), actor="other-agent"
    )
    expect(page.get_by_role("heading", name="Waiting for you 2")).to_be_visible()
    expect(page).to_have_title("(2) Inbox · Interlock")
    picture(page, "inbox")

    page.goto(f"{office.url}/reviews/{first.id}")
    page.get_by_label("Reason").fill("half a sen")
    with page.expect_response(lambda r: r.url.endswith(first.id)):
        office.move(first, ReviewState.PENDING)
    expect(page.get_by_label("Reason")).to_have_value("half a sen")


def test_hostile_text_stays_text(context: BrowserContext, office: Served) -> None:
    review = office.open(HOSTILE, actor="etl-agent<script>alert(1)</script>")
    page = signed_in(context, office)
    dialogs: list[str] = []

    def seen(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", seen)
    page.goto(f"{office.url}/reviews/{review.id}")
    quote = page.locator("blockquote")
    expect(quote).to_contain_text("⟨U+202E⟩")
    picture(page, "hostile")
    assert quote.locator("a").count() == 0
    assert page.locator("article a").count() == 0
    expect(page.get_by_text("nightly⟨U+200B⟩")).to_be_visible()
    assert dialogs == []


def test_without_javascript_a_vote_still_works(chromium: Browser, office: Served) -> None:
    review = office.open(content())
    bare = chromium.new_context(java_script_enabled=False)
    page = signed_in(bare, office)
    page.goto(f"{office.url}/reviews/{review.id}")
    page.get_by_role("button", name="Deny").click()
    expect(page.locator("#live-state")).to_contain_text("Denied")
    bare.close()


def test_keyboard_alone_is_enough(context: BrowserContext, office: Served) -> None:
    office.open(content())
    page = signed_in(context, office)
    page.get_by_role("link", name="etl-agent asks").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#live-state")).to_contain_text("Approved")


def test_a_link_from_another_site_finds_the_session_again(context: BrowserContext, office: Served) -> None:
    review = office.open(content())
    signed_in(context, office)
    page = context.new_page()
    page.route(
        "http://chat.test/",
        lambda route: route.fulfill(
            body=f"<a href='{office.url}/reviews/{review.id}'>look</a>", content_type="text/html"
        ),
    )
    page.goto("http://chat.test/")
    page.get_by_role("link", name="look").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["inbox", "review", "sign-in"])
def test_pages_are_named_readable_and_fit_a_phone(chromium: Browser, office: Served, scheme: str, path: str) -> None:
    review = office.open(content(unbounded=True, opaque=True, opaque_because=["a view's definition isn't known"]))
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": 320, "height": 640}
    )
    page = signed_in(context, office)
    page.goto(office.url + {"inbox": "/", "review": f"/reviews/{review.id}", "sign-in": "/sign-in?token=x"}[path])
    picture(page, f"phone-{path}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate(_FAINT) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    picture(page, f"wide-{path}-{scheme}")
    context.close()


def test_the_ribbon_warns_of_token_votes(chromium: Browser) -> None:
    with served(unsafe_token_votes=True) as office:
        context = chromium.new_context()
        page = signed_in(context, office)
        expect(page.get_by_role("note")).to_contain_text("votes by token count here")
        picture(page, "ribbon")
        context.close()


# Controls without an accessible name, and ids that occur twice.
_NAMELESS = """() => {
  const named = (e) => e.getAttribute("aria-label") || (e.labels && e.labels.length) || e.textContent.trim();
  const controls = [...document.querySelectorAll("a, button, summary, textarea, select, input:not([type=hidden])")];
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [...controls.filter((e) => !named(e)).map((e) => e.outerHTML),
          ...ids.filter((id, i) => ids.indexOf(id) !== i),
          ...[...document.querySelectorAll("img")].filter((e) => !e.hasAttribute("alt")).map((e) => e.outerHTML),
          ...[...document.querySelectorAll("[aria-labelledby]")]
             .filter((e) => !document.getElementById(e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML)];
}"""

# Text below the contrast that WCAG 2.2 asks for at level AA (success criterion 1.4.3): 4.5, or 3 when large.
_FAINT = """() => {
  const numbers = (c) => c.match(/[0-9.]+/g).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const [a, b] = [light(numbers(style.color).slice(0, 3)), light(ground(e))].sort((x, y) => y - x);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < needed) faint.push(e.textContent.trim().slice(0, 40) + " " + contrast.toFixed(2));
  }
  return faint;
}"""
