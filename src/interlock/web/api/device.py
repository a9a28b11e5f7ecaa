"""`interlock login`'s side of signing in (RFC 8628): a code is asked for here, confirmed in the console, polled for.

Nobody here has a credential yet. Whoever asks gets nothing that a person hasn't confirmed with a recent login.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from interlock.errors import NotFound
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.device_shapes import DeviceAuthorization, Password
from interlock.web.api.shapes import Told
from interlock.web.bounds import network
from interlock.web.control_state import Control, Parts
from interlock.web.device_requests import INTERVAL, LONGEST, DeviceRequest, NotYet, shown

USUAL: Final = timedelta(hours=1)
SHORTEST: Final = timedelta(minutes=1)

# RFC 8628 section 3.5, and what to tell people.
_ERRORS: Final = {
    NotYet.PENDING: ("authorization_pending", "Nobody has confirmed the code yet."),
    NotYet.TOO_FAST: ("slow_down", f"Ask less often: {INTERVAL} seconds more between two times."),
    NotYet.DENIED: ("access_denied", "The login was denied in the console."),
    NotYet.OVER: ("expired_token", "The code isn't good any more. Begin again."),
}
_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (404, 422, 429, 503)}

log = structlog.get_logger("interlock.web")

router = APIRouter(prefix="/api/device", tags=["device"], responses=_TOLD)


@router.post("/authorize", summary="Ask for a login's code", **allowed(CallerKind.ANYONE))
async def authorize(
    request: Request,
    parts: Parts,
    client_id: Annotated[Literal["interlock-cli"], Form()],
    lasts: Annotated[
        int,
        Form(
            ge=int(SHORTEST.total_seconds()),
            le=int(LONGEST.total_seconds()),
            description="Seconds that the password is to be good for",
        ),
    ] = int(USUAL.total_seconds()),
) -> DeviceAuthorization:
    """A code for a person to confirm in the console, and one to poll with. Good for ten minutes."""
    address = _heard(parts, request)
    device, asked = parts.sign_on.devices.begin(address, timedelta(seconds=lasts))
    return DeviceAuthorization(
        device_code=device,
        user_code=shown(asked.code),
        verification_uri=f"{parts.public_url}/device",
        verification_uri_complete=f"{parts.public_url}/device/{shown(asked.code)}",
        expires_in=int((asked.expires_at - asked.asked_at).total_seconds()),
        interval=asked.interval,
    )


@router.post(
    "/token",
    summary="Ask whether it was confirmed",
    response_model=Password,
    responses={400: {"description": "`error` as in RFC 8628 section 3.5"}},
    **allowed(CallerKind.ANYONE),
)
async def token(
    request: Request,
    parts: Parts,
    client_id: Annotated[Literal["interlock-cli"], Form()],
    grant_type: Annotated[Literal["urn:ietf:params:oauth:grant-type:device_code"], Form()],
    device_code: Annotated[str, Form(min_length=1, max_length=128)],
) -> Password | JSONResponse:
    """The password, once, when a person has confirmed the code; else why not yet."""
    _heard(parts, request)
    found = parts.sign_on.devices.poll(device_code)
    if isinstance(found, NotYet):
        return _not_yet(found)
    return await _password(parts, found)


def _heard(parts: Control, request: Request) -> str:
    """The address that asks, within its rate."""
    if parts.sign_on.means.logins is None:
        raise NotFound("There are no logins here.")
    address = request.client.host if request.client else ""
    parts.sign_on.arrivals.take(network(address))
    return address


async def _password(parts: Control, confirmed: DeviceRequest) -> Password | JSONResponse:
    logins, person = parts.sign_on.means.logins, confirmed.confirmed_by
    assert logins is not None and person is not None
    if confirmed.after < parts.registry.sessions_ended(person):  # the session that confirmed it is over, and so is this
        return _not_yet(NotYet.DENIED)
    try:
        secret, ends = await logins.issue(person, confirmed.lasts)
    except NotFound:  # gone since they confirmed it
        return _not_yet(NotYet.DENIED)
    log.info("login.issued", person=person)
    return Password(
        access_token=secret.reveal(),
        expires_in=int((ends - parts.clock.now()).total_seconds()),
        person=person,
        postgres_port=parts.sign_on.means.door_port,
    )


def _not_yet(why: NotYet) -> JSONResponse:
    error, sentence = _ERRORS[why]
    told = {"error": error, "error_description": sentence, "code": error, "sentence": sentence}
    return JSONResponse(told, 400)
