"""Signing in with a one-use link, and out; signing in at the provider is in `web.oidc`.

A GET never signs anybody in: chat services and mail scanners open links before people do, and would use it up.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import AuthenticationFailed
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.web.allowed import CallerKind, allowed
from interlock.web.callers import MAX_TOKEN, check_csrf, check_origin, signed_in_person
from interlock.web.console.reading import Sender
from interlock.web.console.rendering import Pages
from interlock.web.control_state import Control, Parts
from interlock.web.oidc import set_session
from interlock.web.session import COOKIE, Login
from interlock.web.sign_on import local

router = APIRouter(include_in_schema=False)


@router.get("/sign-in", **allowed(CallerKind.ANYONE))
async def sign_in_page(
    request: Request,
    parts: Parts,
    token: Annotated[str, Query(max_length=MAX_TOKEN)] = "",
    then: Annotated[str, Query(max_length=300)] = "/",
) -> Response:
    """A page with a button that says whose link it is; without a token, the ways to sign in, and on to `then`."""
    if not token:
        return _page(request, parts, then=local(then))
    holder = parts.registry.sign_in_holder(Secret(token))
    person = parts.registry.person(holder) if holder is not None else None
    return _page(request, parts, token=token, holder=person) if person else _page(request, parts, 401, failed=True)


@router.post("/sign-in", **allowed(CallerKind.ANYONE))
async def sign_in(request: Request, parts: Parts, token: Annotated[str, Form(max_length=MAX_TOKEN)]) -> Response:
    """Uses the link up and starts a session."""
    check_origin(parts, request)
    try:
        person, key = await parts.registry.sign_in(Secret(token))
    except AuthenticationFailed:
        return _page(request, parts, 401, failed=True)
    replaced = signed_in_person(parts, request)
    if replaced is not None:
        parts.sessions.end(replaced.session)
    response = RedirectResponse("/", 303)
    ended = parts.registry.sessions_ended(person)
    set_session(response, parts.sessions.start(person, Login(key, parts.clock.now()), ended))
    return response


@router.post("/sign-out", **allowed(CallerKind.ANYONE))
async def sign_out(request: Request, parts: Parts, csrf: Annotated[str, Form(max_length=128)]) -> Response:
    """Ends all sessions of the person: this one, every copy of it, and what they left open elsewhere."""
    check_origin(parts, request)
    signed_in = signed_in_person(parts, request)
    if signed_in is not None:
        check_csrf(signed_in.session, csrf)
        person = signed_in.person.id
        try:
            await parts.registry.end_sessions(person, person, "signed out")
        finally:  # this one ends here even if the ledger can't be told of the others
            parts.sessions.end(signed_in.session)
    return _signed_out()


@router.post("/you/sessions/end", **allowed(CallerKind.CONSOLE))
async def end_sessions(parts: Parts, me: Sender) -> Response:
    """The same, and all passwords for doors with them: nothing that a stolen session got hold of goes on."""
    await parts.registry.end_sessions(me.person.id, me.person.id, "ended by the person", passwords=True)
    return _signed_out()


def _signed_out() -> Response:
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def _page(
    request: Request,
    parts: Control,
    status: int = 200,
    *,
    token: str = "",
    holder: Person | None = None,
    failed: bool = False,
    then: str = "/",
) -> Response:
    pages = request.app.state.pages
    assert isinstance(pages, Pages)
    already = signed_in_person(parts, request)
    provider = parts.sign_on.means.provider
    return pages.render(
        "sign_in.html",
        status,
        provider=provider.name if provider else "",
        then=then,
        token=token,
        holder=holder,
        failed=failed,
        me=already.person if already else None,
        csrf=already.session.csrf if already else "",
    )
