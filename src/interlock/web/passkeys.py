"""Passkeys in the console: registering and removing them, and what one is asked with a vote.

Forms carry an authenticator's answer in hidden fields, base64url, filled by static/passkeys.js; the API takes the same
four in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from interlock.errors import NotFound
from interlock.identity import passkeys as identity
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.passkey import Passkey
from interlock.registry.passkeys import MAX_NAME, Asked, Begun, Passkeys
from interlock.review.card_view import read_card
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import Answered, Part, refusing
from interlock.web.api.reviews import InPath
from interlock.web.callers import SignedIn
from interlock.web.console.deeds import LEAF
from interlock.web.console.narrowing import Wanted, narrowing
from interlock.web.console.reading import DigestField, Me, Sender, pages_of
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused
from interlock.web.sight import seen

PAGE = "/you/passkeys"
TIMEOUT = 120_000  # milliseconds that a browser waits for its user

router = APIRouter(include_in_schema=False)

CredentialInPath = Annotated[str, Path(alias="passkey", pattern="^[A-Za-z0-9_-]{1,1364}$")]


@dataclass(frozen=True, slots=True)
class PasskeysView:
    """What passkeys.html shows: a person's passkeys, and why no further one can be made ("" when one can).

    `always`: whether everybody's approval takes one here.
    """

    keys: Sequence[Passkey]
    fault: str
    always: bool
    max_name: int = MAX_NAME


def passkeys_view(parts: Control, person: PersonId) -> PasskeysView:
    """The passkeys of one person, for a page that includes passkeys.html with it as `passkeys`."""
    here = passkeys_of(parts)
    return PasskeysView(here.of(person), here.site.fault, here.always)


def passkeys_of(parts: Control) -> Passkeys:
    """The passkeys; raises `Refused` where this control port has none."""
    if parts.passkeys is None:
        raise Refused(404, "no_passkeys", "There are no passkeys at this address.")
    return parts.passkeys


@router.get(PAGE, **allowed(CallerKind.CONSOLE))
async def passkeys_page(request: Request, parts: Parts, me: Me) -> Response:
    """One's passkeys."""
    view = passkeys_view(parts, me.person.id)
    return pages_of(request).render("passkeys_page.html", passkeys=view, me=me.person, csrf=me.session.csrf)


@router.post(f"{PAGE}/options", **allowed(CallerKind.CONSOLE))
async def options(parts: Parts, me: Sender) -> Response:
    """What the browser needs to make a passkey: good once, for five minutes."""
    with refusing():
        return JSONResponse(_creation(passkeys_of(parts).begin_registration(me.person.id, me.session.signed_in_at)))


@router.post(PAGE, **allowed(CallerKind.CONSOLE))
async def register(
    parts: Parts,
    me: Sender,
    confirmed: Answered,
    name: Annotated[str, Form(max_length=4 * MAX_NAME)] = "",
    attestation: Part = "",
    made_client_data: Part = "",
) -> Response:
    """Registers the passkey that the browser made."""
    if not attestation:
        raise Refused(422, "javascript_needed", "Only a script of this page can ask your device for a passkey.")
    with refusing():
        made = identity.unbase64url(attestation, identity.MAX_ATTESTATION)
        client_data = identity.unbase64url(made_client_data, identity.MAX_CLIENT_DATA)
        await passkeys_of(parts).finish_registration(me.person.id, made, client_data, name, confirmed)
    return RedirectResponse(PAGE, 303)


@router.post(f"{PAGE}/{{passkey}}/challenge", **allowed(CallerKind.CONSOLE))
async def removal(parts: Parts, me: Sender, credential: CredentialInPath) -> Response:
    """What a passkey is asked before this one is removed."""
    return request_options(passkeys_of(parts).asks_to_remove(me.person.id, credential))


@router.post(f"{PAGE}/{{passkey}}/remove", **allowed(CallerKind.CONSOLE))
async def remove(parts: Parts, me: Sender, credential: CredentialInPath, confirmed: Answered) -> Response:
    """Removes a passkey for good."""
    with refusing():
        await passkeys_of(parts).remove(me.person.id, credential, confirmed, me.session.signed_in_at)
    return RedirectResponse(PAGE, 303)


@router.post("/reviews/{review}/challenge", **allowed(CallerKind.CONSOLE))
async def challenge(
    parts: Parts,
    me: Sender,
    review_id: InPath,
    verdict: Annotated[Literal["approve", "narrow", "break_glass", "afterwards", "reveal"], Query()],
    action_digest: DigestField,
    card_digest: DigestField,
    wanted: Wanted,
    justified: Annotated[bool, Form()] = False,
    leaf: Annotated[str, Form(pattern=LEAF)] = "0.0",
) -> Response:
    """What a passkey is asked with this verdict on the card that the page shows. It takes the fields of the form whose
    verdict it is: of a narrowing, its terms; of a broken glass, the judgement; of a hidden value, which."""
    review, terms = ReviewId(review_id), ""
    match verdict:
        case identity.NARROW:
            terms = await _narrowing_terms(parts, me, review, wanted)
        case identity.AFTERWARDS:
            terms = identity.judgement(justified)
        case identity.REVEAL:
            terms = identity.leaf_terms(*map(int, leaf.split(".")))
        case _:
            pass
    asked = passkeys_of(parts).asks(me.person.id, review, verdict, Digest(action_digest), Digest(card_digest), terms)
    return request_options(asked)


async def _narrowing_terms(parts: Control, me: SignedIn, review: ReviewId, wanted: Wanted) -> str:
    await seen(parts, review, me.person.id)
    card = read_card((await parts.desk.card(review)).content).content
    if card is None:
        raise NotFound("this card can't be shown whole")
    return identity.terms_digest(narrowing(card, wanted))


def request_options(asked: Asked) -> JSONResponse:
    """What static/passkeys.js asks the authenticator."""
    return JSONResponse(_request(asked))


def _request(asked: Asked) -> Mapping[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON (WebAuthn section 5.5)."""
    return {
        "challenge": identity.base64url(asked.challenge),
        "rpId": asked.rp_id,
        "allowCredentials": _descriptors(asked.credentials),
        "userVerification": "required",
        "timeout": TIMEOUT,
    }


def _creation(begun: Begun) -> Mapping[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON (WebAuthn section 5.4), and what must be answered first, if anything."""
    name = begun.person.id
    made = {
        "challenge": identity.base64url(begun.challenge),
        "rp": {"id": begun.rp_id, "name": f"Interlock at {begun.rp_id}"},
        "user": {"id": identity.base64url(begun.user), "name": name, "displayName": begun.person.name},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in identity.ALGORITHMS],
        "excludeCredentials": _descriptors(begun.known),
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
        "timeout": TIMEOUT,
    }
    return {"create": made, "confirm": _request(begun.confirm) if begun.confirm else None}


def _descriptors(credentials: Sequence[str]) -> list[Mapping[str, str]]:
    return [{"type": "public-key", "id": each} for each in credentials]
