"""Signing in with a one-use link, and out.

A GET never signs anybody in: chat services and mail scanners open links before people do, and would use it up.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import AuthenticationFailed
from interlock.model.secret import Secret
from interlock.web.callers import MAX_TOKEN, check_csrf, check_origin, signed_in_person
from interlock.web.console.rendering import Pages
from interlock.web.control_state import Parts
from interlock.web.session import COOKIE, LIFETIME

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def sign_in_page(
    request: Request, parts: Parts, token: Annotated[str, Query(max_length=MAX_TOKEN)] = ""
) -> Response:
    """A page with a button; without a token, how to get one."""
    return _page(request, token=token)


@router.post("/sign-in")
async def sign_in(request: Request, parts: Parts, token: Annotated[str, Form(max_length=MAX_TOKEN)]) -> Response:
    """Uses the link up and starts a session."""
    check_origin(parts, request)
    try:
        person, key = await parts.registry.sign_in(Secret(token))
    except AuthenticationFailed:
        return _page(request, 401, failed=True)
    response = RedirectResponse("/", 303)
    lifetime = int(LIFETIME.total_seconds())
    response.set_cookie(
        COOKIE, parts.sessions.start(person, key), lifetime, path="/", secure=True, httponly=True, samesite="strict"
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request, parts: Parts, csrf: Annotated[str, Form(max_length=128)]) -> Response:
    """Ends the session in this browser."""
    check_origin(parts, request)
    signed_in = signed_in_person(parts, request)
    if signed_in is not None:
        check_csrf(signed_in.session, csrf)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def _page(request: Request, status: int = 200, *, token: str = "", failed: bool = False) -> Response:
    pages = request.app.state.pages
    assert isinstance(pages, Pages)
    return pages.render("sign_in.html", status, token=token, failed=failed)
