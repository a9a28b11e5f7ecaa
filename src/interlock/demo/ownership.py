"""The demo's owner signs in to the console and accepts the agent, as a browser would: with a session of her own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx

from interlock.errors import UpstreamFailed

SECONDS = 30.0


def accept(control_url: str, sign_in_link: str, agent: str) -> None:
    """Uses up the link, then says that its person answers for `agent`. Raises `UpstreamFailed`."""
    token = parse_qs(urlsplit(sign_in_link).query)["token"][0]
    try:
        with httpx.Client(
            base_url=control_url, headers={"Origin": control_url}, timeout=SECONDS, trust_env=False
        ) as browser:
            signed_in = browser.post("/sign-in", data={"token": token})
            # By hand: a browser trusts this machine with Secure cookies over http, a cookie jar doesn't.
            session = {"Cookie": signed_in.headers.get("set-cookie", "").partition(";")[0]}
            browser.cookies.clear()
            csrf = browser.get("/api/whoami", headers=session).raise_for_status().json()["csrf"]
            accepting = {**session, "X-Interlock-CSRF": csrf}
            browser.post(f"/api/people/me/wards/{agent}/accept", headers=accepting).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise UpstreamFailed(f"the gateway answered {error.response.status_code} to the agent's owner") from None
    except httpx.HTTPError as error:
        raise UpstreamFailed(f"the gateway didn't answer: {type(error).__name__}") from None
