"""Issuers' keys: discovery, rotation, outages, and how seldom an issuer is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from testkit.issuer import DISCOVERY, JWKS, Issuer
from tests.stores.a_store import HandClock

from interlock.model.settings import IssuerSettings
from interlock.upstreams import key_sets
from interlock.upstreams.key_sets import KeySets
from interlock.upstreams.outgoing import Allowed, Outgoing


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


def settings(issuer: Issuer, keys: str | Path = "discovery") -> IssuerSettings:
    return IssuerSettings("ci", issuer.url, "interlock", keys, ("ES256",))


def kept(mine: IssuerSettings, clock: HandClock) -> KeySets:
    return KeySets([mine], Outgoing([Allowed(mine.issuer + "/")]), clock)


async def kids(sets: KeySets, mine: IssuerSettings, kid: str) -> list[str] | None:
    found = await sets.keys(mine, kid)
    return None if found is None else [key.kid for key in found.keys]


async def test_discovery_and_rotation(issuer: Issuer) -> None:
    mine, clock = settings(issuer), HandClock()
    sets, first = kept(mine, clock), issuer.newest
    assert await kids(sets, mine, first) == [first]
    for _ in range(5):
        assert await kids(sets, mine, first) == [first]
    assert issuer.asked == {DISCOVERY: 1, JWKS: 1}
    second = issuer.rotate()
    assert await kids(sets, mine, second) == [first]  # asked a moment ago
    clock.at += timedelta(seconds=11)
    assert await kids(sets, mine, second) == [first, second]
    assert issuer.asked[JWKS] == 2


async def test_unknown_keys_dont_make_us_ask_more(issuer: Issuer) -> None:
    mine, clock = settings(issuer, f"{issuer.url}{JWKS}"), HandClock()
    sets = kept(mine, clock)
    await asyncio.gather(*(sets.keys(mine, f"made-up-{i}") for i in range(50)))
    assert issuer.asked == {JWKS: 1}


async def test_a_key_that_is_taken_back(issuer: Issuer) -> None:
    mine, clock = settings(issuer), HandClock()
    sets, first = kept(mine, clock), issuer.newest
    await sets.refresh()
    second = issuer.rotate(keep=False)
    clock.at += timedelta(seconds=11)
    await sets.refresh()
    assert await kids(sets, mine, second) == [second]
    assert await kids(sets, mine, first) == [second]


async def test_an_outage_costs_nobody_their_login_for_a_day(issuer: Issuer) -> None:
    mine, clock = settings(issuer), HandClock()
    sets, first = kept(mine, clock), issuer.newest
    await sets.refresh()
    issuer.down = True
    clock.at += timedelta(hours=23)
    await sets.refresh()
    assert await kids(sets, mine, first) == [first]
    clock.at += timedelta(hours=2)
    assert await kids(sets, mine, first) is None
    issuer.down = False
    clock.at += timedelta(seconds=11)
    assert await kids(sets, mine, first) == [first]


async def test_an_issuer_that_was_never_there() -> None:
    with Issuer() as issuer:
        issuer.down = True
        mine = settings(issuer)
        assert await kids(kept(mine, HandClock()), mine, issuer.newest) is None


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://another.test"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://127.0.0.1:9/keys"},  # not where the settings let us call
    ],
)
async def test_a_discovery_document_that_isnt_the_issuers(issuer: Issuer, said: dict[str, object]) -> None:
    issuer.discovery = said
    mine = settings(issuer)
    assert await kids(kept(mine, HandClock()), mine, issuer.newest) is None
    assert JWKS not in issuer.asked


async def test_keys_from_a_file(issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(issuer.key_set))
    mine, clock = settings(issuer, path), HandClock()
    sets = kept(mine, clock)
    assert await kids(sets, mine, issuer.newest) == [issuer.newest]
    second = issuer.rotate()
    path.write_text(json.dumps(issuer.key_set))
    clock.at += timedelta(seconds=11)
    assert second in (await kids(sets, mine, second) or [])
    path.write_bytes(b" " * (1 << 20) + b"{}")
    clock.at += timedelta(seconds=11)
    await sets.refresh()
    assert second in (await kids(sets, mine, second) or [])
    assert not issuer.asked


async def test_an_issuer_that_isnt_ours(issuer: Issuer) -> None:
    mine = settings(issuer)
    assert await kept(mine, HandClock()).keys(replace(mine, name="other"), "x") is None


async def test_it_runs_until_it_is_stopped(issuer: Issuer) -> None:
    mine, stop = settings(issuer), asyncio.Event()
    sets = kept(mine, HandClock())
    running = asyncio.ensure_future(sets.run(stop))
    async with asyncio.timeout(10):
        while JWKS not in issuer.asked:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_mistake_of_ours_doesnt_end_what_keeps_them_fresh(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(key_sets, "EVERY", timedelta(milliseconds=5))
    sets, stop, asked = kept(settings(issuer), HandClock()), asyncio.Event(), 0

    async def refresh() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ValueError("078-05-1120")
        stop.set()

    monkeypatch.setattr(sets, "refresh", refresh)
    await asyncio.wait_for(sets.run(stop), 10)
    said = capsys.readouterr().out
    assert asked == 2 and "ValueError" in said and "078-05-1120" not in said
