"""The official conformance suite, against the reference server direct and through the gateway: result by result the
same. scripts/conformance.sh gets the suite; without it, and without npm, this is skipped and says so."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from testkit.bearer_relay import bearer_relay
from tests.an_mcp_gateway import McpGateway, listed, mcp_gateway, mcp_server

ROOT = Path(__file__).resolve().parents[2]
SCENARIO_MS = 30_000
SUITE_SECONDS = 170

# All that may come out otherwise, and does. Answers to questions that no call of this run was asked would be arguments
# that policy never saw: the gateway leaves them out, and the server asks. The suite warns of that.
UNASKED = ("input-required-result-ignore-extra-params", "sep-2322-ignore-unexpected-params", "WARNING")
# "John Doe" is somebody's name, so that content = "mask" hides it, as it should.
A_NAME = ("elicitation-sep1034-defaults", "elicitation-sep1034-string-default", "FAILURE")
DIFFERENT = {"off": {UNASKED}, "mask": {UNASKED, A_NAME}}

pytestmark = pytest.mark.xdist_group("mcp-conformance")


@dataclass(frozen=True)
class Suite:
    """One way to run the suite: which of its versions, which scenarios, and how many of them must be there."""

    name: str
    version: str
    options: tuple[str, ...]
    scenarios: int


SUITES = (
    Suite("latest", "0.1.16", (), 30),
    Suite("2025-11-25", "0.2.0-alpha.12", ("--requirements", "2025-11-25"), 30),
    Suite("2026-07-28", "0.2.0-alpha.12", ("--requirements", "2026-07-28"), 37),
)
Results = Counter[tuple[str, str, str]]
"""How often a check of a scenario came out how."""


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder that scripts/conformance.sh fills."""
    got = subprocess.run(
        ["sh", str(ROOT / "scripts" / "conformance.sh")], capture_output=True, text=True, timeout=240, check=False
    )
    if got.returncode != 0:
        pytest.skip(f"LOUD: the MCP conformance suite wasn't run: {got.stderr.strip() or 'npm failed'}")
    return Path(got.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mcp_server(tmp_path_factory.mktemp("upstream")) as url:
        yield url


@pytest.fixture(scope="module", params=["off", "mask"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, upstream: str
) -> Iterator[McpGateway]:
    tools = asyncio.run(listed(upstream))
    directory = tmp_path_factory.mktemp(f"gateway-{request.param}")
    with mcp_gateway(directory, upstream, tools, content=request.param) as gateway:
        yield gateway


async def _run(packages: Path, suite: Suite, url: str, into: Path) -> Results:
    """The results; once more where the suite itself ended without any, which it does now and then."""
    said = await _run_once(packages, suite, url, into)
    found = _results(into)
    if not found:
        said += await _run_once(packages, suite, url, into)
        found = _results(into)
    assert found, f"the suite itself failed twice: {said}"
    return found


async def _run_once(packages: Path, suite: Suite, url: str, into: Path) -> str:
    """Runs it, and gives its exit code, which is of its own tally with what it doesn't score, and its last words."""
    program = packages / suite.version / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    node = next((packages / "node").glob("node_modules/node-*/bin/node"))
    command = [str(node), str(program), "server", "--url", url, *suite.options, "-o", str(into)]
    words = into.with_suffix(".log")
    with words.open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=into.parent
        )
        try:
            code = await asyncio.wait_for(child.wait(), SUITE_SECONDS)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return f"exit {code}: {words.read_text(errors='replace')[-1000:]}\n"


def _results(into: Path) -> Results:
    found: Results = Counter()
    for path in into.glob("server-*/checks.json"):
        scenario = path.parent.name.removeprefix("server-")[: -len("-2026-11-23T01-52-45-153Z")]
        if not scenario.startswith("tasks-"):
            checks: list[dict[str, Any]] = json.loads(path.read_text())
            found.update((scenario, str(check["id"]), str(check["status"])) for check in checks)
    return found


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
async def test_the_gateway_does_as_the_server_does(
    packages: Path, upstream: str, served: McpGateway, suite: Suite, tmp_path: Path
) -> None:
    direct = await _run(packages, suite, upstream, tmp_path / "direct")
    async with bearer_relay("127.0.0.1", served.port, served.key) as port:
        through = await _run(packages, suite, f"http://127.0.0.1:{port}/mcp/{served.connection}", tmp_path / "through")
    assert not [check for check in direct if check[2] == "FAILURE"], "the reference server itself must pass"
    assert len({scenario for scenario, _, _ in direct}) >= suite.scenarios
    wanted = {each for each in DIFFERENT[served.content] if any(each[:2] == check[:2] for check in direct)}
    assert set(through - direct) == wanted
    assert {check[:2] for check in direct - through} == {each[:2] for each in wanted}
