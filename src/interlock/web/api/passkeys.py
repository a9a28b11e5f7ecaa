"""People's passkeys for the operator: which there are, and removing those that are lost."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from interlock.model.names import PersonId
from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.passkey_shapes import CREDENTIAL, PasskeyList, PasskeyOut
from interlock.web.api.shapes import RevokeIn, Told
from interlock.web.control_state import Parts
from interlock.web.passkeys import passkeys_of
from interlock.web.typed import kept

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 422, 429, 503)}

router = APIRouter(prefix="/api/operator/people", tags=["operator"], responses=_TOLD)

PersonInPath = Annotated[str, Path(max_length=200, description="The person's id")]
CredentialInPath = Annotated[str, Path(pattern=CREDENTIAL, description="The passkey's id, base64url")]


@router.get("/{person}/passkeys", summary="List a person's passkeys", **allowed(CallerKind.OPERATOR))
async def list_passkeys(parts: Parts, person: PersonInPath) -> PasskeyList:
    """Oldest first."""
    here, found = passkeys_of(parts), PersonId(person)
    listed = [PasskeyOut(id=each.credential, name=each.name, count=each.count) for each in here.of(found)]
    return PasskeyList(person=person, required=here.required(found), passkeys=listed)


@router.post("/{person}/passkeys/{credential}/remove", summary="Remove a lost passkey", **allowed(CallerKind.OPERATOR))
async def remove_passkey(
    parts: Parts, person: PersonInPath, credential: CredentialInPath, why: RevokeIn
) -> PasskeyList:
    """Removes it for good, without an answer of it. The ledger says that the operator did, and why."""
    await passkeys_of(parts).operator_remove(PersonId(person), credential, await kept(parts, why.because))
    return await list_passkeys(parts, person)
