"""Signing in at the provider in a real browser: the cookies' same-site rules, the way back, and a confirmed login."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from tests.web.serving import SECONDS
from tests.web.signing_on import SigningOn, provider, signing_on

from interlock.web.api.device_shapes import CLIENT

CHROMIUM = Path("/usr/bin/chromium")
MILLISECONDS = 15_000

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here: signing in was not tried in a browser"),
]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


@contextmanager
def serving(on: SigningOn, listening: socket.socket) -> Iterator[None]:
    """The office on a socket, until the end of the block."""
    server = _Server(uvicorn.Config(on.office.app, access_log=False, log_level="warning", timeout_graceful_shutdown=5))

    async def serve() -> None:
        await server.serve(sockets=[listening])
        await on.outgoing.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        on.office.app.state.control.stopping.set()
        server.should_exit = True
        thread.join(SECONDS)


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
def on() -> Iterator[SigningOn]:
    # `localhost` here and 127.0.0.1 there: two sites, as a gateway and its provider are.
    with provider() as idp, socket.create_server(("127.0.0.1", 0)) as listening:
        made = signing_on(idp, f"http://localhost:{listening.getsockname()[1]}")
        with serving(made, listening):
            yield made


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(MILLISECONDS)
    yield context.new_page()
    context.close()


def log_in(page: Page, username: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(f"{username}'s password")
    page.get_by_role("button", name="Log in").click()


def test_from_a_page_to_the_provider_and_back_to_it(on: SigningOn, page: Page) -> None:
    url = on.office.public_url
    page.goto(f"{url}/device")
    page.get_by_role("link", name="Sign in with sso").click()
    log_in(page, "priya")
    expect(page.get_by_role("heading", name="Confirm a login")).to_be_visible()
    assert page.url == f"{url}/device"
    expect(page.get_by_text("Priya Raman")).to_be_visible()
    names = {cookie["name"]: cookie for cookie in page.context.cookies(url)}
    assert names["__Host-interlock"]["sameSite"] == "Strict" and names["__Host-interlock"]["httpOnly"]
    assert "__Host-interlock-sign-on" not in names


def test_a_login_is_confirmed_with_the_code_that_was_typed(on: SigningOn, page: Page) -> None:
    url = on.office.public_url
    asked = httpx.post(f"{url}/api/device/authorize", data={"client_id": CLIENT}, trust_env=False).json()
    page.goto(f"{url}/device")
    page.get_by_role("link", name="Sign in with sso").click()
    log_in(page, "priya")
    page.get_by_label("Code").fill(asked["user_code"].lower())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(asked["user_code"], exact=True)).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").filter(has_text="Confirmed")).to_be_visible()


def test_who_is_nobody_here_is_told_what_to_do(on: SigningOn, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"{on.office.public_url}/sign-in")
    page.get_by_role("link", name="Sign in with sso").click()
    log_in(page, "mallory")
    expect(page.get_by_role("heading", name="Nobody here has this account")).to_be_visible()
    expect(page.get_by_text(re.compile("sub-mallory"))).to_be_visible()
    page.goto(on.office.public_url)
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
