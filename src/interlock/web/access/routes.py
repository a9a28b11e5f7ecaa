"""`/access/v1` and its metadata. Bodies are read by us, strictly, once the caller is known."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from interlock.errors import InterlockError, LedgerUnavailable, MalformedInput, NotFound
from interlock.model.actor import Actor
from interlock.model.review import Review
from interlock.web.access import answers
from interlock.web.access.asking import Access
from interlock.web.access.problems import OUTCOMES, REQUESTS
from interlock.web.access.shapes import Batch, Semantics, read_batch, read_one, read_outcome, read_submission
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.events import still_welcome
from interlock.web.api.reviews import REVIEW_ID
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller, ByKey
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Callbacks
from interlock.web.problems import Problem, Refused, problem

LONGEST_WAIT: Final = 30  # seconds
DRAFT: Final = "1"  # of the access request profile: a later one may stand beside it
DRAFT_HEADER: Final = "Interlock-Access-Request-Draft"
REQUEST_ID: Final = "x-request-id"
MAX_REQUEST_ID: Final = 256  # characters

UNDECIDED: Final = Problem(500, "internal", "Something went wrong in the gateway. This one wasn't decided.")

log = structlog.get_logger()

_TOLD: dict[int | str, dict[str, Any]] = {
    code: {"model": Told} for code in (400, 401, 403, 404, 409, 410, 422, 429, 500, 503)
}
ENFORCERS = allowed(CallerKind.AGENT, CallerKind.SERVICE, CallerKind.PERSON)

router = APIRouter(tags=["access"], responses=_TOLD)
Task = Annotated[str, Path(pattern=REVIEW_ID, description="The task's id")]


def _taking(callers: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """The route's callers, and what its body is, which we read ourselves."""
    schema = {"type": "object", "required": required}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {**callers, "openapi_extra": {**callers["openapi_extra"], "requestBody": body}}


@router.post(
    "/access/v1/evaluation",
    summary="May this be done now? (AuthZEN)",
    **_taking(ENFORCERS, ["subject", "action", "resource"]),
)
async def access_evaluation(parts: Parts, caller: ApiCaller, request: Request) -> JSONResponse:
    """One decision, on record before it is told. A decision that people must sign for first is no; it says how to ask
    them. With `context.approval` what they signed is done, as often as they signed for."""
    access, actor = _access(parts), _actor(caller)
    asked = read_one(await request.body())
    try:
        judged = await access.evaluate(actor, asked)
    except NotFound as none:
        raise Refused(400, none.code, none.sentence) from None
    return JSONResponse(answers.decision(judged, parts.public_url), headers=_named(request))


@router.post(
    "/access/v1/evaluations", summary="May these be done now? (AuthZEN)", **_taking(ENFORCERS, ["evaluations"])
)
async def access_evaluations(parts: Parts, caller: ApiCaller, request: Request) -> JSONResponse:
    """At most 50, in their order, until `options.evaluations_semantic` says to stop. Each counts as a request."""
    access, actor = _access(parts), _actor(caller)
    batch = read_batch(await request.body())
    for _ in batch.evaluations[1:]:
        parts.rate.take(caller.name)
    told = await _all(access, actor, batch, parts.public_url)
    return JSONResponse(told[0] if batch.single else {"evaluations": told}, headers=_named(request))


@router.post(REQUESTS, summary="Have people asked (AuthZEN)", status_code=202, **_taking(ENFORCERS, ["denial"]))
async def request_access(parts: Parts, caller: ApiCaller, request: Request) -> JSONResponse:
    """Opens the review of a denied evaluation: 202 and a task, 201 where people approved the same already. Needs an
    Idempotency-Key. With `callback` a URL is called once it is settled; the answer holds the secret that signs it, or
    why there is none."""
    access, actor = _access(parts), _actor(caller)
    if "idempotency-key" not in request.headers:
        raise Refused(400, "idempotency_key", "Send an Idempotency-Key, so that a repeat asks nobody twice.")
    sent = read_submission(await request.body())
    callbacks = _callbacks(parts) if sent.callback else None
    if callbacks is not None:
        await callbacks.check(actor.id, sent.callback)  # before anybody is asked to sign
    review = await access.request(actor, sent.asked, sent.binding_token, sent.expires_at)
    told = answers.task(review, parts.public_url)
    if callbacks is not None:
        told["callback"] = await _registered(callbacks, review, sent.callback)
    headers = {**_draft(), "Location": told["task"]["status_endpoint"]}
    return JSONResponse(told, 202 if told["task"]["status"] == "pending" else 201, headers)


@router.get(REQUESTS + "/{task}", summary="How a request stands (AuthZEN)", **ENFORCERS)
async def show_access_request(
    parts: Parts, caller: ApiCaller, task: Task, wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT)] = 0
) -> JSONResponse:
    """By who asked. With `wait` the answer comes once it is settled, or after so many seconds."""
    access, actor = _access(parts), _actor(caller)
    if not wait:
        return JSONResponse(answers.task(await access.task(actor, task), parts.public_url), headers=_draft())
    with parts.listeners.seat(caller.name):
        await _settled(parts, access, actor, task, wait)
    if not await still_welcome(parts, caller):
        raise Refused(401, "authentication_failed", "The credential wasn't accepted.")
    return JSONResponse(answers.task(await access.task(actor, task), parts.public_url), headers=_draft())


