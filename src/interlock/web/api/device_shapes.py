"""What passes between `interlock login` and the gateway (RFC 8628)."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, Field

CLIENT: Final = "interlock-cli"
GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628 section 3.4


class DeviceAuthorization(BaseModel):
    """What a terminal shows, and polls with (RFC 8628 section 3.2)."""

    device_code: str
    user_code: str = Field(description="To be compared or typed at `verification_uri`")
    verification_uri: str
    verification_uri_complete: str
    expires_in: int = Field(description="Seconds in which it must be confirmed")
    interval: int = Field(description="Seconds between two polls")


class Password(BaseModel):
    """A person's password for doors (RFC 6749 section 5.1, and whose it is)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  not a password: the scheme's name
    expires_in: int
    person: str
    postgres_port: int = Field(description="The PostgreSQL door's; 0 when it isn't known")
