"""Following moves goes on, whatever goes wrong in what it calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from interlock.model.names import ReviewId
from interlock.workers import moves
from interlock.workers.moves import follow


class Silence:
    """Nothing moves."""

    async def __anext__(self) -> ReviewId:
        """Never."""
        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None:
        """Nothing to end."""


async def test_a_mistake_is_logged_without_its_message_and_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(moves, "AGAIN_SECONDS", 0.01)
    stop, looked = asyncio.Event(), 0

    async def moved(reviews: Sequence[ReviewId]) -> None:
        raise AssertionError("nothing moves here")

    async def missed() -> None:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise ValueError("078-05-1120")
        stop.set()

    await asyncio.wait_for(follow(Silence, stop, moved, missed), 10)
    said = capsys.readouterr().out
    assert looked == 2 and "ValueError" in said and "test_moves:missed" in said and "078-05-1120" not in said
