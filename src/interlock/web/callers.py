"""Who is calling: a person signed in at the console, the holder of an Interlock key, or the operator.

A bearer token always wins over a cookie, so that one request has one caller. Cookies travel by themselves, so a POST
by cookie must come from our own origin and carry the session's CSRF token; a bearer token doesn't, so it needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from interlock.errors import AuthenticationFailed
from interlock.model.actor import Actor, ActorKind
from interlock.model.names import PersonId
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused
from interlock.web.session import COOKIE, Session, same

CSRF_HEADER = "X-Interlock-CSRF"
MAX_TOKEN = 512  # characters
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, description="An Interlock key, or the operator's token.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="A console session.")


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
    """Whoever holds an Interlock key: an agent, a service or a person. `presented` is checked again in long waits."""

    actor: Actor
    presented: Secret[str]

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


Caller = SignedIn | ByKey | Operator


def identify(parts: Control, request: Request) -> Caller:
    """The caller; raises `AuthenticationFailed` when there is none."""
    header = request.headers.get("authorization")
    if header is not None:
        return _by_token(parts, header)
    signed_in = signed_in_person(parts, request)
    if signed_in is None:
        raise AuthenticationFailed("Sign in, or send an Interlock key as a bearer token.")
    return signed_in


def signed_in_person(parts: Control, request: Request) -> SignedIn | None:
    """The person behind the session cookie, if it is live and they still are in the settings."""
    cookie = request.cookies.get(COOKIE)
    session = parts.sessions.read(cookie) if cookie else None
    person = parts.registry.person(session.person) if session else None
    return SignedIn(person, session) if person and session else None


def _by_token(parts: Control, header: str) -> Operator | ByKey:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
        raise AuthenticationFailed("The credential wasn't accepted.")
    presented = Secret(token)
    if parts.registry.is_operator(presented):
        return Operator()
    return ByKey(parts.registry.authenticate(presented), presented)


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
    _bearer_in_schema: Annotated[object, Depends(_bearer)],
    _cookie_in_schema: Annotated[object, Depends(_cookie)],
) -> Caller:
    """The caller of an API route, within their rate; a POST by cookie is checked for origin and CSRF token."""
    caller = identify(parts, request)
    if isinstance(caller, SignedIn) and request.method not in _SAFE:
        check_origin(parts, request)
        check_csrf(caller.session, request.headers.get(CSRF_HEADER, ""))
    parts.rate.take(caller.name)
    return caller


ApiCaller = Annotated[Caller, Depends(api_caller)]
