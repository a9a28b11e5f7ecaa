"""The two pages about AuthZEN, run: script, workflow step and task wait on a served gateway while somebody signs;
the policy, the tools and the requests of the other page do what it says."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
import yaml  # its stubs are not among the dependencies
from tests.an_office import DIRECTORY, OneBundle
from tests.web.access.a_guarded_pipeline import Pipeline, asked, denial_of, pipeline

from interlock.app.http_ports import Server
from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState, Verdict
from interlock.policy.bundle import load
from interlock.review.card_view import read_card
from interlock.settings.tools import read_tools

DOCS = Path(__file__).resolve().parents[3] / "docs"
CURL, ASK = (DOCS / "howto" / f"{name}.md" for name in ("wait-for-sign-off-with-curl", "ask-with-authzen"))
EXAMPLES = DOCS / "examples"
SECONDS = 30.0  # nothing waits as long when things work
_FENCE = re.compile(r"^( *)```(\w+)(?: (\S+))?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def fences(page: Path, kind: str) -> list[str]:
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, each, _, text in found if each == kind]


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def served(line: Pipeline) -> AsyncIterator[str]:
    """Its control port on a real socket, in this loop."""
    config = uvicorn.Config(line.app, host="127.0.0.1", port=0, access_log=False, log_level="warning", lifespan="off")
    server = Server(config)
    serving = asyncio.ensure_future(server.serve())
    async with asyncio.timeout(SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        (listening,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def signed(line: Pipeline, verdict: Verdict = Verdict.APPROVE) -> Review:
    """Dana, who votes on the one review as soon as there is one."""
    async with asyncio.timeout(SECONDS):
        while not (found := await line.office.desk.reviews(frozenset({ReviewState.PENDING}), 10)):
            await asyncio.sleep(0.01)
    (review,) = found
    return await line.office.vote(review, "dana", verdict)


async def shell(command: str, directory: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code, and what it said."""
    child = await asyncio.create_subprocess_exec(
        "sh",
        *("-e", "-c", command),
        cwd=directory,
        env={"PATH": os.environ["PATH"], **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, said.decode()


def settings(line: Pipeline, url: str, **more: str) -> dict[str, str]:
    """The environment that the page exports."""
    page = re.findall(r"^\$ export (.*)$", "\n".join(fences(CURL, "console")), re.MULTILINE)
    pairs = re.findall(r'(\w+)=("[^"]*"|\S+)', " ".join(page))
    named = {name: value.strip('"') for name, value in pairs}
    assert {"INTERLOCK_URL", "SUBJECT", "ACTION", "RESOURCE_TYPE", "RESOURCE", "ENVIRONMENT", "VERSION"} <= set(named)
    return {**named, "INTERLOCK_URL": url, "INTERLOCK_TOKEN": line.keys["etl"], **more}


def with_script(directory: Path) -> Path:
    (script,) = fences(CURL, "sh")
    place = directory / "job"
    place.mkdir()
    (place / "sign-off.sh").write_text(script, encoding="utf-8")
    return place


def test_the_page_shows_the_files() -> None:
    for kind, name in (("sh", "sign-off.sh"), ("yaml", "github-sign-off.yml"), ("python", "airflow_sign_off.py")):
        assert fences(CURL, kind) == [(EXAMPLES / name).read_text(encoding="utf-8")], name


async def test_the_script_waits_until_somebody_signs(line: Pipeline, tmp_path: Path) -> None:
    place = with_script(tmp_path)
    async with served(line) as url:
        waiting = asyncio.ensure_future(shell("sh sign-off.sh && echo done", place, settings(line, url)))
        review = await signed(line)
        code, said = await waiting
    assert code == 0, said
    page = fences(CURL, "console")[0].split('payments "$VERSION"\n')[1]
    expected = page.replace("https://interlock.example.org", url).replace("019a...", review.id)
    assert said == expected + "done\n"
    assert (await line.types()).count("action.released") == 1
    assert line.keys["etl"] not in said


async def test_the_script_passes_what_nobody_has_to_sign(line: Pipeline, tmp_path: Path) -> None:
    place = with_script(tmp_path)
    async with served(line) as url:
        assert await shell("sh sign-off.sh", place, settings(line, url, ENVIRONMENT="staging")) == (0, "")


async def test_the_script_ends_with_a_no(line: Pipeline, tmp_path: Path) -> None:
    place = with_script(tmp_path)
    async with served(line) as url:
        waiting = asyncio.ensure_future(shell("sh sign-off.sh", place, settings(line, url)))
        await signed(line, Verdict.DENY)
        code, said = await waiting
        assert (code, said.endswith("sign-off: denied\n")) == (1, True)
        for wrong, expected in (
            ({"ACTION": "delete", "ENVIRONMENT": "staging"}, 1),
            ({"INTERLOCK_TOKEN": "x"}, 1),
            ({"RESOURCE": 'x"},"subject":{"type":"agent'}, 2),
        ):
            code, said = await shell("sh sign-off.sh", place, settings(line, url, **wrong))
            assert code == expected, said
    assert "action.released" not in await line.types()


async def test_a_job_that_is_started_again_joins_its_review(line: Pipeline, tmp_path: Path) -> None:
    place = with_script(tmp_path)
    async with served(line) as url:
        code, said = await shell("sh sign-off.sh", place, settings(line, url, SIGN_OFF_LOOKS="0"))
        assert (code, "nobody has answered" in said) == (1, True)
        review = await signed(line)
        code, said = await shell("sh sign-off.sh", place, settings(line, url))
        assert (code, review.id in said) == (0, True), said
    assert (await line.types()).count("review.opened") == 1


async def test_the_workflows_step_is_the_script(line: Pipeline, tmp_path: Path) -> None:
    (text,) = fences(CURL, "yaml")
    workflow = yaml.safe_load(text)
    steps = {each.get("name", each.get("uses")): each for each in workflow["jobs"]["roll-out"]["steps"]}
    step = steps["Wait for sign-off"]
    filled = {name: re.sub(r"\$\{\{ *([\w.]+) *\}\}", "7.2", value) for name, value in step["env"].items()}
    place = with_script(tmp_path)
    async with served(line) as url:
        env = {**filled, "INTERLOCK_URL": url, "INTERLOCK_TOKEN": line.keys["etl"]}
        waiting = asyncio.ensure_future(shell(step["run"], place, env))
        review = await signed(line)
        code, said = await waiting
    assert code == 0, said
    card = (await line.office.desk.card(review.id)).content
    assert str(card["reason_given"]).startswith("Run 7.2 of 7.2")


def airflow() -> ModuleType:
    spec = importlib.util.spec_from_file_location("airflow_sign_off", EXAMPLES / "airflow_sign_off.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_airflow_task_waits(line: Pipeline) -> None:
    module = airflow()
    async with served(line) as url:
        given: dict[str, Any] = {"url": url, "token": line.keys["etl"]}
        waiting = asyncio.ensure_future(asyncio.to_thread(module.wait_for_sign_off, asked(), **given))
        await signed(line)
        await waiting
        assert (await line.types()).count("action.released") == 1
        waiting = asyncio.ensure_future(asyncio.to_thread(module.wait_for_sign_off, asked(), **given))
        await signed(line, Verdict.DENY)
        with pytest.raises(module.NotSignedOff, match="denied"):
            await waiting


async def test_the_other_page_does_what_it_says(line: Pipeline) -> None:
    (toml,), (cedar,) = fences(ASK, "toml"), fences(ASK, "cedar")
    tools_text, evaluation, request = fences(ASK, "json")
    assert tomllib.loads(toml)["access"]["deploy"]["resource_types"] == ["service"]
    tools, mistakes = read_tools("deploy-tools.json", tools_text)
    assert mistakes == []
    rules = OneBundle(load({"deploy.cedar": cedar}, DIRECTORY.members(), tools=tools))
    access = replace(
        line.access, gate=replace(line.office.gate, rules=rules), tools={tool.id: tool for tool in tools}.get
    )
    line.app.state.control = replace(line.app.state.control, access=access)
    body = json.loads(evaluation)
    denied = await line.evaluate(body)
    assert denied["context"]["reason"] == "needs_request"
    sent = json.loads(request)
    assert {name: sent[name] for name in body} == body
    sent["denial"] = {name: denial_of(denied)[name] for name in sent["denial"]}
    answer = await line.send("POST", "/access/v1/requests", sent, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202, answer.text
    card = read_card((await line.office.desk.card(ReviewId(answer.json()["task"]["id"]))).content).content
    assert card is not None
    assert not card.opaque
    shown = {leaf.shown for statement in card.statements for leaf in statement.leaves}
    assert {"payments", "production", None} == shown - {"deploy"}
    body["context"]["environment"] = "staging"
    assert (await line.evaluate(body))["decision"] is True
