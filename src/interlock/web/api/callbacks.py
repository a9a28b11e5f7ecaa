"""Callbacks: who asked has its own service told when the review is settled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from interlock.errors import NotFound
from interlock.model.names import ReviewId
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.reviews import InPath, owns
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller
from interlock.web.control_state import Parts
from interlock.web.problems import Refused
from interlock.web.sight import NO_SUCH

MAX_URL = 2048  # characters

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 503)}

router = APIRouter(prefix="/api/reviews", tags=["reviews"], responses=_TOLD)


class CallbackIn(BaseModel):
    """Where to send word: a URL under a prefix of `[outgoing] allow` in the settings."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=8, max_length=MAX_URL)]


class CallbackOut(BaseModel):
    """The secret that the message will be signed with, shown this once (Standard Webhooks: `whsec_` and base64)."""

    secret: str


@router.post(
    "/{review}/callback",
    summary="Have a URL called when the review is settled",
    status_code=201,
    **allowed(CallerKind.AGENT, CallerKind.SERVICE, CallerKind.PERSON, shown_once=True),
)
async def register_callback(parts: Parts, caller: ApiCaller, review_id: InPath, wanted: CallbackIn) -> CallbackOut:
    """Once a review, by the credential of who asked. The message has the review's id, its state and the time."""
    review = await parts.desk.review(ReviewId(review_id))
    if not owns(parts, caller, review):
        raise NotFound(NO_SUCH)
    if parts.callbacks is None:
        raise Refused(403, "url_not_allowed", "This gateway calls nobody back.")
    return CallbackOut(secret=(await parts.callbacks.register(review, wanted.url)).reveal())
