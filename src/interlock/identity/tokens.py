"""Workloads' tokens: JSON Web Tokens (RFC 7519) in compact form, read strictly and verified in numbered steps.

Nothing in a token chooses how it is verified. Algorithms and issuers are those of the settings; `jku`, `x5u`, `jwk` and
`x5c` are never looked at; `kid` only picks among the issuer's own keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity.audience import Resources, is_meant
from interlock.identity.signing_keys import MAX_KID, SigningKeys
from interlock.model import jcs
from interlock.model.names import ConnectionName, KeyId
from interlock.model.settings import IssuerSettings

MAX_TOKEN: Final = 8 * 1024  # characters
MAX_TEXT: Final = 2_048  # characters of iss, sub, jti: as long as a SPIFFE ID may be (SPIFFE ID section 2.3)
MAX_AUDIENCES: Final = 100
LEEWAY: Final = timedelta(seconds=30)  # for clocks that differ (RFC 7519 section 4.1.4: "no more than a few minutes")
MAX_LIFE: Final = timedelta(hours=24)

# What `typ` may say (RFC 7519 5.1, RFC 9068 2.1, JWT-SVID 2.3). A token made for another end says so (RFC 8725 3.11).
_TYPES: Final = frozenset({"", "jwt", "jose", "at+jwt", "application/jwt", "application/at+jwt"})
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LATEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_REFUSED: Final = "this credential isn't accepted"


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as it was read. Nothing in it is true yet."""

    algorithm: str
    kid: str
    issuer: str
    claims: Mapping[str, jcs.Json]
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What an issuer of the settings said about somebody, for us, and at this time.

    `expires_at` has the leeway in it. `certificate` is the SHA-256 (hex) of the client certificate that the token is
    good behind, "" where it isn't bound to one (RFC 8705 section 3.1).
    """

    issuer: IssuerSettings
    subject: str
    key: KeyId
    claims: Mapping[str, jcs.Json]
    expires_at: datetime
    certificate: str = ""


def is_token(text: str) -> bool:
    """Whether this has the form of a token: three parts between dots. No Interlock key has."""
    return text.count(".") == 2 and not text.startswith("ilk_")


def read(text: str, longest: int = MAX_TOKEN) -> Presented:
    """The parts of a token; raises `MalformedInput`, among others for keys that stand twice."""
    match = _COMPACT.fullmatch(text) if len(text) <= longest else None
    if match is None:
        raise MalformedInput("this isn't a token in compact form, or a longer one than is taken")
    header, claims = _object(match[1], MAX_TOKEN), _object(match[2], longest)
    if "crit" in header or "b64" in header:
        raise MalformedInput("a token with extensions that must be understood, and aren't")
    kind = _text(header, "typ", "").lower()
    if kind not in _TYPES:
        raise MalformedInput("a token made for another end")
    kid = _text(header, "kid", "")
    if len(kid) > MAX_KID:
        raise MalformedInput("a key id longer than any of ours")
    return Presented(
        algorithm=_text(header, "alg"),
        kid=kid,
        issuer=_text(claims, "iss"),
        claims=claims,
        signed=f"{match[1]}.{match[2]}".encode("ascii"),
        signature=_decoded(match[3]),
    )


def verify(
    presented: Presented,
    issuer: IssuerSettings,
    keys: SigningKeys,
    now: datetime,
    at: ConnectionName | None = None,
    resources: Resources = MappingProxyType({}),
) -> Verified:
    """Verifies a token of `issuer` at `now`, presented at the MCP connection `at` (None: elsewhere); raises
    `AuthenticationFailed` (never saying which step) and `MalformedInput` for claims of a wrong type.

    1. The issuer is this one, character by character.  2. The algorithm is one that the settings name for it.
    3. A key of the issuer's set made the signature.  4. It was made for here (`audience`).  5. The time is right:
    begun, not over, and no longer than a day in all.  6. There is a subject.
    """
    claims = presented.claims
    if presented.issuer != issuer.issuer or presented.algorithm not in issuer.algorithms:
        raise AuthenticationFailed(_REFUSED)
    candidates = keys.named(presented.kid)
    if not any(key.verifies(presented.algorithm, presented.signed, presented.signature) for key in candidates):
        raise AuthenticationFailed(_REFUSED)
    if not is_meant(_audiences(claims.get("aud")), issuer, at, resources):
        raise AuthenticationFailed(_REFUSED)
    expires_at = _in_time(claims, now)
    subject = _text(claims, "sub")
    return Verified(issuer, subject, key_of(issuer.name, claims), claims, expires_at, _bound_to(claims))


def key_of(issuer: str, claims: Mapping[str, jcs.Json]) -> KeyId:
    """The name of a token as a credential, by which it can be revoked: the issuer's name, and 16 hex digits of the
    SHA-256 of `iss`, `sub` and `jti` (else `iat`, else `exp`), a zero byte between them."""
    told = claims.get("jti") or claims.get("iat") or claims.get("exp")
    parts = (claims.get("iss"), claims.get("sub"), told)
    hashed = hashlib.sha256(b"\0".join(str(part).encode("utf-8", "replace") for part in parts)).hexdigest()
    return KeyId(f"jwt:{issuer}:{hashed[:16]}")


def _in_time(claims: Mapping[str, jcs.Json], now: datetime) -> datetime:
    expires, begins, issued = time_in(claims, "exp"), time_in(claims, "nbf"), time_in(claims, "iat")
    if expires is None:
        raise AuthenticationFailed(_REFUSED)
    born = issued or begins or now - LEEWAY
    late = now >= expires + LEEWAY
    early = any(moment is not None and now + LEEWAY < moment for moment in (begins, issued))
    if late or early or expires - born > MAX_LIFE:
        raise AuthenticationFailed(_REFUSED)
    return expires + LEEWAY


def time_in(claims: Mapping[str, jcs.Json], name: str) -> datetime | None:
    """A NumericDate (RFC 7519 section 2): seconds since 1970, perhaps with a fraction."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST - 86_400:
        raise MalformedInput(f"the claim {name} isn't a time")
    return datetime.fromtimestamp(value, UTC)


