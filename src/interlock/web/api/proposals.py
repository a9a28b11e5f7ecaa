"""Proposed labels: discovery proposes, people confirm or reject. Agents and services do neither, nor look.

Judging takes a console session after a recent login, or the operator's token: a key lying about judges nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.proposal import ProposalId
from interlock.registry.proposals import Proposals, Verdict
from interlock.registry.registry import OPERATOR
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import answer_in_json, refusing
from interlock.web.api.people import check_recent, people_of
from interlock.web.api.proposal_shapes import (
    CONNECTION,
    DiscoverIn,
    JudgeAskIn,
    JudgeIn,
    OperatorJudgeIn,
    ProposalList,
    RunOut,
    proposal_out,
    run_out,
)
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.labelling import Discoveries, Labelling
from interlock.web.passkeys import passkeys_of, request_options
from interlock.web.problems import Refused
from interlock.web.typed import kept

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 503)}
_LOOKING = (CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.OPERATOR)

router = APIRouter(prefix="/api/labels", tags=["labels"], responses=_TOLD)
operators = APIRouter(prefix="/api/operator/labels", tags=["operator"], responses=_TOLD)

Proposal = Annotated[str, Path(pattern="^[0-9a-f-]{36}$", description="The proposal's id, as it is listed")]
Connection = Annotated[str, Path(pattern=CONNECTION, description="The connection's name")]


@router.get("/proposed", summary="List proposed labels", **allowed(*_LOOKING))
async def list_proposed_labels(parts: Parts) -> ProposalList:
    """What discovery proposed and waits for a person, and what was confirmed. Names and labels, never values."""
    return _listed(labelling_of(parts).proposals)


@router.post("/proposed/{proposal}/confirm", summary="Confirm proposed labels", **allowed(CallerKind.CONSOLE))
async def confirm_labels(parts: Parts, caller: ApiCaller, proposal: Proposal, wanted: JudgeIn) -> ProposalList:
    """For stewards of labels: the column carries these labels from now on, besides what the catalog says."""
    return await _judged(parts, caller, proposal, Verdict.CONFIRM, wanted)


@router.post("/proposed/{proposal}/reject", summary="Reject proposed labels", **allowed(CallerKind.CONSOLE))
async def reject_labels(parts: Parts, caller: ApiCaller, proposal: Proposal, wanted: JudgeIn) -> ProposalList:
    """For stewards: the same isn't proposed again for the same evidence. What was confirmed is taken back by those who
    sign for policies alone."""
    return await _judged(parts, caller, proposal, Verdict.REJECT, wanted)


@router.post(
    "/proposed/{proposal}/challenge",
    summary="Ask what a passkey confirms to judge proposed labels",
    **allowed(CallerKind.CONSOLE),
)
async def judging_challenge(parts: Parts, caller: ApiCaller, proposal: Proposal, wanted: JudgeAskIn) -> JSONResponse:
    """The options for `navigator.credentials.get`; its answer is good once, for exactly this."""
    me = recent(parts, caller)
    said = labelling_of(parts).proposals.asked(
        me.person.id, ProposalId(proposal), wanted.verdict, _labels(wanted.labels)
    )
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, said))


@router.post("/discoveries", summary="Look for labels in a connection", **allowed(CallerKind.CONSOLE))
async def begin_discovery(parts: Parts, caller: ApiCaller, wanted: DiscoverIn) -> RunOut:
    """For stewards. Samples of its columns are read in the gateway; the ledger says that you asked."""
    me = recent(parts, caller)
    labelling_of(parts).stewards.admit(me.person.id)
    return run_out(await _discoveries(parts).begin(ConnectionName(wanted.connection), me.person.id))


@router.get("/discoveries/{connection}", summary="See how discovery stands", **allowed(*_LOOKING))
async def see_discovery(parts: Parts, connection: Connection) -> RunOut:
    """The last run of a connection since the gateway started, and what it found."""
    return run_out(_discoveries(parts).last(ConnectionName(connection)))


@operators.post("/discoveries", summary="Look for labels as the operator", **allowed(CallerKind.OPERATOR))
async def operator_begin_discovery(parts: Parts, wanted: DiscoverIn) -> RunOut:
    """The ledger says that the operator asked."""
    return run_out(await _discoveries(parts).begin(ConnectionName(wanted.connection), OPERATOR))


@operators.post(
    "/proposed/{proposal}/confirm", summary="Confirm labels as the operator", **allowed(CallerKind.OPERATOR)
)
async def operator_confirm_labels(parts: Parts, proposal: Proposal, wanted: OperatorJudgeIn) -> ProposalList:
    """The ledger says that the operator did, and why."""
    return await _operator_judged(parts, proposal, Verdict.CONFIRM, wanted)


@operators.post("/proposed/{proposal}/reject", summary="Reject labels as the operator", **allowed(CallerKind.OPERATOR))
async def operator_reject_labels(parts: Parts, proposal: Proposal, wanted: OperatorJudgeIn) -> ProposalList:
    """The ledger says that the operator did, and why."""
    return await _operator_judged(parts, proposal, Verdict.REJECT, wanted)


def labelling_of(parts: Control) -> Labelling:
    """What there is of labels; raises `Refused` where there is nothing."""
    if parts.labelling is None:
        raise Refused(404, "not_found", "There is nothing at this address.")
    return parts.labelling


def recent(parts: Control, caller: ApiCaller) -> SignedIn:
    """The person at the console, after a recent login; raises `Refused`."""
    assert isinstance(caller, SignedIn), "the route's guard lets nobody else through"
    check_recent(people_of(parts), caller)
    return caller


async def _judged(parts: Control, caller: ApiCaller, proposal: str, verdict: Verdict, wanted: JudgeIn) -> ProposalList:
    me, proposals = recent(parts, caller), labelling_of(parts).proposals
    with refusing():
        answer = answer_in_json(wanted.assertion)
        await proposals.judge(
            me.person.id,
            ProposalId(proposal),
            verdict,
            _labels(wanted.labels),
            await kept(parts, wanted.because),
            answer,
        )
    return _listed(proposals)


async def _operator_judged(parts: Control, proposal: str, verdict: Verdict, wanted: OperatorJudgeIn) -> ProposalList:
    proposals = labelling_of(parts).proposals
    await proposals.operator_judge(
        ProposalId(proposal), verdict, _labels(wanted.labels), await kept(parts, wanted.because)
    )
    return _listed(proposals)


def _discoveries(parts: Control) -> Discoveries:
    found = labelling_of(parts).discoveries
    if found is None:
        raise Refused(404, "not_found", "There is nothing at this address.")
    return found


def _labels(named: list[str]) -> frozenset[Label]:
    return frozenset(Label(label) for label in named)


def _listed(proposals: Proposals) -> ProposalList:
    return ProposalList(
        waiting=[proposal_out(each) for each in proposals.waiting()],
        confirmed=[proposal_out(each) for each in proposals.confirmed()],
    )
