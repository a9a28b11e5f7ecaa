"""SCIM's answers and errors (RFC 7644 sections 3.1 and 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse
from scim2_models import Context, Error, SCIMException

from interlock.web.problems import Problem

MEDIA_TYPE: Final = "application/scim+json"

# Our codes that SCIM has a word for.
_SCIM_TYPES: Final = {
    "invalid_value": "invalidValue",
    "mutability": "mutability",
    "uniqueness": "uniqueness",
    "too_many": "tooMany",
    "malformed": "invalidSyntax",
}


class Answer(JSONResponse):
    """A SCIM document."""

    media_type = MEDIA_TYPE


async def mistaken(_: Request, wrong: Exception) -> Answer:
    """What was wrong with a request: for the application's exception handlers."""
    assert isinstance(wrong, SCIMException)
    return _error(wrong.to_error())


def failed(told: Problem) -> Answer:
    """A problem of ours in SCIM's form."""
    error = Error(status=_status(told), scim_type=_SCIM_TYPES.get(told.code), detail=told.sentence)
    return _error(error, told.headers())


def _status(told: Problem) -> int:
    if told.code in ("invalid_value", "mutability"):
        return 400
    return 400 if told.status == 422 else told.status


def _error(error: Error, headers: Mapping[str, str] | None = None) -> Answer:
    content: dict[str, Any] = error.model_dump(scim_ctx=Context.DEFAULT)
    return Answer(content, error.status or 400, headers=dict(headers or {}))
