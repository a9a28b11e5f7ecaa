"""The two HTTP ports as applications: `control_app` where people vote, `agents_app` where agents will call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig
from scim2_models import SCIMException
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from interlock.errors import InterlockError
from interlock.ports import Clock, Sealer
from interlock.provisioning import Provisioning
from interlock.registry import People
from interlock.registry.clearing import Clearing
from interlock.registry.passkeys import Passkeys
from interlock.web import oidc
from interlock.web import passkeys as passkey_pages
from interlock.web.access import problems as access_problems
from interlock.web.access import routes as access_routes
from interlock.web.access.asking import Access
from interlock.web.allowed import CallerKind, allowed, guarded
from interlock.web.api import bundles as bundles_api
from interlock.web.api import callbacks as callbacks_api
from interlock.web.api import channels as channels_api
from interlock.web.api import device as device_api
from interlock.web.api import events, metrics, operator, reviews, whoami
from interlock.web.api import figures as figures_api
from interlock.web.api import labels as labels_api
from interlock.web.api import overrides as overrides_api
from interlock.web.api import passkeys as passkeys_api
from interlock.web.api import people as people_api
from interlock.web.api import proposals as proposals_api
from interlock.web.api.bundle_shapes import PATH as BUNDLES
from interlock.web.bounds import Guesses, Listeners, Rate
from interlock.web.console import batches, card_page, deeds, pages, signing, you
from interlock.web.console import device as device_pages
from interlock.web.console import figures as figures_page
from interlock.web.console.rendering import Pages
from interlock.web.console.summaries import Summaries
from interlock.web.control_state import Control
from interlock.web.described import describe, operation_id
from interlock.web.hardening import AGENTS_HEADERS, CONTROL_HEADERS, Doors, Hardening
from interlock.web.idempotency import Answers, Idempotency
from interlock.web.labelling import Labelling
from interlock.web.needs import Bundles, Callbacks, Desk, Figures, Inbound, Leaves, Measures, Registry
from interlock.web.problems import Problem, answer, problem
from interlock.web.scim import answers as scim_answers
from interlock.web.scim import routes as scim_routes
from interlock.web.session import Sessions, origin_of
from interlock.web.sign_on import Means, SignOn

REFUSALS_AT_ONCE = 10  # refused votes recorded for one caller in a row
REFUSALS_PER_SECOND = 0.2

_HTTP = {
    404: Problem(404, "not_found", "There is nothing at this address."),
    405: Problem(405, "method_not_allowed", "This address doesn't take that method."),
}
_REVIEW = re.compile(reviews.REVIEW_ID)
_QUIET: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def control_app(
    desk: Desk,
    registry: Registry,
    sealer: Sealer,
    clock: Clock,
    public_url: str,
    unsafe_token_votes: bool,
    version: str,
    ready: Callable[[], str | None],
    stopping: asyncio.Event | None = None,
    bundles: Bundles | None = None,
    people: People | None = None,
    provisioning: Provisioning | None = None,
    callbacks: Callbacks | None = None,
    access: Access | None = None,
    leaves: Leaves | None = None,
    passkeys: Passkeys | None = None,
    means: Means | None = None,
    inbound: Mapping[str, Inbound] | None = None,
    measures: Measures | None = None,
    figures: Figures | None = None,
    clearing: Clearing | None = None,
    labelling: Labelling | None = None,
) -> FastAPI:
    """The control port: console, `/api`, `/healthz`.

    `ready` answers None, or why the gateway can't serve. Whoever runs the server sets `stopping` (or
    `app.state.control.stopping`) before shutting it down, else open event streams hold the shutdown up. Serve it
    without an access log: a sign-in link carries its token in the query.
    """
    app = _bare("Interlock", version, openapi_url="/api/openapi.json")
    app.state.control = Control(
        desk=desk,
        registry=registry,
        sessions=Sessions(sealer, clock),
        clock=clock,
        public_url=public_url.rstrip("/"),
        origin=origin_of(public_url),
        unsafe_token_votes=unsafe_token_votes,
        version=version,
        ready=ready,
        rate=Rate(clock),
        refusals=Rate(clock, REFUSALS_AT_ONCE, REFUSALS_PER_SECOND),
        guesses=Guesses(clock),
        listeners=Listeners(),
        stopping=stopping or asyncio.Event(),
        sign_on=SignOn(means or Means(), sealer, clock),
        bundles=bundles,
        people=people,
        provisioning=provisioning,
        callbacks=callbacks,
        access=access,
        leaves=leaves,
        passkeys=passkeys,
        inbound=inbound or {},
        measures=measures,
        figures=figures,
        clearing=clearing,
        labelling=labelling,
    )
    app.state.pages = Pages(version, unsafe_token_votes, desk.breaks_due)
    app.state.summaries = Summaries(desk)
    for router in (
        whoami.router,
        reviews.router,
        callbacks_api.router,
        channels_api.router,
        bundles_api.router,
        events.router,
        figures_api.router,
        operator.router,
        metrics.router,
        passkeys_api.router,
        people_api.router,
        people_api.operators,
        labels_api.router,
        labels_api.operators,
        proposals_api.router,
        proposals_api.operators,
        overrides_api.router,
        overrides_api.operators,
        access_routes.router,
        scim_routes.router,
        you.router,
        device_api.router,
        signing.router,
        oidc.router,
        device_pages.router,
        pages.router,
        figures_page.router,
        card_page.router,
        deeds.router,
        batches.router,
        passkey_pages.router,
    ):
        app.include_router(router)
    _add_health(app, ready)
    describe(app)
    app.add_middleware(Idempotency, answers=Answers(clock))
    app.add_middleware(
        Hardening,
        headers=CONTROL_HEADERS,
        larger={BUNDLES: bundles_api.MAX_BODY},
        calls=dict.fromkeys(channels_api.WITH_CARDS, channels_api.MAX_BODY),
    )
    return app


def warm(app: FastAPI) -> None:
    """Does before the first request what would otherwise make it wait: routes are worked out and templates compiled
    when they are needed first, which takes most of a second."""
    nowhere = {"type": "http", "method": "GET", "path": "/nowhere", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)
    if isinstance(pages_here := getattr(app.state, "pages", None), Pages):
        pages_here.compile()


def agents_app(
    version: str, ready: Callable[[], str | None], doors: Mapping[str, ASGIApp] = MappingProxyType({})
) -> FastAPI:
    """The agents' port: `/healthz`, and doors by the beginnings of their paths; sandboxed, and without cookies in
    either direction. A door gets its requests' bodies as they come, and bounds them itself."""
    app = _bare("Interlock, agents' port", version, openapi_url=None)
    _add_health(app, ready)
    app.add_middleware(Doors, doors=doors)
    app.add_middleware(Hardening, headers=AGENTS_HEADERS, cookies=False, unread=tuple(doors))
    return app


