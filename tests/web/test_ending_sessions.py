"""Ending sessions: all of a person's at once, by the ledger, so that neither a restart nor another node revives one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.a_directory_service import House, house
from tests.an_office import OPERATOR_TOKEN
from tests.promises.a_control_port import caller, control, key_of, signed_in

from interlock.errors import AuthenticationFailed, LedgerUnavailable, NotFound
from interlock.ledger.authorised import KeyKind
from interlock.model.names import KeyId, PersonId
from interlock.model.secret import Secret
from interlock.registry.logins import Logins
from interlock.web.callers import CSRF_HEADER, person_of
from interlock.web.session import COOKIE, Login

DANA, REMY = PersonId("dana"), PersonId("remy")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def welcome(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/whoami")).status_code == 200


async def send(client: httpx.AsyncClient, path: str) -> int:
    return (await client.post(path, data={"csrf": client.headers[CSRF_HEADER]})).status_code


async def test_signing_out_ends_every_session_of_the_person_and_nobody_elses(here: House) -> None:
    """The clock stands still throughout: a session is neither revived nor refused by the second that it began in."""
    app, office = here.app, here.office
    async with signed_in(app, office, "dana") as one, signed_in(app, office, "dana") as two:
        async with signed_in(app, office, "remy") as other:
            assert await send(one, "/sign-out") == 303
            assert not await welcome(two) and await welcome(other)
        async with signed_in(app, office, "dana") as again:
            assert await welcome(again) and not await welcome(two)


async def test_a_session_signed_out_here_is_over_on_another_node_and_after_a_restart(here: House) -> None:
    """Another process has nothing of this one's memory; what it has is the ledger and the key of the seals."""
    async with signed_in(here.app, here.office, "dana") as client:
        cookie = client.cookies[COOKIE]
        elsewhere = control(here.office)
        async with caller(elsewhere) as copy:
            copy.cookies.set(COOKIE, cookie)
            assert await welcome(copy)
            assert await send(client, "/sign-out") == 303
            assert not await welcome(copy)
        async with caller(control(here.office)) as late:
            late.cookies.set(COOKIE, cookie)
            assert not await welcome(late)


async def test_a_stream_that_was_open_ends_too(here: House) -> None:
    parts = here.app.state.control
    session = parts.sessions.read(parts.sessions.start(DANA, Login(KeyId("k"), here.office.clock.now())))
    assert person_of(parts, session) is not None
    await here.office.registry.end_sessions(DANA, DANA, "signed out")
    assert person_of(parts, session) is None


async def test_ending_it_all_takes_the_passwords_for_doors_along_and_no_key(here: House) -> None:
    logins = Logins(here.office.registry)
    mine = [(await logins.issue(DANA, timedelta(hours=8)))[0] for _ in range(2)]
    theirs = (await logins.issue(REMY, timedelta(hours=8)))[0]
    key = Secret(await key_of(here.office, "dana", "dana"))
    async with signed_in(here.app, here.office, "dana") as client:
        assert "End all my sessions and door passwords" in (await client.get("/you")).text
        assert await send(client, "/sign-out") == 303
    assert here.office.registry.authenticate(mine[0]).id == "dana"
    async with signed_in(here.app, here.office, "dana") as client:
        assert await send(client, "/you/sessions/end") == 303
        assert not await welcome(client)
    for login in mine:
        with pytest.raises(AuthenticationFailed):
            here.office.registry.authenticate(login)
    assert [here.office.registry.authenticate(each).id for each in (theirs, key)] == ["remy", "dana"]
    assert (await logins.issue(DANA, timedelta(hours=1)))[0]
    left = [here.office.authority.key(each) for each in here.office.authority.keys_of("dana")]
    assert [each.kind for each in left if each] == [KeyKind.ACTOR, KeyKind.LOGIN]


async def test_keys_and_agents_outlive_the_sessions_of_who_made_them(here: House) -> None:
    key = Secret(await key_of(here.office, "dana", "dana"))
    await here.office.registry.end_sessions(DANA, DANA, "signed out", passwords=True)
    assert here.office.registry.authenticate(key).id == "dana"


@pytest.mark.parametrize("csrf", ["", "0" * 64])
async def test_another_site_ends_nothing(here: House, csrf: str) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        assert (await client.post("/you/sessions/end", data={"csrf": csrf})).status_code in (403, 422)
        assert (await client.post("/sign-out", data={"csrf": csrf})).status_code in (403, 422)
        assert await welcome(client)


async def test_the_operator_ends_them_for_somebody_on_record(here: House) -> None:
    login = (await Logins(here.office.registry).issue(DANA, timedelta(hours=8)))[0]
    path, why = "/api/operator/people/dana/sessions/end", {"because": "laptop stolen"}
    async with signed_in(here.app, here.office, "dana") as client, caller(here.app, OPERATOR_TOKEN) as operator:
        assert (await client.post(path, json=why)).status_code == 403
        assert (await operator.post(path, json={})).status_code == 422
        answer = await operator.post(path, json=why)
        assert (answer.status_code, answer.json()) == (200, {"person": "dana"})
        assert not await welcome(client)
        assert (await operator.post(path.replace("dana", "nobody"), json=why)).status_code == 404
    with pytest.raises(AuthenticationFailed):
        here.office.registry.authenticate(login)
    entries = await here.office.store.entries(0, 4096)
    (ended,) = [each for each in entries if b'"sessions_ended"' in each]
    assert b'"by":"operator"' in ended and b'"because":"laptop stolen"' in ended


async def test_nobody_who_isnt_here_has_any(here: House) -> None:
    with pytest.raises(NotFound):
        await here.office.registry.end_sessions(PersonId("nobody"), DANA, "x")


async def test_without_a_ledger_this_session_ends_and_the_person_is_told_of_the_others(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = here.app.state.control

    class Shut:
        """A registry whose ledger can't be written."""

        def __getattr__(self, name: str) -> object:
            return getattr(here.office.registry, name)

        async def end_sessions(self, *_: object, **__: object) -> None:
            raise LedgerUnavailable("the ledger can't be written")

    async with signed_in(here.app, here.office, "dana") as one, signed_in(here.app, here.office, "dana") as two:
        monkeypatch.setattr(here.app.state, "control", replace(parts, registry=Shut()))
        assert await send(one, "/sign-out") == 503
        assert not await welcome(one) and await welcome(two)
        assert await send(two, "/you/sessions/end") == 503
        assert await welcome(two)  # so that they can try again


async def test_a_cookie_of_before_sessions_were_counted_is_none(here: House) -> None:
    parts = here.app.state.control
    old = {"v": 2, "person": "dana", "key": "k", "at": 0, "began": "link", "provider": "", "subject": "", "csrf": "c"}
    assert parts.sessions.read(parts.sessions.cookies.seal(old, timedelta(hours=1))) is None
