"""After a denial: the same form isn't asked about again yet, and who is denied too often waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.an_office import Office, export, office
from tests.desk.a_review import held, ruled, under

from interlock.gate import Answer, Denied, Held
from interlock.model.review import Verdict
from interlock.model.settings import Limits


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield ruled(under(opened), limits=Limits(cool_down_seconds=600, denied_per_hour=2))


async def denied(desk: Office, text: str) -> None:
    review, _ = await held(desk, text)
    await desk.vote(review, "ann", Verdict.DENY)


async def ask(desk: Office, text: str, name: str = "etl") -> Answer:
    return await desk.gate.ask(export(await desk.agent(name), text))


def code(answer: Answer) -> str:
    assert isinstance(answer, Denied)
    return answer.reasons[0].code


async def test_the_same_form_waits_and_others_do_not(desk: Office) -> None:
    await denied(desk, "COPY patients TO STDOUT")
    assert code(await ask(desk, "COPY patients TO STDOUT")) == "cooling_down"
    assert isinstance(await ask(desk, "COPY patients TO STDOUT "), Held)
    assert isinstance(await ask(desk, "COPY patients TO STDOUT", "other"), Held)
    desk.clock.forward(seconds=601)
    assert isinstance(await ask(desk, "COPY patients TO STDOUT"), Held)


async def test_hundreds_of_wordings_are_not_held_until_somebody_clicks(desk: Office) -> None:
    for n in range(3):
        await denied(desk, "COPY patients TO STDOUT" + " " * n)
    assert code(await ask(desk, "COPY patients TO STDOUT WITH CSV")) == "too_many_denials"
    assert isinstance(await ask(desk, "COPY patients TO STDOUT WITH CSV", "other"), Held)
    desk.clock.forward(hours=1, seconds=1)
    assert isinstance(await ask(desk, "COPY patients TO STDOUT WITH CSV"), Held)
