"""The page of figures: how people keep up with what they are asked. Auditors see everybody, others themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.figures import DAYS, MAX_DAYS, figures_for
from interlock.web.console.reading import Me, pages_of
from interlock.web.control_state import Parts

STRETCHES = (1, 7, MAX_DAYS)  # days that the page links to

router = APIRouter(include_in_schema=False)


@router.get("/figures", **allowed(CallerKind.CONSOLE))
async def figures_page(
    request: Request, parts: Parts, me: Me, days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = DAYS
) -> Response:
    """The figures of the last days."""
    found, everybody = await figures_for(parts, me.person.id, days)
    return pages_of(request).render(
        "figures.html",
        figures=found,
        everybody=everybody,
        days=days,
        stretches=STRETCHES,
        me=me.person,
        csrf=me.session.csrf,
    )
