"""How much one request may hold: bodies are counted before they are made, evaluations with their defaults filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.web.access.a_guarded_pipeline import Pipeline, asked, encoded, pipeline

from interlock.actions.from_access import MAX_VALUES
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.web.access.binding import binding_hash
from interlock.web.access.shapes import MAX_BATCH_VALUES, read_batch, read_one, read_submission


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as made:
        yield made


def holding(values: int) -> dict[str, Any]:
    """An evaluation of exactly so many values."""
    bare = asked(n=[])
    return asked(n=[1] * (values - jcs.values_in(bare, MAX_VALUES)))


def test_an_evaluation_has_a_bound() -> None:
    assert read_one(encoded(holding(MAX_VALUES)))
    with pytest.raises(MalformedInput, match="values"):
        read_one(encoded(holding(MAX_VALUES + 1)))


def test_what_could_be_denied_can_be_submitted() -> None:
    denial = dict.fromkeys(("evaluation_id", "evaluated_at", "expires_at", "reason", "binding_token", "template"), "x")
    client = dict.fromkeys(("id", "name", "source"), "x")
    beside = {"denial": denial, "client": client, "callback": {"endpoint": "https://example.test"}}
    assert read_submission(encoded({**holding(MAX_VALUES), **beside}))
    with pytest.raises(MalformedInput, match="values"):
        read_submission(encoded({**holding(MAX_VALUES + 1), **beside}))


@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/evaluations"])
async def test_a_body_of_numbers_is_refused_before_any_is_read(
    line: Pipeline, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(jcs, "_number", looked.append)
    refused = await line.send("POST", path, asked(n=[1] * 20_000))
    assert refused.status_code == 400 and "values" in refused.text
    assert looked == [] and await line.entries() == []


def test_one_that_is_too_large_is_a_mistake_of_its_own() -> None:
    batch = read_batch(encoded({"evaluations": [holding(MAX_VALUES), holding(MAX_VALUES + 1)]}))
    assert [isinstance(each, MalformedInput) for each in batch.evaluations] == [False, True]


def test_defaults_count_each_time_that_they_are_filled_in() -> None:
    large = holding(MAX_VALUES)
    fit = MAX_BATCH_VALUES // MAX_VALUES
    assert len(read_batch(encoded({**large, "evaluations": [{}] * fit})).evaluations) == fit
    with pytest.raises(MalformedInput, match="defaults"):
        read_batch(encoded({**large, "evaluations": [{}] * (fit + 1)}))


def test_what_is_bound_is_written_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = read_one(encoded(holding(10)))
    assert evaluation.binding == jcs.encode(evaluation.bound())
    monkeypatch.setattr(jcs, "encode", None)
    assert binding_hash(evaluation) == binding_hash(evaluation)
