"""Passkeys (WebAuthn Level 3): what is asked of one, and whether its answer is one.

A vote's challenge is made of the vote itself, so the signature says who wanted what, for which card; whoever holds the
public key can verify it again (docs/howto/verify-the-ledger.md). Every check that fails raises `AuthenticationFailed`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)

from interlock.errors import AuthenticationFailed
from interlock.model.canonical import JsonValue, encode
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.passkey import Assertion, Passkey

VOTE_DOMAIN = b"interlock/vote/v1\0"
PASSKEY_DOMAIN = b"interlock/passkey/v1\0"
ONCE_DOMAIN = b"interlock/once/v1\0"
USER_DOMAIN = b"interlock/user/v1\0"
NARROW = "narrow"  # beside the verdicts: what a challenge says when it is for a narrowing
BREAK_GLASS = "break_glass"
AFTERWARDS = "afterwards"  # what somebody thinks of a broken glass
REVEAL = "reveal"  # a hidden value of the card

ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256 (RFC 9053 section 2, RFC 8812 section 2): what authenticators offer
NONCE_BYTES = 32
MAX_CREDENTIAL = 1023  # bytes (WebAuthn section 5.1.3, step 9)
MAX_AUTHENTICATOR_DATA = 1024  # bytes of an assertion's; 37 without extensions
MAX_CLIENT_DATA = 2048
MAX_SIGNATURE = 1024  # RSA of 4096 bits needs 512
MAX_ATTESTATION = 8192
MAX_PUBLIC_KEY = 1200
_COUNTER = slice(33, 37)  # WebAuthn section 6.1: after the RP ID's hash and the flags

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_REFUSED = "the passkey's answer isn't accepted: try again, with a passkey that you registered here"
_CLONED = (
    "this passkey's signature counter went back, so there may be a copy of it; remove it, and tell whoever runs this"
    " gateway"
)

T = TypeVar("T")


# -- what is asked -----------------------------------------------------------------------------------------------------


def challenge(
    review: ReviewId, person: PersonId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
) -> bytes:
    """The 32-byte challenge for one person's verdict ("approve", `NARROW`, `BREAK_GLASS`, `AFTERWARDS`, `REVEAL`) on
    one card.

    `terms` stands in the challenge where there are any: the `terms_digest` of a narrowing, `judgement`, `leaf_terms`.
    """
    said: dict[str, JsonValue] = {
        "review": review,
        "person": person,
        "verdict": str(verdict),
        "action_digest": action_digest,
        "card_digest": card_digest,
    }
    if terms:
        said["terms"] = terms
    return _challenge(VOTE_DOMAIN, said)


def terms_digest(narrowing: Narrowing) -> str:
    """SHA-256 (hex) of a narrowing's terms in canonical JSON."""
    return hashlib.sha256(encode(narrowing.document())).hexdigest()


def judgement(justified: bool) -> str:
    """The terms of looking at a broken glass: whether it was justified."""
    return "justified" if justified else "not justified"


def leaf_terms(statement: int, leaf: int) -> str:
    """The terms of showing one hidden value: which of the card's, both counted from 0."""
    return f"{statement}.{leaf}"


def adding(person: PersonId, nonce: bytes) -> bytes:
    """The challenge by which a person confirms, with a passkey they have, that they add another.

    `nonce` is the new one's own challenge.
    """
    return _challenge(PASSKEY_DOMAIN, {"what": "add", "person": person, "nonce": base64url(nonce)})


def removing(person: PersonId, credential: str) -> bytes:
    """The challenge for removing a passkey. It needs no nonce: what was removed is never registered again."""
    return _challenge(PASSKEY_DOMAIN, {"what": "remove", "person": person, "credential": credential})


def confirming(person: PersonId, what: str, document: Mapping[str, JsonValue]) -> bytes:
    """What a person confirms that isn't a vote: `what` it is, and `document`, all its terms. Asked with `once`."""
    return _challenge(PASSKEY_DOMAIN, {"what": what, "person": person, "document": document})


def once(said: bytes, nonce: bytes) -> bytes:
    """The 64-byte challenge for what is to count once: `said` is what `confirming` or `challenge` makes of it.

    `nonce` are `NONCE_BYTES` random bytes; they stand in front, so that who keeps the answer can check it again.
    """
    return nonce + hashlib.sha256(ONCE_DOMAIN + nonce + said).digest()


def user_handle(person: PersonId) -> bytes:
    """What an authenticator knows a person by (WebAuthn section 5.4.3): 32 bytes that name nobody."""
    return hashlib.sha256(USER_DOMAIN + person.encode()).digest()


def _challenge(domain: bytes, said: Mapping[str, JsonValue]) -> bytes:
    return hashlib.sha256(domain + encode(said)).digest()


# -- what is answered --------------------------------------------------------------------------------------------------


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unbase64url(text: str, most: int) -> bytes:
    """Its bytes, from 1 to `most`, if `text` is their one spelling; raises `AuthenticationFailed`."""
    if not _BASE64URL.fullmatch(text) or not 0 < len(text) <= most * 4 // 3 + 3 or len(text) % 4 == 1:
        raise AuthenticationFailed(_REFUSED)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text or len(data) > most:
        raise AuthenticationFailed(_REFUSED)
    return data


