"""Who is calling: a person signed in at the console, the holder of an Interlock key, or the operator.

A bearer token always wins over a cookie, so that one request has one caller. Cookies travel by themselves, so a POST
by cookie must come from our own origin and carry the session's CSRF token; a bearer token doesn't, so it needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from interlock.errors import AuthenticationFailed, InterlockError
from interlock.model.actor import Actor, ActorKind
from interlock.model.names import PersonId
from interlock.model.peer import Peer
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.web.control_state import Control, Parts
from interlock.web.patience import CLIENT_CERTIFICATE
from interlock.web.problems import Refused
from interlock.web.session import COOKIE, Session, same

CSRF_HEADER = "X-Interlock-CSRF"
MAX_TOKEN = 8 * 1024  # characters: as long as a workload's token may be (`identity.tokens`)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

bearer_scheme = HTTPBearer(
    auto_error=False, description="An Interlock key, a workload's token, or the operator's token."
)
cookie_scheme = APIKeyCookie(name=COOKIE, auto_error=False, description="A console session.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a console session."""

    person: Person
    session: Session

    @property
    def name(self) -> str:
        """For counting and records."""
        return f"person/{self.person.id}"


@dataclass(frozen=True, slots=True)
class ByKey:
    """Whoever holds an Interlock key or a token: an agent, a service or a person.

    `presented` is checked again in long waits, as `peer` showed it.
    """

    actor: Actor
    presented: Secret[str]
    peer: Peer

    @property
    def name(self) -> str:
        """For counting and records."""
        return f"{self.actor.kind.value}/{self.actor.id}"

    @property
    def person(self) -> PersonId | None:
        """The person, when a person's key was used; for a person, the owner is that person."""
        return self.actor.owner if self.actor.kind is ActorKind.PERSON else None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the installation: makes keys and sign-in links, sees no card, never votes."""

    name: str = "operator"


@dataclass(frozen=True, slots=True)
class ByDirectory:
    """A directory that tells us of people over SCIM, by a provisioning key; it is let in nowhere else."""

    actor: Actor

    @property
    def name(self) -> str:
        """For counting and records."""
        return f"service/{self.actor.id}"


Caller = SignedIn | ByKey | Operator | ByDirectory


async def identify(parts: Control, request: Request) -> Caller:
    """The caller; raises `AuthenticationFailed` when there is none."""
    header = request.headers.get("authorization")
    if header is not None:
        return await _by_token(parts, header, peer_of(request))
    signed_in = signed_in_person(parts, request)
    if signed_in is None:
        raise AuthenticationFailed("Sign in, or send an Interlock key as a bearer token.")
    return signed_in


def signed_in_person(parts: Control, request: Request) -> SignedIn | None:
    """The person behind the session cookie, if it is live.

    Of somebody who is gone, or whose account it no longer is, it ends for good: it doesn't come back with them. So does
    one from before they ended all of theirs.
    """
    cookie = request.cookies.get(COOKIE)
    session = parts.sessions.read(cookie) if cookie else None
    if session is None:
        return None
    person = person_of(parts, session)
    if person is None:
        parts.sessions.end(session)
        return None
    return SignedIn(person, session)


def person_of(parts: Control, session: Session) -> Person | None:
    """Whose session it is, while they are here, the account is theirs and they haven't ended all of their sessions."""
    over = session.after < parts.registry.sessions_ended(session.person) or not parts.sign_on.stands(session)
    return None if over else parts.registry.person(session.person)


def peer_of(request: Request) -> Peer:
    """Who is at the other end of the connection; behind a proxy, that is the proxy."""
    found = request.scope.get("extensions", {}).get(CLIENT_CERTIFICATE, {}).get("der")
    return Peer(request.client.host if request.client else "", found if isinstance(found, bytes) else None)


async def _by_token(parts: Control, header: str, peer: Peer) -> Operator | ByKey | ByDirectory:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
        raise AuthenticationFailed("The credential wasn't accepted.")
    presented = Secret(token)
    if parts.registry.is_operator(presented):
        return Operator()
    directory = _directory(parts, presented)
    if directory is not None:
        return directory
    return ByKey(await parts.registry.admit(presented, peer=peer), presented, peer)


def _directory(parts: Control, presented: Secret[str]) -> ByDirectory | None:
    if parts.people is None:
        return None
    try:
        return ByDirectory(parts.people.provisioner(presented))
    except AuthenticationFailed:
        return None


def check_origin(parts: Control, request: Request) -> None:
    """Raises `Refused` unless the browser says that our own page sent this."""
    if not same(parts.origin, request.headers.get("origin", "")):
        raise Refused(403, "wrong_origin", f"This can only be sent from the console at {parts.origin}.")


def check_csrf(session: Session, presented: str) -> None:
    """Raises `Refused` unless the session's own token came along."""
    if not same(session.csrf, presented):
        raise Refused(403, "csrf", "The page was out of date. Reload it and try again.")


async def api_caller(
    request: Request,
    parts: Parts,
    _bearer_in_schema: Annotated[object, Depends(bearer_scheme)],
    _cookie_in_schema: Annotated[object, Depends(cookie_scheme)],
) -> Caller:
    """The caller of an API route, as a dependency; see `caller_of`."""
    return await caller_of(request, parts)


async def caller_of(request: Request, parts: Control) -> Caller:
    """The caller, within their rate; a POST by cookie is checked for origin and CSRF token. Counted once a request."""
    known: Caller | InterlockError | None = getattr(request.state, "interlock_caller", None)
    if isinstance(known, InterlockError):
        raise known
    if known is not None:
        return known
    try:
        request.state.interlock_caller = caller = await _admitted(request, parts)
    except InterlockError as refused:
        request.state.interlock_caller = refused
        raise
    return caller


async def _admitted(request: Request, parts: Control) -> Caller:
    caller = await _identified(request, parts)
    if isinstance(caller, SignedIn) and request.method not in _SAFE:
        check_origin(parts, request)
        check_csrf(caller.session, request.headers.get(CSRF_HEADER, ""))
    parts.rate.take(caller.name)
    request.state.interlock_rate = parts.rate.left(caller.name)
    return caller


async def _identified(request: Request, parts: Control) -> Caller:
    """The caller, unless their address has guessed too often."""
    credential = request.headers.get("authorization", "")
    address = request.client.host if request.client else ""
    if credential:
        parts.guesses.check(address, credential)
    try:
        caller = await identify(parts, request)
    except AuthenticationFailed:
        if credential:
            parts.guesses.wrong(address, credential)
        raise
    if credential:
        parts.guesses.right(credential)
    return caller


ApiCaller = Annotated[Caller, Depends(api_caller)]
