"""A look that is begun ahead: never an old one, and its errors reach whoever needs it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from interlock.doors.postgres.definitions import Look
from interlock.errors import UpstreamFailed


class Refresh:
    """Counts looks; fails while told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.fails = False

    async def __call__(self) -> None:
        self.begun += 1
        await asyncio.sleep(0)
        if self.fails:
            raise UpstreamFailed("away")


async def test_one_that_was_begun_serves_once() -> None:
    refresh = Refresh()
    look = Look(refresh)
    look.begin()
    await asyncio.sleep(0)
    assert refresh.begun == 1
    await look.done()
    assert refresh.begun == 1
    await look.done()
    assert refresh.begun == 2


async def test_another_beginning_makes_the_one_before_worthless() -> None:
    refresh = Refresh()
    look = Look(refresh)
    look.begin()
    await asyncio.sleep(0.01)
    refresh.fails = True
    look.begin()
    with pytest.raises(UpstreamFailed):
        await look.done()
    assert refresh.begun == 2


async def test_an_error_that_nobody_needs_is_nobodys() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    refresh = Refresh()
    refresh.fails = True
    look = Look(refresh)
    look.begin()
    while not _is_done(look):
        await asyncio.sleep(0)
    del look
    gc.collect()  # the loop complains of an error that nobody looked at once its future goes
    assert complaints == []


def _is_done(look: Look) -> bool:
    return look._begun is not None and look._begun.done()
