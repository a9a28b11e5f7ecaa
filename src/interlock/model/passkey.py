"""Passkeys (WebAuthn Level 3): a person's public-key credential, and its answer to one challenge."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.names import PersonId


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered credential. `credential` is its id in base64url, `public_key` a COSE_Key (RFC 9052 section 7).

    `count` is the signature counter last seen; 0 where the authenticator keeps none.
    """

    credential: str
    person: PersonId
    public_key: bytes
    count: int
    name: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator answered (WebAuthn section 5.2.2): enough for an outsider to verify it again.

    `count` is the signature counter in it.
    """

    credential: str
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    count: int
