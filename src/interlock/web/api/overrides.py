"""Overrides of masks: where stewards say that one is wrong. People look; agents and services do nothing here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from interlock.registry.overrides import Overrides
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import answer_in_json, refusing
from interlock.web.api.override_shapes import (
    OperatorOverrideIn,
    OverrideAskIn,
    OverrideIn,
    OverrideList,
    override_out,
)
from interlock.web.api.proposals import labelling_of, recent
from interlock.web.api.shapes import RevokeIn, Told
from interlock.web.callers import ApiCaller
from interlock.web.control_state import Parts
from interlock.web.passkeys import passkeys_of, request_options
from interlock.web.typed import kept

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 503)}

router = APIRouter(prefix="/api/labels/overrides", tags=["labels"], responses=_TOLD)
operators = APIRouter(prefix="/api/operator/labels/overrides", tags=["operator"], responses=_TOLD)

OverrideInPath = Annotated[str, Path(pattern="^[0-9a-f-]{36}$", description="The override's id, as it is listed")]


@router.get(
    "", summary="List overrides of masks", **allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.OPERATOR)
)
async def list_overrides(parts: Parts) -> OverrideList:
    """Those that hold now."""
    return _listed(labelling_of(parts).overrides)


@router.post("", summary="Override a mask", **allowed(CallerKind.CONSOLE))
async def override_mask(parts: Parts, caller: ApiCaller, wanted: OverrideIn) -> OverrideList:
    """For stewards who answer for no agent. It holds from now on, for as long as you say."""
    me, overrides = recent(parts, caller), labelling_of(parts).overrides
    with refusing():
        answer = answer_in_json(wanted.assertion)
        await overrides.override(me.person.id, wanted.wish(), await kept(parts, wanted.because), answer)
    return _listed(overrides)


@router.post("/challenge", summary="Ask what a passkey confirms to override a mask", **allowed(CallerKind.CONSOLE))
async def overriding_challenge(parts: Parts, caller: ApiCaller, wanted: OverrideAskIn) -> JSONResponse:
    """The options for `navigator.credentials.get`; its answer is good once, for exactly these terms."""
    me = recent(parts, caller)
    said = labelling_of(parts).overrides.asked(me.person.id, wanted.wish())
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, said))


@router.post("/{override}/end", summary="End an override of a mask", **allowed(CallerKind.CONSOLE))
async def end_override(parts: Parts, caller: ApiCaller, override: OverrideInPath, why: RevokeIn) -> OverrideList:
    """For stewards. The mask is back at once."""
    me, overrides = recent(parts, caller), labelling_of(parts).overrides
    await overrides.end(me.person.id, override, await kept(parts, why.because))
    return _listed(overrides)


@operators.post("", summary="Override a mask as the operator", **allowed(CallerKind.OPERATOR))
async def operator_override_mask(parts: Parts, wanted: OperatorOverrideIn) -> OverrideList:
    """The ledger says that the operator did, and why."""
    overrides = labelling_of(parts).overrides
    await overrides.operator_override(wanted.wish(), await kept(parts, wanted.because))
    return _listed(overrides)


@operators.post("/{override}/end", summary="End an override as the operator", **allowed(CallerKind.OPERATOR))
async def operator_end_override(parts: Parts, override: OverrideInPath, why: RevokeIn) -> OverrideList:
    """The ledger says that the operator did, and why."""
    overrides = labelling_of(parts).overrides
    await overrides.operator_end(override, await kept(parts, why.because))
    return _listed(overrides)


def _listed(overrides: Overrides) -> OverrideList:
    return OverrideList(overrides=[override_out(each) for each in overrides.listed()])
