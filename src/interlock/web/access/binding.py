"""Binding tokens: a denied evaluation, signed by us, that comes back with the request to have it reviewed. And outcome
tokens: an evaluation that was told yes, which comes back with how it ended.

A JWS in compact form (RFC 7515) with the claims of ARAP draft 1, "Denial Binding Claims", in the hashed form; outcome
tokens are our own. The key is Ed25519 (RFC 8037), derived from one of the installation's, so that every node makes and
takes the same tokens; it signs nothing else. The two kinds have different audiences: one is never taken for the other.
`azp` names who asked: nobody else can hand the token in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from interlock.actions.from_access import Evaluation
from interlock.errors import MalformedInput
from interlock.model.actor import Actor
from interlock.model.names import ActionId, ReviewId
from interlock.model.secret import Secret
from interlock.web.access.problems import OUTCOMES

GOOD_FOR: Final = timedelta(minutes=10)
OUTCOME_GOOD_FOR: Final = timedelta(days=7)  # what runs for longer stays unknown
MAX_TOKEN: Final = 4096  # characters; ours have about 900
_DERIVED: Final = b"interlock/access-key/v1\0"
_ALGORITHM: Final = "Ed25519"  # RFC 9864; "EdDSA" doesn't say which curve


@dataclass(frozen=True, slots=True)
class Denial:
    """What a token says: which evaluation, until when (UTC), and which members of its context count."""

    evaluation: ActionId
    token_id: str
    expires_at: datetime
    context_members: frozenset[str]
    binding_hash: str


@dataclass(frozen=True, slots=True)
class Told:
    """What an outcome token says: which evaluation was told yes, by which review (None without one), and until when
    its end can be said."""

    evaluation: ActionId
    review: ReviewId | None
    expires_at: datetime


class BindingTokens:
    """Makes and verifies them. `issuer` is our public URL, `audience` where requests go."""

    def __init__(self, secret: Secret[bytes], issuer: str, audience: str) -> None:
        seed = hmac.new(secret.reveal(), _DERIVED, hashlib.sha256).digest()
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        self._public = {"kty": "OKP", "crv": "Ed25519", "x": _b64(public)}
        self._kid = _b64(
            hashlib.sha256(json.dumps(self._public, sort_keys=True, separators=(",", ":")).encode()).digest()
        )
        self._key = OKPKey.import_key({**self._public, "d": _b64(seed)})
        self._issuer, self._audience = issuer, audience
        self._registry = jws.JWSRegistry(algorithms=[_ALGORITHM])

    def keys(self) -> dict[str, Any]:
        """The JWK Set that others verify tokens with (RFC 7517); `kid` is the thumbprint (RFC 7638)."""
        return {"keys": [{**self._public, "kid": self._kid, "use": "sig", "alg": _ALGORITHM}]}

    def sign(self, asked: Evaluation, evaluation: ActionId, actor: Actor, token_id: str, now: datetime) -> str:
        """A token for one denied evaluation, good for `GOOD_FOR`."""
        until = _second(now + GOOD_FOR)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "azp": _asker(actor),
            "iat": int(now.timestamp()),
            "exp": int(until.timestamp()),
            "jti": token_id,
            "evaluation_id": evaluation,
            "denial_expires_at": timestamp(until),
            "binding_context_members": sorted(asked.context),
            "binding_hash": binding_hash(asked),
        }
        return self._signed(claims)

    def sign_outcome(self, evaluation: ActionId, actor: Actor, review: ReviewId | None, now: datetime) -> str:
        """A token for who was told yes, to say how it ended; good for `OUTCOME_GOOD_FOR`."""
        claims = {
            "iss": self._issuer,
            "aud": self._issuer + OUTCOMES,
            "azp": _asker(actor),
            "iat": int(now.timestamp()),
            "exp": int((now + OUTCOME_GOOD_FOR).timestamp()),
            "evaluation_id": evaluation,
            "review": review or "",
        }
        return self._signed(claims)

    def verify_outcome(self, token: str, actor: Actor) -> Told:
        """What it says, if it is ours and was this actor's; raises `MalformedInput`. Its time is for the caller."""
        claims = self._claims(token, actor, self._issuer + OUTCOMES, "outcome")
        until = datetime.fromtimestamp(claims["exp"], UTC)
        return Told(ActionId(claims["evaluation_id"]), ReviewId(claims["review"]) or None, until)

    def verify(self, token: str, actor: Actor) -> Denial:
        """What it says, if it is ours and was this actor's; raises `MalformedInput`. Its time is for the caller."""
        claims = self._claims(token, actor, self._audience, "binding")
        return Denial(
            evaluation=ActionId(claims["evaluation_id"]),
            token_id=claims["jti"],
            expires_at=datetime.fromisoformat(claims["denial_expires_at"]),
            context_members=frozenset(claims["binding_context_members"]),
            binding_hash=claims["binding_hash"],
        )

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": _ALGORITHM, "kid": self._kid, "typ": "JWT"}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._key, registry=self._registry)

    def _claims(self, token: str, actor: Actor, audience: str, kind: str) -> dict[str, Any]:
        wrong = MalformedInput(f"the {kind} token isn't one that we gave to you")
        if not token.isascii() or len(token) > MAX_TOKEN:
            raise wrong
        try:
            payload = jws.deserialize_compact(token, self._key, registry=self._registry).payload
            claims: dict[str, Any] = json.loads(payload)
        except (JoseError, ValueError):
            raise wrong from None
        said = (claims["iss"], claims["aud"], claims["azp"])
        if not hmac.compare_digest(json.dumps(said), json.dumps((self._issuer, audience, _asker(actor)))):
            raise wrong
        return claims


def binding_hash(asked: Evaluation) -> str:
    """base64url SHA-256 over JCS of {subject, resource, action, context}."""
    return _b64(hashlib.sha256(asked.binding).digest())


def is_bound(asked: Evaluation, denial: Denial) -> bool:
    """Whether the token is of this very evaluation: nothing changed, nothing added."""
    return denial.context_members == asked.context.keys() and hmac.compare_digest(
        binding_hash(asked), denial.binding_hash
    )


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, to the second where it is whole."""
    return at.isoformat().replace("+00:00", "Z")


def _asker(actor: Actor) -> str:
    return json.dumps([f"{each.kind.value}/{each.id}" for each in (actor, *actor.chain)])


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
