"""Passwords for doors: what ends them, be it at the very moment when one is handed out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Office, office

from interlock.errors import AuthenticationFailed
from interlock.model.names import PersonId
from interlock.registry.logins import Logins

REMY, DANA, DAY = PersonId("remy"), PersonId("dana"), timedelta(hours=8)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as one:
        yield one


@pytest.mark.parametrize("passwords", [True, False])
async def test_one_that_is_handed_out_while_all_are_ended_is_over(here: Office, passwords: bool) -> None:
    handing = asyncio.create_task(Logins(here.registry).issue(REMY, DAY))
    await asyncio.sleep(0)  # it is on its way into the ledger, and no entry of it is known yet
    assert here.authority.keys_of(REMY) == ()
    await here.registry.end_sessions(REMY, REMY, "laptop stolen", passwords=passwords)
    secret, _ = await handing
    (key,) = here.authority.keys_of(REMY)
    assert not here.authority.is_revoked(key)
    if not passwords:
        assert here.registry.authenticate(secret).id == "remy"
        return
    with pytest.raises(AuthenticationFailed):
        here.registry.authenticate(secret)


async def test_what_was_in_use_is_over_too_and_what_comes_later_isnt(here: Office) -> None:
    before, theirs = [(await Logins(here.registry).issue(each, DAY))[0] for each in (REMY, DANA)]
    actor, other = here.registry.authenticate(before), here.registry.authenticate(theirs)
    await here.registry.end_sessions(REMY, REMY, "x", passwords=True)
    assert here.registry.current(actor) is None and here.registry.current(other) is not None
    after, _ = await Logins(here.registry).issue(REMY, DAY)
    await here.registry.end_sessions(REMY, REMY, "signed out")
    assert here.registry.authenticate(after).id == "remy"
