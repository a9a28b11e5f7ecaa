"""ID tokens: whether a provider's answer is for us, about this sign-on, and about a login that is recent enough.

The checks are those of OpenID Connect Core 1.0 section 3.1.3.7, in its order where order matters. Each has a code of
its own, so that whoever sets a provider up sees what it gets wrong; none of the sentences quotes the token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity import tokens
from interlock.identity.signing_keys import SigningKeys

# Asymmetric only: with HS256 whoever can verify could also sign (RFC 8725 section 3.1), and "none" signs nothing.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY: Final = timedelta(seconds=30)  # between the provider's clock and ours
FRESH: Final = timedelta(minutes=10)  # a token is made during the sign-on, which doesn't last longer
MAX_TOKEN: Final = 64 * 1024  # characters; a groups claim may be long
MAX_SUBJECT: Final = 255  # OpenID Connect Core 1.0 section 2, "sub"
MAX_NAME: Final = 200
MAX_GROUPS: Final = 5_000

# The hash of `at_hash` by the signature's algorithm (section 3.1.3.6); Ed25519 hashes with SHA-512 itself.
_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512", "EdDSA": "sha512"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: made by `issuer`, for `client_id`, in answer to `nonce`, after a login within `max_age`.

    `algorithms` are those that its signature may have; only those of `ALGORITHMS` ever count.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    max_age: timedelta
    algorithms: Sequence[str] = ALGORITHMS


@dataclass(frozen=True, slots=True)
class IdToken:
    """A verified token: whose account, when they last logged in at the provider, and all its claims."""

    subject: str
    auth_time: datetime
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """How the provider calls them, for showing; unverified by anybody but the provider."""
        for claim in ("name", "preferred_username", "email"):
            said = self.claims.get(claim)
            if isinstance(said, str) and said.strip():
                return said.strip()[:MAX_NAME].encode("utf-8", "replace").decode()
        return self.subject


def key_id(token: str) -> str:
    """The `kid` of a token's header, "" without one: which key to have at hand. Nothing is verified.

    Raises `AuthenticationFailed` when this isn't a signed token.
    """
    return _read(token).kid


def read_id_token(
    token: str, keys: SigningKeys, expected: Expected, now: datetime, *, access_token: str = ""
) -> IdToken:
    """The token's account; raises `AuthenticationFailed` for anything that isn't exactly as expected.

    `keys` are the provider's. The access token that came along is compared with `at_hash` where that is present.
    """
    read = _read(token)
    _check_signature(read, keys, expected.algorithms)
    claims = read.claims
    if read.issuer != expected.issuer:
        raise _refused("issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode("utf-8", "replace"), expected.nonce.encode()):
        raise _refused("nonce")
    _check_access_token(claims, read.algorithm, access_token)
    return IdToken(_subject(claims), _auth_time(claims, expected.max_age, now), claims)


def groups_of(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The provider's groups, in its own words; a claim that is absent means none.

    Raises `AuthenticationFailed` when it can't be read, or lies elsewhere (section 5.6.2, as providers do when it is
    long): neither of them is the same as no groups.
    """
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and claim in elsewhere:
        raise _refused("groups_elsewhere")
    said = claims.get(claim, [])
    if isinstance(said, str):
        said = [said]
    if not isinstance(said, list) or len(said) > MAX_GROUPS or not all(isinstance(each, str) for each in said):
        raise _refused("groups")
    return frozenset(said)


def _read(token: str) -> tokens.Presented:
    try:
        return tokens.read(token, MAX_TOKEN)
    except MalformedInput:
        raise _refused("form") from None


def _check_signature(read: tokens.Presented, keys: SigningKeys, algorithms: Sequence[str]) -> None:
    if read.algorithm not in algorithms or read.algorithm not in ALGORITHMS:
        raise _refused("algorithm")
    if not any(key.verifies(read.algorithm, read.signed, read.signature) for key in keys.named(read.kid)):
        raise _refused("signature")


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise _refused("audience")
    presenter = claims.get("azp")
    if (len(named) > 1 or presenter is not None) and presenter != client_id:
        raise _refused("audience")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    expires_at, issued_at = _time(claims, "exp"), _time(claims, "iat")
    if expires_at + LEEWAY <= now:
        raise _refused("expired")
    if not now - FRESH - LEEWAY <= issued_at <= now + LEEWAY:
        raise _refused("issued_at")
    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:
        raise _refused("not_before")


def _check_access_token(claims: Mapping[str, Any], algorithm: str, access_token: str) -> None:
    if "at_hash" not in claims:
        return
    hashed = hashlib.new(_HASHES[algorithm if algorithm == "EdDSA" else algorithm[2:]], access_token.encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=")
    said = claims["at_hash"]
    if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), half):
        raise _refused("access_token")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _refused("subject")
    return subject


def _auth_time(claims: Mapping[str, Any], max_age: timedelta, now: datetime) -> datetime:
    if "auth_time" not in claims:
        raise AuthenticationFailed(
            "The provider doesn't say when you logged in there (auth_time), though it was asked with max_age.",
            code="id_token_auth_time",
        )
    logged_in = _time(claims, "auth_time")
    if logged_in > now + LEEWAY or now - logged_in > max_age + LEEWAY:
        raise _refused("auth_time")
    return min(logged_in, now)


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    said = claims.get(name)
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < 2**33:
        raise _refused(name)
    return datetime.fromtimestamp(said, UTC)


def _refused(check: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"The provider's answer wasn't accepted ({check}). Sign in again.", code=f"id_token_{check}"
    )
