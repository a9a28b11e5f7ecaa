"""Words that people type into requests, as they may be kept: what looks like data in them is masked."""

from __future__ import annotations

from fastapi import Response

from interlock.model.names import ReviewId
from interlock.web.control_state import Control

MASKED: str = "Interlock-Masked"
"""The header of an answer that says of which field parts were masked."""


async def kept(parts: Control, text: str) -> str:
    """Why somebody did something, for the ledger."""
    return (await parts.desk.typed(text)).text


async def tell(parts: Control, response: Response, review: ReviewId, field: str, text: str) -> None:
    """Says in the answer whether parts of what was typed were masked."""
    if (await parts.desk.typed(text, review)).masked:
        response.headers[MASKED] = field