@router.post(REQUESTS + "/{task}/cancel", summary="Take a request back (AuthZEN)", **ENFORCERS)
async def cancel_access_request(parts: Parts, caller: ApiCaller, task: Task) -> JSONResponse:
    """By who asked, while it is pending."""
    review = await _access(parts).cancel(_actor(caller), task)
    return JSONResponse(answers.task(review, parts.public_url), headers=_draft())


@router.delete(REQUESTS + "/{task}", summary="The same (AuthZEN)", **ENFORCERS)
async def withdraw_access_request(parts: Parts, caller: ApiCaller, task: Task) -> JSONResponse:
    """As `POST .../cancel`."""
    return await cancel_access_request(parts, caller, task)


@router.post(OUTCOMES, summary="How did it end?", **_taking(ENFORCERS, ["token", "outcome"]))
async def report_outcome(parts: Parts, caller: ApiCaller, request: Request) -> JSONResponse:
    """What a caller who was told yes says of the end, on record as such. The same again changes nothing."""
    token, outcome = read_outcome(await request.body())
    evaluation = await _access(parts).ended(_actor(caller), token, outcome)
    return JSONResponse({"evaluation_id": evaluation, "outcome": outcome.value})


@router.get("/access/v1/jwks", summary="Keys that binding tokens verify with", **allowed(CallerKind.ANYONE))
async def access_keys(parts: Parts) -> JSONResponse:
    """A JWK Set (RFC 7517)."""
    return JSONResponse(_access(parts).tokens.keys())


@router.get("/.well-known/authzen-configuration", summary="AuthZEN's metadata", **allowed(CallerKind.ANYONE))
async def authzen_configuration(parts: Parts) -> JSONResponse:
    """Where what is, and which draft of the access request profile is spoken."""
    _access(parts)
    base = parts.public_url
    return JSONResponse(
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
            "access_request_endpoint": base + REQUESTS,
            "interlock_outcome_endpoint": base + OUTCOMES,
            "jwks_uri": f"{base}/access/v1/jwks",
            "capabilities": ["urn:openid:authzen:capability:access-request"],
            "interlock_access_request_drafts": [DRAFT],
        }
    )


async def _all(access: Access, actor: Actor, batch: Batch, public_url: str) -> list[dict[str, Any]]:
    """The decisions. What stops us ends the batch with an error for all that is left: a yes that was given is told."""
    told: list[dict[str, Any]] = []
    for asked in batch.evaluations:
        try:
            told.append(await _one(access, actor, asked, public_url))
        except Exception as error:
            if not told:
                raise
            left = 1 if batch.semantics is Semantics.DENY else len(batch.evaluations) - len(told)
            return [*told, *[answers.mistaken(_stopped(error))] * left]
        decided = told[-1]["decision"]
        if batch.semantics is (Semantics.PERMIT if decided else Semantics.DENY):
            break
    return told


async def _one(access: Access, actor: Actor, asked: Any, public_url: str) -> dict[str, Any]:
    if isinstance(asked, MalformedInput):
        return answers.mistaken(problem(asked))
    try:
        return answers.decision(await access.evaluate(actor, asked), public_url)
    except LedgerUnavailable:
        raise  # it will be away for the next one too
    except NotFound as none:
        return answers.mistaken(problem(none)._replace(status=400))
    except InterlockError as error:
        return answers.mistaken(problem(error))


def _stopped(error: Exception) -> Problem:
    if isinstance(error, InterlockError):
        return problem(error)
    log.error("evaluations.stopped", error=type(error).__name__)
    return UNDECIDED


def _callbacks(parts: Control) -> Callbacks:
    if parts.callbacks is None:
        raise Refused(403, "url_not_allowed", "This gateway calls nobody back.")
    return parts.callbacks


async def _registered(callbacks: Callbacks, review: Review, url: str) -> dict[str, Any]:
    """The secret; or why there is none, beside the task, which stands all the same."""
    try:
        return {"secret": (await callbacks.register(review, url)).reveal()}
    except InterlockError as error:
        wrong = problem(error)
        return {"error": {"status": wrong.status, "code": wrong.code, "message": wrong.sentence}}


async def _settled(parts: Control, access: Access, actor: Actor, task: str, seconds: int) -> None:
    """Returns once it is settled, after so many seconds, or when the gateway stops."""
    stopping = asyncio.ensure_future(parts.stopping.wait())
    settled = asyncio.ensure_future(access.task(actor, task, seconds))
    try:
        await asyncio.wait({stopping, settled}, return_when=asyncio.FIRST_COMPLETED)
        if settled.done():
            settled.result()
    finally:
        stopping.cancel()
        settled.cancel()


def _access(parts: Control) -> Access:
    if parts.access is None or not parts.access.connections:
        raise NotFound("There is nothing at this address.")
    return parts.access


def _actor(caller: ApiCaller) -> Actor:
    assert isinstance(caller, ByKey)  # the guard lets in no others
    return caller.actor


def _named(request: Request) -> dict[str, str]:
    """The request's own id, back (Authorization API 1.0, "Request Identification in a Response")."""
    named = request.headers.get(REQUEST_ID, "")
    return {REQUEST_ID: named} if 0 < len(named) <= MAX_REQUEST_ID and named.isascii() and named.isprintable() else {}


def _draft() -> dict[str, str]:
    return {DRAFT_HEADER: DRAFT}
