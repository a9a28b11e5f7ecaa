from __future__ import annotations

import asyncio

import pytest

from interlock.doors.postgres.idle_limits import SESSION, TRANSACTION, Idled, IdleLimits
from interlock.doors.relay import Link
from interlock.sql import effects


def test_it_follows_the_client() -> None:
    limits = IdleLimits({SESSION: "5s"})
    assert (limits.of(in_transaction=False), limits.of(in_transaction=True)) == (5.0, None)
    limits.follow(effects.SetSession(TRANSACTION, "2s", False))
    limits.follow(effects.SetSession("statement_timeout", "9s", False))
    assert (limits.of(in_transaction=False), limits.of(in_transaction=True)) == (5.0, 2.0)
    limits.follow(effects.Begin())
    limits.follow(effects.SetSession(SESSION, "7s", False))
    assert limits.of(in_transaction=False) == 7.0
    limits.follow(effects.Rollback())
    assert limits.of(in_transaction=False) == 5.0
    limits.follow(effects.Begin())
    limits.follow(effects.SetSession(SESSION, "0", False))
    limits.follow(effects.Commit())
    assert limits.of(in_transaction=False) is None
    limits.follow(effects.Reset(SESSION))
    assert limits.of(in_transaction=False) == 5.0
    limits.follow(effects.Reset("statement_timeout"))
    limits.follow(effects.DiscardAll())
    assert (limits.of(in_transaction=False), limits.of(in_transaction=True)) == (5.0, None)


@pytest.mark.parametrize(("in_transaction", "sqlstate"), [(False, "57P05"), (True, "25P03")])
async def test_silence_ends_it_with_the_servers_own_code(in_transaction: bool, sqlstate: str) -> None:
    limits = IdleLimits({SESSION: "1", TRANSACTION: "1"})
    with pytest.raises(Idled) as caught:
        await limits.receive(Link(), in_transaction=in_transaction)
    assert caught.value.sqlstate == sqlstate


async def test_what_comes_in_time_is_given() -> None:
    link = Link()
    for limits in (IdleLimits({}), IdleLimits({SESSION: "1h"})):
        waiting = asyncio.create_task(limits.receive(link, in_transaction=False))
        link.data_received(b"x")
        assert await waiting == b"x"
