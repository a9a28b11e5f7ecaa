"""Signing in with a one-use link, and out.

A GET never signs anybody in: chat services and mail scanners open links before people do, and would use it up.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import AuthenticationFailed
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.web.callers import MAX_TOKEN, check_csrf, check_origin, signed_in_person
from interlock.web.console.rendering import Pages
from interlock.web.control_state import Control, Parts
from interlock.web.session import COOKIE, LIFETIME

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def sign_in_page(
    request: Request, parts: Parts, token: Annotated[str, Query(max_length=MAX_TOKEN)] = ""
) -> Response:
    """A page with a button that says whose link it is; without a token, how to get one."""
    if not token:
        return _page(request, parts)
    holder = parts.registry.sign_in_holder(Secret(token))
    person = parts.registry.person(holder) if holder is not None else None
    return _page(request, parts, token=token, holder=person) if person else _page(request, parts, 401, failed=True)


@router.post("/sign-in")
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
    lifetime = int(LIFETIME.total_seconds())
    response.set_cookie(
        COOKIE, parts.sessions.start(person, key), lifetime, path="/", secure=True, httponly=True, samesite="strict"
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request, parts: Parts, csrf: Annotated[str, Form(max_length=128)]) -> Response:
    """Ends the session, here and wherever else its cookie may be."""
    check_origin(parts, request)
    signed_in = signed_in_person(parts, request)
    if signed_in is not None:
        check_csrf(signed_in.session, csrf)
        parts.sessions.end(signed_in.session)
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
) -> Response:
    pages = request.app.state.pages
    assert isinstance(pages, Pages)
    already = signed_in_person(parts, request)
    return pages.render(
        "sign_in.html",
        status,
        token=token,
        holder=holder,
        failed=failed,
        me=already.person if already else None,
        csrf=already.session.csrf if already else "",
    )
