"""One sign-on at the people's provider: what is asked of it, and what it says of who came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person's way to the provider and back (OpenID Connect Core 1.0 section 3.1, RFC 7636).

    `state`, `nonce` and `verifier` are random, of this attempt alone, and known to the browser that began it only
    under our seal. `max_age` is how old the login there may be; `again` asks for a login although there is one.
    """

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    max_age: timedelta
    again: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a provider, as its verified ID token has it.

    `groups` are the provider's, in its own words; None where the settings translate none, so that nothing is said.
    """

    provider: str
    subject: str
    name: str
    auth_time: datetime
    groups: frozenset[str] | None = None