def read_assertion(credential: str, authenticator_data: str, client_data: str, signature: str) -> Assertion:
    """An assertion from its four parts in base64url, bounded and not yet verified; raises `AuthenticationFailed`."""
    unbase64url(credential, MAX_CREDENTIAL)
    data = unbase64url(authenticator_data, MAX_AUTHENTICATOR_DATA)
    return Assertion(
        credential=credential,
        authenticator_data=data,
        client_data=unbase64url(client_data, MAX_CLIENT_DATA),
        signature=unbase64url(signature, MAX_SIGNATURE),
        count=int.from_bytes(data[_COUNTER]),
    )


def assertion_fields(assertion: Assertion) -> Mapping[str, str]:
    """The members of `d` that keep an assertion in a ledger entry (`vote.cast` and its like)."""
    return {
        "credential": assertion.credential,
        "authenticator_data": base64url(assertion.authenticator_data),
        "client_data": base64url(assertion.client_data),
        "signature": base64url(assertion.signature),
    }


def verify_assertion(passkey: Passkey, assertion: Assertion, challenge: bytes, origin: str, rp_id: str) -> int:
    """The authenticator's new signature count, if `assertion` is this passkey's answer to `challenge` (WebAuthn section
    7.2): made on a page of `origin`, for `rp_id`, with its user verified, and with a counter that has grown, unless the
    authenticator keeps none. Raises `AuthenticationFailed`.
    """
    if assertion.credential != passkey.credential:
        raise AuthenticationFailed(_REFUSED)
    _check_client_data(assertion.client_data, "webauthn.get", challenge, origin)
    raw = unbase64url(assertion.credential, MAX_CREDENTIAL)
    response = AuthenticatorAssertionResponse(
        assertion.client_data, assertion.authenticator_data, assertion.signature, None
    )
    # The counter is ours to judge, after the signature: only then does it say anything about the authenticator.
    verified = _refused_on_error(
        lambda: verify_authentication_response(
            credential=AuthenticationCredential(assertion.credential, raw, response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )
    count = verified.new_sign_count
    if (count or passkey.count) and count <= passkey.count:
        raise AuthenticationFailed(_CLONED, code="passkey_cloned")
    return count


def verify_registration(
    person: PersonId, name: str, attestation: bytes, client_data: bytes, challenge: bytes, origin: str, rp_id: str
) -> Passkey:
    """The new passkey of `person`, if `attestation` is an authenticator's answer to `challenge` (WebAuthn section 7.1),
    with its user verified. Raises `AuthenticationFailed`.

    No maker's attestation is asked for and none is taken: only "none", and "packed" by the new key itself.
    """
    if not 0 < len(attestation) <= MAX_ATTESTATION:
        raise AuthenticationFailed(_REFUSED)
    _check_client_data(client_data, "webauthn.create", challenge, origin)
    found = _refused_on_error(lambda: parse_attestation_object(attestation))
    by_itself = found.fmt == AttestationFormat.PACKED and found.att_stmt.x5c is None
    attested = found.auth_data.attested_credential_data
    if not (found.fmt == AttestationFormat.NONE or by_itself) or attested is None:
        raise AuthenticationFailed(_REFUSED)
    raw = attested.credential_id
    if not 0 < len(raw) <= MAX_CREDENTIAL:
        raise AuthenticationFailed(_REFUSED)
    credential = base64url(raw)
    response = AuthenticatorAttestationResponse(client_data, attestation)
    verified = _refused_on_error(
        lambda: verify_registration_response(
            credential=RegistrationCredential(credential, raw, response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
    )
    if len(verified.credential_public_key) > MAX_PUBLIC_KEY:
        raise AuthenticationFailed(_REFUSED)
    return Passkey(credential, person, verified.credential_public_key, verified.sign_count, name)


def _check_client_data(client_data: bytes, type_: str, challenge: bytes, origin: str) -> None:
    """What the browser says about the page that asked (WebAuthn section 5.8.1), read more strictly than the library
    does: each member once, and no page inside another site's."""
    if not 0 < len(client_data) <= MAX_CLIENT_DATA:
        raise AuthenticationFailed(_REFUSED)
    try:
        said = json.loads(client_data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise AuthenticationFailed(_REFUSED) from None
    if not isinstance(said, dict) or said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise AuthenticationFailed(_REFUSED)
    expected = (("type", type_), ("challenge", base64url(challenge)), ("origin", origin))
    for member, value in expected:
        found = said.get(member)
        if not isinstance(found, str) or not hmac.compare_digest(
            found.encode("utf-8", "surrogatepass"), value.encode()
        ):
            raise AuthenticationFailed(_REFUSED)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _refused_on_error(verify: Callable[[], T]) -> T:
    """What the library makes of hostile bytes; whatever it raises on them is one refusal."""
    try:
        return verify()
    except Exception:
        raise AuthenticationFailed(_REFUSED) from None
