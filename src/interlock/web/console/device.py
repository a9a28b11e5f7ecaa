"""Confirming a login that a terminal asked for (RFC 8628 section 3.3): the code, what it gives, who asked."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import NotFound
from interlock.registry.confirming import logging_in
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import Answered, refusing
from interlock.web.bounds import network
from interlock.web.callers import SignedIn, check_csrf, check_origin
from interlock.web.console.reading import Me, Sender, pages_of
from interlock.web.control_state import Control, Parts
from interlock.web.device_requests import DeviceRequest, shown, typed
from interlock.web.passkeys import passkeys_of, request_options
from interlock.web.problems import Refused

Typed = Annotated[str, Form(max_length=32)]
Csrf = Annotated[str, Form(max_length=128)]

log = structlog.get_logger("interlock.web")

router = APIRouter(include_in_schema=False)


class Answer(StrEnum):
    """What the person says."""

    CONFIRM = "confirm"
    DENY = "deny"


@router.get("/device", **allowed(CallerKind.CONSOLE))
async def device_page(request: Request, parts: Parts, me: Me) -> Response:
    """A field for the code."""
    return _page(request, parts, me)


@router.post("/device", **allowed(CallerKind.CONSOLE))
async def look_up(request: Request, parts: Parts, me: Me, csrf: Csrf, code: Typed) -> Response:
    """From the code as it was typed to its page."""
    check_origin(parts, request)
    check_csrf(me.session, csrf)
    return RedirectResponse(f"/device/{shown(_request(parts, me, code).code)}", 303)


@router.get("/device/{code}", **allowed(CallerKind.CONSOLE))
async def confirm_page(request: Request, parts: Parts, me: Me, code: str) -> Response:
    """What would be given to whom, and the buttons."""
    return _page(request, parts, me, _request(parts, me, code))


@router.post("/device/{code}", **allowed(CallerKind.CONSOLE))
async def answer(
    request: Request,
    parts: Parts,
    me: Me,
    code: str,
    csrf: Csrf,
    says: Annotated[Answer, Form()],
    confirmed: Answered,
    elsewhere: Annotated[bool, Form()] = False,
) -> Response:
    """Confirms or denies; confirming takes a recent login, a passkey's answer from whoever has one, and a word of its
    own where another address asked."""
    check_origin(parts, request)
    check_csrf(me.session, csrf)
    asked = _request(parts, me, code)
    if says is Answer.DENY:
        parts.sign_on.devices.deny(asked.code)
        return _page(request, parts, me, done="denied")
    if not parts.sign_on.is_recent(me.session):
        raise Refused(403, "login_too_old", "Sign in again first: your login is too old for this.")
    if _is_elsewhere(request, asked) and not elsewhere:
        raise Refused(409, "asked_elsewhere", "Another machine asked for this. Say that it is yours, or deny it.")
    if parts.passkeys is not None:
        with refusing():
            parts.passkeys.confirm(me.person.id, confirmed, logging_in(me.person.id, asked.code, asked.lasts))
    if not parts.sign_on.devices.confirm(asked.code, me.person.id, me.session.after):
        raise NotFound("This code was answered before.")
    log.info("login.confirmed", person=me.person.id, address=asked.address)
    return _page(request, parts, me, done="confirmed")


@router.post("/device/{code}/challenge", **allowed(CallerKind.CONSOLE))
async def challenge(parts: Parts, me: Sender, code: str) -> Response:
    """What a passkey is asked before the terminal gets a password."""
    asked = _request(parts, me, code)
    answered = logging_in(me.person.id, asked.code, asked.lasts)
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, answered))


def _request(parts: Control, me: SignedIn, text: str) -> DeviceRequest:
    """The request of a code; each wrong one is counted, and there are few (RFC 8628 section 5.1)."""
    if parts.sign_on.means.logins is None:
        raise NotFound("There are no logins here.")
    if parts.sign_on.wrong_codes.left(me.name).remaining < 1:
        raise Refused(429, "too_many_codes", "Too many wrong codes. Wait a minute.", retry_after=60)
    code = typed(text)
    found = parts.sign_on.devices.find(code) if code else None
    if found is None:
        parts.sign_on.wrong_codes.take(me.name)
        raise NotFound("No login waits under this code: it is wrong, too old, or was answered.", code="no_such_code")
    return found


def _is_elsewhere(request: Request, asked: DeviceRequest) -> bool:
    here = request.client.host if request.client else ""
    return network(here) != network(asked.address)


def _page(
    request: Request, parts: Control, me: SignedIn, asked: DeviceRequest | None = None, done: str = ""
) -> Response:
    provider = parts.sign_on.means.provider
    context: dict[str, Any] = {
        "asked": asked,
        "code": shown(asked.code) if asked else "",
        "elsewhere": asked is not None and _is_elsewhere(request, asked),
        "recent": parts.sign_on.is_recent(me.session),
        "provider": provider.name if provider else "",
        "done": done,
        "passkey": parts.passkeys is not None and parts.passkeys.required(me.person.id),
        "now": parts.clock.now(),
        "me": me.person,
        "csrf": me.session.csrf,
    }
    return pages_of(request).render("device.html", **context)
