"""What the operator is told of people's passkeys."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

CREDENTIAL: Final = "^[A-Za-z0-9_-]{1,1364}$"  # base64url of at most 1,023 bytes (WebAuthn section 5.1.3)


class PasskeyOut(BaseModel):
    """A passkey. `count` is the signature counter last seen; 0 where the authenticator keeps none."""

    id: str
    name: str
    count: int


class PasskeyList(BaseModel):
    """A person's passkeys, oldest first. `required`: whether an approval of theirs takes one."""

    person: str
    required: bool
    passkeys: list[PasskeyOut]
