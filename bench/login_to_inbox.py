"""From the sign-in button to the inbox: what the gateway adds to a sign-in.

Budget: 300 ms of server time. Measured from outside over HTTP, on warm metadata and keys: the way to the provider, the
callback (the code redeemed at a provider of the test kit's, its ID token verified, the session sealed), and the inbox.
"""

from __future__ import annotations

import html
import re
from statistics import median, quantiles
from time import perf_counter

import httpx
from testkit.idp import Idp

from bench.ground import Ground
from bench.link import Failed
from bench.report import Result, at_most
from interlock.demo.access import REVIEWER
from interlock.demo.embedded_postgres import HOST, free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import install
from interlock.web.oidc import BEGIN, CALLBACK

SIGN_INS = 50
SECONDS = 30.0
BUDGET = at_most(300.0)

_OIDC = """
[oidc]
issuer = "{issuer}"
client_id = "interlock"
client_secret = "file:client-secret"
"""
_ASKED = re.compile(r'name="asked" value="([^"]*)"')


def run(ground: Ground) -> list[Result]:
    """Milliseconds of our part of a sign-in and the inbox together."""
    with Idp().running() as idp:
        idp.person(REVIEWER)
        times = [each * 1000 for each in _all(ground, idp)]
    mode = f"to the provider, callback and inbox, {SIGN_INS} sign-ins"
    return [
        Result("login_to_inbox", f"{mode}, p50", median(times), "ms", budget=BUDGET),
        Result("login_to_inbox", f"{mode}, p95", quantiles(times, n=20)[-1], "ms", budget=BUDGET),
    ]


def _all(ground: Ground, idp: Idp) -> list[float]:
    directory = ground.directory / "login"
    directory.mkdir()
    installed = install(directory, reset=False)
    ports = {each: free_port() for each in ("control", "agents", "postgres")}
    url = f"http://{HOST}:{ports['control']}"
    idp.redirect_uris.add(url + CALLBACK)
    ground.write_settings(installed, ports, _OIDC.format(issuer=idp.issuer), {REVIEWER: f'oidc = "sub-{REVIEWER}"\n'})
    (directory / "client-secret").write_text(idp.client_secret, encoding="utf-8")
    with gateway(installed.settings, url, directory / "gateway.log"):
        return [_once(url, idp) for _ in range(SIGN_INS)]


def _once(url: str, idp: Idp) -> float:
    with (
        httpx.Client(trust_env=False, timeout=SECONDS) as here,
        httpx.Client(trust_env=False, timeout=SECONDS) as there,
    ):
        began = perf_counter()
        begun = here.get(url + BEGIN)
        took = perf_counter() - began
        asked = _ASKED.search(there.get(begun.headers["location"]).text)
        if asked is None:
            raise Failed("the provider showed no form")
        form = {"asked": html.unescape(asked[1]), "username": REVIEWER, "password": f"{REVIEWER}'s password"}
        back = there.post(f"{idp.issuer}/login", data=form).headers["location"]
        # Secure cookies aren't sent over http by themselves, except by browsers to this machine.
        attempt = "; ".join(f"{cookie.name}={cookie.value}" for cookie in here.cookies.jar)
        began = perf_counter()
        arrived = here.get(back, headers={"Cookie": attempt})
        session = "; ".join(f"{cookie.name}={cookie.value}" for cookie in here.cookies.jar)
        inbox = here.get(f"{url}/", headers={"Cookie": session})
        took += perf_counter() - began
    if (arrived.status_code, inbox.status_code) != (200, 200):
        raise Failed(f"a sign-in was answered with {arrived.status_code}, its inbox with {inbox.status_code}")
    return took
