"""Derived labels: which columns carry some because data was written there, and clearing them.

Clearing takes a console session after a recent login, or the operator's token: a key lying about clears nothing.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from interlock.model.label import Label
from interlock.registry.clearing import Clearing, Labelled
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import answer_in_json, refusing
from interlock.web.api.label_shapes import (
    PATH,
    ClearAskIn,
    ClearIn,
    DerivedLabelOut,
    LabelledList,
    LabelledOut,
    OperatorClearIn,
)
from interlock.web.api.people import check_recent, people_of
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.passkeys import passkeys_of, request_options
from interlock.web.problems import Refused
from interlock.web.typed import kept

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 503)}

router = APIRouter(prefix=PATH, tags=["labels"], responses=_TOLD)
operators = APIRouter(prefix="/api/operator/labels", tags=["operator"], responses=_TOLD)


@router.get("", summary="List derived labels", **allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.OPERATOR))
async def list_derived_labels(parts: Parts) -> LabelledList:
    """Every column that carries labels because a write took labelled data there. Names and labels, never values."""
    return _listed(_clearing(parts))


@router.post("/clear", summary="Clear a column's derived labels", **allowed(CallerKind.CONSOLE))
async def clear_labels(parts: Parts, caller: ApiCaller, wanted: ClearIn) -> LabelledList:
    """For those who sign for policies, and weren't part of the request that brought the labels."""
    me, clearing = _me(parts, caller), _clearing(parts)
    with refusing():
        answer = answer_in_json(wanted.assertion)
        await clearing.clear(
            me.person.id, wanted.column, _labels(wanted.labels), await kept(parts, wanted.because), answer
        )
    return _listed(clearing)


@router.post("/clear/challenge", summary="Ask what a passkey confirms to clear labels", **allowed(CallerKind.CONSOLE))
async def clearing_challenge(parts: Parts, caller: ApiCaller, wanted: ClearAskIn) -> JSONResponse:
    """The options for `navigator.credentials.get`; its answer is good once, for exactly this column and labels."""
    me = _me(parts, caller)
    said = _clearing(parts).asked(me.person.id, wanted.column, _labels(wanted.labels))
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, said))


@operators.post("/clear", summary="Clear a column's derived labels as the operator", **allowed(CallerKind.OPERATOR))
async def operator_clear_labels(parts: Parts, wanted: OperatorClearIn) -> LabelledList:
    """The ledger says that the operator did, and why."""
    clearing = _clearing(parts)
    await clearing.operator_clear(wanted.column, _labels(wanted.labels), await kept(parts, wanted.because))
    return _listed(clearing)


def _clearing(parts: Control) -> Clearing:
    if parts.clearing is None:
        raise Refused(404, "not_found", "There is nothing at this address.")
    return parts.clearing


def _me(parts: Control, caller: ApiCaller) -> SignedIn:
    assert isinstance(caller, SignedIn), "the route's guard lets nobody else through"
    check_recent(people_of(parts), caller)
    return caller


def _labels(named: list[str]) -> frozenset[Label]:
    return frozenset(Label(label) for label in named)


def _listed(clearing: Clearing) -> LabelledList:
    return LabelledList(columns=[_out(each) for each in clearing.listed()])


def _out(each: Labelled) -> LabelledOut:
    labels = [
        DerivedLabelOut(label=label, since=origin.since, action=origin.action, actor=origin.actor)
        for label, origin in sorted(each.labels.items())
    ]
    return LabelledOut(connection=each.connection, column=each.column, now=list(each.now), labels=labels)
