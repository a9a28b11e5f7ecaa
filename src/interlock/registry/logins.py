"""Passwords for doors that a person gets for a few hours by confirming a code in the console (`interlock login`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from interlock.errors import NotFound
from interlock.ledger.authorised import KeyKind
from interlock.model.names import PersonId
from interlock.model.secret import Secret
from interlock.registry.registry import Registry

LONGEST: Final = timedelta(hours=8)  # a working day, as a console session


@dataclass(frozen=True, slots=True)
class Logins:
    """Issues them. They are keys of kind `login`: made, held and used by the person, recorded like every other."""

    registry: Registry

    async def issue(self, person: PersonId, lasts: timedelta) -> tuple[Secret[str], datetime]:
        """(the password, when it ends), for at most `LONGEST`; the password is shown here and never again.

        Raises `NotFound` for somebody who isn't here, `ValueError` for no time at all.
        """
        if self.registry.directory.person(person) is None:
            raise NotFound("there is nobody of that name", code="no_such_person")
        if lasts <= timedelta(0):
            raise ValueError("a login lasts for some time")
        lasts = min(lasts, LONGEST)
        ends = self.registry.clock.now() + lasts
        after = {"after": self.registry.passwords_ended(person)}
        # The registry's own way of making keys: one place writes `key.issued`.
        _, secret = await self.registry._issue(KeyKind.LOGIN.value, person, person, person, lasts, after)
        return secret, ends
