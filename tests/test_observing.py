"""A connection in `unsafe_observe`: nothing is stopped, and the ledger says what would have been."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import CONNECTION, Office, export, office, read

from interlock.gate import Cleared, Denied, Held
from interlock.model.action import Action

OBSERVED = replace(CONNECTION, unsafe_observe=True)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def released(o: Office) -> list[Mapping[str, Any]]:
    """What the action.released entries say."""
    found = [json.loads(body.split(b"\n")[0]) for body in await o.store.entries(0, 1000)]
    return [entry["d"] for entry in found if entry["type"] == "action.released"]


async def cleared(o: Office, action: Action) -> Cleared:
    """The answer on a connection that only observes."""
    answer = await o.gate.ask(replace(action, connection=OBSERVED))
    assert isinstance(answer, Cleared)
    await answer.durable
    return answer


async def test_what_would_have_been_held_runs_and_is_recorded_as_such(desk: Office) -> None:
    answer = await cleared(desk, export(await desk.agent()))
    assert answer.release.obligations.observing
    assert answer.release.review is None
    (d,) = await released(desk)
    assert (d["would"], d["masks"]) == ("held", ["phi.mrn"])
    assert [reason["policy"] for reason in d["reasons"]] == ["exports-are-signed"]


async def test_what_would_have_been_masked_is_recorded(desk: Office) -> None:
    answer = await cleared(desk, read(await desk.agent()))
    assert answer.release.obligations.observing
    (d,) = await released(desk)
    assert (d["would"], d["masks"]) == ("masked", ["phi.mrn"])


async def test_what_would_have_been_denied_runs_and_is_recorded_as_such(desk: Office) -> None:
    strict = desk.with_policy('@id("nothing") forbid (principal, action, resource);')
    agent = await strict.agent()
    assert not strict.gate.foresees_denial(replace(read(agent), connection=OBSERVED))
    assert strict.gate.foresees_denial(read(agent))
    await cleared(strict, read(agent))
    (d,) = await released(strict)
    assert d["would"] == "denied"


async def test_what_cannot_be_understood_stays_refused(desk: Office) -> None:
    refused = replace(read(await desk.agent()), connection=OBSERVED, refusal="that is never let through")
    assert isinstance(await desk.gate.ask(refused), Denied)


async def test_other_connections_are_not_observed(desk: Office) -> None:
    assert isinstance(await desk.gate.ask(export(await desk.agent())), Held)
    answer = await desk.gate.ask(read(await desk.agent()))
    assert isinstance(answer, Cleared)
    await answer.durable
    assert not answer.release.obligations.observing
    (d,) = await released(desk)
    assert "would" not in d
