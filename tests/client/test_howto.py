"""The how-to's examples, run against a gateway with the page's own tools and policy."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import DIRECTORY, OneBundle
from tests.client.a_guarded_place import Place, blocking, snapshots
from tests.web.access.a_guarded_pipeline import Pipeline, application, pipeline
from tests.web.access.test_howto import served

import interlock_client
from interlock.policy.bundle import load
from interlock.settings.tools import read_tools
from interlock_client import InterlockError, errors

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "guard-a-function.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCES: list[tuple[str, str, str]] = re.findall(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def fence(kind: str, name: str = "", number: int = 0) -> str:
    return [text for each, named, text in FENCES if (each, named) == (kind, name)][number]


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with pipeline(tmp_path) as opened:
        line = snapshots(opened)
        tools, mistakes = read_tools("snapshots.json", fence("json"))
        assert not mistakes
        bundle = load({"snapshots.cedar": fence("cedar")}, DIRECTORY.members(), tools=tools)
        gate = replace(line.office.gate, rules=OneBundle(bundle))
        office = replace(line.office, gate=gate)
        access = replace(line.access, gate=gate, tools={tool.id: tool for tool in tools}.get)
        line = Pipeline(office, application(office, access, None), access, line.keys)
        async with served(line) as url:
            monkeypatch.setenv("INTERLOCK_URL", url)
            monkeypatch.setenv("INTERLOCK_TOKEN", line.keys["etl"])
            yield Place(line, url)


def run(code: str, names: dict[str, Any]) -> str:
    """What an example prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, str(PAGE), "exec"), names)
    return said.getvalue()


async def test_guard_it(place: Place) -> None:
    running = blocking(run, fence("python", number=0), {})
    review = await place.signed()
    assert await running == "pushed claims 3\n"
    assert (await place.line.office.desk.card(review.id)).content["reason_given"] == "Nightly run"
    assert await place.ends() == ["succeeded"]


async def test_what_stands_for_the_arguments(place: Place) -> None:
    assert await blocking(run, fence("python", number=1), {}) == "5\n"
    assert await place.types() == ["action.released", "action.unknown", "action.ended"]


async def test_a_block(place: Place) -> None:
    names: dict[str, Any] = {}
    assert await blocking(run, fence("python", number=2), names) == "pushing\n"
    await names["nightly"]()
    assert await place.ends() == ["succeeded", "succeeded"]


class _Retry(Exception):
    pass


class _App:
    """Celery's part: a bound task that retries by being called again with other arguments."""

    def __init__(self) -> None:
        self.retried: list[tuple[Any, ...]] = []

    def task(self, **options: Any) -> Any:
        assert options["bind"]
        return lambda function: lambda *args: function(self, *args)

    def retry(self, *, args: tuple[Any, ...], countdown: int) -> Exception:
        json.dumps(args)  # as its broker has it
        self.retried.append(args)
        return _Retry()


async def test_a_celery_task(place: Place) -> None:
    app = _App()
    names: dict[str, Any] = {"app": app}
    run(fence("python", "celery"), names)
    task = names["push_task"]
    with pytest.raises(_Retry):
        await blocking(task, "claims")
    with pytest.raises(_Retry):
        await blocking(task, *app.retried[-1])
    await place.signed()
    assert await blocking(task, *app.retried[-1]) == "pushed claims"
    with pytest.raises(InterlockError):
        await blocking(task, *app.retried[-1])  # delivered twice
    assert await place.ends() == ["succeeded"]


async def test_airflow_tasks(place: Place) -> None:
    names: dict[str, Any] = {}
    run(fence("python", "airflow"), names)
    handle = await blocking(names["ask"])
    assert await blocking(names["poke"], handle) is False
    await place.signed()
    assert await blocking(names["poke"], handle) is True
    await blocking(names["run"], handle)
    with pytest.raises(InterlockError):
        await blocking(names["run"], handle)
    assert await place.ends() == ["succeeded"]


def test_the_page_names_every_error_and_its_settings_are_read() -> None:
    named = {name for name in vars(errors) if isinstance(vars(errors)[name], type)} - {"Handle"}
    assert {name for name in named if re.search(rf"\b{name}\b", TEXT)} == named
    assert named <= set(interlock_client.__all__)
    assert set(tomllib.loads(fence("toml"))) == {"access", "policy"}
