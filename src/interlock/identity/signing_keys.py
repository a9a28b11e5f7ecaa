"""A JWK Set (RFC 7517) as the keys that signatures can be checked with: public, asymmetric, of sound size."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from interlock.errors import MalformedInput
from interlock.model import jcs

MAX_SET: Final = 1024 * 1024  # bytes
MAX_KEYS: Final = 200
MAX_KID: Final = 256  # characters
# NIST SP 800-131A revision 2: RSA from 2048 bits on. Beyond 8192, checking a signature is work that others can send us.
RSA_BITS: Final = (2048, 8192)

_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,2048}")
_CURVES: Final = {"P-256": ECKey, "P-384": ECKey, "P-521": ECKey, "Ed25519": OKPKey, "Ed448": OKPKey}
_USES: Final = ("sig", "jwt-svid")  # RFC 7517 section 4.2; SPIFFE Trust Domain and Bundle section 4.2.2


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key. `algorithm` is the only one it may be used with, "" where the set doesn't say."""

    kid: str
    algorithm: str
    key: RSAKey | ECKey | OKPKey

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether this key made the signature, by an algorithm that fits it."""
        model = JWSRegistry.algorithms.get(algorithm)
        if model is None or self.algorithm not in ("", algorithm) or model.key_type != self.key.key_type:
            return False
        try:
            model.check_key(self.key)
            return bool(model.verify(signed, signature, self.key))
        except (JoseError, ValueError, TypeError):
            return False


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The usable keys of an issuer."""

    keys: tuple[SigningKey, ...]

    def named(self, kid: str) -> tuple[SigningKey, ...]:
        """The keys of that id. A token without one ("") can only mean the single key of a set."""
        if kid:
            return tuple(each for each in self.keys if each.kid == kid)
        return self.keys if len(self.keys) == 1 else ()


def read_key_set(text: bytes) -> SigningKeys:
    """The keys of a JWK Set that can check signatures; others (of another use, symmetric, too weak) are left out.

    Raises `MalformedInput` when it isn't a JWK Set.
    """
    document = jcs.read(text, limit=MAX_SET, most_values=jcs.MANY)
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise MalformedInput("this isn't a JWK Set, or one of too many keys")
    found = (_key(each) for each in listed if isinstance(each, Mapping))
    return SigningKeys(tuple(each for each in found if each is not None))


def _key(jwk: Mapping[str, jcs.Json]) -> SigningKey | None:
    kid, algorithm, operations = jwk.get("kid", ""), jwk.get("alg", ""), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or len(kid) > MAX_KID or not isinstance(algorithm, str):
        return None
    if jwk.get("use", "sig") not in _USES or not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        key = _public(jwk)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return SigningKey(kid, algorithm, key) if key is not None else None


def _public(jwk: Mapping[str, jcs.Json]) -> RSAKey | ECKey | OKPKey | None:
    """The public part alone, so that a set with private members in it gives nobody a private key."""
    texts = {name: value for name, value in jwk.items() if isinstance(value, str)}
    kind, curve = texts.get("kty", ""), texts.get("crv", "")
    numbers = {name: texts[name] for name in ("n", "e", "x", "y") if name in texts}
    if not all(_BASE64URL.fullmatch(value) for value in numbers.values()):
        return None
    if kind == "RSA":
        if not RSA_BITS[0] <= _bits(numbers["n"]) <= RSA_BITS[1] or _bits(numbers["e"]) > 64:
            return None
        return RSAKey.import_key({"kty": kind, "n": numbers["n"], "e": numbers["e"]})
    if _CURVES.get(curve) is ECKey and kind == "EC":
        return ECKey.import_key({"kty": kind, "crv": curve, "x": numbers["x"], "y": numbers["y"]})
    if _CURVES.get(curve) is OKPKey and kind == "OKP":
        return OKPKey.import_key({"kty": kind, "crv": curve, "x": numbers["x"]})
    return None


def _bits(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).bit_length()
