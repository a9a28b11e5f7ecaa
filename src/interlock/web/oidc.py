"""Signing in at the people's provider: there with a sealed attempt in a cookie, back with a code for it.

What the browser brings back counts only together with the cookie of the attempt that it began itself (RFC 6749 section
10.12): nobody can be signed in with somebody else's code, and nobody's account be linked by somebody else. The session
cookie is SameSite=Strict, so it doesn't come along on the way back; what the callback must know of the session that
began the attempt stands under its seal.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import AuthenticationFailed, InterlockError, NotFound, UpstreamFailed
from interlock.identity.sign_on import Account, Attempt
from interlock.model.canonical import JsonValue
from interlock.model.names import KeyId
from interlock.model.secret import Secret
from interlock.web.allowed import CallerKind, allowed
from interlock.web.bounds import network
from interlock.web.callers import SignedIn, signed_in_person
from interlock.web.console.reading import pages_of
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Accounts, Provider
from interlock.web.problems import problem
from interlock.web.sealed_cookies import Sealed
from interlock.web.session import COOKIE, LIFETIME, Began, Login, same
from interlock.web.sign_on import local

ATTEMPT_COOKIE: Final = "__Host-interlock-sign-on"
ATTEMPT_LASTS: Final = timedelta(minutes=10)
BEGIN: Final = "/sign-in/oidc"
CALLBACK: Final = "/sign-in/oidc/callback"
CONFIRM_LINK: Final = "/you/links/confirm"
LINK: Final = "link"
MAX_PARAMETER: Final = 4096

Parameter = Annotated[str, Query(max_length=MAX_PARAMETER)]

log = structlog.get_logger("interlock.web")

router = APIRouter(include_in_schema=False)


@router.get(BEGIN, **allowed(CallerKind.ANYONE))
async def begin(
    request: Request,
    parts: Parts,
    then: Annotated[str, Query(max_length=300)] = "/",
    again: bool = False,
    purpose: Annotated[str, Query(pattern="^(sign-in|link)$")] = "sign-in",
) -> Response:
    """Sends the browser to the provider. `again` has them log in there anew; `purpose=link` links an account there to
    who is signed in, and signs nobody in."""
    provider, accounts = _means(parts, request)
    me = signed_in_person(parts, request)
    if purpose == LINK and me is None:
        raise AuthenticationFailed("You are not signed in.")
    attempt = _attempt(parts, again)
    try:
        url = await provider.authorization_url(attempt)
    except UpstreamFailed as error:
        return _outage(request, provider, error)
    fields: dict[str, JsonValue] = {
        "state": attempt.state,
        "nonce": attempt.nonce,
        "verifier": attempt.verifier,
        "max_age": int(attempt.max_age.total_seconds()),
        "then": local(then),
        "purpose": purpose,
    }
    if me is not None:
        fields |= {"replaces": me.session.mark, "ends": int(me.session.expires_at.timestamp())}
    if me is not None and purpose == LINK:
        fields |= {"link_code": accounts.begin_link(me.person.id, provider.name).reveal()}
    answer = RedirectResponse(url, 303)
    answer.set_cookie(
        ATTEMPT_COOKIE,
        parts.sign_on.attempts.seal(fields, ATTEMPT_LASTS),
        int(ATTEMPT_LASTS.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",  # Strict cookies stay away when another site sends the browser back here
    )
    return answer


@router.get(CALLBACK, **allowed(CallerKind.ANYONE))
async def callback(
    request: Request,
    parts: Parts,
    code: Parameter = "",
    state: Parameter = "",
    iss: Annotated[str | None, Query(max_length=MAX_PARAMETER)] = None,
    error: Parameter = "",
) -> Response:
    """Redeems the code for the attempt that this browser began, once."""
    provider, accounts = _means(parts, request)
    begun = _taken(parts, request, state)
    try:
        if begun is None:
            raise AuthenticationFailed("This sign-in wasn't begun in this browser, or was used, or took too long.")
        if error or not code:
            raise AuthenticationFailed("The provider didn't sign you in.", code="provider_refused")
        account = await provider.redeem(code, _of(parts, begun), iss)
        if begun.fields["purpose"] == LINK:
            answer = _claim_link(request, accounts, begun, account)
        else:
            answer = await _sign_in(request, parts, accounts, begun, account)
    except UpstreamFailed as failed:
        answer = _outage(request, provider, failed)
    except InterlockError as refused:
        log.warning("sign_on.refused", code=refused.code, provider=provider.name)
        told = problem(refused)
        answer = pages_of(request).render("sign_on.html", told.status, told=told, provider=provider.name, stranger=None)
    answer.delete_cookie(ATTEMPT_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _means(parts: Control, request: Request) -> tuple[Provider, Accounts]:
    provider, accounts = parts.sign_on.means.provider, parts.sign_on.means.accounts
    if provider is None or accounts is None:
        raise NotFound("No provider is set up here to sign in at.")
    parts.sign_on.arrivals.take(network(request.client.host if request.client else ""))
    return provider, accounts


def _attempt(parts: Control, again: bool) -> Attempt:
    return Attempt(
        redirect_uri=parts.public_url + CALLBACK,
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),  # RFC 7636 section 4.1: 43 to 128 characters
        max_age=parts.sign_on.means.recent_login if again else LIFETIME,
        again=again,
    )


def _taken(parts: Control, request: Request, state: str) -> Sealed | None:
    """The attempt of this browser that the answer is for; it is over with this, whatever comes of it."""
    begun = parts.sign_on.attempts.read(request.cookies.get(ATTEMPT_COOKIE, ""))
    if begun is None or not same(begun.fields["state"], state):
        return None
    parts.sign_on.attempts.end(begun.mark, begun.until)
    return begun


def _of(parts: Control, begun: Sealed) -> Attempt:
    fields = begun.fields
    return Attempt(
        redirect_uri=parts.public_url + CALLBACK,
        state=fields["state"],
        nonce=fields["nonce"],
        verifier=fields["verifier"],
        max_age=timedelta(seconds=fields["max_age"]),
    )


def _claim_link(request: Request, accounts: Accounts, begun: Sealed, account: Account) -> Response:
    code = Secret[str](begun.fields["link_code"])
    accounts.claim_link(code, account.provider, account.subject, account.name)
    return pages_of(request).render("arrived.html", then=CONFIRM_LINK)


async def _sign_in(request: Request, parts: Control, accounts: Accounts, begun: Sealed, account: Account) -> Response:
    person = accounts.person_of(account.provider, account.subject)
    if person is not None and account.groups is not None:
        await accounts.claims_seen(person, account.provider, account.groups)
    if person is None or parts.registry.person(person) is None:
        log.warning("sign_on.stranger", provider=account.provider)
        return pages_of(request).render("sign_on.html", 403, told=None, provider=account.provider, stranger=account)
    if "replaces" in begun.fields:
        ends = datetime.fromtimestamp(begun.fields["ends"], UTC)
        parts.sessions.cookies.end(begun.fields["replaces"], ends)
    login = Login(_key(account), account.auth_time, Began.OIDC, account.provider, account.subject)
    # Our own page sends the browser on: a redirect from another site would leave the new cookie behind.
    answer = pages_of(request).render("arrived.html", then=begun.fields["then"])
    set_session(answer, parts.sessions.start(person, login, parts.registry.sessions_ended(person)))
    log.info("sign_on", person=person, provider=account.provider)
    return answer


def set_session(answer: Response, cookie: str) -> None:
    """Has the browser keep a session's cookie; other sites never get to send it."""
    lasts = int(LIFETIME.total_seconds())
    answer.set_cookie(COOKIE, cookie, lasts, path="/", secure=True, httponly=True, samesite="strict")


def _key(account: Account) -> KeyId:
    """What a vote's entry says that its session stands on: the provider, and which login there, without saying whose
    account to whoever reads the ledger."""
    about = "\0".join((account.provider, account.subject, str(int(account.auth_time.timestamp()))))
    return KeyId(f"oidc:{account.provider}:{hashlib.sha256(about.encode()).hexdigest()[:16]}")


def _outage(request: Request, provider: Provider, error: UpstreamFailed) -> Response:
    log.warning("sign_on.unavailable", provider=provider.name, code=error.code, because=error.sentence)
    return pages_of(request).render("sign_on.html", 503, told=None, provider=provider.name, stranger=None)


def offered(parts: Control, request: Request, me: SignedIn | None = None) -> dict[str, str]:
    """What a page needs for offering the sign-in: the provider's name ("" for none), and where to go on to."""
    provider = parts.sign_on.means.provider
    then = local(request.url.path) if me is None and request.method == "GET" else "/"
    return {"provider": provider.name if provider else "", "then": then}
