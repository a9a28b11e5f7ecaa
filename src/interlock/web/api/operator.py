"""What the operator does while the gateway serves: make and revoke keys, make sign-in links. Each leaves its entry."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path

from interlock.model.names import KeyId, PersonId
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.shapes import KEY_ID, EndedOut, KeyIn, KeyOut, LinkIn, LinkOut, RevokedOut, RevokeIn, Told
from interlock.web.control_state import Parts
from interlock.web.typed import kept

OPERATOR = PersonId("operator")  # not a person, and no name of the settings may be this one

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 422, 429, 503)}

router = APIRouter(prefix="/api/operator", tags=["operator"], responses=_TOLD)


@router.post("/keys", summary="Make a key", status_code=201, **allowed(CallerKind.OPERATOR, shown_once=True))
async def make_key(parts: Parts, wanted: KeyIn) -> KeyOut:
    """A key for a person, agent or service. It is shown in this answer and never again."""
    lasts = timedelta(seconds=wanted.expires_in_seconds) if wanted.expires_in_seconds is not None else None
    key, token = await parts.registry.issue_key(
        wanted.holder, PersonId(wanted.made_by), lasts, wanted.certificate or "", wanted.networks
    )
    return KeyOut(key=key, token=token.reveal(), owner_awaited=parts.registry.owner_awaited(wanted.holder))


@router.post("/keys/{key}/revoke", summary="Revoke a key", **allowed(CallerKind.OPERATOR))
async def revoke_key(
    parts: Parts, key: Annotated[str, Path(pattern=KEY_ID, description="The key's id")], why: RevokeIn
) -> RevokedOut:
    """Ends a key, or a sign-in link that wasn't used, at once and for good."""
    await parts.registry.revoke_key(KeyId(key), by=OPERATOR, because=await kept(parts, why.because))
    return RevokedOut(key=key)


@router.post(
    "/sign-in-links", summary="Make a sign-in link", status_code=201, **allowed(CallerKind.OPERATOR, shown_once=True)
)
async def make_link(parts: Parts, wanted: LinkIn) -> LinkOut:
    """A link that signs this person in to the console, once, within ten minutes."""
    token = await parts.registry.issue_sign_in(PersonId(wanted.person))
    return LinkOut(url=f"{parts.public_url}/sign-in?token={token.reveal()}")


@router.post(
    "/people/{person}/sessions/end",
    summary="End a person's sessions and door passwords",
    **allowed(CallerKind.OPERATOR),
)
async def end_sessions(
    parts: Parts, person: Annotated[str, Path(max_length=200, description="The person's id")], why: RevokeIn
) -> EndedOut:
    """All console sessions that they have begun, on every node, and their passwords for doors, at once and for good."""
    whose = PersonId(person)
    await parts.registry.end_sessions(whose, by=OPERATOR, because=await kept(parts, why.because), passwords=True)
    return EndedOut(person=person)
