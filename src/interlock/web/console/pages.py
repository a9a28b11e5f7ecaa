"""The console's own pages: the inbox, the approvals that are still good, problems, and the static files."""

from __future__ import annotations

from pathlib import Path as FilePath

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from interlock.errors import NotFound
from interlock.web.allowed import CallerKind, allowed
from interlock.web.callers import signed_in_person
from interlock.web.console.grants import grants
from interlock.web.console.inbox import inbox
from interlock.web.console.reading import Me, pages_of, summaries_of
from interlock.web.control_state import Parts, control
from interlock.web.oidc import offered
from interlock.web.problems import Problem

STATIC = FilePath(__file__).parent / "static"
FILES = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "passkeys.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}

router = APIRouter(include_in_schema=False)


@router.get("/", **allowed(CallerKind.CONSOLE))
async def inbox_page(request: Request, parts: Parts, me: Me) -> Response:
    """What waits for me, for others, and what was settled lately."""
    found = await inbox(parts.desk, summaries_of(request), me.person.id)
    return pages_of(request).render(
        "inbox.html", inbox=found, now=parts.clock.now(), me=me.person, csrf=me.session.csrf
    )


@router.get("/grants", **allowed(CallerKind.CONSOLE))
async def grants_page(request: Request, parts: Parts, me: Me) -> Response:
    """The approvals that are still good for a run, and how to end them."""
    found = await grants(parts.desk, summaries_of(request), me.person.id)
    return pages_of(request).render(
        "grants.html", grants=found, now=parts.clock.now(), me=me.person, csrf=me.session.csrf
    )


@router.get("/static/{name}", **allowed(CallerKind.ANYONE))
async def static_file(name: str) -> Response:
    """The stylesheet, the scripts and the mark; there is nothing else."""
    if name not in FILES:
        raise NotFound("There is nothing at this address.")
    return FileResponse(STATIC / name, media_type=FILES[name])


def problem_page(request: Request, told: Problem) -> Response:
    """An error as a page. For 401: how to sign in.

    Our cookie is SameSite=Strict, so a link followed from another site arrives without it although the person is signed
    in; then the page sends itself again, from our own site this time.
    """
    me = signed_in_person(control(request), request)
    cross = request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET"
    return pages_of(request).render(
        "problem.html",
        told.status,
        told=told,
        again=cross and told.status == 401,
        me=me.person if me else None,
        csrf=me.session.csrf if me else "",
        **offered(control(request), request, me),
    )