def _audiences(value: jcs.Json) -> Sequence[str]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > MAX_AUDIENCES or not all(isinstance(one, str) for one in listed):
        raise MalformedInput("the claim aud isn't an audience")
    if len(set(map(str, listed))) != len(listed):
        raise MalformedInput("the claim aud names an audience twice")
    return listed


def _bound_to(claims: Mapping[str, jcs.Json]) -> str:
    """The certificate in `cnf`. A token bound to anything else would be less than it is if we took it from anybody."""
    if "cnf" not in claims:
        return ""
    bound = claims["cnf"]
    if not isinstance(bound, Mapping) or bound.keys() != {"x5t#S256"}:
        raise MalformedInput("a token bound to something that we can't check")
    digest = _decoded(_text(bound, "x5t#S256"))
    if len(digest) != hashlib.sha256().digest_size:
        raise MalformedInput("a token bound to something that isn't a certificate")
    return digest.hex()


def _object(part: str, longest: int) -> Mapping[str, jcs.Json]:
    value = jcs.read(_decoded(part), limit=longest, most_values=jcs.MANY)
    if not isinstance(value, Mapping):
        raise MalformedInput("a part of a token isn't a JSON object")
    return value


def _text(values: Mapping[str, jcs.Json], name: str, default: str | None = None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or len(value) > MAX_TEXT or (default is None and not value):
        raise MalformedInput(f"a token's {name} is missing or isn't a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedInput(f"a token's {name} holds half a character") from None
    return value


def _decoded(part: str) -> bytes:
    """Base64url without padding (RFC 7515 section 2), of which there is one spelling for each value."""
    try:
        value = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise MalformedInput("a part of a token isn't base64url") from None
    if not hmac.compare_digest(base64.urlsafe_b64encode(value).rstrip(b"="), part.encode("ascii", "replace")):
        raise MalformedInput("a part of a token isn't base64url as it is written")
    return value
