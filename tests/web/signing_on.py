"""An office whose people sign in at a provider of the test kit's, and a browser that goes there and back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
from testkit.idp import Idp
from tests.web.in_memory import Clock, Office

from interlock.errors import Conflict, NotFound
from interlock.identity.sign_on import Account, Attempt
from interlock.model.names import GroupName, PersonId
from interlock.model.secret import Secret
from interlock.model.settings import OidcSettings
from interlock.upstreams.oidc import OidcProvider
from interlock.upstreams.outgoing import Allowed, Outgoing
from interlock.web.oidc import CALLBACK
from interlock.web.sign_on import Means

CONTROL = "https://interlock.test"


@dataclass
class Accounts:
    """Whose account is whose, in a dict."""

    whose: dict[str, PersonId] = field(default_factory=lambda: {"sub-priya": PersonId("priya")})
    seen: list[tuple[PersonId, frozenset[str]]] = field(default_factory=list)
    codes: dict[str, PersonId] = field(default_factory=dict)
    claimed: list[tuple[PersonId, str, str]] = field(default_factory=list)

    def person_of(self, provider: str, subject: str) -> PersonId | None:
        return self.whose.get(subject) if provider == "sso" else None

    async def claims_seen(self, person: PersonId, provider: str, groups: frozenset[str]) -> None:
        assert provider == "sso"
        self.seen.append((person, groups))

    def begin_link(self, person: PersonId, provider: str) -> Secret[str]:
        code = f"code-{len(self.codes)}"
        self.codes[code] = person
        return Secret(code)

    def claim_link(self, code: Secret[str], provider: str, subject: str, shown: str) -> None:
        person = self.codes.pop(code.reveal(), None)
        if person is None:
            raise NotFound("no such code")
        if subject in self.whose:
            raise Conflict("this account is linked already", code="already_linked")
        self.claimed.append((person, subject, shown))


@dataclass
class Logins:
    """Passwords by number; `gone` is nobody any more."""

    clock: Clock
    issued: list[tuple[PersonId, timedelta]] = field(default_factory=list)
    gone: set[PersonId] = field(default_factory=set)

    async def issue(self, person: PersonId, lasts: timedelta) -> tuple[Secret[str], datetime]:
        if person in self.gone:
            raise NotFound("there is nobody of that name")
        self.issued.append((person, lasts))
        return Secret(f"password-{len(self.issued)}"), self.clock.now() + lasts


class Late:
    """A provider that is made where it is first used: its connections belong to one loop."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.outgoing = Outgoing([Allowed(settings.issuer + "/")])
        self._made = OidcProvider(settings, self.outgoing, clock)
        self.name = settings.provider

    async def authorization_url(self, attempt: Attempt) -> str:
        return await self._made.authorization_url(attempt)

    async def redeem(self, code: str, attempt: Attempt, issued_by: str | None) -> Account:
        return await self._made.redeem(code, attempt, issued_by)


@dataclass
class SigningOn:
    """The office, its provider and what stands between them."""

    office: Office
    idp: Idp
    accounts: Accounts
    logins: Logins
    outgoing: Outgoing

    @property
    def clock(self) -> Clock:
        """The office's."""
        return self.office.clock


def settings_of(idp: Idp, **changes: object) -> OidcSettings:
    """`[oidc]` for a provider of the test kit's."""
    groups = {"Privacy Officers": GroupName("privacy-officers")}
    secret = Secret(idp.client_secret)
    made = OidcSettings("sso", idp.issuer, idp.client_id, secret, ("openid", "profile"), "groups", groups)
    return OidcSettings(**{**{name: getattr(made, name) for name in OidcSettings.__slots__}, **changes})


def signing_on(idp: Idp, public_url: str = CONTROL) -> SigningOn:
    """An office with people who have accounts there; the clock is the machine's, as the provider's is."""
    clock = Clock(real=True)
    accounts, logins = Accounts(), Logins(clock)
    late = Late(settings_of(idp), clock)
    idp.redirect_uris.add(public_url + CALLBACK)
    means = Means(late, accounts, logins, timedelta(minutes=30), 6432)
    return SigningOn(Office(public_url, clock=clock, means=means), idp, accounts, logins, late.outgoing)


@contextmanager
def provider() -> Iterator[Idp]:
    """A provider with three accounts, of which one is somebody's here."""
    with Idp().running() as idp:
        idp.person("priya", "Privacy Officers", "Everybody", name="Priya Raman")
        idp.person("owen", name="Owen Blake")
        idp.person("mallory", name="Mallory <script>alert(1)</script>")
        yield idp


class Browser:
    """Two cookie jars, as a browser has for two sites; same-site rules are Chromium's to prove (test_oidc_browser)."""

    def __init__(self, on: SigningOn, here: httpx.AsyncClient, there: httpx.AsyncClient) -> None:
        self.on, self.here, self.there = on, here, there

    async def leave(self, **query: str) -> str:
        """Begins; the provider's address."""
        answer = await self.here.get("/sign-in/oidc", params=query)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def log_in(self, url: str, username: str = "priya", *, refuse: bool = False) -> str:
        """Logs in at the provider, if it asks; the address of ours that it sends the browser back to."""
        answer = await self.there.get(url)
        if answer.status_code == 200:
            found = re.search(r'name="asked" value="([^"]*)"', answer.text)
            assert found is not None
            form = {"asked": html.unescape(found[1]), "username": username, "password": f"{username}'s password"}
            form |= {"refuse": "yes"} if refuse else {}
            answer = await self.there.post(f"{self.on.idp.issuer}/login", data=form)
        assert answer.status_code == 303, answer.text
        back = str(answer.headers["location"])
        assert back.startswith(self.on.office.public_url + CALLBACK)
        return back

    async def back(self, url: str) -> httpx.Response:
        """Comes back as browsers do from another site: without the Strict session cookie."""
        kept = self.here.cookies.get("__Host-interlock")
        if kept is not None:
            self.here.cookies.delete("__Host-interlock")
        answer = await self.here.get(url)
        if kept is not None and "__Host-interlock" not in self.here.cookies:
            self.here.cookies.set("__Host-interlock", kept, domain=urlsplit(CONTROL).hostname or "", path="/")
        return answer

    async def sign_in(self, username: str = "priya", **query: str) -> httpx.Response:
        """There and back."""
        return await self.back(await self.log_in(await self.leave(**query), username))

    async def me(self) -> httpx.Response:
        """Who we are here."""
        return await self.here.get("/api/whoami")

    async def csrf(self) -> str:
        """The session's token."""
        return str((await self.me()).json()["csrf"])


@asynccontextmanager
async def browser_of(on: SigningOn) -> AsyncIterator[Browser]:
    """A fresh browser."""
    transport = httpx.ASGITransport(app=on.office.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=CONTROL, headers={"Origin": CONTROL}) as here,
        httpx.AsyncClient(trust_env=False) as there,
    ):
        yield Browser(on, here, there)


def asked(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def then_of(page: httpx.Response) -> str:
    """Where the page sends the browser on to."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def claims_of(token: str) -> object:
    """For looking into what the provider made."""
    return json.loads(token)
