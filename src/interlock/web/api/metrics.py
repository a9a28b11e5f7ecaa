"""`/metrics`: figures for operators' own monitoring, in Prometheus' text format."""

from __future__ import annotations

from fastapi import APIRouter, Response

from interlock.errors import NotFound
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.shapes import Told
from interlock.web.control_state import Parts

router = APIRouter(tags=["operator"])


@router.get(
    "/metrics",
    summary="Figures in Prometheus' text format",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 404: {"model": Told}},
    **allowed(CallerKind.SERVICE, CallerKind.OPERATOR),
)
async def metrics(parts: Parts) -> Response:
    """Channels and reviews as they are now. Labels are names of channels and outcomes: no person, review or address."""
    if parts.measures is None:
        raise NotFound("nothing is measured here")
    content_type, body = await parts.measures()
    return Response(body, media_type=content_type, headers={"Cache-Control": "no-store"})
