"""Policy bundles: which were put in force, their texts, and proposing another. Voting on one is voting on a review."""

from __future__ import annotations

from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from interlock.errors import Mistakes
from interlock.ledger.authorised import Loading
from interlock.model.actor import Actor, ActorKind
from interlock.rulebook import MAX_BYTES
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.bundle_shapes import PATH, BundleIn, BundleList, BundleOut, ProposedOut, TextsOut, ToldMistakes
from interlock.web.api.shapes import Told
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Operator, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Bundles
from interlock.web.problems import Problem, Refused, answer

MAX_BODY = 2 * MAX_BYTES + 64 * 1024  # bytes; JSON writes line ends and quotation marks as two
MAX_TOLD = 200  # mistakes in one answer


_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 429, 503)}

READERS = allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.OPERATOR)

router = APIRouter(prefix=PATH, tags=["bundles"], responses=_TOLD)


async def proposer(caller: ApiCaller) -> Actor:
    """The person who proposes, by a key of theirs: settled before the body is looked at. Raises `Refused`."""
    match caller:
        case ByKey(actor) if actor.kind is ActorKind.PERSON:
            return actor
        case ByKey() | Operator() | ByDirectory():
            raise Refused(403, "people_only", "Only people propose policies, each with a key of their own.")
        case SignedIn():
            raise Refused(403, "key_needed", "Policies are proposed with a person's key: `interlock policy propose`.")
        case _:
            assert_never(caller)


@router.post(
    "",
    summary="Propose a bundle",
    status_code=201,
    responses={422: {"model": ToldMistakes}},
    response_model=ProposedOut,
    **allowed(CallerKind.PERSON),
)
async def propose(
    parts: Parts, who: Annotated[Actor, Depends(proposer)], wanted: BundleIn
) -> ProposedOut | JSONResponse:
    """Opens a review of putting these sources in force instead of those that are. Every mistake comes back at once."""
    try:
        made = await _bundles(parts).propose(who, wanted.sources, wanted.note)
    except Mistakes as found:
        told = Problem(422, "mistakes", _counted(found))
        return answer(told, {"mistakes": list(found.mistakes[:MAX_TOLD])})
    return ProposedOut(
        review=made.review.id,
        url=f"{parts.public_url}/reviews/{made.review.id}",
        bundle=made.rules,
        previous=made.previous,
        expires_at=made.review.expires_at,
    )


@router.get("", summary="List bundles", **READERS)
async def list_bundles(parts: Parts, caller: ApiCaller) -> BundleList:
    """Those that were put in force lately. For people and the operator."""
    _reader(caller)
    return BundleList(bundles=[_out(loading) for loading in reversed(_bundles(parts).history())])


@router.get("/{bundle}", summary="Show a bundle", **READERS)
async def show_bundle(
    parts: Parts,
    caller: ApiCaller,
    bundle: Annotated[
        str, Path(pattern="^(in-force|previous|[0-9a-f]{8,64})$", description="Or how its digest begins")
    ],
) -> TextsOut:
    """The texts of a bundle that is or was in force. For people and the operator."""
    _reader(caller)
    digest, sources = await _bundles(parts).texts(bundle)
    return TextsOut(bundle=digest, sources=dict(sources))


def _reader(caller: ApiCaller) -> None:
    if isinstance(caller, ByKey) and caller.person is None:
        raise Refused(403, "people_only", "Policies are for people to read.")


def _bundles(parts: Control) -> Bundles:
    if parts.bundles is None:
        raise Refused(503, "no_bundles", "This gateway doesn't take policies over its API.")
    return parts.bundles


def _counted(found: Mistakes) -> str:
    count = len(found.mistakes)
    return f"There {'is a mistake' if count == 1 else f'are {count} mistakes'} in these policies."


def _out(loading: Loading) -> BundleOut:
    return BundleOut(
        bundle=loading.bundle,
        at=loading.at,
        how=loading.how,
        by=loading.by,
        review=loading.review,
        previous=loading.previous,
        signed_by=sorted(set(loading.signed_by)),
        has_texts=bool(loading.texts),
    )
