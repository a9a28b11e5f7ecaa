"""How people sign in besides an operator's link: what it stands on, and what is remembered between two requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interlock.ports import Clock, Sealer
from interlock.web.bounds import Rate
from interlock.web.device_requests import DeviceRequests
from interlock.web.needs import Accounts, Logins, Provider
from interlock.web.sealed_cookies import SealedCookies
from interlock.web.session import Session

ATTEMPTS = "console-sign-on"  # what the attempts' seal is about
# For one address, which may be a proxy's: sign-ons begun and ended, and device requests.
ARRIVALS: Final = 120
ARRIVALS_PER_SECOND: Final = 5.0
# For one person: wrong user codes (RFC 8628 section 5.1). Of 20^8 codes at most 500 wait at once.
WRONG_CODES: Final = 5
WRONG_CODES_PER_SECOND: Final = 1 / 60

_LOCAL = re.compile(r"/(?:[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,3})?")


@dataclass(frozen=True, slots=True)
class Means:
    """What the app gives: the provider and the accounts there (both or neither), passwords for doors, how old a login
    may be for what needs a recent one, and the PostgreSQL door's port for telling people."""

    provider: Provider | None = None
    accounts: Accounts | None = None
    logins: Logins | None = None
    recent_login: timedelta = timedelta(hours=1)
    door_port: int = 0


class SignOn:
    """The means, and the bounded memory of what is under way."""

    def __init__(self, means: Means, sealer: Sealer, clock: Clock) -> None:
        self.means = means
        self.attempts = SealedCookies(sealer, clock, ATTEMPTS)
        self.devices = DeviceRequests(clock)
        self.arrivals = Rate(clock, ARRIVALS, ARRIVALS_PER_SECOND)
        self.wrong_codes = Rate(clock, WRONG_CODES, WRONG_CODES_PER_SECOND)
        self._clock = clock

    def is_recent(self, session: Session) -> bool:
        """Whether the login behind a session is young enough for what needs a recent one."""
        return self._clock.now() - session.signed_in_at <= self.means.recent_login

    def stands(self, session: Session) -> bool:
        """Whether the account that began a session still is that person's; of a link, always."""
        if not session.provider:
            return True
        accounts = self.means.accounts
        return accounts is not None and accounts.person_of(session.provider, session.subject) == session.person


def local(path: str) -> str:
    """An address within the console, to go on to after signing in; `/` for anything that isn't plainly one."""
    return path if _LOCAL.fullmatch(path) else "/"
