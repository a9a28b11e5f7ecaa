"""Policy bundles: which were put in force, their texts, and proposing another. Voting on one is voting on a review."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, assert_never

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from interlock.errors import Mistakes
from interlock.ledger.authorised import Loading
from interlock.model.actor import Actor, ActorKind
from interlock.rulebook import MAX_BYTES
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.shapes import MAX_REASON, Told
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Operator, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.needs import Bundles
from interlock.web.problems import Problem, Refused, answer

PATH = "/api/bundles"
MAX_BODY = 2 * MAX_BYTES + 64 * 1024  # bytes; JSON writes line ends and quotation marks as two
MAX_TOLD = 200  # mistakes in one answer


class BundleIn(BaseModel):
    """A bundle to put in force: every source by name (`packs/agents.cedar`, `local.cedar`, `tools/github.json`)."""

    model_config = ConfigDict(extra="forbid")

    sources: dict[str, str]
    note: Annotated[str, Field(max_length=MAX_REASON, description="Why; no patient data")] = ""


class ProposedOut(BaseModel):
    """The review that was opened, or was open already for the same. The digests are those of policies and catalogs."""

    review: str
    url: str
    bundle: str
    previous: str
    expires_at: datetime


class BundleOut(BaseModel):
    """A bundle as it was put in force. `signed_by` are those who approved, `has_texts` whether the ledger has them."""

    bundle: str
    at: datetime
    how: str
    by: str
    review: str | None
    previous: str | None
    signed_by: list[str]
    has_texts: bool


class BundleList(BaseModel):
    """Newest first: the first is in force."""

    bundles: list[BundleOut]


class TextsOut(BaseModel):
    """A bundle's sources by name."""

    bundle: str
    sources: dict[str, str]


class ToldMistakes(Told):
    """A refusal that lists mistakes, as `file:line: sentence`."""

    mistakes: list[str]


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