def _bare(title: str, version: str, *, openapi_url: str | None) -> FastAPI:
    app = FastAPI(
        title=title,
        version=version,
        openapi_url=openapi_url,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry=_QUIET,  # FastAPI's own spans would hold query strings and exception texts
    )
    app.add_exception_handler(InterlockError, _interlock_error)
    app.add_exception_handler(SCIMException, scim_answers.mistaken)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _add_health(app: FastAPI, ready: Callable[[], str | None]) -> None:
    @app.get("/healthz", tags=["health"], summary="Can the gateway serve?", **allowed(CallerKind.ANYONE))
    async def healthz() -> JSONResponse:
        """200 when it can; 503 with the reason when it can't."""
        reason = ready()
        if reason is None:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)


async def _interlock_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, InterlockError)
    return _tell(request, problem(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    try:
        await guarded(request)
    except InterlockError as refused:
        return _tell(request, problem(refused))
    places = sorted({".".join(str(part) for part in e["loc"][:2]) for e in error.errors() if e["loc"]})
    where = f" Look at: {', '.join(places)}." if places and len(", ".join(places)) < 200 else ""
    return _tell(request, Problem(422, "malformed", f"The request isn't of the form that this address takes.{where}"))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    other = Problem(error.status_code, "malformed", "The request couldn't be understood.")
    return _tell(request, _HTTP.get(error.status_code, other))


def _tell(request: Request, told: Problem) -> Response:
    if request.url.path.startswith("/scim/"):
        return scim_answers.failed(told)
    if request.url.path.startswith("/access/"):
        return access_problems.told(told, request.url.path)
    pages_here = getattr(request.app.state, "pages", None)
    if isinstance(pages_here, Pages) and not request.url.path.startswith(
        ("/api", "/healthz", "/static", "/channels", "/access", "/.well-known", "/metrics")
    ):
        return pages.problem_page(request, told)
    review = str(request.path_params.get("review", ""))
    return answer(told, {"review": review} if _REVIEW.fullmatch(review) else None)
