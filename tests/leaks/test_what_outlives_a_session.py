"""What a stolen session is turned into that outlives it: a password for a door, an agent to answer for. It takes the
victim's passkey where they have one; and where they have none, it is over once they end their sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.leaks.a_target import DANA, OLIVIA, Target, target, thief, unpadded, with_passkey
from tests.promises.a_control_port import caller, signed_in

from interlock.errors import AuthenticationFailed
from interlock.model.names import ActorId
from interlock.registry.logins import Logins
from interlock.web.callers import CSRF_HEADER

CLIENT, GRANT = "interlock-cli", "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Target]:
    async with target(tmp_path) as opened:
        yield opened


async def test_the_cookie_thief_turns_no_session_into_a_password_that_outlives_it(here: Target) -> None:
    """What a passkey's owner confirms for a terminal is good for hours, whatever becomes of the session."""
    await with_passkey(here, "dana")
    async with caller(here.app) as terminal:
        asked = (await terminal.post("/api/device/authorize", data={"client_id": CLIENT})).json()
        async with thief(here, "dana") as client:
            form = {"csrf": client.headers[CSRF_HEADER], "says": "confirm", "elsewhere": "true"}
            answer = await client.post(f"/device/{asked['user_code']}", data=form)
        assert answer.status_code in (401, 403)
        here.clock.forward(seconds=10)
        polled = {"client_id": CLIENT, "grant_type": GRANT, "device_code": asked["device_code"]}
        assert (await terminal.post("/api/device/token", data=polled)).status_code == 400


async def test_the_victim_themselves_gets_the_password_with_their_passkey(here: Target) -> None:
    """What refuses the thief above is the answer that is missing, and an answer for another code is none."""
    mine = await with_passkey(here, "dana")
    async with caller(here.app) as terminal, signed_in(here.app, here.office, "dana") as client:
        csrf = client.headers[CSRF_HEADER]
        asked, other = [
            (await terminal.post("/api/device/authorize", data={"client_id": CLIENT})).json() for _ in range(2)
        ]
        page = (await client.get(f"/device/{asked['user_code']}")).text
        assert "data-passkey=" in page and 'name="authenticator_data"' in page
        for code, status in ((other["user_code"], 403), (asked["user_code"], 200)):
            options = (await client.post(f"/device/{code}/challenge", data={"csrf": csrf})).json()
            answer = mine.answer(unpadded(options["challenge"])).fields()
            form = {"csrf": csrf, "says": "confirm", "elsewhere": "true", **answer}
            assert (await client.post(f"/device/{asked['user_code']}", data=form)).status_code == status
        here.clock.forward(seconds=10)
        polled = {"client_id": CLIENT, "grant_type": GRANT, "device_code": asked["device_code"]}
        assert (await terminal.post("/api/device/token", data=polled)).json()["person"] == "dana"


@pytest.mark.parametrize("path", ["/you/wards/accept", "/api/people/me/wards/other/accept"])
async def test_the_owner_themselves_accepts_with_their_passkey(here: Target, path: str) -> None:
    mine = await with_passkey(here, "olivia")
    async with signed_in(here.app, here.office, "olivia") as client:
        csrf, api = client.headers[CSRF_HEADER], path.startswith("/api/")
        assert 'data-passkey="/you/wards/accept/challenge"' in (await client.get("/you")).text
        for actor, status in (("etl", 403), ("other", 200 if api else 303)):
            asked = await client.post("/you/wards/accept/challenge", data={"csrf": csrf, "actor": actor})
            answer = mine.answer(unpadded(asked.json()["challenge"])).fields()
            sent: dict[str, Any] = (
                {"json": {"assertion": answer}} if api else {"data": {"csrf": csrf, "actor": "other", **answer}}
            )
            assert (await client.post(path, **sent)).status_code == status
            assert here.office.authority.roster.has_accepted(ActorId("other"), OLIVIA) is (status != 403)


async def test_the_cookie_thief_answers_for_no_agent_in_the_victims_name(here: Target) -> None:
    """Else whoever has an agent's key that nobody answers for makes it good."""
    await with_passkey(here, "olivia")
    async with thief(here, "olivia", age=timedelta(minutes=30)) as client:
        form = {"csrf": client.headers[CSRF_HEADER], "actor": "other"}
        assert (await client.post("/you/wards/accept", data=form)).status_code in (401, 403)
        assert (await client.post("/api/people/me/wards/other/accept")).status_code in (401, 403)
    assert not here.office.authority.roster.has_accepted(ActorId("other"), OLIVIA)


async def test_what_the_thief_began_is_over_once_the_victim_ends_it_all(here: Target) -> None:
    """A session on another node or of before a restart, a password for a door, and one that nobody has come for yet."""
    async with (
        caller(here.app) as terminal,
        thief(here, "dana") as client,
        signed_in(here.app, here.office, "dana") as me,
    ):
        login = (await Logins(here.office.registry).issue(DANA, timedelta(hours=8)))[0]
        asked = (await terminal.post("/api/device/authorize", data={"client_id": CLIENT})).json()
        form = {"csrf": client.headers[CSRF_HEADER], "says": "confirm", "elsewhere": "true"}
        assert (await client.post(f"/device/{asked['user_code']}", data=form)).status_code == 200
        assert (await me.post("/you/sessions/end", data={"csrf": me.headers[CSRF_HEADER]})).status_code == 303
        assert (await client.get("/api/whoami")).status_code == 401
        with pytest.raises(AuthenticationFailed):
            here.office.registry.authenticate(login)
        here.clock.forward(seconds=10)
        polled = {"client_id": CLIENT, "grant_type": GRANT, "device_code": asked["device_code"]}
        assert (await terminal.post("/api/device/token", data=polled)).json()["error"] == "access_denied"
