"""The Connector's keys: fetched ahead, asked for seldom, kept through an outage for a day."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from testkit.http_service import Fault
from testkit.teams import KEYS, METADATA, Lie, Teams
from tests.stores.a_store import HandClock

from interlock.channels.teams import tokens
from interlock.channels.teams.tokens import MOST_WAITING, ConnectorKeys, presented, read_keys, verify
from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.upstreams.outgoing import Allowed, Outgoing


def asked(teams: Teams, path: str) -> int:
    """How often."""
    return sum(request.path == path for request in teams.requests)


def kid(teams: Teams) -> str:
    """The id of the key that signs now."""
    return presented(f"Bearer {teams.token()}").kid


async def test_keys_are_fetched_ahead_and_an_unknown_one_is_asked_for_at_most_every_ten_seconds() -> None:
    teams, clock = Teams(), HandClock()
    async with teams.running():
        outgoing = Outgoing([Allowed(teams.url)])
        keys, stop = ConnectorKeys(teams.metadata, outgoing, clock), asyncio.Event()
        running = asyncio.create_task(keys.run(stop))
        await asyncio.sleep(0)  # it begins, and whoever asks now waits for it
        for _ in range(5):
            assert await keys.keys(kid(teams)) is not None
        assert asked(teams, KEYS) == 1
        teams.rotate()
        for _ in range(5):
            found = await keys.keys(kid(teams))
            assert found is not None and not found.named(kid(teams))
        clock.forward(seconds=10)
        every = await asyncio.gather(*(keys.keys(kid(teams)) for _ in range(5)))
        assert all(each is not None and not each.named(kid(teams)) for each in every)  # it is asked for behind them
        await keys.refresh()
        found = await keys.keys(kid(teams))
        assert found is not None and found.named(kid(teams)) and asked(teams, KEYS) == 2
        stop.set()
        await running
        await outgoing.close()


async def test_nobody_waits_for_a_key_that_somebody_made_up() -> None:
    teams, clock = Teams(), HandClock()
    async with teams.running():
        outgoing = Outgoing([Allowed(teams.url)])
        keys = ConnectorKeys(teams.metadata, outgoing, clock)
        await keys.refresh()
        clock.forward(seconds=10)
        teams.faults.append(Fault.HANG)
        every = [await keys.keys(f"made-up-{n}") for n in range(100)]  # hangs where any of them waits
        assert all(each is not None and each.named(kid(teams)) for each in every)
        await keys.close()
        await outgoing.close()


async def test_while_there_are_no_keys_a_few_calls_wait_and_the_others_are_refused() -> None:
    teams = Teams()
    async with teams.running():
        outgoing = Outgoing([Allowed(teams.url)])
        keys = ConnectorKeys(teams.metadata, outgoing, HandClock())
        every = await asyncio.gather(*(keys.keys(kid(teams)) for _ in range(MOST_WAITING + 5)))
        assert [each is not None for each in every] == [True] * MOST_WAITING + [False] * 5
        await outgoing.close()


async def test_an_outage_costs_nothing_for_a_day_and_everything_after_it() -> None:
    teams, clock = Teams(), HandClock()
    async with teams.running():
        outgoing = Outgoing([Allowed(teams.url)])
        keys = ConnectorKeys(teams.metadata, outgoing, clock)
        await keys.refresh()
        teams.down |= {KEYS}
        clock.forward(hours=23, minutes=59)
        assert await keys.keys(kid(teams)) is not None
        clock.forward(minutes=2)
        assert await keys.keys(kid(teams)) is None
        teams.down.clear()
        clock.forward(seconds=10)
        assert await keys.keys(kid(teams)) is not None
        await outgoing.close()


async def test_a_metadata_document_of_somebody_else_names_no_keys() -> None:
    class Impostor(Teams):
        async def answer(self, request):  # type: ignore[no-untyped-def]
            reply = await super().answer(request)
            if request.path == METADATA:
                reply.body["issuer"] = "https://elsewhere.test"  # type: ignore[index]
            return reply

    teams = Impostor()
    async with teams.running():
        outgoing = Outgoing([Allowed(teams.url)])
        keys = ConnectorKeys(teams.metadata, outgoing, HandClock())
        assert await keys.keys(kid(teams)) is None and asked(teams, KEYS) == 0
        await outgoing.close()


def test_times_have_five_minutes_of_leeway_and_no_more() -> None:
    teams, clock = Teams(), HandClock()
    teams.now = clock.now
    endorsed = read_keys(_key_set(teams))
    token = presented(f"bearer {teams.token()}")
    for moment, good in ((timedelta(hours=1, minutes=4), True), (timedelta(hours=1, minutes=5, seconds=1), False)):
        _check(token, endorsed, teams, clock.at + moment, good=good)
    _check(token, endorsed, teams, clock.at - timedelta(minutes=4), good=True)
    _check(token, endorsed, teams, clock.at - timedelta(minutes=5, seconds=10), good=False)


def _check(token, endorsed, teams, now, *, good: bool) -> None:  # type: ignore[no-untyped-def]
    if good:
        assert verify(token, endorsed, teams.app_id, now) == teams.service_url
        return
    with pytest.raises(AuthenticationFailed):
        verify(token, endorsed, teams.app_id, now)


def _key_set(teams: Teams) -> bytes:
    return json.dumps(teams._key_set()).encode()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic x", "Bearer a.b", "Bearer a.b.c", "Bearer ..", "Bearer \u00fc.b.c"]
)
def test_what_is_no_token_is_malformed(header: str) -> None:
    with pytest.raises(MalformedInput):
        presented(header)


def test_a_key_without_endorsements_may_speak_and_one_for_another_channel_may_not() -> None:
    teams = Teams()
    endorsed = read_keys(_key_set(teams))
    assert endorsed.may_speak(kid(teams)) and endorsed.may_speak("not among them")
    assert not endorsed.may_speak(presented(f"Bearer {teams.token(frozenset({Lie.NOT_ENDORSED}))}").kid)


async def test_a_mistake_of_ours_doesnt_end_what_keeps_them_fresh(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tokens, "EVERY", timedelta(milliseconds=5))
    keys, stop, fetched = ConnectorKeys("http://127.0.0.1/", Outgoing([]), HandClock()), asyncio.Event(), 0

    async def refresh() -> None:
        nonlocal fetched
        fetched += 1
        if fetched == 1:
            raise ValueError("078-05-1120")
        stop.set()

    monkeypatch.setattr(keys, "refresh", refresh)
    await asyncio.wait_for(keys.run(stop), 10)
    said = capsys.readouterr().out
    assert fetched == 2 and "ValueError" in said and "078-05-1120" not in said
