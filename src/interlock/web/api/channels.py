"""Where services of channels call us: Slack, Teams, and services that ask people themselves.

What is sent proves by itself whose it is, by a signature or a token of the service: no credential of ours is taken.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from interlock.errors import NotFound
from interlock.web.allowed import CallerKind, allowed
from interlock.web.control_state import Parts

WITH_CARDS: Final = ("/channels/slack", "/channels/teams")  # a click brings the whole message that it was made in
MAX_BODY: Final = 256 * 1024  # bytes of such a call

router = APIRouter(prefix="/channels", tags=["channels"])


@router.post("/{channel}", summary="A channel's service calls", **allowed(CallerKind.ANYONE))
async def called(parts: Parts, request: Request, channel: str) -> Response:
    """Slack's interactions and commands (`slack`), Teams' activities (`teams`)."""
    return await _handed_on(parts, request, channel)


@router.post("/callback/{name}", summary="A service sends somebody's vote", **allowed(CallerKind.ANYONE))
async def called_back(parts: Parts, request: Request, name: str) -> Response:
    """Signed as Standard Webhooks 1.0 with the secret of `[vote_callbacks.NAME]`."""
    return await _handed_on(parts, request, f"callback/{name}")


async def _handed_on(parts: Parts, request: Request, channel: str) -> Response:
    inbound = parts.inbound.get(channel)
    if inbound is None:
        raise NotFound("no channel of that name is set up here")
    status, headers, body = await inbound(dict(request.headers), await request.body())
    return Response(body, status, headers=dict(headers))
